# What the tests of test/t share: a server, SQL in it, waiting, clients at once, and whether what is
# stored agrees with itself.
#
# All is about the server that node() made last.  Where a function takes a database, it comes first and
# may be left out: sql('SELECT 1') runs in the database postgres, sql('other', 'SELECT 1') in that one.

package Personalization;

use strict;
use warnings;

use parent 'Exporter';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(node sql sql_as quote wait_until within log_position log_since run_clients is_consistent);

# A busy machine is given this many times as long as a test says.
our $patience = 6;

my $node;

# node(name, settings, option => value…): a server, started.  Options are those of Cluster->new(), and
# init, a list of those of its init().
sub node
{
	my ($name, $settings, %options) = @_;
	my @init = @{ delete $options{init} // [] };

	$node = PostgreSQL::Test::Cluster->new($name, %options);
	$node->init(@init);
	# What is loaded here is often older than the history retention, which notices say.
	$node->append_conf('postgresql.conf',
		"timezone = 'UTC'\nclient_min_messages = 'warning'\n" . ($settings // '') . "\n");
	$node->start;
	return $node;
}

# Takes the database off a list of arguments.  No statement is one small word.
sub database
{
	my $arguments = shift;

	return @$arguments > 1 && $arguments->[0] =~ /^[a-z_0-9]+$/ ? shift @$arguments : 'postgres';
}

# sql([database,] statement…): what they answer.  An error ends the test.
sub sql
{
	my $database = database(\@_);

	return $node->safe_psql($database, join(";\n", @_));
}

# sql_as(role, [database,] statement…): the same as another role.
sub sql_as
{
	my $role = shift;
	my $database = database(\@_);

	return $node->safe_psql($database, join(";\n", @_), connstr => $node->connstr($database) . " user=$role");
}

# A text as a literal of SQL.
sub quote { my $text = shift; $text =~ s/'/''/g; return "'$text'"; }

# wait_until(seconds, condition): how long it took, or undef where it did not come true in time.
sub wait_until
{
	my ($seconds, $condition) = @_;
	my $start = time;

	while (time - $start < $seconds)
	{
		return time - $start if $condition->();
		sleep(0.05);
	}
	return undef;
}

# within(seconds, [database,] query, what[, server]): passes once the query says 't'.  Errors count as
# "not yet": the server may be on its way up.
sub within
{
	my $seconds = $patience * shift;
	my $database = database(\@_);
	my ($query, $what, $server) = @_;
	my ($status, $out, $err);
	my $took = wait_until($seconds, sub {
		# A psql that cannot connect may be gone before the query is written to it, which IPC::Run dies of.
		return 0 unless eval { ($status, $out, $err) = ($server || $node)->psql($database, $query); 1 };
		return defined $out && $out eq 't';
	});

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note(sprintf('%s: after %.1f s', $what, $took)) if defined $took;
	return 1 if ok(defined $took, $what);
	diag("still not so after $seconds s: $query: " . ($out // '') . ' ' . ($err // $@));
	# Often the worker knows why.
	(undef, $out) = ($server || $node)->psql($database, 'SELECT to_json(w) FROM personalization.worker_status w');
	diag("worker_status: $out") if $out;
	return 0;
}

# The end of the server's log, and what has come since.
sub log_position { return -s $node->logfile; }
sub log_since { return substr(slurp_file($node->logfile), shift); }

# run_clients(what, [line…]…): runs a script in each client at once, as the role app, and returns the
# lines that each said.
sub run_clients
{
	my ($what, @scripts) = @_;
	my (@runs, @said);

	foreach my $i (0 .. $#scripts)
	{
		my $file = "${PostgreSQL::Test::Utils::tmp_check}/$what-$i.sql";

		append_to_file($file, join("\n", @{ $scripts[$i] }) . "\n");
		push @runs,
		  IPC::Run::start(
			[   'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d',
				$node->connstr('postgres') . ' user=app' ],
			'>', \$said[$i][0], '2>', \$said[$i][1]);
	}
	$_->finish foreach @runs;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join('', map { $_->[1] } @said), '', "$what: no client failed");
	is(scalar(grep { $_->result != 0 } @runs), 0, "$what: all ended well");
	return map { [ split /\n/, $_->[0] ] } @said;
}

# Profiles, preferences and queries are those that the recorded interactions make.
sub is_consistent
{
	my $what = shift;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is( sql(q{
			SELECT * FROM
				(SELECT user_id AS with_profile FROM personalization.profiles) p
			FULL JOIN
				(SELECT DISTINCT user_id AS with_interactions FROM personalization.interactions) i
				ON with_profile = with_interactions
			WHERE with_profile IS NULL OR with_interactions IS NULL}),
		'',
		"$what: every user of whom something is recorded has a profile, and nobody else");
	is( sql(q{
			SELECT * FROM
				(SELECT user_id, category, key, observation_count FROM personalization.preferences) p
			FULL JOIN
				(SELECT user_id, s.category, s.key, count(*) AS n FROM personalization.interactions,
					personalization.extract_signals(interaction_type, data) s GROUP BY 1, 2, 3) i
				USING (user_id, category, key)
			WHERE observation_count IS DISTINCT FROM n}),
		'',
		"$what: the preferences count what is recorded");
	is( sql(q{
			SELECT * FROM
				(SELECT user_id, query, ask_count FROM personalization.user_queries) q
			FULL JOIN
				(SELECT user_id, data ->> 'query' AS query, count(*) AS n FROM personalization.interactions
				 WHERE interaction_type = 'query' GROUP BY 1, 2) i USING (user_id, query)
			WHERE ask_count IS DISTINCT FROM n}),
		'',
		"$what: and so do the queries");
	return;
}

1;
