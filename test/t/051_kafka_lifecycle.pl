# The process that reads topics: where it runs and where not, whom it gives way to, and what a copy of the
# database does.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use Kafka;
use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $missing = Kafka::missing();
plan skip_all => $missing if $missing;

my $dir = PostgreSQL::Test::Utils::tempdir_short();
my $kafka = Kafka->new($dir);
my $topic = $kafka->topic('life', 2);
my $node = node('lifecycle', qq{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
max_worker_processes = 20
personalization.kafka_brokers = '@{[ $kafka->brokers ]}'
}, init => [ allows_streaming => 1 ]);
my $number = 0;

sub produce
{
	my $n = shift;
	my @messages = map { sprintf('{"tenant_id": "acme", "user_id": "u", "interaction_type": "custom", "data": {"n": %d}}', ++$number) } 1 .. $n;

	$kafka->produce($topic, $number % 2, \@messages);
	return;
}
sub has { my ($database, $n, $what) = @_; return within(20, $database, "SELECT count(*) = $n FROM personalization.interactions", $what); }
sub runs { my ($database, $what) = @_; return within(20, $database, 'SELECT personalization.consumer_pid() IS NOT NULL', $what); }
sub consumers { return sql(q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'personalization consumer')); }

####################################################################
# It is there while there is something to read.

sql('CREATE DATABASE app', 'CREATE DATABASE idle');
sql($_, 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme'))) foreach qw(app idle);
within(20, 'idle', 'SELECT personalization.worker_pid() IS NOT NULL', 'a database has its worker');
is(consumers(), '0', 'and none that reads, without a subscription');
produce(10);
sql('app', "SELECT personalization.subscribe_topic('$topic')");
has('app', 10, 'a subscription is all that is needed');
is(consumers(), '1', 'one process for the one database');

sql('app', 'SELECT pg_terminate_backend(personalization.consumer_pid())');
produce(5);
has('app', 15, 'one that is ended comes back');
sql(q(ALTER SYSTEM SET personalization.worker = off), 'SELECT pg_reload_conf()');
within(20, q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type ~ '^personalization (consumer|worker)'), 'it leaves with the worker');
produce(5);
sql(q(ALTER SYSTEM SET personalization.worker = on), 'SELECT pg_reload_conf()');
has('app', 20, 'and comes with it');
sql(q(ALTER SYSTEM SET personalization.kafka_brokers = ''), 'SELECT pg_reload_conf()');
within(20, q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'personalization consumer'), 'without brokers it leaves');
produce(5);
sql('ALTER SYSTEM RESET personalization.kafka_brokers', 'SELECT pg_reload_conf()');
has('app', 25, 'and comes with them');

####################################################################
# It reads with the rights of a superuser, and runs nothing of somebody to whom tables are given meanwhile.

my $other = $kafka->topic('given', 1);
sub say_given { my @events = map { qq({"tenant_id": "acme", "user_id": "u", "interaction_type": "query", "data": {"query": "$_"}}) } @_; $kafka->produce($other, 0, \@events); return; }
sql('CREATE DATABASE given', 'CREATE ROLE somebody LOGIN');
sql('given', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), "SELECT personalization.subscribe_topic('$other')",
	'CREATE TABLE evil (who name)', 'GRANT ALL ON evil TO PUBLIC', 'GRANT CREATE ON SCHEMA public TO somebody', 'GRANT USAGE ON SCHEMA personalization TO somebody');
say_given('one');
has('given', 1, 'it reads');
# The inbox, too: what cannot be learned would wait there.
my @given = map { "ALTER TABLE $_ OWNER TO" } split /\n/, sql('given', q(SELECT relid::regclass FROM unnest('{interactions,inbox}'::text[]) AS t, pg_partition_tree(('personalization.' || t)::regclass) ORDER BY level DESC));
sql('given', map { "$_ somebody" } @given);
sql_as('somebody', 'given', 'CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO evil VALUES (current_user); RETURN NEW; END $$',
	'CREATE TRIGGER spy BEFORE INSERT ON personalization.interactions FOR EACH ROW EXECUTE FUNCTION spy()');
say_given('two');
within(20, 'given', q(SELECT waits_for LIKE '%"somebody"' FROM personalization.worker_status), 'the worker waits');
within(20, 'given', q(SELECT personalization.consumer_pid() IS NULL), 'and the process that reads leaves');
is(sql('given', 'SELECT (SELECT count(*) FROM evil), (SELECT count(*) FROM personalization.interactions)'), '0|1', 'neither has run a trigger of the new owner');
sql('given', 'DROP TRIGGER spy ON personalization.interactions', map { "$_ postgres" } @given);
has('given', 2, 'given back, it goes on where it was');
sql('DROP DATABASE given');

####################################################################
# Copies: each reads for itself, from where the original was; what the original reads it does not take.

sql('CREATE DATABASE twin TEMPLATE app');
produce(10);
has('app', 35, 'the original reads on');
has('twin', 35, 'so does a copy by template');
is(sql('twin', 'SELECT count(DISTINCT data) FROM personalization.interactions'), '35', 'each message once');

sql('ALTER SYSTEM SET personalization.kafka_database = twin', 'SELECT pg_reload_conf()');
within(20, q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'personalization consumer' AND datname <> 'twin'), 'all but one leave');
produce(5);
has('twin', 40, 'one database of the server may be the one that reads');
is(sql('app', 'SELECT count(*), personalization.consumer_pid() IS NULL FROM personalization.interactions'), '35|t', 'and the others not');
sql('DROP DATABASE twin');
sql('ALTER SYSTEM RESET personalization.kafka_database', 'SELECT pg_reload_conf()');
has('app', 40, 'a database with one that reads is dropped like any');

# A dump has the offsets, and goes on behind what it has.
system_or_bail('pg_dump', '-Fc', '-f', "$dir/dump", $node->connstr('app'));
sql('CREATE DATABASE restored');
system_or_bail('pg_restore', '-d', $node->connstr('restored'), "$dir/dump");
runs('restored', 'a restored database reads');
produce(10);
has('restored', 50, 'behind what it has');
has('app', 50, 'as does the original');
is(sql('restored', 'SELECT count(DISTINCT data), (SELECT sum(learned) FROM personalization.topic_status) FROM personalization.interactions'), '50|50', 'each message once');
sql('DROP DATABASE restored WITH (FORCE)');

####################################################################
# The extension goes, and comes.

my $begun = time;
sql('app', 'DROP EXTENSION personalization');
cmp_ok(time - $begun, '<', 10 * 6, 'DROP EXTENSION does not wait for it');
within(20, q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'personalization consumer'), 'and it leaves');
sql('app', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), "SELECT personalization.subscribe_topic('$topic', 'acme', start => 'earliest')");
has('app', 50, 'anew from the beginning');

# ALTER DATABASE waits for all to leave.
sql('ALTER DATABASE app RENAME TO renamed');
produce(5);
has('renamed', 55, 'after a new name it reads on');

####################################################################
# A standby does not read; promoted, it goes on where the primary was.

$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
produce(5);
has('renamed', 60, 'the primary reads');
$node->wait_for_catchup($standby);
is($standby->safe_psql('renamed', 'SELECT personalization.consumer_pid() IS NULL, count(*) FROM personalization.interactions'), 't|60', 'the standby has what it learned, and no process');
my ($status, undef, $err) = $standby->psql('renamed', q(SELECT personalization.subscribe_topic('x')));
like($err, qr/cannot execute subscribe_topic\(\) during recovery/, 'nothing is subscribed to there');
$node->stop('immediate');
produce(5);
$standby->promote;
within(30, 'renamed', 'SELECT count(*) = 65 AND count(DISTINCT data) = 65 FROM personalization.interactions', 'promoted, it goes on, each message once', $standby);
$standby->stop;
$node->start;

####################################################################
# The broker deletes what was not read: that is said, and reading goes on.

SKIP:
{
	skip 'only the mock cluster deletes that soon', 3 unless $kafka->is_mock;
	sql(q(ALTER SYSTEM SET personalization.kafka_brokers = ''), 'SELECT pg_reload_conf()');
	within(20, q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'personalization consumer'), 'while it does not read');
	$kafka->produce($topic, 0, [ map { qq({"tenant_id": "acme", "user_id": "u", "interaction_type": "custom", "data": {"x": "@{[ 'x' x 500000 ]}"}}) } 1 .. 16 ]);
	$kafka->produce($topic, 0, [ '{"tenant_id": "acme", "user_id": "behind", "interaction_type": "custom", "data": {}}' ]);
	sql('ALTER SYSTEM RESET personalization.kafka_brokers', 'SELECT pg_reload_conf()');
	within(30, 'renamed', q(SELECT count(*) = 1 FROM personalization.interactions WHERE user_id = 'behind'), 'it goes on behind the gap');
	within(20, 'renamed', q(SELECT last_error ~ '^messages \d+ to \d+ of partition 0 were deleted by the broker before they were read$' FROM personalization.topic_status), 'and says which are missing');
}

# No slot for it: the worker goes on, and it is said once.
$node->append_conf('postgresql.conf', 'max_worker_processes = 5');
sql('CREATE DATABASE more');
sql('more', 'CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme')), "SELECT personalization.subscribe_topic('$topic')");
my $log = log_position();
$node->restart;
ok(defined wait_until(120, sub { log_since($log) =~ /out of background worker slots/ }), 'where there is no slot, that is said');
sleep(5);
cmp_ok(scalar(() = log_since($log) =~ /out of background worker slots for the consumer/g), '<', 4, 'not again and again');
my $problems = q(SELECT coalesce(string_agg(p, '; '), '') FROM personalization.health, unnest(problems) AS p WHERE p ~ 'topics');
sql('more', q(UPDATE personalization.topic_subscriptions SET subscribed_at = subscribed_at - interval '2 minutes'));
is(sql('more', $problems), 'no process reads topics, although personalization.kafka_brokers is set: the server log says why', 'by health, too');
sql(q(ALTER SYSTEM SET personalization.kafka_brokers = ''), 'SELECT pg_reload_conf()');
within(20, 'more', "SELECT ($problems) = ''", 'unless none shall read');
done_testing();
