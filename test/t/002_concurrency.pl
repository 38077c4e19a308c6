# Learning from many sessions at once: nothing is lost or counted twice, no call fails or deadlocks,
# and the result is that of some order of the events.
#
# To check the latter, all events give the same result in every order: they have one value for each
# key, one strength, and one time. After n observations of strength s the confidence is s (1 - (1 -
# rate)^n), which with a low rate distinguishes every n from its neighbours.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 8;
my $rate = 1e-4;
my $time = '2026-03-02 12:00:00+00';

my $node = node('concurrency', "deadlock_timeout = '200ms'\n");

sql(qq{
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme', '{"learning_rate": $rate, "min_confidence": 0}');
	CREATE ROLE app LOGIN;
	SELECT personalization.bind_role('app', 'acme')});

# Random, but the same each time.
srand(20260302);
sub pick { return $_[ int(rand(@_)) ]; }

sub shuffled
{
	my @items = @_;

	foreach my $i (reverse 1 .. $#items)
	{
		my $j = int(rand($i + 1));
		@items[ $i, $j ] = @items[ $j, $i ];
	}
	return @items;
}

sub new_id
{
	return sprintf('%08x-%04x-4%03x-8%03x-%012x',
		int(rand(2**32)), int(rand(2**16)), int(rand(2**12)), int(rand(2**12)), int(rand(2**48)));
}

####################################################################
# Events: [user, type, data as JSON, id], and what they add up to.

my (%observed, %interactions, %asked);

# Keys of the tally are those of the queries below that read it from the database.
sub new_event
{
	my $user = shift;
	my $type = pick('query', 'query', 'visualization', 'export', 'exploration');
	my (@data, @signals);

	if ($type eq 'query')
	{
		my $question = 'question ' . int(rand(12));
		my @tables = (shuffled(map { "table $_" } 1 .. 8))[ 0 .. int(rand(3)) ];

		@data = (qq("query": "$question"), '"tables_used": [' . join(', ', map { qq("$_") } @tables) . ']');
		@signals = map { "data:frequent_table:$_|0.5" } @tables;
		$asked{"$user|$question"}++;
	}
	elsif ($type eq 'visualization')
	{
		@data = ('"chart_type": "bar"', '"x_axis": "day"');
		@signals = ('visualization:preferred_chart_type|0.7', 'visualization:x_axis|0.5');
	}
	elsif ($type eq 'export')
	{
		@data = ('"format": "csv"', '"columns": ["a", "b", "c"]');
		@signals = ('presentation:export_format|0.7', map { "data:export_column:$_|0.5" } qw(a b c));
	}
	else
	{
		my @tables = (shuffled(map { "table $_" } 1 .. 8))[ 0 .. 3 ];

		@data = '"tables": [' . join(', ', map { qq("$_") } @tables) . ']';
		@signals = map { "data:explored_table:$_|0.3" } @tables;
	}
	$interactions{$user}++;
	$observed{"$user|$_"}++ foreach @signals;
	return [ $user, $type, '{' . join(', ', @data) . '}', new_id() ];
}

sub learn
{
	my ($user, $type, $data, $id) = @{ $_[0] };

	return "SELECT personalization.learn('acme', '$user', '$type', '$data', '$time', '$id');";
}

sub learn_batch
{
	my @events = map {
		my ($user, $type, $data, $id) = @$_;
		qq({"tenant_id": "acme", "user_id": "$user", "interaction_type": "$type", "data": $data, )
		  . qq("occurred_at": "$time", "interaction_id": "$id"})
	} @_;

	return "SELECT personalization.learn_batch('[" . join(', ', @events) . "]');";
}

# What is stored, in the form of the tally.
sub lines { my $tally = shift; return join("\n", map { "$_|$tally->{$_}" } sort keys %$tally); }

sub compare_with_tally
{
	my $what = shift;
	my (%confidences, @wrong);
	my $total = 0;

	$total += $_ foreach values %interactions;
	is(sql('SELECT count(*) FROM personalization.interactions'), $total, "$what: $total interactions");
	is( sql('SELECT user_id, count(*) FROM personalization.profiles'
			  . ' JOIN personalization.interactions USING (tenant_id, user_id)'
			  . ' GROUP BY 1 ORDER BY user_id COLLATE "C"'),
		lines(\%interactions),
		"$what: interactions by user, each with a profile");
	is( sql('SELECT user_id, query, ask_count FROM personalization.user_queries'
			  . ' ORDER BY (user_id, query)::text COLLATE "C"'),
		lines(\%asked),
		"$what: queries");

	my %counts = map { s/\|[^|]*$//r => $observed{$_} } keys %observed;
	is( sql(q(SELECT user_id, category || ':' || key, observation_count FROM personalization.preferences)
			  . q( ORDER BY (user_id || '|' || category || ':' || key) COLLATE "C")),
		lines(\%counts),
		"$what: observations by key");

	foreach my $user (sort keys %interactions)
	{
		foreach my $row (split /\n/, sql(
				"SELECT '$user|' || category || ':' || key, confidence"
				  . " FROM personalization.preferences('acme', '$user', '$time')"))
		{
			my ($key, $confidence) = $row =~ /^(.*)\|([^|]*)$/;
			$confidences{$key} = $confidence;
		}
	}
	foreach my $key (keys %observed)
	{
		my ($name, $strength) = $key =~ /^(.*)\|([^|]*)$/;
		my $expected = $strength * (1 - (1 - $rate)**$observed{$key});

		push @wrong, "$name: $confidences{$name}, expected $expected"
		  if abs(($confidences{$name} // 0) - $expected) > 1e-9;
	}
	is(join("\n", @wrong), '', "$what: each confidence is that of so many observations, one after another");
	return;
}

# In a database that has learned nothing yet.
sub forget
{
	my @parents = split /\n/, sql(q{
		SELECT oid::regclass FROM pg_class
		WHERE relnamespace = 'personalization'::regnamespace AND relkind = 'p'
			AND relname IN ('interactions', 'preferences', 'profiles', 'user_queries')});

	sql("TRUNCATE " . join(', ', @parents));
	%observed = %interactions = %asked = ();
	return;
}

####################################################################
# One user, 2,000 calls from each client: three in four learn one event, one up to twenty.

my (@scripts, $sent);

foreach my $client (1 .. $clients)
{
	push @scripts, [
		map {
			$_ % 4
			  ? learn(new_event('ana'))
			  : learn_batch(map { new_event('ana') } 1 .. 2 + int(rand(19)))
		} 1 .. 2000 ];
}
my @said = run_clients('one user', @scripts);
is(scalar(grep { @$_ == 2000 } @said), $clients, 'one user: every call was answered');
$sent += $_ foreach map { /-/ ? 1 : $_ } map { @$_ } @said;
is($sent, $interactions{ana}, 'one user: every event was taken as new');
compare_with_tally('one user');

####################################################################
# Five users, batches over several of them in any order.

forget();
my @users = qw(ana bo cy di ed);

@scripts = ();
foreach my $client (1 .. $clients)
{
	push @scripts, [
		map {
			learn_batch(map { new_event($_) }
				  shuffled(map { (shuffled(@users))[ 0 .. 2 ] } 0 .. int(rand(5))))
		} 1 .. 300 ];
}
run_clients('five users', @scripts);
compare_with_tally('five users');

####################################################################
# Every client sends the same events, each in an order of its own, some singly and some in batches.

forget();
my @events = map { new_event(pick(@users)) } 1 .. 1500;

@scripts = ();
foreach my $client (1 .. $clients)
{
	my @rest = shuffled(@events);
	my @script;

	while (@rest)
	{
		push @script, learn(shift @rest);
		push @script, learn_batch(splice(@rest, 0, 2 + int(rand(30)))) if @rest;
	}
	push @scripts, \@script;
}
@said = run_clients('retries', @scripts);
compare_with_tally('retries');

# learn() answers with the id, new or not; so ids that came only singly are not among the new.
my $new = 0;
$new += $_ foreach grep { !/-/ } map { @$_ } @said;
cmp_ok($new, '>', 0, "retries: batches had new events ($new)");
cmp_ok($new, '<=', scalar(@events), 'retries: no event was new twice');
my %known = map { $_->[3] => 1 } @events;
is(scalar(grep { /-/ && !$known{$_} } map { @$_ } @said), 0, 'retries: learn() gives the id that it got');

####################################################################
# One id sent for different users: it is learned once, for one of them.  Who comes first is not
# known, so what is stored must agree with itself.

forget();
my @ids = map { new_id() } 1 .. 400;

@scripts = ();
foreach my $client (1 .. $clients)
{
	my @rest = shuffled(@ids);
	my @script;

	while (@rest)
	{
		my @some = splice(@rest, 0, 1 + int(rand(12)));
		my @batch = map { my $e = new_event(pick(@users)); $e->[3] = $_; $e } @some;

		push @script, @batch > 1 ? learn_batch(@batch) : learn(@batch);
	}
	push @scripts, \@script;
}
run_clients('shared ids', @scripts);
is( sql('SELECT count(*), count(DISTINCT interaction_id) FROM personalization.interactions'),
	'400|400', 'shared ids: each was learned once');
is_consistent('shared ids');

my $log = slurp_file($node->logfile);
unlike($log, qr/deadlock/i, 'there was no deadlock');
# On a slow machine autovacuum comes in the middle, and gives way to a TRUNCATE of ours.
$log =~ s/ERROR:  canceling autovacuum task//g;
unlike($log, qr/\b(?:ERROR|FATAL|PANIC):/, 'and no error');

$node->stop;
done_testing();
