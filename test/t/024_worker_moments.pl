# Commands that need a database exclusively, or the extension, succeed at any moment of a worker's
# pass: without FORCE, within the five seconds that PostgreSQL waits for other sessions to
# disconnect.
#
# The moments are random; PERSONALIZATION_SEED repeats a run. PERSONALIZATION_LONG_TESTS uses ten
# times as many.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $seed = $ENV{PERSONALIZATION_SEED} || time;
my $rounds = $ENV{PERSONALIZATION_LONG_TESTS} ? 100 : 10;

srand($seed);
note("PERSONALIZATION_SEED=$seed");

my $node = node('moments', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '20ms'
personalization.maintenance_interval = '1s'
max_worker_processes = 16
});

# Work of every kind: rows of the inbox, queries to be counted, interactions and preferences that are dead.
sub give_work
{
	my $db = shift;

	sql($db, q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
			SELECT 'tenant ' || n % 3, 'user ' || n % 40, 'query', jsonb_build_object('query', 'sales of ' || n % 300, 'tables_used', jsonb_build_array('t' || n % 20)), now()
			FROM generate_series(1, 3000) n},
		q{INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at)
			SELECT 'tenant ' || n % 3, 'dead', 'dashboard', '{}', now() - interval '1 year' FROM generate_series(1, 6000) n},
		q{INSERT INTO personalization.preferences (tenant_id, user_id, category, key, value, confidence, observation_count, last_updated, expires_on)
			SELECT 'tenant ' || n % 3, 'dead', 'data', random()::text || n, '1', 0.1, 1, now() - interval '1 year', '2020-01-01' FROM generate_series(1, 6000) n});
	return;
}

sub make_database
{
	my $db = shift;

	sql('postgres', "CREATE DATABASE $db");
	sql($db, 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('tenant ' || n) FROM generate_series(0, 2) n));
	return;
}

# At some moment of the next seconds; the slowest of all is told at the end.
my $slowest = 0;
sub at_some_moment
{
	my ($db, $command) = @_;

	sleep(rand(1.5));
	my $start = time;
	my ($ret, $out, $err) = $node->psql($db, $command);
	my $took = time - $start;

	$slowest = $took if $took > $slowest;
	is($ret, 0, sprintf('%s, after %.1f s', $command, $took)) or diag($err);
	return;
}

foreach my $round (1 .. $rounds)
{
	make_database("busy$round");
	sleep(rand(3)) if $round % 2;
	give_work("busy$round");
	at_some_moment('postgres', "CREATE DATABASE copy$round TEMPLATE busy$round");
	give_work("busy$round");
	at_some_moment('postgres', "ALTER DATABASE busy$round RENAME TO other$round");
	give_work("other$round");
	if ($round % 2)
	{
		at_some_moment("other$round", 'DROP EXTENSION personalization');
		at_some_moment("other$round", 'CREATE EXTENSION personalization');
	}
	else
	{
		at_some_moment("other$round", 'SET client_min_messages = warning; ALTER EXTENSION personalization UPDATE');
	}
	at_some_moment('postgres', "DROP DATABASE $_$round") foreach 'copy', 'other';
}
note(sprintf('the slowest took %.1f s', $slowest));

# What all this leaves behind is a server that works.
make_database('last');
give_work('last');
ok($node->poll_query_until('last', q(SELECT count(*) = 0 FROM personalization.inbox)), 'the inbox of one more database is learned');
ok($node->poll_query_until('last', q(SELECT count(*) = 0 FROM personalization.query_events)), 'and counted');
is(sql('last', q(SELECT sum(asks) FROM personalization.rankings)), '3000', 'once');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal/, 'nothing crashed');

done_testing();
