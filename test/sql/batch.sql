-- learn_batch(): many events in one call.
\set tenants '{b1,b2}'
\set with_hint
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
\pset format unaligned

-- What is stored for b1 and b2.
CREATE VIEW pg_temp.stored AS
SELECT (SELECT count(*) FROM personalization.interactions WHERE tenant_id IN ('b1', 'b2')) AS interactions,
       (SELECT count(*) FROM personalization.preferences WHERE tenant_id IN ('b1', 'b2')) AS preferences,
       (SELECT count(*) FROM personalization.profiles WHERE tenant_id IN ('b1', 'b2')) AS profiles,
       (SELECT count(*) FROM personalization.user_queries WHERE tenant_id IN ('b1', 'b2')) AS queries,
       (SELECT count(*) FROM personalization.rejected_events WHERE tenant_id IN ('', 'b1', 'b2')) AS rejected;

-- Several users and tenants, as a superuser; the result is what single calls would make.
SELECT personalization.learn_batch('[
    {"tenant_id": "b1", "user_id": "ana", "interaction_type": "visualization", "data": {"chart_type": "bar"}, "occurred_at": "2026-03-01T09:00:00+00:00"},
    {"tenant_id": "b2", "user_id": "ana", "interaction_type": "visualization", "data": {"chart_type": "pie"}, "occurred_at": "2026-03-01 09:00+00"},
    {"tenant_id": "b1", "user_id": "bo",  "interaction_type": "query", "data": {"query": "Orders?", "tables_used": ["orders"]}, "occurred_at": "2026-03-01T10:00:00+01:00",
     "interaction_id": "00000000-0000-4000-8000-000000000001", "feedback": {"comment": "good"}},
    {"tenant_id": "b1", "user_id": "ana", "interaction_type": "visualization", "data": {"chart_type": "line"}, "occurred_at": "2026-03-03T09:00:00+00:00"},
    {"tenant_id": "b1", "user_id": "bo",  "interaction_type": "query", "data": {"query": "orders"}, "occurred_at": "2026-03-01T08:00:00Z"}]') AS new;
SELECT u.tenant_id, u.user_id, p.key, p.value, p.confidence::numeric(10, 6), p.observation_count, p.last_updated
FROM (VALUES ('b1', 'ana'), ('b1', 'bo'), ('b2', 'ana')) AS u (tenant_id, user_id),
     personalization.preferences(u.tenant_id, u.user_id, '2026-03-03 09:00+00') AS p;
SELECT candidates FROM personalization.preferences('b1', 'ana', '2026-03-03 09:00+00');
SELECT query, ask_count, first_asked, last_asked FROM personalization.user_queries WHERE tenant_id = 'b1';
SELECT tenant_id, user_id, count(*) AS interactions, personalization.get_profile(tenant_id, user_id, '2026-03-03 09:00+00') ->> 'created_at' AS created_at
FROM personalization.interactions WHERE tenant_id IN ('b1', 'b2') GROUP BY 1, 2 ORDER BY tenant_id COLLATE "C", user_id COLLATE "C";
SELECT feedback, occurred_at FROM personalization.interactions WHERE tenant_id = 'b1' AND interaction_id = '00000000-0000-4000-8000-000000000001';

-- An id that is already recorded, and one twice in a batch: the first counts.
SELECT personalization.learn_batch('[
    {"tenant_id": "b1", "user_id": "bo", "interaction_type": "export", "data": {"format": "csv"}, "interaction_id": "00000000-0000-4000-8000-000000000001"},
    {"tenant_id": "b1", "user_id": "cy", "interaction_type": "export", "data": {"format": "csv"}, "interaction_id": "00000000-0000-4000-8000-000000000002", "occurred_at": "2026-03-01"},
    {"tenant_id": "b1", "user_id": "cy", "interaction_type": "export", "data": {"format": "pdf"}, "interaction_id": "00000000-0000-4000-8000-000000000002", "occurred_at": "2026-03-01"},
    {"tenant_id": "b2", "user_id": "cy", "interaction_type": "export", "data": {"format": "xls"}, "interaction_id": "00000000-0000-4000-8000-000000000002", "occurred_at": "2026-03-01"}]') AS new;
SELECT tenant_id, user_id, data FROM personalization.interactions WHERE interaction_id = '00000000-0000-4000-8000-000000000002'
ORDER BY tenant_id COLLATE "C";
SELECT value, observation_count FROM personalization.preferences('b1', 'cy', '2026-03-01');

-- Feedback on an interaction that comes before it in the same batch.
SELECT personalization.learn_batch('[
    {"tenant_id": "b1", "user_id": "dan", "interaction_type": "export", "data": {"format": "csv"}, "interaction_id": "00000000-0000-4000-8000-000000000003", "occurred_at": "2026-03-01"},
    {"tenant_id": "b1", "user_id": "dan", "interaction_type": "feedback", "data": {"rating": 0.5, "interaction_id": "00000000-0000-4000-8000-000000000003"}, "occurred_at": "2026-03-01"},
    {"tenant_id": "b1", "user_id": "dan", "interaction_type": "feedback", "data": {"rating": "positive", "interaction_id": "00000000-0000-4000-8000-000000000003"}, "occurred_at": "2026-03-01"}]') AS new;
SELECT value, confidence::numeric(10, 6), observation_count FROM personalization.preferences('b1', 'dan', '2026-03-01');

-- Null says as much as nothing, and an empty batch nothing at all.
SELECT personalization.learn_batch('[{"tenant_id": "b1", "user_id": "eve", "interaction_type": "query", "data": {}, "occurred_at": null, "interaction_id": null, "feedback": null}]') AS new;
SELECT now() - occurred_at < interval '1 minute' AS just_now, feedback IS NULL AS no_feedback FROM personalization.interactions WHERE tenant_id = 'b1' AND user_id = 'eve';
SELECT personalization.learn_batch('[]') AS raise, personalization.learn_batch('[]', 'divert') AS divert;

-- raise: one bad event fails the call and names its index; nothing is kept.
TABLE pg_temp.stored;
SELECT bad, pg_temp.outcome(format('SELECT personalization.learn_batch(%L)', jsonb_build_array(
    '{"tenant_id": "b1", "user_id": "zoe", "interaction_type": "export", "data": {"format": "csv"}}'::jsonb,
    '{"tenant_id": "b2", "user_id": "zoe", "interaction_type": "export", "data": {"format": "csv"}}'::jsonb,
    CASE WHEN bad @? '$.whole' THEN bad -> 'whole'
         ELSE '{"tenant_id": "b1", "user_id": "zoe", "interaction_type": "export", "data": {}}'::jsonb || bad END))) AS outcome
FROM unnest(ARRAY[jsonb '{"tenant_id": "b_unknown"}', '{"tenant_id": null}', '{"tenant_id": ""}', '{"tenant_id": 1}',
                  '{"user_id": null}', '{"user_id": ""}', '{"user_id": ["zoe"]}', '{"interaction_type": "guess"}', '{"interaction_type": "Query"}',
                  '{"interaction_type": ""}', '{"interaction_type": null}', '{"interaction_type": 3}', '{"data": null}', '{"data": []}', '{"data": "x"}', '{"data": 1}',
                  '{"occurred_at": "yesterday-ish"}', '{"occurred_at": ""}', '{"occurred_at": 1700000000}', '{"occurred_at": "infinity"}', '{"occurred_at": "-infinity"}',
                  '{"occurred_at": "2999-01-01T00:00:00Z"}', '{"occurred_at": "2026-13-01"}', '{"occurred_at": "999999-01-01"}', '{"occurred_at": "12:00"}',
                  '{"interaction_id": "17"}', '{"interaction_id": ""}', '{"interaction_id": 17}', '{"interaction_id": "00000000-0000-4000-8000-00000000000g"}',
                  '{"users": "zoe"}', '{"Data": {}}', '{"interaction_type": "feedback", "data": {"rating": 2}}',
                  '{"interaction_type": "query", "data": {"sql": 1}}', '{"interaction_type": "refinement", "data": {"original": 1}}',
                  '{"interaction_type": "feedback", "data": {"rating": 1, "interaction_id": "00000000-0000-4000-8000-00000000ffff"}}',
                  '{"whole": 1}', '{"whole": "x"}', '{"whole": null}', '{"whole": []}', '{"whole": {}}']) AS bad;
TABLE pg_temp.stored;

-- divert: the bad ones are set aside with their reason, the rest is learned.
SELECT personalization.learn_batch('[
    {"tenant_id": "b1", "user_id": "fay", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-01"},
    {"tenant_id": "b1", "user_id": "fay", "interaction_type": "guess", "data": {}},
    {"tenant_id": "b2", "user_id": "fay", "interaction_type": "feedback", "data": {"rating": 2}},
    {"tenant_id": "b_unknown", "user_id": "fay", "interaction_type": "query", "data": {}},
    {"user_id": "fay", "interaction_type": "query", "data": {}, "note": "no tenant"},
    17,
    {"tenant_id": "b2", "user_id": "fay", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-01"}]', 'divert') AS new;
SELECT tenant_id, event, sqlstate, reason, hint FROM personalization.rejected_events
ORDER BY tenant_id COLLATE "C", reason COLLATE "C";
SELECT tenant_id, user_id, data FROM personalization.interactions WHERE user_id = 'fay' ORDER BY tenant_id COLLATE "C";
TABLE pg_temp.stored;
-- Wherever in the event the fault is, it goes to the tenant that the event names.
DELETE FROM personalization.rejected_events;
SELECT personalization.learn_batch('[{"tenant_id": "b1", "user_id": "fay", "interaction_type": "query", "data": {}, "x": 1},
    {"tenant_id": "b1", "user_id": "", "interaction_type": "query", "data": {}}]', 'divert') AS new;
SELECT tenant_id, reason FROM personalization.rejected_events ORDER BY reason COLLATE "C";

-- The retry of an event that was refused is not taken for one that was learned.
SELECT personalization.learn_batch('[{"tenant_id": "b1", "user_id": "gus", "interaction_type": "export", "data": [], "interaction_id": "00000000-0000-4000-8000-000000000004"},
    {"tenant_id": "b1", "user_id": "gus", "interaction_type": "export", "data": {}, "interaction_id": "00000000-0000-4000-8000-000000000004"}]', 'divert') AS new;

-- The arguments themselves.
SELECT pg_temp.outcome(format('SELECT personalization.learn_batch(%L)', events)) AS outcome
FROM unnest(ARRAY[jsonb '{}', '1', '"x"', 'null', '{"tenant_id": "b1", "user_id": "x", "interaction_type": "query", "data": {}}']) AS events;
SELECT pg_temp.outcome(format('SELECT personalization.learn_batch(%L, %L)', '[]', mode)) AS outcome
FROM unnest(ARRAY['', 'RAISE', 'ignore', 'divert ', NULL]) AS mode;
SELECT pg_temp.outcome('SELECT personalization.learn_batch(NULL)');

-- Many at once: more users than are locked one by one, and all of them counted.
SELECT personalization.learn_batch((SELECT jsonb_agg(jsonb_build_object('tenant_id', 'b1', 'user_id', 'u' || i % 600, 'interaction_type', 'export',
    'data', '{"format": "csv"}'::jsonb, 'occurred_at', '2026-03-01')) FROM generate_series(1, 1200) AS i)) AS new;
SELECT count(*), sum(observation_count) AS observations, count(DISTINCT confidence) AS confidences FROM personalization.preferences
WHERE tenant_id = 'b1' AND user_id ~ '^u[0-9]';

DELETE FROM personalization.rejected_events WHERE tenant_id IN ('', 'b_unknown');
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['b1', 'b2']) AS t;

SELECT personalization.create_tenant('b9') IS NOT NULL AS made;
-- Whatever way the session writes dates, it is the same days that are kept.
CREATE FUNCTION pg_temp.many(who text) RETURNS bigint LANGUAGE sql AS $$
    SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'b9', 'user_id', who, 'interaction_type', 'query',
        'data', jsonb_build_object('query', 'q' || i), 'occurred_at', '2026-03-05T12:00:00Z'))) FROM generate_series(1, 20) AS i $$;
SET datestyle = 'SQL, YMD';
SELECT pg_temp.many('sql ymd');
SET datestyle = 'German, MDY';
SELECT pg_temp.many('german mdy');
RESET datestyle;
SELECT user_id, to_jsonb(asked_days) AS days, count(*) FROM personalization.user_queries WHERE tenant_id = 'b9' GROUP BY 1, 2 ORDER BY 1;
-- Long texts are clipped for a message by whole characters.
SELECT personalization.learn_batch(jsonb_build_array(
    jsonb_build_object('tenant_id', 'b9', 'x' || repeat('é', 60), 1),
    jsonb_build_object('tenant_id', 'b9', 'user_id', 'clip', 'data', '{}', 'interaction_type', repeat('€', 70)),
    jsonb_build_object('tenant_id', 'b9', 'user_id', 'clip', 'interaction_type', 'feedback', 'data', jsonb_build_object('rating', 1, 'interaction_id', repeat('€', 70))),
    jsonb_build_object('tenant_id', 'b9', 'user_id', 'clip', 'interaction_type', 'feedback', 'data', jsonb_build_object('rating', 1, 'category', repeat('€', 70), 'key', 'x'))), 'divert') AS learned;
SELECT convert_from(convert_to(reason, 'UTF8'), 'UTF8') = reason AS whole, octet_length(reason) < 160 AS short
FROM personalization.rejected_events WHERE reason LIKE '%x___%' OR event ->> 'user_id' = 'clip';
-- A time zone that nobody knows is the event's fault, not the call's.
SELECT personalization.learn_batch('[{"tenant_id": "b9", "user_id": "zone", "interaction_type": "query", "data": {}, "occurred_at": "2026-03-08 02:30 Nowhere/Zone"}]', 'divert') AS learned;
SELECT sqlstate, reason FROM personalization.rejected_events WHERE event ->> 'user_id' = 'zone';
-- Feedback on a retry goes by what is stored; on one that comes later, by nothing.
SELECT personalization.learn('b9', 'fay', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00+00', 'bbbbbbbb-0000-4000-8000-000000000001') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[
  {"tenant_id": "b9", "user_id": "fay", "interaction_type": "visualization", "data": {"chart_type": "pie"}, "occurred_at": "2026-03-01T09:00:00Z", "interaction_id": "bbbbbbbb-0000-4000-8000-000000000001"},
  {"tenant_id": "b9", "user_id": "fay", "interaction_type": "feedback", "data": {"interaction_id": "bbbbbbbb-0000-4000-8000-000000000001", "rating": 1}, "occurred_at": "2026-03-01T09:00:00Z"}]') AS learned;
SELECT value, round(confidence::numeric, 6) AS confidence, observation_count, jsonb_array_length(candidates) AS candidates FROM personalization.preferences('b9', 'fay', '2026-03-01 10:00+00');
SELECT pg_temp.outcome($$SELECT personalization.learn_batch('[
  {"tenant_id": "b9", "user_id": "fay", "interaction_type": "feedback", "data": {"interaction_id": "bbbbbbbb-0000-4000-8000-000000000002", "rating": 1}},
  {"tenant_id": "b9", "user_id": "fay", "interaction_type": "visualization", "data": {"chart_type": "pie"}, "interaction_id": "bbbbbbbb-0000-4000-8000-000000000002"}]')$$);
SELECT personalization.learn('b9', 'fay', 'export', '{}', '2026-03-01 09:00+00', 'bbbbbbbb-0000-4000-8000-000000000003', 'null') IS NOT NULL AS learned;
SELECT feedback IS NULL AS none FROM personalization.interactions WHERE interaction_id = 'bbbbbbbb-0000-4000-8000-000000000003';
SELECT (personalization.drop_tenant('b9') ->> 'interactions')::int AS dropped;

-- What the nodes of a cluster send to each other, on one server: events with their indexes, and with
-- the faults that the sender has found.
SELECT personalization.create_tenant('parts') IS NOT NULL AS created;
SELECT * FROM personalization.learn_part('parts', '{"now": 800000000000000, "on_error": "divert", "events": [
  {"index": 7, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "export", "data": {"format": "csv"}}},
  {"index": 8, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2025-06-01T00:00:00Z"}},
  {"index": 9, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "feedback", "data": {"rating": "high"}}},
  {"index": 10, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "export", "data": {"format": "csv"}},
   "tenant_id": "parts", "sqlstate": "22023", "reason": "the sender''s", "summary": null, "hint": "none"},
  {"index": 11, "event": null, "sqlstate": "long", "hint": "no reason"}]}');
SELECT interaction_type, occurred_at FROM personalization.interactions WHERE tenant_id = 'parts' ORDER BY occurred_at;
SELECT tenant_id, event, sqlstate, reason, hint FROM personalization.rejected_events WHERE tenant_id IN ('parts', '') ORDER BY rejected_id;
SELECT * FROM personalization.learn_part('parts', '{"now": 0, "on_error": "raise", "events": [
  {"index": 7, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "feedback", "data": {"rating": "high"}}}]}');
SELECT * FROM personalization.learn_part('parts', '{"now": 0, "on_error": "raise", "events": [
  {"index": 7, "event": {"tenant_id": "parts", "user_id": "pia", "wrong": 1}}]}');
-- What a user wrote does not end where it says, and begin in the log.
SELECT * FROM personalization.learn_part('parts', '{"now": 0, "on_error": "raise", "events": [
  {"index": 7, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "a\u0002b\u0003c"}}]}');
SELECT * FROM personalization.learn_part('parts', '{"now": 9000000000000000000, "on_error": "raise", "events": []}');
-- Earlier than any timestamp: nobody could dump what is stored with it.
SELECT * FROM personalization.learn_part('parts', '{"now": -250000000000000000, "on_error": "raise", "events": [
  {"index": 7, "event": {"tenant_id": "parts", "user_id": "pia", "interaction_type": "export", "data": {"format": "csv"}}}]}');
SELECT * FROM personalization.learn_part('parts', '{"now": 0, "on_error": 1, "events": []}');
SELECT * FROM personalization.learn_part('parts', '{"now": 0, "on_error": "raise", "events": 1}');
SELECT * FROM personalization.learn_part('parts', '{"now": 0, "on_error": "raise", "events": [{"event": 1}]}');
SELECT * FROM personalization.learn_part('parts', '[]');
SELECT * FROM personalization.learn_part('parts', NULL);
DELETE FROM personalization.rejected_events WHERE tenant_id = '';
SELECT (personalization.drop_tenant('parts') ->> 'interactions')::int AS dropped;
