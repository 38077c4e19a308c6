-- Conversations: what they hold, how long, and whose they are.
\set tenants '{c1,c2}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
CREATE OR REPLACE FUNCTION pg_temp.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN coalesce(result, 'null');
EXCEPTION WHEN OTHERS THEN
    RETURN concat_ws(' | ', SQLSTATE, regexp_replace(SQLERRM, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', '(id)'));
END $$;
-- What each call that takes a conversation makes of one.
CREATE FUNCTION pg_temp.uses(id uuid, OUT get text, OUT append text, OUT update text, OUT "end" text) LANGUAGE sql AS $$
SELECT pg_temp.outcome(format('SELECT personalization.get_conversation(%L, %L)', 'c1', id)),
       pg_temp.outcome(format('SELECT personalization.append_message(%L, %L, %L, %L)', 'c1', id, 'user', 'hello')),
       pg_temp.outcome(format('SELECT personalization.update_conversation(%L, %L, %L)', 'c1', id, '{"a": 1}')),
       pg_temp.outcome(format('SELECT personalization.end_conversation(%L, %L)', 'c1', id)) $$;

-- == From start to end.
SELECT personalization.start_conversation('c1', 'ana', '{"topic": "sales", "filters": {"region": "EU", "year": 2025}}') AS id \gset
SELECT substr(:'id', 15, 1) AS version, personalization.append_message('c1', :'id', 'user', 'How were sales?') AS first,
       personalization.append_message('c1', :'id', 'assistant', 'Up by a tenth.', '{"tokens": 7, "tables": ["orders"]}') AS second,
       personalization.append_message(tenant_id => 'c1', conversation_id => :'id', role => 'user', content => '', metadata => '{}') AS third;
SELECT jsonb_pretty(d - 'conversation_id' - 'created_at' - 'last_activity' - 'expires_at' #- '{messages,0,created_at}' #- '{messages,1,created_at}' #- '{messages,2,created_at}') AS document,
       d ->> 'conversation_id' = :'id' AS id
FROM personalization.get_conversation('c1', :'id') AS d;
SELECT array_agg(k ORDER BY k) AS keys FROM personalization.get_conversation('c1', :'id') AS d, jsonb_object_keys(d) AS k;
SELECT array_agg(k ORDER BY k) AS message_keys FROM personalization.get_conversation('c1', :'id') AS d, jsonb_object_keys(d #> '{messages,0}') AS k;
-- Times are ISO 8601 with offset, and 24 hours from the last change is the end.
SELECT key, value ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$' AS iso FROM personalization.get_conversation('c1', :'id') AS d, jsonb_each_text(d)
WHERE key IN ('created_at', 'last_activity', 'expires_at') ORDER BY key;
SELECT (d ->> 'expires_at')::timestamptz - (d ->> 'last_activity')::timestamptz AS lives,
       (d ->> 'last_activity')::timestamptz = (d #>> '{messages,2,created_at}')::timestamptz AS last_change
FROM personalization.get_conversation('c1', :'id') AS d;
-- In one transaction, at the default time, it is seen as it was just written.
BEGIN;
SELECT personalization.start_conversation('c1', 'bo') AS bo \gset
SELECT personalization.append_message('c1', :'bo', 'user', 'one');
SELECT personalization.append_message('c1', :'bo', 'user', 'two');
SELECT jsonb_array_length(personalization.get_conversation('c1', :'bo') -> 'messages') AS messages,
       personalization.get_context('c1', 'bo') ->> 'active_session' = :'bo' AS active;
ROLLBACK;
SELECT get, append FROM pg_temp.uses(:'bo');
-- A number that a rolled-back message had is given again.
BEGIN;
SELECT personalization.append_message('c1', :'id', 'user', 'never said');
ROLLBACK;
SELECT personalization.append_message('c1', :'id', 'user', 'thanks');

-- == The context: RFC 7396.
SELECT personalization.update_conversation('c1', :'id', '{"topic": null, "filters": {"year": 2026}, "step": 1}') AS context;
SELECT personalization.update_conversation('c1', :'id', '{"filters": {"region": null}, "list": [1, null, {"a": null}]}') AS context;
SELECT personalization.update_conversation('c1', :'id', '{"filters": [1], "new": {"a": null, "b": {"c": null}}, "missing": null}') AS context;
SELECT personalization.update_conversation('c1', :'id', '{"filters": {"a": 1}}') AS context;
SELECT personalization.update_conversation('c1', :'id', '{}') = personalization.get_conversation('c1', :'id') -> 'context' AS same;
-- The cases of the RFC's appendix in which both are objects.
SELECT n, personalization.update_conversation('c1', personalization.start_conversation('c1', 'rfc', original), patch) = result AS ok FROM (VALUES
    (1, jsonb '{"a":"b"}', jsonb '{"a":"c"}', jsonb '{"a":"c"}'), (2, '{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'), (3, '{"a":"b"}', '{"a":null}', '{}'),
    (4, '{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'), (5, '{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'), (6, '{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    (7, '{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'), (8, '{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    (9, '{"e":null}', '{"a":1}', '{"e":null,"a":1}'), (10, '{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}')) AS v (n, original, patch, result) ORDER BY n;
SELECT bool_and(personalization.end_conversation('c1', conversation_id)) AS ended FROM (SELECT conversation_id FROM personalization.conversations WHERE user_id = 'rfc' OFFSET 0) AS c;
-- A change of the context makes it live on, and is no message.
UPDATE personalization.conversations SET last_activity = last_activity - interval '5 hours', activity_hour = activity_hour - interval '5 hours' WHERE conversation_id = :'id';
SELECT personalization.update_conversation('c1', :'id', '{"late": true}') -> 'late' AS late;
SELECT last_activity > now() - interval '1 minute' AS changed, activity_hour = date_trunc('hour', last_activity) AS hour, message_count, last_message_at < last_activity AS no_message
FROM personalization.conversations WHERE conversation_id = :'id';

-- == The active session: the one changed last.
SELECT personalization.get_context('c1', 'ana') ->> 'active_session' = :'id' AS active;
SELECT personalization.start_conversation('c1', 'ana') AS second \gset
SELECT personalization.get_context('c1', 'ana') ->> 'active_session' = :'second' AS active;
SELECT personalization.append_message('c1', :'id', 'user', 'one more') AS number;
SELECT personalization.get_context('c1', 'ana') ->> 'active_session' = :'id' AS active,
       personalization.get_context('c1', 'nobody') -> 'active_session' AS of_nobody, personalization.get_context('c2', 'ana') -> 'active_session' AS of_c2,
       personalization.get_context('c1', 'ana', now() - interval '1 day') -> 'active_session' AS before, personalization.get_context('c1', 'ana', now() + interval '25 hours') -> 'active_session' AS after;
SELECT personalization.end_conversation('c1', :'id') AS ended;
SELECT personalization.get_context('c1', 'ana') ->> 'active_session' = :'second' AS active;

-- == Ended, unknown, or another tenant's: nothing tells which.
SELECT personalization.start_conversation('c2', 'ana', '{"secret": 1}') AS others \gset
SELECT what, u.* FROM (VALUES ('ended', :'id'::uuid), ('unknown', '00000000-0000-4000-8000-000000000000'), ('other', :'others')) AS v (what, id), pg_temp.uses(id) AS u;
SELECT personalization.get_conversation('c2', :'others') -> 'context' AS untouched;
SELECT count(*) AS left_of_ended FROM personalization.conversation_messages WHERE conversation_id = :'id';

-- == Expiry: to the microsecond, by the tenant's setting, of now.
SELECT personalization.append_message('c1', :'second', 'user', 'still there?') AS number;
UPDATE personalization.conversations SET last_activity = '2026-03-01 12:00:00+00', activity_hour = '2026-03-01 12:00:00+00', created_at = '2026-03-01 11:00:00+00', last_message_at = '2026-03-01 12:00:00+00' WHERE conversation_id = :'second';
SELECT personalization.get_conversation('c1', :'second', at) ->> 'expires_at' AS expires_at FROM (VALUES (timestamptz '2026-03-02 11:59:59.999999+00'), ('2026-03-02 12:00:00+00'), ('2026-03-01 00:00:00+00')) AS v (at);
SELECT personalization.get_context('c1', 'ana', at) ->> 'active_session' = :'second' AS active FROM (VALUES (timestamptz '2026-03-01 10:59+00'), ('2026-03-01 11:00+00'), ('2026-03-02 11:59:59.999999+00'), ('2026-03-02 12:00:00+00')) AS v (at);
SELECT * FROM pg_temp.uses(:'second');
SELECT personalization.configure_tenant('c1', '{"conversation_ttl": "100 years"}') ->> 'conversation_ttl' AS ttl;
SELECT personalization.get_conversation('c1', :'second', '2026-03-02 12:00:00+00') ->> 'expires_at' AS expires_at;
SELECT personalization.configure_tenant('c1', '{"conversation_ttl": "90 minutes"}') ->> 'conversation_ttl' AS ttl;
SELECT personalization.get_conversation('c1', :'second', '2026-03-01 13:29:59.999999+00') ->> 'expires_at' AS expires_at, personalization.get_conversation('c1', :'second', '2026-03-01 13:30+00') AS expired;
SELECT personalization.configure_tenant('c1', '{"conversation_ttl": null}') ->> 'conversation_ttl' AS ttl;

-- == Upkeep deletes what has expired, with its messages, and nothing else.
SELECT personalization.run_maintenance('2026-03-02 11:59:59.999999+00') -> 'conversations' AS deleted;
SELECT personalization.run_maintenance('2026-03-02 12:00:00+00') -> 'conversations' AS deleted;
SELECT count(*) FROM personalization.conversation_messages WHERE conversation_id = :'second';
SELECT personalization.get_conversation('c1', :'second', '2026-03-01') IS NULL AS gone;
-- Many at once, more than a statement's worth with their messages.
INSERT INTO personalization.conversations (tenant_id, conversation_id, user_id, context, message_count, created_at, last_activity, activity_hour)
SELECT 'c1', format('00000000-0000-4000-8000-%s', lpad(n::text, 12, '0'))::uuid, 'many', '{}', 4, t, t, date_trunc('hour', t)
FROM generate_series(1, 3000) AS n, LATERAL (SELECT timestamptz '2026-03-01 00:00+00' + n * interval '10 seconds') AS v (t);
INSERT INTO personalization.conversation_messages SELECT tenant_id, conversation_id, number, 'user', 'x', '{}', created_at FROM personalization.conversations, generate_series(1, 4) AS number WHERE user_id = 'many';
SELECT personalization.run_maintenance('2026-03-02 06:00+00') -> 'conversations' AS deleted;
SELECT min(last_activity), count(*), (SELECT count(*) FROM personalization.conversation_messages WHERE content = 'x') AS messages FROM personalization.conversations WHERE user_id = 'many';
SELECT personalization.run_maintenance('2026-03-03 00:00+00') -> 'conversations' AS deleted, personalization.run_maintenance('2026-03-03 00:00+00') -> 'conversations' AS again;
SELECT (SELECT count(*) FROM personalization.conversations WHERE user_id = 'many') AS conversations, (SELECT count(*) FROM personalization.conversation_messages WHERE content = 'x') AS messages;

-- == A long one: the oldest messages leave, the numbers go on.
SELECT personalization.configure_tenant('c1', '{"max_conversation_messages": 3}') ->> 'max_conversation_messages' AS max;
SELECT personalization.start_conversation('c1', 'cy') AS long \gset
SELECT max(personalization.append_message('c1', :'long', 'user', 'message ' || n)) AS last FROM generate_series(1, 7) AS n;
SELECT m -> 'number' AS number, m -> 'content' AS content FROM jsonb_array_elements(personalization.get_conversation('c1', :'long') -> 'messages') AS m;
SELECT personalization.configure_tenant('c1', '{"max_conversation_messages": 1}') ->> 'max_conversation_messages' AS max;
SELECT personalization.append_message('c1', :'long', 'user', 'message 8');
SELECT personalization.get_conversation('c1', :'long') -> 'messages' -> 0 -> 'number' AS number, count(*) FROM personalization.conversation_messages WHERE conversation_id = :'long';
SELECT pg_temp.outcome(format('SELECT personalization.configure_tenant(%L, %L)', 'c1', s)) FROM unnest(ARRAY['{"max_conversation_messages": 0}', '{"max_conversation_messages": 1.5}', '{"max_conversation_messages": 100001}']) AS s;
SELECT personalization.configure_tenant('c1', '{"max_conversation_messages": null}') ->> 'max_conversation_messages' AS max;

-- == Any text is a role and a content.
SELECT personalization.start_conversation('c1', 'dee') AS id \gset
SELECT personalization.append_message('c1', :'id', role, content) FROM (VALUES ('Benutzerin 1', E'zwei\nZeilen\t"und" \\'), ('工具', '値 🎉'), (' ', ' '), (repeat('r', 512), repeat('long ', 1000)), ('''; DROP TABLE x; --', '''')) AS v (role, content);
SELECT left(m ->> 'role', 20) AS role, length(m ->> 'role') AS length, left(m ->> 'content', 20) AS content, length(m ->> 'content') AS length FROM jsonb_array_elements(personalization.get_conversation('c1', :'id') -> 'messages') AS m;

-- == Bad input.
SELECT s AS call, pg_temp.outcome('SELECT personalization.' || replace(s, '$id', quote_literal(:'id'))) FROM unnest(ARRAY[
    $$start_conversation(NULL, 'ana')$$, $$start_conversation('c1', NULL)$$, $$start_conversation('c1', 'ana', NULL)$$, $$start_conversation('', 'ana')$$, $$start_conversation('c1', '')$$,
    $$start_conversation('c1', repeat('u', 513))$$, $$start_conversation('c1', 'ana', '[]')$$, $$start_conversation('c1', 'ana', '"x"')$$, $$start_conversation('c1', 'ana', 'null')$$,
    $$start_conversation('no such tenant', 'ana')$$,
    $$append_message(NULL, $id, 'user', 'x')$$, $$append_message('c1', NULL, 'user', 'x')$$, $$append_message('c1', $id, NULL, 'x')$$, $$append_message('c1', $id, 'user', NULL)$$, $$append_message('c1', $id, 'user', 'x', NULL)$$,
    $$append_message('c1', $id, '', 'x')$$, $$append_message('c1', $id, repeat('r', 513), 'x')$$, $$append_message('c1', $id, 'user', 'x', '[]')$$, $$append_message('c1', $id, 'user', 'x', '1')$$,
    $$append_message('c1', $id, 'user', repeat('x', 1048577))$$, $$append_message('c1', $id, 'user', 'x', jsonb_build_object('x', repeat('x', 1048577)))$$, $$append_message('c1', 'no uuid', 'user', 'x')$$,
    $$append_message('c1', $id, 'user', 'x', (repeat('{"a":', 101) || '1' || repeat('}', 101))::jsonb)$$,
    $$append_message('no such tenant', $id, 'user', 'x')$$,
    $$update_conversation('c1', $id, NULL)$$, $$update_conversation('c1', NULL, '{}')$$, $$update_conversation('c1', $id, '[1]')$$, $$update_conversation('c1', $id, '"a"')$$,
    $$update_conversation('c1', $id, jsonb_build_object('x', repeat('x', 1048577)))$$, $$update_conversation('no such tenant', $id, '{}')$$,
    $$get_conversation('c1', NULL)$$, $$get_conversation('c1', $id, NULL)$$, $$get_conversation('c1', $id, 'infinity')$$, $$get_conversation('no such tenant', $id)$$, $$get_conversation('', $id)$$,
    $$end_conversation('c1', NULL)$$, $$end_conversation(NULL, $id)$$, $$end_conversation('no such tenant', $id)$$]) AS s;
-- Content of exactly the limit; a context that would outgrow it, by many small patches, stays as it was.
SELECT personalization.append_message('c1', :'id', 'user', repeat('x', 1048576)) AS number;
SELECT length(m ->> 'content') AS length FROM jsonb_array_elements(personalization.get_conversation('c1', :'id') -> 'messages') AS m ORDER BY 1 DESC LIMIT 1;
SELECT length(personalization.update_conversation('c1', :'id', jsonb_build_object('a', repeat('x', 600000)))::text) > 600000 AS half;
SELECT pg_temp.outcome(format('SELECT personalization.update_conversation(%L, %L, %L)', 'c1', :'id', jsonb_build_object('b', repeat('x', 600000))));
SELECT array_agg(k) AS keys FROM jsonb_object_keys(personalization.get_conversation('c1', :'id') -> 'context') AS k;
SELECT pg_temp.outcome(format('SELECT personalization.update_conversation(%L, %L, %L)', 'c1', :'id', repeat('{"a":', 100) || '{}' || repeat('}', 100)));
SELECT count(personalization.append_message('c1', :'id', 'user', '')) AS appended FROM generate_series(1, 3);
-- More than a document holds: the newest of it.
SELECT count(personalization.append_message('c1', :'id', 'assistant', repeat(md5(n::text), 32000))) AS appended FROM generate_series(1, 70) AS n;
SELECT count(*), max((m ->> 'number')::int), bool_and((m ->> 'number')::int = 79 - 65 + o) AS latest FROM jsonb_array_elements(personalization.get_conversation('c1', :'id') -> 'messages') WITH ORDINALITY AS e (m, o);
SELECT count(*) FROM personalization.conversation_messages WHERE conversation_id = :'id';
SELECT personalization.end_conversation('c1', :'id') AS ended, personalization.end_conversation('c1', :'id') AS again;
-- Nothing is written where nothing can be.
SELECT personalization.start_conversation('c1', 'ana') AS id \gset
BEGIN READ ONLY;
SELECT s AS call, pg_temp.outcome(replace(s, '$id', quote_literal(:'id'))) FROM unnest(ARRAY[$$SELECT personalization.start_conversation('c1', 'ana')$$, $$SELECT personalization.append_message('c1', $id, 'user', 'x')$$,
    $$SELECT personalization.update_conversation('c1', $id, '{}')$$, $$SELECT personalization.end_conversation('c1', $id)$$, $$SELECT personalization.get_conversation('c1', $id) -> 'messages'$$]) AS s;
ROLLBACK;

-- == What is remembered of how a user talks.
SELECT personalization.start_conversation('c1', 'eve') AS id \gset
SELECT personalization.append_message('c1', :'id', role, content, metadata) FROM (VALUES
    (1, 'user', 'tl;dr please', jsonb '{}'), (2, 'assistant', 'explain', '{}'), (3, 'user', 'Explain, step by step', '{}'), (4, 'user', 'äöü', '{"detail": "technical"}'),
    (5, 'user', 'in short: why?', '{"detail": "detailed"}'), (6, 'user', 'in short: why?', '{"detail": "nonsense"}'), (7, 'user', 'EXPLAIN ANALYZE SELECT 1', '{"detail": 1}')) AS v (n, role, content, metadata) ORDER BY n;
SELECT role, conversations, messages, characters, milliseconds < 60000 AS quick, asked_brief, asked_detailed, asked_technical, gaps FROM personalization.conversation_statistics WHERE user_id = 'eve' ORDER BY role;
-- Gaps and lengths in time.
UPDATE personalization.conversations SET last_message_at = now() - interval '50 seconds', last_activity = now() - interval '50 seconds' WHERE conversation_id = :'id';
BEGIN;
SELECT personalization.append_message('c1', :'id', 'tool', 'x') AS number;
SELECT role, messages, milliseconds BETWEEN 50000 AND 65000 AS fifty_seconds, array_upper(gaps, 1) AS bucket, lengths FROM personalization.conversation_statistics WHERE user_id = 'eve' AND role = 'tool';
COMMIT;
-- In usage_patterns(): minutes of length are not told apart from seconds here, so that it does not depend on the machine.
SELECT d - 'mean_length_seconds' - 'typical_gap_seconds' AS conversations, (d ->> 'mean_length_seconds')::float8 BETWEEN 50 AND 70 AS length, (d ->> 'typical_gap_seconds')::float8 < 5 AS gap
FROM (SELECT personalization.usage_patterns('c1', 'eve') -> 'conversations') AS p (d);
SELECT personalization.usage_patterns('c1', 'nobody') -> 'conversations' AS of_nobody;
-- They outlive the conversation; roles beyond sixteen are counted together.
SELECT personalization.end_conversation('c1', :'id') AS ended;
SELECT sum(conversations) AS conversations, sum(messages) AS messages FROM personalization.conversation_statistics WHERE user_id = 'eve';
SELECT personalization.start_conversation('c1', 'flo') AS id \gset
SELECT count(personalization.append_message('c1', :'id', 'role ' || n % 20, 'x')) AS appended FROM generate_series(1, 100) AS n;
SELECT count(*) AS rows, sum(messages) AS messages, max(messages) FILTER (WHERE role = '') AS further FROM personalization.conversation_statistics WHERE user_id = 'flo';

-- From the tenth on, the user's messages determine the communication style, unless it is set.
SELECT personalization.start_conversation('c1', 'jo') AS id \gset
SELECT max(personalization.append_message('c1', :'id', role, 'and in March?', CASE WHEN n % 3 = 0 THEN '{"detail": "technical"}' ELSE '{}' END::jsonb)) AS last FROM generate_series(1, 9) AS n, unnest(ARRAY['user', 'assistant']) AS role;
SELECT d -> 'communication_style' AS style, d #> '{trait_sources,communication_style}' AS source FROM personalization.get_profile('c1', 'jo') AS d;
SELECT personalization.append_message('c1', :'id', 'user', 'And in April?');
SELECT d -> 'communication_style' AS style, d #> '{trait_sources,communication_style}' AS source, d #> '{trait_evidence,communication_style}' AS evidence FROM personalization.get_profile('c1', 'jo') AS d;
SELECT personalization.set_profile('c1', 'jo', communication_style => 'brief');
SELECT d -> 'communication_style' AS style, d #> '{trait_sources,communication_style}' AS source FROM personalization.get_profile('c1', 'jo') AS d;

-- == A role that is bound: its own tenant's only.
CREATE ROLE regress_talker LOGIN;
SELECT personalization.bind_role('regress_talker', 'c1');
SELECT personalization.start_conversation('c1', 'gus', '{"a": 1}') AS own \gset
-- As its login would set it.
SET personalization.tenant_id = 'c1';
SET ROLE regress_talker;
SELECT what, u.* FROM (VALUES ('unknown', '00000000-0000-4000-8000-000000000000'::uuid), ('other', :'others')) AS v (what, id), pg_temp.uses(id) AS u;
SELECT s AS call, pg_temp.outcome('SELECT personalization.' || replace(s, '$id', quote_literal(:'others'))) FROM unnest(ARRAY[
    $$start_conversation('c2', 'ana')$$, $$append_message('c2', $id, 'user', 'x')$$, $$update_conversation('c2', $id, '{}')$$, $$get_conversation('c2', $id)$$, $$end_conversation('c2', $id)$$]) AS s;
SELECT personalization.append_message('c1', :'own', 'user', 'hello') AS number, personalization.update_conversation('c1', :'own', '{"b": 2}') AS context;
SELECT personalization.get_conversation('c1', :'own') #>> '{messages,0,content}' AS content, personalization.get_context('c1', 'gus') ->> 'active_session' = :'own' AS active;
SELECT personalization.start_conversation('c1', 'hal') IS NOT NULL AS started, personalization.end_conversation('c1', :'own') AS ended;
SELECT count(*) FILTER (WHERE tenant_id <> 'c1') AS others FROM (SELECT tenant_id FROM personalization.conversations UNION ALL SELECT tenant_id FROM personalization.conversation_messages
    UNION ALL SELECT tenant_id FROM personalization.conversation_statistics) AS t;
SELECT pg_temp.outcome($$INSERT INTO personalization.conversation_messages VALUES ('c2', '00000000-0000-4000-8000-000000000000', 1, 'user', 'x', '{}', now())$$);
-- What such a role writes by itself can break its own conversation, and nothing else.
SELECT personalization.start_conversation('c1', 'ida') AS odd \gset
UPDATE personalization.conversations SET last_activity = 'infinity' WHERE conversation_id = :'odd';
UPDATE personalization.conversation_statistics SET lengths = '{{1,2},{3,4}}' WHERE user_id = 'ida';
SELECT personalization.get_conversation('c1', :'odd') IS NULL AS none;
RESET ROLE;
RESET personalization.tenant_id;
SELECT personalization.run_maintenance() -> 'conversations' AS deleted, personalization.get_conversation('c2', :'others') -> 'context' AS untouched;

-- == A tenant goes with all of it.
SELECT key, value::int > 0 AS erased FROM jsonb_each_text(personalization.drop_tenant('c1')) WHERE key LIKE 'conversation%' ORDER BY key COLLATE "C";
SELECT personalization.drop_tenant('c2') -> 'conversations' AS conversations;
SELECT (SELECT count(*) FROM personalization.conversations) + (SELECT count(*) FROM personalization.conversation_messages) + (SELECT count(*) FROM personalization.conversation_statistics) AS left;
DROP OWNED BY regress_talker;
DROP ROLE regress_talker;
