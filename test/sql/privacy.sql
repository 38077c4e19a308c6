-- forget_user(), export_user() and import_user().
\set tenants '{p,p2}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
CREATE OR REPLACE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE d text; h text;
BEGIN
    EXECUTE statement;
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(d, ''), nullif(h, ''));
END $$;
-- What ana and bo do, the same, in two tenants.
CREATE PROCEDURE pg_temp.act(t text, u text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM personalization.learn(t, u, 'query', '{"query": "Sales by region?", "sql": "SELECT region, sum(total) FROM sales WHERE day > 1 GROUP BY region"}', '2026-03-01 10:00:00.000001');
    PERFORM personalization.learn(t, u, 'visualization', '{"chart_type": "bar", "color_scheme": {"b": [1, 2.50, "x"]}}', '2026-03-01 10:00:01.123456');
    PERFORM personalization.learn(t, u, 'visualization', '{"chart_type": "pie"}', '2026-03-02 10:00:02', NULL, '{"stars": 3}');
    PERFORM personalization.learn(t, u, 'dashboard', '{"refresh_interval": 30, "layout": "\u00e4 \"quoted\" \\ \t"}', '2026-03-02 10:00:03');
    PERFORM personalization.learn_batch(jsonb_build_array(jsonb_build_object('tenant_id', t, 'user_id', u, 'interaction_type', 'nonsense', 'data', '{}'::jsonb)), 'divert');
    INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) VALUES (t, u, 'export', '{"format": "csv"}', '2026-03-02 11:00'), (t, u, NULL, NULL, 'infinity');
    PERFORM personalization.set_profile(t, u, 'advanced', ARRAY['finance', 'a "b" {c}']);
END $$;
CALL pg_temp.act('p', 'ana');
CALL pg_temp.act('p', 'bo');
CALL pg_temp.act('p2', 'ana');
-- Every row of every table, as text.
CREATE FUNCTION pg_temp.everything() RETURNS TABLE (name text, line text) LANGUAGE plpgsql AS $$
BEGIN
    FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'personalization'::regnamespace AND relkind = 'p' AND relname NOT IN ('audit_log', 'cache_changes') ORDER BY relname COLLATE "C" LOOP
        RETURN QUERY EXECUTE format('SELECT %L::text, t::text FROM personalization.%I t', name, name);
    END LOOP;
END $$;
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.everything();
CREATE TEMP TABLE document AS SELECT personalization.export_user('p', 'ana') AS d;
CREATE TEMP TABLE profile AS SELECT personalization.get_profile('p', 'ana', '2026-03-02 12:00') AS d;

-- == What of a rejected event could not be read again is not kept; what a role wrote by itself is erased all the same.
BEGIN;
DELETE FROM personalization.rejected_events;
SELECT personalization.learn_batch(('[{"tenant_id": "p", "userId": "ana", "a": ' || repeat('[', 3000) || '"ana"' || repeat(']', 3000) || ', "b": [' || repeat('1e131000, ', 20) || '1], "c": [1e400]}, '
    || repeat('[', 3000) || '"ana"' || repeat(']', 3000) || ', "x"]')::jsonb, 'divert') AS learned;
SELECT left(event::text, 300) AS event FROM personalization.rejected_events ORDER BY event::text COLLATE "C";
INSERT INTO personalization.rejected_events (tenant_id, event, sqlstate, reason) VALUES ('p', (repeat('[', 3000) || '"ana"' || repeat(']', 3000))::jsonb, '00000', '');
SET LOCAL max_stack_depth = '200kB';
SELECT personalization.forget_user('p', 'ana') -> 'rejected_events' AS forgotten;
ROLLBACK;
SELECT e, u, personalization.event_names_user(e, u) FROM (VALUES ('{"user_id": "a", "x": "b"}'::jsonb, 'a'), ('{"user_id": "a", "x": "b"}', 'b'), ('{"user_id": 5, "x": ["b"]}', 'b'), ('{"x": {"y": [1.50]}}', '1.50'),
    ('{"x": {"y": [1.50]}}', '1.5'), ('["a"]', 'a'), ('"a"', 'a'), ('{"a": null}', 'a'), ('{"x": true}', 'true'), ('{"x": "ab"}', 'a')) t(e, u);

-- == The document.
SELECT d ->> 'format' AS format, d ->> 'tenant_id' AS tenant_id, d ->> 'user_id' AS user_id, (d ->> 'exported_at')::timestamptz <= now() + interval '1 hour' AS exported_at,
    (d -> 'profile' -> 'preferences') IS NOT NULL AS profile FROM document;
SELECT key, jsonb_array_length(value) AS rows FROM document, jsonb_each(d -> 'data') WHERE value <> '[]' ORDER BY key COLLATE "C";
SELECT jsonb_pretty(row - 'expires_on') FROM document, jsonb_array_elements(d -> 'data' -> 'preferences') AS row WHERE row ->> 'key' IN ('color_scheme', 'preferred_chart_type') ORDER BY row ->> 'key';
-- Whatever the session prints numbers and times like, it is the same.
SET timezone = 'Asia/Kathmandu';
SET datestyle = 'German';
SET extra_float_digits = -15;
SELECT personalization.export_user('p', 'ana') -> 'data' = d -> 'data' AS same FROM document;
RESET extra_float_digits;
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- Of somebody unknown there is nothing.
SELECT jsonb_path_query_array(personalization.export_user('p', 'nobody'), '$.data.*[*]') AS rows;

-- == Forgetting: the user's rows, by table; those of others stay.
SELECT * FROM jsonb_each(personalization.forget_user('p', 'ana')) WHERE value <> '0' ORDER BY key COLLATE "C";
SELECT name, count(*) FROM before GROUP BY name HAVING count(*) <> (SELECT count(*) FROM pg_temp.everything() e WHERE e.name = before.name) ORDER BY name COLLATE "C";
SELECT name, line FROM pg_temp.everything() WHERE line ~ 'p,.*ana';
SELECT e.* FROM (SELECT * FROM pg_temp.everything() EXCEPT ALL TABLE before) AS e;
-- Again: nothing.
SELECT sum(value::int) AS rows FROM jsonb_each_text(personalization.forget_user('p', 'ana'));
SELECT personalization.get_profile('p', 'ana', '2026-03-02 12:00') -> 'created_at' AS created_at;

-- == Importing: everything is as it was, to the last bit.
SELECT counts.* FROM document, jsonb_each(personalization.import_user('p', d)) AS counts WHERE value <> '0' ORDER BY key COLLATE "C";
-- (The statistics count the user again: query_events is their queue.)
SELECT * FROM pg_temp.everything() WHERE name <> 'query_events' EXCEPT ALL TABLE before;
SELECT * FROM before WHERE name <> 'query_events' EXCEPT ALL SELECT * FROM pg_temp.everything();
SELECT personalization.get_profile('p', 'ana', '2026-03-02 12:00') = d AS same_profile, personalization.get_profile('p', 'ana', '2026-03-02 12:00')::text = d::text AS same_text FROM profile;
SELECT personalization.export_user('p', 'ana') -> 'data' = d -> 'data' AS same_document FROM document;
-- Known users are not merged.
SELECT pg_temp.outcome('SELECT personalization.import_user(''p'', (SELECT d FROM document))');
-- What expires does so by the settings that hold here.
SELECT personalization.forget_user('p', 'ana') IS NOT NULL AS forgotten;
SELECT personalization.configure_tenant('p', '{"evidence_retention": "10 days"}') ->> 'evidence_retention' AS retention;
SELECT personalization.import_user('p', jsonb_set(d, '{data,preferences}', (SELECT jsonb_agg(row || '{"expires_on": "2026-03-05"}') FROM jsonb_array_elements(d #> '{data,preferences}') AS row))) IS NOT NULL AS imported FROM document;
SELECT DISTINCT expires_on - last_updated::date AS days FROM personalization.preferences WHERE tenant_id = 'p' AND user_id = 'ana';

-- == What a document may not say.
CREATE FUNCTION pg_temp.try(patch jsonb, path text[] DEFAULT '{}', base jsonb DEFAULT '{"format": "personalization/1", "tenant_id": "p", "user_id": "mal", "data": {
    "preferences": [{"category": "data", "key": "k", "value": 1, "confidence": 0.5, "observation_count": 1, "last_updated": "2026-03-01T00:00:00Z"}],
    "interactions": [{"interaction_id": "00000000-0000-4000-8000-000000000001", "interaction_type": "query", "data": {}, "occurred_at": "2026-03-01T00:00:00Z"}],
    "profiles": [{"created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z"}]}}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    result := pg_temp.outcome(format('SELECT personalization.import_user(''p'', %L)', CASE path WHEN '{}' THEN patch ELSE jsonb_set(base, path, patch) END));
    IF (SELECT count(*) FROM pg_temp.everything() WHERE line ~ '\ymal\y') > 0 AND result <> 'ok' THEN RAISE 'half of it was imported'; END IF;
    PERFORM personalization.forget_user('p', 'mal');
    RETURN result;
END $$;
SELECT pg_temp.try('1', '{data,preferences,0,value}') AS the_base_is_fine;
SELECT pg_temp.try(d::jsonb) FROM unnest(ARRAY['1', '[]', '{}', '{"user_id": "mal"}', '{"tenant_id": "p"}', '{"tenant_id": "p", "user_id": 1}', '{"tenant_id": "p", "user_id": ""}',
    '{"tenant_id": "p2", "user_id": "mal"}', '{"format": "personalization/1", "tenant_id": "p", "user_id": "mal"}', '{"format": "personalization/1", "tenant_id": "p", "user_id": "mal", "data": []}',
    '{"format": "personalization/9", "tenant_id": "p", "user_id": "mal"}', '{"format": 1, "tenant_id": "p", "user_id": "mal"}']) AS d;
SELECT pg_temp.try(to_jsonb(repeat('u', 513)), '{user_id}');
SELECT path, pg_temp.try(patch::jsonb, path::text[]) FROM (VALUES
    ('{data,preferences}', '{}'), ('{data,preferences,0}', '1'), ('{data,preferences,0,confidence}', '1.0000001'), ('{data,preferences,0,confidence}', '-0.1'), ('{data,preferences,0,confidence}', '"NaN"'),
    ('{data,preferences,0,confidence}', '1e999'), ('{data,preferences,0,confidence}', '"high"'), ('{data,preferences,0,confidence}', '[0.5]'), ('{data,preferences,0,confidence}', 'null'),
    ('{data,preferences,0,category}', '"colour"'), ('{data,preferences,0,key}', '""'), ('{data,preferences,0,observation_count}', '-1'), ('{data,preferences,0,observation_count}', '1e12'),
    ('{data,preferences,0,confidence}', 'true'),
    ('{data,preferences,0,last_updated}', '"infinity"'), ('{data,preferences,0,last_updated}', '"2999-01-01"'), ('{data,preferences,0,last_updated}', '"yesterday-ish"'),
    ('{data,preferences,0,tenant_id}', '"p2"'), ('{data,preferences,0,user_id}', '"bo"'), ('{data,preferences,0,"x\"; DROP TABLE y; --"}', '1'), ('{data,preferences,0,ctid}', '"(0,1)"'),
    ('{data,interactions,0,interaction_id}', '"x"'), ('{data,interactions,0,interaction_type}', '"x"'), ('{data,interactions,0,data}', '[]'), ('{data,interactions,0,occurred_at}', '"2999-01-01"'),
    ('{data,profiles,0,skill_level}', '"guru"'), ('{data,profiles,0,domain_expertise}', '"finance"'), ('{data,profiles,0,domain_expertise}', '["a", null]'), ('{data,profiles,0,domain_expertise}', '["a", ""]'),
    ('{data,tenants}', '[{"settings": {}}]'), ('{data,signal_rules}', '[]'), ('{data,pg_authid}', '[]'), ('{data,rejected_events}', '[{"event": {"user_id": "bo"}, "sqlstate": "x", "reason": "y"}]'),
    ('{data,rejected_events}', '[{"event": {"user_id": "mal"}, "sqlstate": "22023", "reason": "y"}]'), ('{data,inbox}', '[{"data": "anything", "interaction_type": "x", "occurred_at": "infinity"}]')) AS v (path, patch);
SELECT left(pg_temp.try(to_jsonb(repeat('v', 70000)), '{data,preferences,0,value}'), 100), left(pg_temp.try(to_jsonb(repeat('k', 1025)), '{data,preferences,0,key}'), 100),
    left(pg_temp.try(to_jsonb(repeat('v', 1100000)), '{data,interactions,0,data}'), 100), left(pg_temp.try((repeat('[', 200) || repeat(']', 200))::jsonb, '{data,interactions,0,feedback}'), 100);
-- An interaction that is another user's.
SELECT pg_temp.try(to_jsonb(interaction_id), '{data,interactions,0,interaction_id}') ~ '^23505 \| data.interactions\[0\] duplicates an existing key' AS taken FROM personalization.interactions WHERE tenant_id = 'p' AND user_id = 'bo' LIMIT 1;
-- But not one of another tenant's, who would be found out by it.
SELECT pg_temp.try(to_jsonb(interaction_id), '{data,interactions,0,interaction_id}') FROM personalization.interactions WHERE tenant_id = 'p2' AND user_id = 'ana' LIMIT 1;

-- == Documents of the service before.
SELECT personalization.import_user('p', '{"user_id": "old", "tenant_id": "p", "preferences": {
    "visualization:preferred_chart_type": {"category": "visualization", "key": "preferred_chart_type", "value": "bar", "confidence": 0.6170000000000001, "observation_count": 12, "last_updated": "2026-03-01T09:30:00.123456"},
    "data:frequent_table:orders": {"category": "data", "key": "frequent_table:orders", "value": "orders", "confidence": 0, "observation_count": 1, "last_updated": "2026-03-01T09:30:00"},
    "query:style": {"category": "query", "key": "style", "value": null, "confidence": 0.5, "observation_count": 1, "last_updated": "2026-03-01T09:30:00"}},
    "interaction_history": [
    {"id": "7f4df7a8-8d0b-4f6e-9d3c-0a6d8a6f0001", "interaction_type": "query", "timestamp": "2026-03-01T09:30:00", "data": {"query": "Sales by region?", "tables_used": ["sales"]}, "feedback": null},
    {"id": "7f4df7a8-8d0b-4f6e-9d3c-0a6d8a6f0002", "interaction_type": "query", "timestamp": "2026-03-01T09:31:00", "data": {"query": "sales by region"}, "feedback": {"rating": "positive"}}],
    "skill_level": "intermediate", "domain_expertise": [], "communication_style": "technical", "created_at": "2025-11-01T00:00:00.000001", "updated_at": "2026-03-01T09:31:00"}');
SELECT jsonb_pretty(personalization.get_profile('p', 'old', '2026-03-01 10:00'));
SELECT query, ask_count, first_asked, last_asked, tables FROM personalization.user_queries WHERE tenant_id = 'p' AND user_id = 'old';
-- A history that says only which tables were used names no query.
SELECT personalization.import_user('p', '{"user_id": "wordless", "tenant_id": "p", "interaction_history": [
    {"id": "7f4df7a8-8d0b-4f6e-9d3c-0a6d8a6f0003", "interaction_type": "query", "timestamp": "2026-03-01T09:30:00", "data": {"tables_used": ["sales"]}},
    {"id": "7f4df7a8-8d0b-4f6e-9d3c-0a6d8a6f0004", "interaction_type": "query", "timestamp": "2026-03-01T09:31:00", "data": {"tables_used": ["sales"]}}]}') -> 'user_queries' AS counted,
    count(*) AS stored FROM personalization.user_queries WHERE tenant_id = 'p' AND user_id = 'wordless';
-- As is what get_profile() returns; an interaction is one user's.
SELECT pg_temp.outcome($$SELECT personalization.import_user('p', personalization.get_profile('p', 'old', '2026-03-01 10:00') || '{"user_id": "older"}')$$);
SELECT personalization.import_user('p2', personalization.get_profile('p', 'old', '2026-03-01 10:00') || '{"tenant_id": "p2"}') IS NOT NULL AS imported;
SELECT personalization.get_profile('p2', 'old', '2026-03-01 10:00') - 'tenant_id' = personalization.get_profile('p', 'old', '2026-03-01 10:00') - 'tenant_id' AS same;
SELECT path, pg_temp.try(patch::jsonb, path::text[], '{"user_id": "mal", "tenant_id": "p", "preferences": {"data:k": {"category": "data", "key": "k", "value": 1, "confidence": 0.5, "observation_count": 1, "last_updated": "2026-03-01T00:00:00"}},
    "interaction_history": [{"id": "00000000-0000-4000-8000-000000000001", "interaction_type": "query", "data": {}, "timestamp": "2026-03-01T00:00:00"}]}') FROM (VALUES
    ('{preferences}', '[]'), ('{preferences,data:k}', '7'), ('{preferences,data:k,confidence}', '2'), ('{preferences,data:k,last_updated}', '"soon"'), ('{preferences,data:k,category}', 'null'), ('{preferences,other}', '{"value": 1}'),
    ('{interaction_history}', '{}'), ('{interaction_history,0}', '7'), ('{interaction_history,0,id}', '"7"'), ('{interaction_history,0,timestamp}', '"2999-01-01T00:00:00"'), ('{interaction_history,0,data}', '{"query": 7}'),
    ('{skill_level}', '"guru"'), ('{skill_level}', '7'), ('{domain_expertise}', '"x"'), ('{domain_expertise}', '[7]'), ('{created_at}', '"x"'), ('{whatever}', '7')) AS v (path, patch);

-- == Bound roles: their own tenant, and no table by itself.
CREATE ROLE regress_private LOGIN;
SELECT personalization.grant_access('regress_private');
SET personalization.tenant_id = 'p';
SET ROLE regress_private;
SELECT personalization.export_user('p', 'bo') -> 'data' -> 'inbox' -> 0 ->> 'interaction_type' AS exported;
SELECT pg_temp.outcome(s) FROM unnest(ARRAY[$$SELECT personalization.export_user('p2', 'ana')$$, $$SELECT personalization.forget_user('p2', 'ana')$$, $$SELECT personalization.import_user('p2', '{}')$$,
    $$SELECT personalization.import_user('p', '{"tenant_id": "p2", "user_id": "x"}')$$]) AS s;
BEGIN;
CREATE TEMP TABLE bo AS SELECT personalization.export_user('p', 'bo') AS d;
SELECT personalization.forget_user('p', 'bo') -> 'preferences' AS forgotten;
SELECT personalization.import_user('p', d) -> 'preferences' AS imported FROM bo;
SELECT personalization.export_user('p', 'bo') -> 'data' = d -> 'data' AS same FROM bo;
ROLLBACK;
RESET ROLE;
RESET personalization.tenant_id;
-- Nothing can be written where nothing can.
BEGIN READ ONLY;
SELECT personalization.export_user('p', 'bo') IS NOT NULL AS exported;
SELECT personalization.forget_user('p', 'bo');
ROLLBACK;
BEGIN READ ONLY;
SELECT personalization.import_user('p', '{}');
ROLLBACK;
SELECT pg_temp.outcome(s) FROM unnest(ARRAY[$$SELECT personalization.forget_user('p', NULL)$$, $$SELECT personalization.forget_user(NULL, 'x')$$, $$SELECT personalization.forget_user('p', '')$$, $$SELECT personalization.forget_user('no such', 'x')$$,
    $$SELECT personalization.export_user('p', NULL)$$, $$SELECT personalization.export_user('no such', 'x')$$, $$SELECT personalization.import_user('p', NULL)$$, $$SELECT personalization.import_user('no such', '{"tenant_id": "no such", "user_id": "x"}')$$]) AS s;
-- == What a forgotten user asked is told to nobody any more.
SELECT personalization.configure_tenant('p2', '{"query_retention": "100 years"}') ->> 'query_retention' AS retention;
SELECT count(personalization.learn('p2', u, 'query', jsonb_build_object('query', q, 'tables_used', '["sold"]'::jsonb), now() - interval '2 days' + (i * 10 + o) * interval '1 minute')) AS learned
FROM generate_series(1, 10) i, (VALUES (1, 'cy', 'Secret of cy'), (2, 'cy', 'Common  QUESTION of both'), (3, 'dee', 'common question of both'), (4, 'dee', 'of dee alone'), (5, 'cy', 'the same words')) AS v (o, u, q);
SELECT personalization.run_maintenance() IS NOT NULL AS counted;
CREATE TEMP TABLE secret AS SELECT query_id::text AS id FROM personalization.user_queries WHERE query IN ('Secret of cy', 'the same words');
SELECT suggestion FROM personalization.get_suggestions('p2', 'dee', 'secret', 10) ORDER BY suggestion COLLATE "C";
SELECT string_agg(DISTINCT name COLLATE "C", ' ') AS where FROM pg_temp.everything(), secret WHERE strpos(line, id) > 0 OR line ~ 'Secret|Common  QUES';
SELECT query, ask_count, user_count FROM personalization.query_statistics WHERE tenant_id = 'p2' AND query ~ 'of' ORDER BY query COLLATE "C";
SELECT total AS asks FROM personalization.query_lists WHERE tenant_id = 'p2' AND kind = 'p';
SELECT personalization.forget_user('p2', 'cy') -> 'user_queries' AS forgotten;
SELECT string_agg(DISTINCT name COLLATE "C", ' ') AS where FROM pg_temp.everything(), secret WHERE strpos(line, id) > 0 OR line ~ 'Secret|Common  QUES';
SELECT query, ask_count, user_count FROM personalization.query_statistics WHERE tenant_id = 'p2' AND query ~ 'of' ORDER BY query COLLATE "C";
SELECT count(*) FILTER (WHERE queries = '{}') AS empty, sum(total) FILTER (WHERE kind = 'p') AS asks FROM personalization.query_lists WHERE tenant_id = 'p2' AND kind IN ('p', 't');
SELECT suggestion FROM personalization.get_suggestions('p2', 'dee', 'secret', 10) ORDER BY suggestion COLLATE "C";
-- Nor is it written again out of an older snapshot.
SELECT count(personalization.learn('p2', 'cy', 'query', jsonb_build_object('query', 'again ' || i % 3), now() - i * interval '1 minute')) AS learned FROM generate_series(1, 9) i;
SELECT personalization.run_maintenance() IS NOT NULL AS counted;
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('p2', 'cy');
SELECT count(*) > 0 AS recorded FROM personalization.suggestions WHERE tenant_id = 'p2' AND user_id = 'cy';
WITH forgotten AS MATERIALIZED (SELECT personalization.forget_user('p2', 'cy') AS counts)
SELECT count(*) > 0 AS shown FROM forgotten, LATERAL personalization.get_suggestions('p2', CASE WHEN counts IS NOT NULL THEN 'cy' END);
SELECT count(*) AS recorded FROM personalization.suggestions WHERE tenant_id = 'p2' AND user_id = 'cy';
-- With very many queries, some of them not counted yet.
SELECT count(personalization.learn('p2', 'cy', 'query', jsonb_build_object('query', 'Secret ' || i), now() - i * interval '1 second')) AS learned FROM generate_series(1, 1100) i;
SELECT personalization.run_maintenance() IS NOT NULL AS counted;
SELECT count(personalization.learn('p2', 'cy', 'query', jsonb_build_object('query', 'Secret late ' || i))) AS learned FROM generate_series(1, 3) i;
SELECT bool_or(suggestion ~ 'Secret') AS told FROM personalization.get_suggestions('p2', 'dee', 'secret', 10);
TRUNCATE secret;
INSERT INTO secret SELECT query_id::text FROM personalization.user_queries WHERE query ~ 'Secret';
SELECT personalization.forget_user('p2', 'cy') -> 'user_queries' AS forgotten;
SELECT personalization.run_maintenance() IS NOT NULL AS counted;
SELECT DISTINCT name FROM pg_temp.everything() WHERE line ~ 'Secret|cy' OR EXISTS (SELECT FROM secret WHERE strpos(line, id) > 0);
SELECT query, ask_count, user_count FROM personalization.query_statistics WHERE tenant_id = 'p2' AND query ~ 'of' ORDER BY query COLLATE "C";

-- == Forgotten and imported again: suggestions and conversations are what they were.
SELECT count(personalization.create_tenant('p3')) AS made;
SELECT count(personalization.learn('p3', 'ana', 'query', jsonb_build_object('query', (ARRAY['alpha sales', 'beta stock', 'gamma staff', 'delta hours'])[1 + (i * i + i / 3) % 4]), now() - interval '5 days' + i * interval '11 minutes')) AS learned FROM generate_series(1, 200) i;
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT personalization.append_message('p3', personalization.start_conversation('p3', 'ana', '{"topic": "stock"}'), 'user', 'how much is left?');
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('p3', 'ana');
SELECT personalization.record_outcome('p3', 'ana', suggestion_id, 'dismissed') FROM personalization.suggestions WHERE tenant_id = 'p3' ORDER BY query_id LIMIT 1;
CREATE TEMP TABLE shown AS SELECT ordinality, suggestion_type, suggestion, score, reason FROM personalization.get_suggestions('p3', 'ana', NULL, 10) WITH ORDINALITY;
CREATE TEMP TABLE talk AS SELECT conversation_id, personalization.get_conversation('p3', conversation_id) AS c FROM personalization.conversations WHERE tenant_id = 'p3';
CREATE TEMP TABLE whole AS SELECT personalization.export_user('p3', 'ana') AS d;
SELECT count(personalization.forget_user('p3', 'ana')) AS forgotten;
SELECT count(*) AS shown FROM personalization.get_suggestions('p3', 'ana', NULL, 10);
SELECT count(personalization.import_user('p3', d)) AS imported FROM whole;
SELECT personalization.export_user('p3', 'ana') -> 'data' = d -> 'data' AS same FROM whole;
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT count(*) > 0 AS some, count(*) = (SELECT count(*) FROM shown) AS as_many, bool_and((g.suggestion_type, g.suggestion, g.reason) = (s.suggestion_type, s.suggestion, s.reason) AND abs(g.score - s.score) < 1e-6) AS same
FROM personalization.get_suggestions('p3', 'ana', NULL, 10) WITH ORDINALITY AS g LEFT JOIN shown s USING (ordinality);
SELECT personalization.get_conversation('p3', conversation_id) = c AS same FROM talk;
-- By another name, too.
SELECT count(personalization.forget_user('p3', 'ana')) AS forgotten;
SELECT count(personalization.import_user('p3', d || '{"user_id": "anna"}')) AS imported FROM whole;
SELECT personalization.export_user('p3', 'anna') -> 'data' = d -> 'data' AS same FROM whole;
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT bool_and((g.suggestion_type, g.suggestion, g.reason) = (s.suggestion_type, s.suggestion, s.reason)) AS same
FROM personalization.get_suggestions('p3', 'anna', NULL, 10) WITH ORDINALITY AS g LEFT JOIN shown s USING (ordinality);
SELECT name, line FROM pg_temp.everything() WHERE line ~ '\yana\y' AND line ~ '^\(p3,';

-- == Every table of the schema with a tenant_id is one that drop_tenant() empties, but these.
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'personalization'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
EXCEPT SELECT jsonb_object_keys(personalization.drop_tenant('p3')) ORDER BY 1;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['p', 'p2']) AS t;
SELECT name, line FROM pg_temp.everything() WHERE line ~ '^\((p|p2),';
DROP OWNED BY regress_private;
DROP ROLE regress_private;
