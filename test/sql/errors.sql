-- Bad input: each is refused with a code, a message and, where one can act, a hint; and changes nothing.
\set tenants '{e}'
\set with_hint
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
\pset format unaligned
SELECT personalization.learn('e', 'ana', 'visualization', '{"chart_type": "bar"}', '2026-03-01', '00000000-0000-4000-8000-000000000001');

-- Of a call to learn() with one argument other than usual.
CREATE FUNCTION pg_temp.learn(kind text, data jsonb, at text DEFAULT '2026-03-02', who text DEFAULT 'ana', tenant text DEFAULT 'e')
RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('SELECT personalization.learn(%L, %L, %L, %L, %L)', tenant, who, kind, data, at))
$$;
CREATE VIEW pg_temp.stored AS
SELECT (SELECT count(*) FROM personalization.tenants) AS tenants,
       (SELECT count(*) FROM personalization.interactions) AS interactions,
       (SELECT count(*) FROM personalization.rejected_events) AS rejected,
       (SELECT count(*) FROM personalization.preferences) AS preferences,
       (SELECT count(*) FROM personalization.profiles) AS profiles,
       (SELECT count(*) FROM personalization.user_queries) AS queries,
       (SELECT count(*) FROM personalization.signal_rules) AS rules;
CREATE TEMP TABLE before AS TABLE pg_temp.stored;
TABLE before;

-- Types of interactions.
SELECT pg_temp.learn('guess', '{}');
SELECT pg_temp.learn('Query', '{}');
SELECT pg_temp.learn('', '{}');

-- Data that is no object.
SELECT data, pg_temp.learn('query', data) FROM unnest(ARRAY[jsonb '[]', '[{}]', '"x"', '1', 'true', 'null']) AS data;

-- Wrong types inside.
SELECT kind, data, pg_temp.learn(kind, data) FROM (VALUES
    ('query', jsonb '{"query": 1}'), ('query', '{"query": ["x"]}'), ('query', '{"sql": {}}'), ('query', '{"sql": true}'),
    ('refinement', '{"original": []}'), ('refinement', '{"corrected": "bar"}'), ('refinement', '{"corrected": {"sql": 1}}'),
    ('feedback', '{"rating": "good", "category": "data", "key": "k"}'), ('feedback', '{"rating": 1.01}'),
    ('feedback', '{"rating": -7, "category": "data", "key": "k"}'), ('feedback', '{"rating": true}'), ('feedback', '{"rating": 1e999}'),
    ('feedback', '{"rating": "NaN"}'), ('feedback', '{"rating": ["positive"]}'),
    ('feedback', '{"rating": 1, "category": "colour", "key": "k"}'), ('feedback', '{"rating": 1, "category": 1, "key": "k"}'),
    ('feedback', '{"rating": 1, "category": "data"}'), ('feedback', '{"rating": 1, "key": "k"}'),
    ('feedback', '{"rating": 1, "category": "data", "key": ""}'), ('feedback', '{"rating": 1, "category": "data", "key": 1}'),
    ('feedback', '{"category": "data", "key": "k"}'), ('feedback', '{"interaction_id": "00000000-0000-4000-8000-000000000001"}'),
    ('feedback', '{"rating": 1, "interaction_id": "17"}'), ('feedback', '{"rating": 1, "interaction_id": 17}'),
    ('feedback', '{"rating": 1, "interaction_id": "00000000-0000-4000-8000-00000000ffff"}')) AS v (kind, data);

-- JSON holds neither NaN nor infinity.
SELECT pg_temp.outcome(format('SELECT %L::jsonb', data)) FROM unnest(ARRAY['{"rating": NaN}', '{"rating": Infinity}']) AS data;

-- Ids: empty, too long; 512 bytes are not.
SELECT pg_temp.learn('query', '{}', who => '');
SELECT pg_temp.learn('query', '{}', who => repeat('x', 513));
SELECT pg_temp.learn('query', '{}', who => repeat('ü', 257));
SELECT pg_temp.learn('query', '{}', tenant => '');
SELECT pg_temp.learn('query', '{}', tenant => repeat('x', 513));
SELECT pg_temp.learn('query', '{}', tenant => repeat('x', 512)) LIKE '42704 | tenant "xxx%' AS unknown_tenant;
SELECT pg_temp.outcome(format('SELECT personalization.learn(%L, %L, %L, %L, interaction_id => %L)', 'e', 'ana', 'query', '{}', id))
FROM unnest(ARRAY['', '17', '00000000-0000-4000-8000-00000000000g']) AS id;

-- Times: far ahead, infinite; five minutes ahead are taken for a clock that is fast.
SELECT pg_temp.learn('query', '{}', at => '2999-01-01');
SELECT pg_temp.learn('query', '{}', at => 'infinity');
SELECT pg_temp.learn('query', '{}', at => '-infinity');
SELECT left(pg_temp.learn('query', '{}', at => (clock_timestamp() + interval '6 minutes')::text), 5) AS six_minutes;
SELECT call, pg_temp.outcome(format('SELECT * FROM personalization.%s', call)) FROM unnest(ARRAY[
    $$preferences('e', 'ana', 'infinity')$$, $$get_profile('e', 'ana', '-infinity')$$, $$get_context('e', 'ana', 'infinity')$$, $$get_profile('e', 'ana', history => -1)$$,
    $$usage_patterns('e', 'ana', 'infinity')$$, $$route('e', 'ana', 'q', '-infinity')$$,
    $$run_maintenance('infinity')$$]) AS call;

-- Large and deep.
SELECT pg_temp.learn('query', jsonb_build_object('x', repeat('x', 1024 * 1024)));
SELECT pg_temp.outcome(format('SELECT personalization.learn(%L, %L, %L, %L, feedback => %L)', 'e', 'ana', 'query', '{}', jsonb_build_object('x', repeat('x', 1024 * 1024))));
SELECT pg_temp.outcome(format('SELECT personalization.collect_feedback(%L, %L, %L)', 'e', 'ana', jsonb_build_object('x', repeat('x', 1024 * 1024))));
SELECT pg_temp.outcome(format('SELECT personalization.learn_batch(%L)', jsonb_build_array(jsonb_build_object('tenant_id', 'e', 'user_id', 'ana',
    'interaction_type', 'query', 'data', jsonb_build_object('x', repeat('x', 1024 * 1024))))));
SELECT pg_temp.outcome(format('SELECT * FROM personalization.extract_signals(%L, %L)', 'query', jsonb_build_object('x', repeat('x', 1024 * 1024))));
SELECT pg_temp.outcome(format('SELECT personalization.query_id(%L)', jsonb_build_object('query', repeat('x', 1024 * 1024))));
SELECT data, pg_temp.outcome(format('SELECT personalization.query_id(%L)', data)) FROM unnest(ARRAY['[]', '"a"', '{"query": 1}', '{"query": "a", "sql": []}']) AS data;
SET personalization.max_payload = 2048;
SELECT pg_temp.learn('query', jsonb_build_object('x', repeat('x', 2048)));
-- Compressed on disk or not, it is the size that counts.
CREATE TEMP TABLE stored_payload AS SELECT jsonb_build_object('x', repeat('x', 20000)) AS data;
SELECT pg_temp.outcome($$SELECT personalization.learn('e', 'ana', 'query', data, '2026-03-02') FROM stored_payload$$);
RESET personalization.max_payload;
SELECT depth, pg_temp.learn('query', (repeat('[', depth) || repeat(']', depth))::jsonb) AS array,
       pg_temp.learn('query', ('{"x": ' || repeat('{"x": ', depth - 1) || '1' || repeat('}', depth))::jsonb) AS object
FROM unnest(ARRAY[101, 5000]) AS depth;
-- Keys and values of preferences have limits of their own.
SELECT pg_temp.learn('query', jsonb_build_object('tables_used', jsonb_build_array(repeat('x', 1025))));
SELECT pg_temp.learn('visualization', jsonb_build_object('chart_type', repeat('x', 70000)));
SELECT pg_temp.learn('feedback', jsonb_build_object('rating', 1, 'category', 'data', 'key', repeat('x', 1025)));
SELECT pg_temp.learn('feedback', jsonb_build_object('rating', 1, 'category', 'data', 'key', 'k', 'value', repeat('x', 70000)));

-- A null in every argument of every function.
CREATE TEMP TABLE calls (function text, arguments text[], required int);
INSERT INTO calls VALUES
    ('learn', ARRAY[$$'e'$$, $$'ana'$$, $$'query'$$, $$'{}'$$, $$'2026-03-02'$$], 5),
    ('learn_batch', ARRAY[$$'[]'$$, $$'raise'$$], 2),
    ('collect_feedback', ARRAY[$$'e'$$, $$'ana'$$, $$'{}'$$], 3),
    ('extract_signals', ARRAY[$$'query'$$, $$'{}'$$], 2),
    ('query_id', ARRAY[$$'{}'$$], 1),
    ('preferences', ARRAY[$$'e'$$, $$'ana'$$, $$'2026-03-02'$$], 3),
    ('get_profile', ARRAY[$$'e'$$, $$'ana'$$, $$'2026-03-02'$$], 3),
    ('get_context', ARRAY[$$'e'$$, $$'ana'$$, $$'2026-03-02'$$], 3),
    ('usage_patterns', ARRAY[$$'e'$$, $$'ana'$$, $$'2026-03-02'$$], 3),
    ('route', ARRAY[$$'e'$$, $$'ana'$$, $$'q'$$, $$'2026-03-02'$$], 4),
    ('set_profile', ARRAY[$$'e'$$, $$'ana'$$], 2),
    ('reset_profile', ARRAY[$$'e'$$, $$'ana'$$], 2),
    ('create_tenant', ARRAY[$$'e2'$$, $$'{}'$$], 2),
    ('configure_tenant', ARRAY[$$'e'$$, $$'{}'$$], 2),
    ('tenant_settings', ARRAY[$$'e'$$], 1),
    ('drop_tenant', ARRAY[$$'e'$$], 1),
    ('grant_access', ARRAY[$$'pg_monitor'$$, $$false$$], 2),
    ('bind_role', ARRAY[$$'pg_monitor'$$, $$'e'$$], 2),
    ('register_table', ARRAY[$$'e'$$, $$'t'$$], 2),
    ('unregister_table', ARRAY[$$'e'$$, $$'t'$$], 2),
    ('link_schema', ARRAY[$$'e'$$, $$'public'$$], 2),
    ('unlink_schema', ARRAY[$$'e'$$, $$'public'$$], 2),
    ('tenant_tables', ARRAY[$$'e'$$], 1),
    ('new_tables', ARRAY[$$'e'$$, $$'ana'$$, $$'2026-03-02'$$], 3),
    ('hidden_tables', ARRAY[$$'e'$$, $$'{}'$$], 2),
    ('run_maintenance', ARRAY[$$'2026-03-02'$$], 1);
SELECT function, n, pg_temp.outcome(format('SELECT * FROM personalization.%s(%s)', function,
    array_to_string(arguments[:n - 1] || ARRAY['NULL'] || arguments[n + 1:], ', '))) AS outcome
FROM calls, generate_series(1, required) AS n ORDER BY calls.ctid, n;

-- Traits.
SELECT pg_temp.outcome(format('SELECT personalization.set_profile(%s)', arguments)) FROM unnest(ARRAY[
    $$'e', 'ana', 'expert'$$, $$'e', 'ana', NULL, ARRAY['a', NULL]$$, $$'e', 'ana', NULL, ARRAY['']$$, $$'e', 'ana', NULL, '{{a},{b}}'$$,
    $$'e', 'ana', communication_style => 'loud'$$, $$'e', 'ana', NULL, ARRAY[repeat('x', 513)]$$]) AS arguments;
SELECT trait, pg_temp.outcome(format('SELECT personalization.reset_profile(''e'', ''ana'', %L)', trait)) FROM unnest(ARRAY['skill', '', 'Skill_level']) AS trait;

-- Roles.
SELECT pg_temp.outcome($$SELECT personalization.bind_role('no_such_role', 'e')$$);
SELECT pg_temp.outcome($$SELECT personalization.bind_role(0::regrole, 'e')$$);
SELECT pg_temp.outcome($$SELECT personalization.grant_access(0::regrole)$$);

-- Read-only transactions.
BEGIN READ ONLY;
SELECT call, pg_temp.outcome(format('SELECT personalization.%s', call)) FROM unnest(ARRAY[
    $$learn('e', 'ana', 'query', '{}', '2026-03-02')$$, $$learn_batch('[]')$$, $$collect_feedback('e', 'ana', '{}')$$,
    $$set_profile('e', 'ana')$$, $$reset_profile('e', 'ana')$$, $$create_tenant('e2')$$, $$configure_tenant('e', '{}')$$, $$drop_tenant('e')$$, $$run_maintenance()$$]) AS call;
SELECT personalization.get_context('e', 'ana', '2026-03-02') ->> 'last_activity' AS reading_goes_on;
COMMIT;

-- No tenant by that name, of an ordinary session's or any other, was made; nothing else either.
SELECT (SELECT b FROM before AS b) = (SELECT s FROM pg_temp.stored AS s) AS unchanged;

-- What is just within the limits is taken.
SELECT pg_temp.learn('query', '{}', who => repeat('x', 512)),
       pg_temp.learn('query', '{}', at => (clock_timestamp() + interval '4 minutes')::text),
       pg_temp.learn('query', jsonb_build_object('x', repeat('x', 1024 * 1024 - 100))),
       pg_temp.learn('query', ('{"x": ' || repeat('{"x": ', 99) || '1' || repeat('}', 100))::jsonb),
       pg_temp.learn('feedback', jsonb_build_object('rating', 1, 'category', 'data', 'key', repeat('x', 1024), 'value', 'v')),
       pg_temp.learn('query', '{}', at => '0001-01-01 BC');

SET client_min_messages = warning;
SELECT personalization.learn_batch('[{"tenant_id": "e", "user_id": "eve", "interaction_type": "query", "data": {}, "occurred_at": "epoch"}]') AS learned;
RESET client_min_messages;
SELECT occurred_at FROM personalization.interactions WHERE user_id = 'eve';
SELECT personalization.local_time(at, '{"time_zone": "Asia/Tokyo"}') FROM unnest('{infinity,-infinity,2026-03-01 00:00+00,294276-12-31 23:59:59+00}'::timestamptz[]) AS at;

SELECT count(personalization.drop_tenant('e')) AS dropped;

-- Values that no call would have stored, in a document and in a tenant's row.
SELECT personalization.create_tenant('e_odd') IS NOT NULL AND personalization.learn('e_odd', 'ana', 'query', '{"query": "a", "tables_used": ["t"]}', '2026-03-01') IS NOT NULL AS made;
SELECT personalization.export_user('e_odd', 'ana') AS document \gset
SELECT personalization.forget_user('e_odd', 'ana') -> 'user_queries' AS forgotten;
SELECT path, pg_temp.outcome(format('SELECT personalization.import_user(%L, %L)', 'e_odd', jsonb_set(:'document', path::text[], value))) FROM (VALUES
    ('{data,user_queries,0,ask_count}', jsonb '-1'), ('{data,user_queries,0,query}', to_jsonb(repeat('x', 1048577))),
    ('{data,preferences,0,value}', to_jsonb(repeat('x', 65536)))) AS v (path, value);
SELECT personalization.import_user('e_odd', :'document') -> 'user_queries' AS imported;
UPDATE personalization.tenants SET settings = '{"learning_rate": 1e400}' WHERE tenant_id = 'e_odd';
SELECT pg_temp.outcome($$SELECT personalization.learn('e_odd', 'ana', 'query', '{}')$$);
SELECT personalization.configure_tenant('e_odd', '{"learning_rate": null}') -> 'learning_rate' AS learning_rate;
-- A message that is longer than most has its hint all the same.
SELECT length(o) AS length, left(o, 36) AS message, o LIKE '% | The settings are learning_rate, %' AS has_hint
FROM pg_temp.outcome(format('SELECT personalization.configure_tenant(%L, %L)', 'e_odd', jsonb_build_object(repeat('x', 3000), 1))) AS o;
SELECT count(personalization.drop_tenant('e_odd')) AS dropped;

-- A hundred megabytes, broken JSON within a batch, and a nesting bomb: an error each, and nothing learned.
SELECT personalization.create_tenant('e_big') IS NOT NULL AS made;
\set VERBOSITY terse
SELECT personalization.learn('e_big', 'big', 'query', jsonb_build_object('query', repeat('x', 100 * 1024 * 1024)));
\set VERBOSITY sqlstate
SELECT personalization.learn_batch('[{"tenant_id": "e_big", "user_id": "big", "interaction_type": "query", "data": {}}, {"tenant_id": "e_big" "user_id": "big"}]');
SELECT personalization.learn('e_big', 'big', 'query', (repeat('[', 100000) || repeat(']', 100000))::jsonb);
\set VERBOSITY default
SELECT (personalization.drop_tenant('e_big') ->> 'interactions')::int AS learned;
