# While a session stays in an old snapshot, rows that were taken from a queue cannot be removed.  A batch
# does not go through them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Personalization;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Redis;
use Test::More;

my $redis = Redis::missing() ? undef : Redis->new(PostgreSQL::Test::Utils::tempdir_short() . '/redis')->start;
my $rows = 2000;
my $node = node('queues', q(
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '20ms'
personalization.worker_batch_size = 12
autovacuum = off
fsync = off
));

sql('CREATE EXTENSION personalization', q(SELECT personalization.create_tenant('acme'), personalization.create_tenant('globex')));
my $snapshot = $node->background_psql('postgres');
$snapshot->set_query_timer_restart;
$snapshot->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM personalization.inbox');

# Whether all rows of a queue were taken: by what the worker reports, as a look would itself read them.
sub all_taken { my ($queue, $n) = @_; return "SELECT sum(n_tup_del) = sum(n_tup_ins) AND sum(n_tup_ins) >= $n FROM pg_stat_all_tables WHERE relname ~ '^${queue}_\\d'"; }

# How many entries of its index were read of a queue so far.
sub read_of { my $queue = shift; return sql("SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_all_indexes WHERE relname ~ '^${queue}_\\d'"); }

my %cost;
foreach my $round (1 .. 4)
{
	my %before = map { $_ => read_of($_) } qw(inbox query_events);

	sql(qq{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
		SELECT 'acme', 'user ' || n % 20, 'query', '{"query": "sales"}' FROM generate_series(1, $rows) n});
	foreach my $queue (sort keys %before)
	{
		within(60, all_taken($queue, $round * $rows), "round $round: $queue is taken");
		push @{ $cost{$queue} }, (read_of($queue) - $before{$queue}) / $rows;
	}
}
foreach my $queue (sort keys %cost)
{
	my ($first, @later) = @{ $cost{$queue} };

	note("$queue, entries for a row: ", join(', ', map { sprintf('%.1f', $_) } $first, @later));
	# If each batch of the fourth load went through the first three, more than these: 3 * $rows / 48, and in counting more.
	cmp_ok($later[-1], '<', $queue eq 'inbox' ? 100 : 220, "$queue: a batch does not go through the rows that were taken before");
}
$snapshot->quit;

# A transaction's rows have its id.
my $largest = sql('SELECT max(n) FROM (SELECT count(*) AS n FROM personalization.interactions GROUP BY xmin::text) x');
cmp_ok($largest, '>', 12, "batches grow while rows wait ($largest)");
cmp_ok($largest, '<=', 4 * 12, 'up to four times worker_batch_size');

sql('ALTER SYSTEM SET personalization.redis_url = ' . quote($redis->url)) if $redis;
$node->reload;

# A row that arrives late, before those that were taken, is taken too.
my $late = $node->background_psql('postgres');
$late->set_query_timer_restart;
$late->query_safe(q(BEGIN; INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'late', 'query', '{"query": "late"}')));
sql(q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) SELECT 'acme', 'user ' || n, 'query', '{"query": "sales"}' FROM generate_series(1, 1000) n});
within(30, q(SELECT NOT EXISTS (SELECT FROM personalization.inbox) AND NOT EXISTS (SELECT FROM personalization.query_events)), 'a load while another transaction is open');
$late->query_safe('COMMIT');
$late->quit;
within(30, q(SELECT count(*) = 1 FROM personalization.user_queries WHERE user_id = 'late'), 'its row is learned');
within(30, q(SELECT NOT EXISTS (SELECT FROM personalization.query_events) AND NOT EXISTS (SELECT FROM personalization.cache_changes)), 'counted and pushed');
is(sql('SELECT failures FROM personalization.worker_status'), '0', 'nothing failed');

$node->stop;
done_testing();
