# A dump is restored into a server whose worker is running: the worker does nothing until all rows
# have been restored, and then learns the rows of the inbox once.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $node = node('preloaded', q{
shared_preload_libraries = 'personalization'
personalization.worker = off
personalization.worker_naptime = 20ms
personalization.maintenance_interval = 1
});

# Old data that the tenant's own retention keeps, and rows that wait.
$node->safe_psql('postgres', q{
	CREATE DATABASE source;
	CREATE DATABASE copy;
	CREATE DATABASE other;});
$node->safe_psql('source', q{
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme', '{"history_retention": "50 years", "evidence_retention": "50 years"}');
	SELECT personalization.learn('acme', 'user ' || i % 40, 'export', jsonb_build_object('format', 'csv', 'columns', jsonb_build_array('c' || i % 7)),
		timestamptz '2019-01-01' + i * interval '1 hour') FROM generate_series(1, 400) i;
	SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "x", "interaction_type": "nonsense", "data": {}}]', 'divert');
	UPDATE personalization.rejected_events SET rejected_at = '2020-01-01';
	INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at)
	SELECT 'acme', 'user ' || i % 40, 'export', '{"format": "pdf"}', '2019-01-01' FROM generate_series(1, 80) i;});
my $before = sub {
	my ($db) = @_;
	return $node->safe_psql($db, q{
		SELECT count(*), sum(observation_count) FROM personalization.preferences WHERE key LIKE 'export_column:%';
		SELECT count(*) FROM personalization.interactions WHERE data ->> 'format' = 'csv';
		SELECT count(*) FROM personalization.rejected_events;
		SELECT count(*) FROM personalization.profiles;});
};
my $expected = $before->('source');
command_ok([ 'pg_dump', '-Fc', '-f', "$tmp/source.dump", $node->connstr('source') ], 'dump');

$node->safe_psql('postgres', 'ALTER SYSTEM SET personalization.worker = on');
$node->reload;

# The first half of a restore, and time for the worker to do harm.
my @restore = ('pg_restore', '--exit-on-error', '-d', $node->connstr('copy'));
command_ok([ 'pg_restore', '-l', '-f', "$tmp/list", "$tmp/source.dump" ], 'the list of what is in it');
my @list = split /\n/, slurp_file("$tmp/list");
my ($half) = grep { $list[$_] =~ /TABLE DATA personalization preferences_0 / } 0 .. $#list;
ok($half, 'preferences come behind the inbox');
append_to_file("$tmp/first", join("\n", @list[ 0 .. $half - 1 ]) . "\n");
append_to_file("$tmp/second", join("\n", @list[ $half .. $#list ]) . "\n");
command_ok([ @restore, '-L', "$tmp/first", "$tmp/source.dump" ], 'the first half');
ok($node->poll_query_until('copy', 'SELECT pid IS NOT NULL FROM personalization.worker_status'), 'a worker is there');
sleep 2;
is($node->safe_psql('copy', 'SELECT count(*) FROM personalization.inbox'), '80', 'and takes nothing yet');
command_ok([ @restore, '-L', "$tmp/second", "$tmp/source.dump" ], 'the second half');
ok($node->poll_query_until('copy', 'SELECT count(*) = 0 FROM personalization.inbox'), 'then it learns what waited');
is($before->('copy'), $expected, 'everything else is as it was');
is($node->safe_psql('copy', q{SELECT count(*), (SELECT count(*) FROM personalization.rejected_events) FROM personalization.interactions WHERE data ->> 'format' = 'pdf'}),
	'80|1', 'what waited is learned once');

# In a database without tenants a restore may begin any moment: nothing is touched.  With the first
# tenant it is simply a new one, and does not wait.
$node->safe_psql('other', q{
	CREATE EXTENSION personalization;
	INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ana', 'query', '{}');});
ok($node->poll_query_until('other', 'SELECT pid IS NOT NULL FROM personalization.worker_status'), 'a worker where there are no tenants');
sleep 3;
my $done = q{SELECT passes, (SELECT count(*) FROM personalization.inbox), (SELECT count(*) FROM personalization.rejected_events),
	(SELECT count(*) FROM personalization.interactions) FROM personalization.worker_state};
is($node->safe_psql('other', $done), '0|1|0|0', 'it keeps its hands off');
$node->safe_psql('other', q{SELECT personalization.create_tenant('acme')});
ok($node->poll_query_until('other', 'SELECT count(*) = 0 FROM personalization.inbox'), 'a new database is worked for at once');
like($node->safe_psql('other', $done), qr/^\d+\|0\|0\|1$/, 'and what waited for the tenant is learned');

# A session that cannot restore holds nothing up, whatever it calls itself.
$node->safe_psql('postgres', $_) foreach 'CREATE DATABASE called', 'ALTER DATABASE called SET personalization.worker = off', 'CREATE ROLE bound LOGIN';
$node->safe_psql('called', q{CREATE EXTENSION personalization; SELECT personalization.create_tenant('acme'), personalization.bind_role('bound', 'acme')});
my $called = $node->background_psql('called', extra_params => [ '-U', 'bound' ]);
$called->query(q{SET application_name = 'pg_restore'});
$node->safe_psql('postgres', $_) foreach 'ALTER DATABASE called RESET personalization.worker', 'SELECT pg_reload_conf()';
$node->safe_psql('called', q{INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ana', 'query', '{}')});
ok($node->poll_query_until('called', 'SELECT count(*) = 0 FROM personalization.inbox'), 'a bound role that calls itself pg_restore does not keep the worker waiting');
is($node->safe_psql('called', q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pg_restore'}), '1', 'while it is there');
$called->quit;

# Where learning makes the tenants, none may ever come but from the inbox.
$node->safe_psql('postgres', 'CREATE DATABASE automatic');
$node->safe_psql('automatic', q{CREATE EXTENSION personalization});
$node->safe_psql('postgres', 'ALTER DATABASE automatic SET personalization.auto_create_tenants = on');
$node->safe_psql('automatic', q{
	SELECT pg_terminate_backend(personalization.worker_pid());
	INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ana', 'query', '{}');});
ok($node->poll_query_until('automatic', q{SELECT NOT EXISTS (SELECT FROM personalization.inbox) AND EXISTS (SELECT FROM personalization.tenants)}),
	'a tenant is made from the inbox');

$node->stop;
done_testing();
