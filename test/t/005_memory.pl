# A session's memory does not grow with what it learns and reads.
#
# Memory that a call leaves allocated would grow with the number of calls: each measurement allows a
# few bytes per call or event. There are 100,000 calls of learn() by default, and 1,000,000 if
# PERSONALIZATION_LONG_TESTS is set.

use strict;
use warnings;

use Personalization;
use Test::More;

plan skip_all => 'there is no /proc here to read memory from' unless -r '/proc/self/status';

my $long = $ENV{PERSONALIZATION_LONG_TESTS} ? 10 : 1;

# Plans, caches of the catalogue and the like must not be rebuilt in the middle.
my $node = node('memory', q{
autovacuum = off
synchronous_commit = off
shared_buffers = 64MB
max_wal_size = 4GB
});

# The session is one of an ordinary role that may also look at its own memory.
$node->safe_psql('postgres', q{
	CREATE EXTENSION personalization;
	SELECT personalization.create_tenant('acme');
	CREATE ROLE app LOGIN;
	GRANT EXECUTE ON FUNCTION pg_read_file(text) TO app;
	SELECT personalization.bind_role('app', 'acme');
	-- Only for the test's eyes, and after the binding, which would refuse it.
	GRANT pg_read_all_stats, pg_read_server_files TO app;
	CREATE SCHEMA test AUTHORIZATION app;
	SET ROLE app;

	-- The memory in use by the server's own count, and what the process has of the system, shared
	-- memory apart.
	CREATE FUNCTION test.memory(OUT used bigint, OUT anonymous bigint) AS $$
		SELECT sum(used_bytes),
			(regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s*(\d+) kB'))[1]::bigint * 1024
		FROM pg_backend_memory_contexts
	$$ LANGUAGE sql;

	-- What n calls do.  All of it comes again and again: users, keys and queries are few, the
	-- interactions are all that grows.
	CREATE FUNCTION test.event(i bigint, OUT user_id text, OUT type personalization.interaction_type,
			OUT data jsonb) AS $$
		SELECT 'user ' || i % 20,
			CASE i % 7 WHEN 0 THEN 'visualization' WHEN 1 THEN 'export' WHEN 2 THEN 'dashboard'
				WHEN 3 THEN 'refinement' WHEN 4 THEN 'feedback' ELSE 'query' END
				::personalization.interaction_type,
			CASE i % 7
				WHEN 0 THEN jsonb_build_object('chart_type', 'chart ' || i % 11, 'x_axis', 'day')
				WHEN 1 THEN jsonb_build_object('format', 'csv', 'columns', jsonb_build_array('a', 'b', i % 3))
				WHEN 2 THEN jsonb_build_object('layout', 'grid', 'widget_sizes', '{"kpi": "s", "map": "l"}'::jsonb)
				WHEN 3 THEN jsonb_build_object('original', '{"chart_type": "chart 1"}'::jsonb,
					'corrected', jsonb_build_object('chart_type', 'chart ' || i % 5))
				WHEN 4 THEN jsonb_build_object('category', 'visualization', 'key', 'preferred_chart_type',
					'rating', -0.1)
				WHEN 5 THEN jsonb_build_object('query', 'How much in ' || i % 10 || '?',
					'tables_used', jsonb_build_array('table ' || i % 4))
				ELSE jsonb_build_object('sql', format(
					'SELECT a, sum(b) FROM t%s WHERE c = %s AND d > ''x'' GROUP BY a', i % 6, i))
			END
	$$ LANGUAGE sql;

	-- Each call a statement and a transaction of its own.
	CREATE PROCEDURE test.learn(n bigint) AS $$
	BEGIN
		FOR i IN 1..n LOOP
			PERFORM personalization.learn('acme', user_id, type, data) FROM test.event(i);
			COMMIT;
		END LOOP;
	END
	$$ LANGUAGE plpgsql;

	CREATE PROCEDURE test.batch(n bigint) AS $$
	BEGIN
		FOR i IN 1..n LOOP
			PERFORM personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'acme', 'user_id',
					user_id, 'interaction_type', type, 'data', data)), 'divert')
				FROM generate_series(1, 100) e, test.event(i * 100 + e);
			COMMIT;
		END LOOP;
	END
	$$ LANGUAGE plpgsql;

	CREATE PROCEDURE test.fail(n bigint) AS $$
	BEGIN
		FOR i IN 1..n LOOP
			BEGIN
				PERFORM personalization.learn('acme', 'ana', 'feedback', '{"rating": "nonsense"}');
				RAISE assert_failure;
			EXCEPTION WHEN invalid_parameter_value THEN NULL;
			END;
			PERFORM personalization.learn_batch('[{"tenant_id": "acme"}, 1, {"user_id": 1},
				{"tenant_id": "acme", "user_id": "ana", "interaction_type": "feedback",
				 "data": {"rating": "nonsense"}}]', 'divert');
			COMMIT;
		END LOOP;
	END
	$$ LANGUAGE plpgsql;

	CREATE PROCEDURE test.read(n bigint) AS $$
	BEGIN
		FOR i IN 1..n LOOP
			PERFORM personalization.get_profile('acme', 'user ' || i % 20);
			PERFORM personalization.get_context('acme', 'user ' || i % 20);
			PERFORM count(*) FROM personalization.preferences('acme', 'user ' || i % 20);
			PERFORM count(*) FROM personalization.extract_signals('query', '{"sql": "select sum(a) from b"}');
			COMMIT;
		END LOOP;
	END
	$$ LANGUAGE plpgsql;

	CREATE PROCEDURE test.set(n bigint) AS $$
	BEGIN
		FOR i IN 1..n LOOP
			PERFORM personalization.set_profile('acme', 'user ' || i % 20, domain_expertise => '{sales}');
			COMMIT;
		END LOOP;
	END
	$$ LANGUAGE plpgsql;

	-- All rows of one statement.
	CREATE PROCEDURE test.rows(n bigint) AS $$
	BEGIN
		PERFORM count(personalization.learn('acme', e.user_id, e.type, e.data))
			FROM generate_series(1, n) i, test.event(i) e;
	END
	$$ LANGUAGE plpgsql;
});

# How much a session's memory grows over so many calls of a procedure, after some to have everything
# in its caches.
sub growth
{
	my ($procedure, $n, $warm_up) = @_;
	my $result = $node->safe_psql(
		'postgres', qq{
			CALL test.$procedure($warm_up);
			CALL test.$procedure($warm_up);
			SELECT * FROM test.memory();
			SELECT * FROM test.memory();
			CALL test.$procedure($n);
			SELECT * FROM test.memory();
			SELECT * FROM test.memory()},
		connstr => $node->connstr('postgres') . ' user=app');
	my @memory = map { [ split /\|/ ] } split /\n/, $result;

	return ($memory[3][0] - $memory[1][0], $memory[3][1] - $memory[1][1]);
}

$node->safe_psql('postgres', 'CALL test.learn(2000)', connstr => $node->connstr('postgres') . ' user=app');

foreach my $case (
	# what, procedure, calls, calls to warm up, events a call
	[ 'reading', 'read', 5_000 * $long, 500, 1 ],
	[ 'set_profile()', 'set', 10_000 * $long, 1_000, 1 ],
	[ 'events that are refused', 'fail', 10_000 * $long, 500, 1 ],
	[ 'learn_batch() of 100 events', 'batch', 1_000 * $long, 100, 100 ],
	# PostgreSQL itself notes, until the end of a transaction, which of its own rows it replaced.
	[ 'learn(), rows of one statement', 'rows', 10_000, 10_000, 1 ],
	[ 'learn(), a transaction each', 'learn', 100_000 * $long, 10_000, 1 ])
{
	my ($what, $procedure, $n, $warm_up, $events) = @$case;
	# Counting when a transaction commits has plans of its own: with few transactions, they would be
	# made in the middle.
	my $counting = $procedure eq 'rows' ? 'off' : 'on';
	$node->safe_psql('postgres', "ALTER ROLE app SET personalization.count_at_commit = $counting");
	my ($used, $anonymous) = growth($procedure, $n, $warm_up);
	my $calls = $n * $events;

	note("$what: $n calls, $used bytes more in use, $anonymous more of the system");
	# The server's count is exact; what malloc() keeps varies a little.
	cmp_ok($used, '<', $calls * 4, "$what: nothing stays in use");
	cmp_ok($anonymous, '<', 256 * 1024 + $calls * 20, "$what: the process does not grow");
}

# The most that the process of a session ever has for a statement, without the shared memory that it
# has touched.
sub most
{
	my $statement = shift;

	return $node->safe_psql('postgres', "DO \$\$ BEGIN PERFORM $statement; END \$\$;" . q{
		SELECT ((regexp_match(s, 'VmHWM:\s*(\d+) kB'))[1]::bigint - (regexp_match(s, 'RssShmem:\s*(\d+) kB'))[1]::bigint) * 1024
		FROM pg_read_file('/proc/self/status') s});
}

# One call of run_maintenance() goes through a full inbox, and what waits to be counted, in batches:
# it needs what a batch needs, however many there are.
my %needed;

foreach my $rows (10_000, 40_000)
{
	$node->safe_psql('postgres', qq{
		INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
		SELECT 'acme', 'user ' || i % 500, 'query', jsonb_build_object('query', 'question ' || i % 50, 'sql', 'SELECT ' || i)
		FROM generate_series(1, $rows) i});
	$needed{$rows} = most('personalization.run_maintenance()');
	note("run_maintenance() with $rows rows in the inbox: $needed{$rows} bytes");
}
cmp_ok($needed{40_000} - $needed{10_000}, '<', 64 * 1024 * 1024, 'run_maintenance() needs no more for many batches than for one');

# Nor does a replay of the history hold all that it has read.
$node->safe_psql('postgres', q{
	INSERT INTO personalization.preference_snapshots VALUES ('acme', 'heavy', '2026-03-01', '2026-03-01', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
	INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at)
	SELECT 'acme', 'heavy', 'visualization', jsonb_build_object('chart_type', 'bar', 'rest', (SELECT string_agg(md5(i::text || k), '') FROM generate_series(1, 600) k)),
		'2026-03-02'::timestamptz + i * interval '1 second' FROM generate_series(1, 6000) i});
my $replay = most(q{count(*) FROM personalization.explain_preference('acme', 'heavy', 'visualization', 'preferred_chart_type')});
note("a replay of 6000 interactions with 120 MB of data: $replay bytes");
cmp_ok($replay, '<', 80 * 1024 * 1024, 'a replay gives up what it has read');

# Nor does taking the text out of a tenant hold all that it has changed.
$node->safe_psql('postgres', q{
	SELECT personalization.create_tenant('quiet', '{"store_query_text": false}');
	INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data)
	SELECT 'quiet', 'heavy', 'query', jsonb_build_object('query', 'question ' || i, 'rest', repeat('rest ', 1200))
	FROM generate_series(1, 20000) i});
my $forgetting = most(q{personalization.forget_query_text('quiet')});
note("forget_query_text() of 20000 interactions with 120 MB of data: $forgetting bytes");
cmp_ok($forgetting, '<', 100 * 1024 * 1024, 'forget_query_text() gives up what it has read');

$node->stop;
done_testing();
