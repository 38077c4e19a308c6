# Every event that learn() or learn_batch() has acknowledged survives a crash, exactly once: the
# interaction and its effect on preferences. An event that was not acknowledged is stored completely
# or not at all.

use strict;
use warnings;

use IPC::Run;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = node('crash', "fsync = on\nrestart_after_crash = on\nmax_prepared_transactions = 1\n");

is(sql('SHOW fsync') . sql('SHOW synchronous_commit'), 'onon', 'the server writes to disk');
sql(q{
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme');
	CREATE ROLE app LOGIN;
	SELECT personalization.bind_role('app', 'acme')});

my @tables = qw(interactions preferences profiles user_queries);
my $dir = $PostgreSQL::Test::Utils::tmp_check;
my $statements = 20_000;    # more than a session gets to before the crash
my $known = 0;              # the number of interactions before the round

# Everything stored.
sub dump_tables
{
	return join("\n", map {
		sql("SELECT '$_', t FROM personalization.$_ t ORDER BY t::text COLLATE \"C\"")
	} @tables);
}

# Starts sessions that learn, each writing the id of what was answered to a file of its own.
# psql writes and flushes a result when it has it.  Two learn singly and two in batches.
sub start_sessions
{
	my $round = shift;
	my @sessions;

	foreach my $i (1 .. 4)
	{
		my $user = ('ana', 'bo', 'ana', 'bo')[ $i - 1 ];
		my $size = $i <= 2 ? 1 : 5;
		my $script = "$dir/$round-$i.sql";
		my $acknowledged = "$dir/$round-$i.out";
		my $id = 0;
		my $content = '';

		foreach (1 .. $statements)
		{
			my (@ids, @events);

			foreach (1 .. $size)
			{
				$id++;
				push @ids, sprintf('%08d-%04d-4000-8000-%012d', $round, $i, $id);
				push @events,
				  [ $ids[-1], $id % 3 ? 'query' : 'visualization',
					$id % 3
					? sprintf('{"query": "question %d", "tables_used": ["table %d"]}', $id % 7, $id % 5)
					: '{"chart_type": "bar"}' ];
			}
			if ($size == 1)
			{
				$content .= "SELECT personalization.learn('acme', '$user', '$events[0][1]',"
				  . " '$events[0][2]', '2026-03-02 12:00:00+00', '$ids[0]');\n";
			}
			else
			{
				$content .= "SELECT '@ids' FROM personalization.learn_batch('["
				  . join(', ', map {
						qq({"tenant_id": "acme", "user_id": "$user", "interaction_type": "$_->[1]",)
						  . qq("data": $_->[2], "occurred_at": "2026-03-02T12:00:00Z",)
						  . qq("interaction_id": "$_->[0]"})
					} @events)
				  . "]') n WHERE n = $size;\n";
			}
		}
		append_to_file($script, $content);
		push @sessions, {
			file => $acknowledged,
			size => $size,
			run => IPC::Run::start(
				[   'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-o', $acknowledged, '-f', $script, '-d',
					$node->connstr('postgres') . " user=app application_name=session$i" ],
				'2>', "$acknowledged.err") };
	}
	return @sessions;
}

# The ids that a session got an answer for.
sub acknowledged
{
	my $session = shift;

	return -e $session->{file} ? split /\s+/, slurp_file($session->{file}) : ();
}

# Waits until each session is well under way.
sub wait_for_load
{
	my @sessions = @_;
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;

	foreach my $session (@sessions)
	{
		while (acknowledged($session) < 200 * $session->{size})
		{
			die 'the sessions do not get on' if time > $deadline;
			select(undef, undef, undef, 0.02);
		}
	}
	return;
}

sub check_after_crash
{
	my ($what, @sessions) = @_;
	my @acknowledged;

	foreach my $session (@sessions)
	{
		# The connection is gone, which ends psql; its status says so, and is not of interest.
		eval { $session->{run}->finish; };
		my @ids = acknowledged($session);
		cmp_ok(scalar(@ids), '<', $statements * $session->{size}, "$what: the crash came in the middle");
		push @acknowledged, @ids;
	}
	note("$what: " . @acknowledged . ' events were acknowledged');

	my %stored = map { $_ => 1 } split /\n/,
	  sql('SELECT interaction_id FROM personalization.interactions');
	is(scalar(grep { !$stored{$_} } @acknowledged), 0, "$what: all that was acknowledged is there");

	# A call in each session may have been done without an answer.
	my $unanswered = keys(%stored) - @acknowledged - $known;
	cmp_ok($unanswered, '>=', 0, "$what: none was acknowledged twice");
	cmp_ok($unanswered, '<=', 12, "$what: at most the last call of each session was not ($unanswered)");
	$known = keys %stored;

	is_consistent($what);

	# The sender does not know what was done and sends all of it again.
	my $before = dump_tables();
	is( sql(q{
			SELECT count(*) FROM personalization.interactions i
			WHERE personalization.learn(tenant_id, user_id, interaction_type, data, occurred_at,
				interaction_id) <> interaction_id}),
		'0',
		"$what: learn() gives the same ids again");
	is( sql(q{
			SELECT sum(personalization.learn_batch(events)) FROM
				(SELECT jsonb_agg(to_jsonb(i)) AS events
				 FROM (SELECT *, row_number() OVER (ORDER BY interaction_id) AS number
					   FROM personalization.interactions) n,
					LATERAL (SELECT tenant_id, user_id, interaction_type, data, occurred_at,
						interaction_id) i
				 GROUP BY number / 100) b}),
		'0',
		"$what: learn_batch() finds none of them new");
	ok(dump_tables() eq $before, "$what: sent again, they change nothing");
	return;
}

####################################################################
# A backend is killed: the server throws all sessions out and recovers by itself.

my @sessions = start_sessions(1);

wait_for_load(@sessions);
my $pid = sql(q(SELECT pid FROM pg_stat_activity WHERE application_name = 'session1'));
is(kill('KILL', $pid), 1, 'a backend is killed');
# A "server process" before version 18, a "client backend" since.
$node->wait_for_log(qr/\(PID $pid\) was terminated by signal 9/);
$node->wait_for_log(qr/redo done at/);
within(30, 'SELECT true', 'the server comes back') or die;
check_after_crash('backend killed', @sessions);

####################################################################
# The server is stopped without a checkpoint.

my $position = -s $node->logfile;

@sessions = start_sessions(2);
wait_for_load(@sessions);
$node->stop('immediate');
$node->start;
like(slurp_file($node->logfile, $position), qr/redo done at/, 'the server had to recover');
check_after_crash('server stopped', @sessions);

####################################################################
# A pass over a linked schema that was prepared and then rolled back has stored nothing, and the next
# pass of that session must not take the schema for compared.

is( sql('CREATE SCHEMA shop',
		q(SELECT personalization.link_schema('acme', 'shop')),
		'DO $$BEGIN PERFORM personalization.run_maintenance(); END$$',
		'CREATE TABLE shop.orders (id int)',
		'BEGIN',
		'DO $$BEGIN PERFORM personalization.run_maintenance(); END$$',
		q(PREPARE TRANSACTION 'pass'),
		q(ROLLBACK PREPARED 'pass'),
		q(SELECT personalization.run_maintenance() -> 'catalogue')),
	"\n1",
	'a new table is found by the pass after one that was prepared and rolled back');

$node->stop;
done_testing();
