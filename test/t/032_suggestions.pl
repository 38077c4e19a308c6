# Suggestions: isolation between tenants, with the worker, through kills and restores, and for users
# with nothing or very much.

use strict;
use warnings;

use Personalization;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = $PostgreSQL::Test::Utils::tmp_check;
my $node = node('suggestions', q{
shared_preload_libraries = 'personalization'
personalization.worker_naptime = '100ms'
personalization.maintenance_interval = '2s'
max_worker_processes = 16
restart_after_crash = on
}, init => [ extra => [ '--locale=C', '--encoding=UTF8' ] ]);

my $counted = 'SELECT count(*) = 0 FROM personalization.query_events';
my $complete = 'SELECT count(*) = (SELECT count(*) FROM personalization.tenants) FROM personalization.rankings WHERE rebuild_from IS NULL';
my $settings = q('{"history_retention": "100 years", "evidence_retention": "100 years"}');
my $answer = q(md5(string_agg(concat_ws('|', place, suggestion_type, suggestion, round(score::numeric, 9), reason), E'\n' ORDER BY place)));

sql('postgres', 'CREATE EXTENSION personalization',
	"SELECT count(personalization.create_tenant(t, $settings)) FROM unnest('{red,blue}'::text[]) t",
	'CREATE ROLE red LOGIN; CREATE ROLE blue LOGIN',
	q(SELECT personalization.bind_role('red', 'red'), personalization.bind_role('blue', 'blue')));

####################################################################
# Two tenants alike but for a marker in all that is text, each through a role of its own.

foreach my $tenant ('red', 'blue')
{
	my $marker = uc $tenant;

	$node->safe_psql('postgres', qq{
		SELECT count(personalization.learn('$tenant', 'user ' || i % 7, 'query', jsonb_build_object(
				'query', format('How about %s of %s in $marker?', (ARRAY['orders', 'returns', 'staff', 'sales'])[1 + i % 4], i * i % 23),
				'tables_used', jsonb_build_array('shared', '${marker}_' || i % 5)), timestamptz '2026-03-01' + i * interval '7 minutes'))
			FROM generate_series(1, 700) i;
		SELECT personalization.register_table('$tenant', '${marker}_new', 'of $marker', ARRAY['${marker}_column']);},
		connstr => $node->connstr('postgres') . " user=$tenant");
}
within(20, 'postgres', $counted, 'the worker counts 1,400 asks');
is(sql('postgres', q(SELECT string_agg(concat_ws(' ', tenant_id, asks, users), ', ' ORDER BY tenant_id) FROM personalization.rankings)),
	'blue 700 7, red 700 7', 'each once');

# Thousands of calls of any user, known or not, in any context, even the other's words; the other's ids are unknown.
sql('postgres', 'CREATE FUNCTION calls(tenant text, OUT n bigint, OUT shown text) LANGUAGE sql AS $$
	SELECT count(*), string_agg(DISTINCT s::text, E\'\n\') FROM (SELECT setseed(0.5)) x, generate_series(1, 2000) i,
		LATERAL personalization.get_suggestions(tenant, (ARRAY[\'user 1\', \'user 2\', \'user 3\', \'user 4\', \'user 5\', \'nobody\', \'RED\', \'BLUE\'])[1 + (random() * 7)::int],
			(ARRAY[NULL, \'orders\', \'RED\', \'BLUE\', \'RED_1\', \'BLUE_1\', \'shared\', \'staff 5\'])[1 + (random() * 7)::int], (random() * 20)::int + 0 * i,
			CASE WHEN random() < 0.3 THEN now() ELSE timestamptz \'2026-03-01\' + random() * interval \'6 days\' END) s $$');
my %shown;
foreach my $tenant ('red', 'blue')
{
	my $other = $tenant eq 'red' ? 'BLUE' : 'RED';

	$shown{$tenant} = $node->safe_psql('postgres', "SELECT n, shown FROM calls('$tenant')", connstr => $node->connstr('postgres') . " user=$tenant");
	cmp_ok((split /\|/, $shown{$tenant})[0], '>', 5_000, "$tenant: thousands of suggestions");
	like($shown{$tenant}, qr/\Q${\uc $tenant}\E_new/, "$tenant: its own new table among them");
	unlike($shown{$tenant}, qr/$other/, "$tenant: nothing of the other's");
}

my $id = sql('postgres', q(SELECT suggestion_id FROM personalization.suggestions WHERE tenant_id = 'blue' AND user_id = 'user 1' LIMIT 1));
my @refused = map { my $i = $_; my ($out, $err) = ('', '');
	$node->psql('postgres', "SELECT personalization.record_outcome('red', 'user 1', '$i', 'accepted')", stderr => \$err, connstr => $node->connstr('postgres') . ' user=red');
	$err =~ s/\Q$i\E/…/r } ($id, '00000000-0000-4000-8000-000000000000');
is($refused[0], $refused[1], "the other's suggestion is as unknown as one that never was");
like($refused[0], qr/suggestion … does not exist/, 'and the message says so');

####################################################################
# The worker is killed while it counts: each ask counts once.

sql('postgres', qq(SELECT personalization.create_tenant('killed', $settings)));
for my $round (1 .. 4)
{
	sql('postgres', qq{SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'killed', 'user_id', 'u' || i % 50, 'interaction_type', 'query',
		'data', jsonb_build_object('query', 'killed ' || i % 301), 'occurred_at', timestamptz '2026-03-01' + $round * interval '1 day' + i * interval '1 second'))) FROM generate_series(1, 2000) i});
	sleep(0.3);
	my $pid = sql('postgres', 'SELECT personalization.worker_pid()');
	kill('KILL', $pid) if $pid =~ /^\d+$/;
	# The server restarts all its sessions.
	within(30, 'postgres', 'SELECT true', 'the server comes back');
}
within(20, 'postgres', $counted, 'all is counted after four kills');
is(sql('postgres', q(SELECT asks, users, (SELECT sum(ask_count) FROM personalization.query_statistics WHERE tenant_id = 'killed') FROM personalization.rankings WHERE tenant_id = 'killed')),
	'8000|50|8000', 'each once');

####################################################################
# Rows that a role plants under the worker's feet: it goes on, for all others too.

my $pid = sql('postgres', 'SELECT personalization.worker_pid()');
$node->safe_psql('postgres', $_, connstr => $node->connstr('postgres') . ' user=red') for (
	q(UPDATE personalization.query_lists SET weights = array_fill('NaN'::float8, ARRAY[cardinality(queries)]), total = 'Infinity'),
	q(UPDATE personalization.query_statistics SET ask_count = 'NaN', fast = '-Infinity', slow = 1e308, last_asked = 'infinity', last_day = 'infinity', tables = '3'),
	q(UPDATE personalization.rankings SET weights = ARRAY[weights], gradients = '{NULL}', since = '-infinity', asks = -1, rebuild_from = '-infinity'),
	q(UPDATE personalization.user_queries SET query = repeat('long ', 200000), tables = (SELECT jsonb_agg(i) FROM generate_series(1, 30000) i) WHERE user_id = 'user 1' AND query LIKE '%sales%'),
	q(INSERT INTO personalization.query_events SELECT 'red', u, query_id, interaction_id, t, true, -1 FROM personalization.interactions, unnest(ARRAY['user 1', repeat('u', 100000)]) u, unnest('{infinity,-infinity,2026-03-01}'::timestamptz[]) t WHERE query_id IS NOT NULL LIMIT 600));
sql('postgres', q(SELECT personalization.learn('blue', 'user 1', 'query', '{"query": "Still there?"}', '2026-03-09')));
within(20, 'postgres', q(SELECT EXISTS (SELECT FROM personalization.query_statistics WHERE tenant_id = 'blue' AND query = 'Still there?')), 'the others are counted');
within(20, 'postgres', $counted, 'what was planted is got past');
within(20, 'postgres', $complete, 'and all is complete');
is(sql('postgres', 'SELECT personalization.worker_pid()'), $pid, 'by the same worker');
sql('postgres', q(SELECT personalization.drop_tenant('red')));

####################################################################
# A tenant many of whose asks fail lets the others go between them.

sql('postgres', 'ALTER SYSTEM SET personalization.worker = off', 'SELECT pg_reload_conf()');
within(20, 'postgres', 'SELECT personalization.worker_pid() IS NULL', 'the worker leaves');
sql('postgres', q{
	SET personalization.count_at_commit = off;
	SELECT personalization.create_tenant('a first');
	SELECT count(personalization.learn('a first', 'ana', 'query', jsonb_build_object('query', 'bad ' || n), '2026-03-09')) FROM generate_series(1, 100) n;
	SELECT personalization.learn('blue', 'user 1', 'query', '{"query": "Between them?"}', '2026-03-09');
	ALTER TABLE personalization.query_statistics ADD CONSTRAINT no_bad CHECK (query NOT LIKE 'bad%');
	CREATE TABLE behind AS SELECT 0::bigint AS n WHERE false;
	CREATE FUNCTION look_behind() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO public.behind SELECT count(*) FROM personalization.query_events WHERE tenant_id = 'a first';
		RETURN NULL;
	END $$;
	CREATE TRIGGER look_behind AFTER INSERT ON personalization.query_statistics FOR EACH ROW
	WHEN (NEW.query = 'Between them?') EXECUTE FUNCTION look_behind();
	ALTER SYSTEM RESET personalization.worker}, 'SELECT pg_reload_conf()');
within(20, 'postgres', $counted, 'asks that fail are got past');
is(sql('postgres', 'SELECT count(*), min(n) BETWEEN 1 AND 100 FROM behind'), '1|t', 'and another tenant had its turn before the last of them');
is(sql('postgres', q(SELECT count(*) FROM personalization.query_statistics WHERE tenant_id = 'a first')), '0', 'those that fail are not counted');
sql('postgres', 'DROP TRIGGER look_behind ON personalization.query_statistics; DROP FUNCTION look_behind(); DROP TABLE behind;
	ALTER TABLE personalization.query_statistics DROP CONSTRAINT no_bad', q(SELECT personalization.drop_tenant('a first')));

####################################################################
# Derived data is not dumped; it is made anew, and the suggestions with it are the same.

my $answers = "SELECT u, (SELECT $answer FROM personalization.get_suggestions(t, u, NULL, 10, '2026-03-20') WITH ORDINALITY s (suggestion_id, suggestion_type, suggestion, score, reason, evidence, place))
	FROM unnest('{blue,killed}'::text[]) t, unnest('{user 1,user 2,u1,u2,u3,nobody}'::text[]) u ORDER BY t, u";
sql('postgres', 'DELETE FROM personalization.suggestions');
# In the order of time, as after a restore.
sql('postgres', q(SELECT personalization.rebuild_statistics(t) FROM unnest('{blue,killed}'::text[]) t));
within(20, 'postgres', $complete, 'made anew');
my $before = sql('postgres', "BEGIN READ ONLY", $answers, 'COMMIT');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", $node->connstr('postgres') ], 'dump');
sql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), "$dir/dump" ], 'restore');
my ($toc) = run_command([ 'pg_restore', '-l', "$dir/dump" ]);
unlike($toc, qr/TABLE DATA personalization (rankings|query_events|query_statistics|query_lists)_/, 'no derived data is in the dump');
within(20, 'restored', $complete, 'the worker makes it anew');
is(sql('restored', "BEGIN READ ONLY", $answers, 'COMMIT'), $before, 'the suggestions are the same, in the same order');

####################################################################
# Nothing, one user, very much.

sql('postgres', "SELECT count(personalization.create_tenant(t, $settings)) FROM unnest('{empty,much}'::text[]) t");
is(sql('postgres', q(SELECT count(*) FROM personalization.get_suggestions('empty', 'ana', 'orders'))), '0', 'an empty tenant has none');
sql('postgres', q{
	INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at, query_id)
		SELECT 'much', 'one', 'query', d, timestamptz '2025-01-01' + i * interval '5 minutes', personalization.query_id(d)
		FROM generate_series(1, 100000) i, LATERAL (SELECT jsonb_build_object('query', 'number n' || i)) x(d);
	INSERT INTO personalization.user_queries (tenant_id, user_id, query_id, query, tables, ask_count, first_asked, last_asked, asked_days)
		SELECT tenant_id, user_id, query_id, data ->> 'query', '[]', 1, occurred_at, occurred_at, ARRAY[occurred_at::date] FROM personalization.interactions WHERE tenant_id = 'much';
	ANALYZE});
my $median = sql('postgres', q{
	CREATE TEMP TABLE took (ms float8);
	DO $$
	DECLARE start timestamptz; n int;
	BEGIN
		FOR i IN 1..60 LOOP
			start := clock_timestamp();
			SELECT count(*) INTO n FROM personalization.get_suggestions('much', 'one', 'number', 10, '2026-03-01');
			IF n <> 10 THEN RAISE 'only %', n; END IF;
			INSERT INTO took SELECT extract(epoch FROM clock_timestamp() - start) * 1000;
		END LOOP;
	END $$;
	SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 2) FROM took});
note("a user with 100,000 different queries: $median ms");
cmp_ok($median, '>', 0, 'a user with 100,000 different queries is answered, each time with as many as were asked for');

$node->stop;
done_testing();
