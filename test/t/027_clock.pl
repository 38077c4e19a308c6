# The clock is set while the server runs, back and ahead by hours: the worker goes on at once, with all it
# does, and what is stored with a time in the future is as good as any.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../lib";
use Clock;
use Kafka;
use Personalization;
use PostgreSQL::Test::Utils;
use Redis;
use Test::More;

my $hour = 3600;
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $clock = Clock->new($tmp);
my $redis = Redis::missing() ? undef : Redis->new(PostgreSQL::Test::Utils::tempdir_short() . '/redis')->start;
my $cached = $redis ? "personalization.redis_url = '" . $redis->url . "'" : '';
my $kafka = Kafka::missing() ? undef : Kafka->new(PostgreSQL::Test::Utils::tempdir_short());
my $topic = $kafka ? $kafka->topic('clock', 1) : '';
my $read = $kafka ? "personalization.kafka_brokers = '" . $kafka->brokers . "'\npersonalization.kafka_database = 'here'" : '';
my %environment = $clock->environment;
my $node;

{
	local @ENV{ keys %environment } = values %environment;
	$node = node('clock', qq(
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '50ms'
personalization.maintenance_interval = '1s'
personalization.cache_database = 'ahead'
max_worker_processes = 16
fsync = off
$cached
$read));
}

# How far the server's clock is ahead of ours, in hours.
sub ahead_by { return sql('SELECT round(extract(epoch FROM clock_timestamp() - ' . quote(scalar gmtime) . "::timestamptz) / $hour)"); }

# goes_on(what, database): all that is done there goes on.
my $step = 0;
sub goes_on
{
	my ($what, $db) = @_;
	my $user = 'user ' . ++$step;
	my $passes = sql($db, 'SELECT passes FROM personalization.worker_status');

	sql($db, qq{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
		SELECT 'acme', '$user', 'query', jsonb_build_object('query', 'sales of ' || n % 7) FROM generate_series(1, 2500) n});
	within(5, $db, "SELECT count(*) = 2500 FROM personalization.interactions WHERE user_id = '$user'", "$what: the inbox is learned");
	within(5, $db, q(SELECT count(*) = 0 FROM personalization.query_events), "$what: requests are counted");
	within(5, $db, "SELECT passes > $passes + 1 FROM personalization.worker_status", "$what: passes begin");
	sql($db, qq{INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at) VALUES ('acme', 'old', 'export', '{}', now() - interval '1000 days')});
	within(5, $db, q(SELECT count(*) = 0 FROM personalization.interactions WHERE user_id = 'old'), "$what: what has expired is deleted");
	my $pid = sql($db, 'SELECT personalization.worker_pid()');
	sql($db, "SELECT pg_terminate_backend($pid)");
	within(10, $db, "SELECT personalization.worker_pid() <> $pid AND waits_for IS NULL FROM personalization.worker_status", "$what: another worker takes over");
	sql($db, qq{SELECT personalization.learn('acme', '$user', 'export', '{"format": "csv"}')});
	is(sql($db, qq{SELECT value #>> '{}' FROM personalization.preferences('acme', '$user') WHERE key = 'export_format'}), 'csv', "$what: learn() and preferences()");
	is(sql($db, qq{SELECT count(*) > 0 FROM personalization.get_suggestions('acme', '$user')}), 't', "$what: suggestions");
	my $conversation = sql($db, qq{SELECT personalization.start_conversation('acme', '$user')});
	is(sql($db, qq{SELECT personalization.append_message('acme', '$conversation', 'user', 'x')}), '1', "$what: conversations");
	return if !$redis || $db ne 'ahead';
	ok(defined wait_until(60, sub { my %all = %{ $redis->all('') }; return grep { index($_, $user) >= 0 && /export_format/ } map { "$_ $all{$_}" } keys %all }), "$what: the profile is in the cache")
	  || diag(join("\n", sort keys %{ $redis->all('') }), sql($db, 'SELECT cache_state, cache_backlog, cache_last_error FROM personalization.worker_status'));
	return;
}

is(ahead_by(), '0', 'the clock is right');
sql('CREATE DATABASE here');
sql('here', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));
goes_on('as it is', 'here');

# Without a worker, a session with much to count rests after its share: here for some seconds, as counting is slow.
sql('CREATE DATABASE alone', 'ALTER DATABASE alone SET personalization.worker = off');
sql('alone', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')),
	q{SELECT personalization.learn_batch((SELECT jsonb_agg(jsonb_build_object('tenant_id', 'acme', 'user_id', 'u' || n % 9, 'interaction_type', 'query', 'data', jsonb_build_object('query', 'sales of ' || n % 40))) FROM generate_series(1, 1500) n))},
	'SELECT personalization.run_maintenance()',
	q{CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'},
	'CREATE TRIGGER slow BEFORE UPDATE ON personalization.rankings FOR EACH STATEMENT EXECUTE FUNCTION slow()');
my $alone = $node->background_psql('alone');
my $asks = q{SELECT count(personalization.learn('acme', 'ana', 'query', jsonb_build_object('query', 'profit of ' || n))) FROM generate_series(1, 12) n;};
$alone->query($asks);
is(sql('alone', 'SELECT count(*) FROM personalization.query_events'), '0', 'a commit counts');
$alone->query($asks);
is(sql('alone', 'SELECT count(*) FROM personalization.query_events'), '12', 'and its session rests');
sql('alone', 'DROP TRIGGER slow ON personalization.rankings');

$clock->set(-3 * $hour);
is(ahead_by(), '-3', 'the clock goes back three hours');
SKIP:
{
	skip 'no Kafka', 1 unless $kafka;
	$kafka->produce($topic, 0, [ '{"tenant_id": "acme", "user_id": "by topic", "interaction_type": "export", "data": {}}' ]);
	sql('here', "SELECT personalization.subscribe_topic('$topic')");
	within(20, 'here', q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'by topic'), 'three hours back: a topic that is subscribed to is read');
}
sleep 5;
$alone->query(q{SELECT personalization.learn('acme', 'ana', 'query', '{"query": "profit"}');});
is(sql('alone', 'SELECT count(*) FROM personalization.query_events'), '0', 'three hours back: it does not rest longer');
$alone->quit;
goes_on('three hours back', 'here');

# An extension, a tenant and data that are made while the clock is ahead.
$clock->set(5 * $hour);
is(ahead_by(), '5', 'the clock goes ahead');
sql('CREATE DATABASE ahead');
sql('ahead', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')));
goes_on('ahead', 'ahead');
goes_on('ahead, as before', 'here');

$clock->set(0);
is(ahead_by(), '0', 'the clock is put right');
goes_on('made in the future', 'ahead');
goes_on('put right', 'here');

# And while the server does not run.
{
	local @ENV{ keys %environment } = values %environment;
	$clock->set(-30 * $hour);
	$node->restart;
}
is(ahead_by(), '-30', 'more than a day back while the server was stopped');
goes_on('a day back', 'ahead');

is(sql('ahead', 'SELECT failures FROM personalization.worker_status'), '0', 'no failures');
$node->stop;
done_testing();
