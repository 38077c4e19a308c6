-- Topics of Kafka, without one: what a message becomes, and what may be subscribed to. The rest is in test/t/050_kafka*.pl.
\set ON_ERROR_STOP off
SET client_min_messages = warning;
SELECT count(personalization.create_tenant(t)) FROM unnest(ARRAY['acme', 'globex']) t;

-- What a mapping makes of a message: the time left out, and the id too where it was made from the place.
CREATE FUNCTION pg_temp.mapped(mapping jsonb, message text, key text DEFAULT NULL, headers jsonb DEFAULT '{}', topic text DEFAULT 'topic', tenant text DEFAULT NULL)
RETURNS SETOF jsonb LANGUAGE sql AS $$
  SELECT CASE WHEN e ? 'rejected' THEN e - 'event' || jsonb_build_object('event', CASE jsonb_typeof(e -> 'event') WHEN 'object' THEN (e -> 'event') - ARRAY['occurred_at', 'interaction_id', 'feedback'] ELSE e -> 'event' END)
              ELSE e - ARRAY['occurred_at', 'interaction_id', 'feedback'] END
  FROM jsonb_array_elements(personalization.map_message(mapping, message, key, headers, topic, tenant)) e $$;
CREATE FUNCTION pg_temp.at(occurred_at text) RETURNS text LANGUAGE sql AS $$
  SELECT coalesce(personalization.map_message('{}', format('{"tenant_id": "acme", "user_id": "u", "interaction_type": "query", "data": {}, "occurred_at": %s}', occurred_at)) -> 0 ->> 'occurred_at',
                  personalization.map_message('{}', format('{"tenant_id": "acme", "user_id": "u", "interaction_type": "query", "data": {}, "occurred_at": %s}', occurred_at)) -> 0 ->> 'rejected') $$;

-- == Without a mapping: as learn_batch takes it, one or an array.
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {"format": "csv"}}');
SELECT * FROM pg_temp.mapped('{}', '[{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {"format": "csv"}}, 7, {"tenant_id": "acme", "user_id": "bob", "interaction_type": "query", "data": {"query": "x"}}]');
SELECT * FROM pg_temp.mapped('{}', '[]');
SELECT * FROM pg_temp.mapped('{}', NULL);
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "exprot", "data": {}}');
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {}, "color": 1}');
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "acme", "user_id": 7, "interaction_type": "export", "data": {}}');
SELECT * FROM pg_temp.mapped('{}', '{"user_id": "ana", "interaction_type": "export", "data": {}}');
SELECT * FROM pg_temp.mapped('{}', 'no json');
SELECT * FROM pg_temp.mapped('{}', '');
SELECT * FROM pg_temp.mapped('{}', '{"a": "\u0000"}');
SELECT length(e -> 'event' ->> 'message') AS kept, e -> 'event' ->> 'bytes' AS of, e ->> 'rejected' AS why FROM pg_temp.mapped('{}', repeat('é', 5000)) e;
SELECT e ->> 'rejected' AS rejected FROM pg_temp.mapped('{}', repeat('[', 300) || repeat(']', 300)) e;

-- Ids: the message's, or made from its place, the same each time, in the order of the array.
SELECT personalization.map_message('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {}, "interaction_id": "0190b2f0-0000-7000-8000-000000000001"}') -> 0 ->> 'interaction_id';
SELECT personalization.map_message('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {}, "interaction_id": "7"}') -> 0 ->> 'rejected';
SELECT count(DISTINCT id), bool_and(id = again), bool_and(id > before) FROM (
  SELECT a.e ->> 'interaction_id' AS id, b.e ->> 'interaction_id' AS again, lag(a.e ->> 'interaction_id') OVER (ORDER BY a.o) AS before
  FROM (SELECT '[' || string_agg('{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {}}', ',') || ']' AS m FROM generate_series(1, 300)) m,
  jsonb_array_elements(personalization.map_message('{}', m)) WITH ORDINALITY a (e, o), jsonb_array_elements(personalization.map_message('{}', m)) WITH ORDINALITY b (e, o) WHERE a.o = b.o) x;

-- == Times.
SELECT t, pg_temp.at(t) FROM unnest(ARRAY['1764400000', '1764400000.25', '1764400000123', '1764400000123456', '"1764400000"', '"1764400000123"', '"2026-03-01T09:30:00Z"', '"2026-03-01 09:30:00+02"', '"20260301"',
  '1e30', '-1', '"soon"', '4000000000', 'true']) t;
SELECT pg_temp.at('null')::timestamptz BETWEEN now() - interval '1 millisecond' AND now() AS of_the_message;

-- == Fields from elsewhere.
\set m '{"payload": {"actor": {"id": 42, "name": "Ana"}, "kind": "click", "a.b": 1}, "ts": 1764400000123, "tenant": "acme"}'
SELECT * FROM pg_temp.mapped('{"tenant_id": "tenant", "user_id": "payload.actor.id", "interaction_type": {"value": "query"}, "occurred_at": "ts", "data": "payload"}', :'m');
SELECT personalization.map_message('{"tenant_id": "tenant", "user_id": "payload.actor.id", "interaction_type": {"value": "query"}, "occurred_at": "ts", "data": "payload"}', :'m') -> 0 ->> 'occurred_at' AS occurred_at;
SELECT * FROM pg_temp.mapped('{"tenant_id": {"header": "x-tenant"}, "user_id": {"key": ""}, "interaction_type": {"value": "query"}, "data": {"value": {"query": "q"}}, "occurred_at": {"timestamp": true}}', :'m', 'ana', '{"x-tenant": "acme"}');
SELECT * FROM pg_temp.mapped('{"tenant_id": {"topic": "events."}, "user_id": {"key": "user.id"}, "interaction_type": {"value": "query"}, "data": []}', :'m', '{"user": {"id": "ana"}}', '{}', 'events.acme');
SELECT * FROM pg_temp.mapped('{"tenant_id": {"topic": "events."}, "user_id": {"path": ["payload", "a.b"]}, "interaction_type": {"value": "query"}, "data": "payload"}', :'m', NULL, '{}', 'other.acme');
SELECT * FROM pg_temp.mapped('{"tenant_id": "tenant", "user_id": {"key": "user"}, "interaction_type": {"value": "query"}, "data": "payload"}', :'m', 'no json');
SELECT * FROM pg_temp.mapped('{"tenant_id": "tenant", "user_id": "payload.nobody.id", "interaction_type": {"value": "query"}, "data": "payload"}', :'m');
-- What is not an object is kept as it is, not as the one before it.
SELECT * FROM pg_temp.mapped('{"user_id": "u"}', '[{"tenant_id": "acme", "u": "ana", "interaction_type": "export", "data": {}}, 7, ["x"]]');
SELECT * FROM pg_temp.mapped('{"user_id": "u"}', '"a text"');
-- Data that learning would refuse for any tenant.
SELECT m, e ->> 'rejected' AS rejected FROM unnest(ARRAY['"x"', '[]', '{"query": 7}', '{"query": "q"}']) d, format('{"tenant_id": "acme", "u": "ana", "interaction_type": "query", "data": %s}', d) m,
  pg_temp.mapped('{"user_id": "u"}', m) e;

-- Texts with JSON, as Debezium writes a column of type jsonb: objects where data and feedback are mapped, not in the form of learn_batch().
SELECT * FROM pg_temp.mapped('{"tenant_id": "after.t", "user_id": "after.u", "interaction_type": "after.k", "data": "after.d"}', '{"after": {"t": "acme", "u": "ana", "k": "export", "d": "{\"format\": \"csv\"}"}}');
SELECT * FROM pg_temp.mapped('{"tenant_id": "tenant", "user_id": {"key": ""}, "interaction_type": {"value": "query"}, "data": {"header": "data"}}', :'m', 'ana', '{"data": "{\"query\": \"q\"}"}');
SELECT d, e -> 'data' AS data, e ->> 'rejected' AS rejected FROM unnest(ARRAY[' {} ', '', 'x', '7', '[]', '{}{}', '{"a": "\u0000"}']) d,
  pg_temp.mapped('{"user_id": "u", "interaction_type": {"value": "query"}}', jsonb_build_object('tenant_id', 'acme', 'u', 'ana', 'data', d)::text) e;
SELECT personalization.map_message('{"user_id": "u"}', '{"tenant_id": "acme", "u": "ana", "interaction_type": "query", "data": {}, "feedback": "{\"rating\": 5}"}') -> 0 -> 'feedback' AS feedback;
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": "{}"}');

-- Types: translated, left as they are, not ours, all others.
SELECT t, e -> 'interaction_type' AS type, e ->> 'rejected' AS rejected
FROM unnest(ARRAY['search', 'query', 'ping', 'other']) t
LEFT JOIN LATERAL pg_temp.mapped('{"types": {"search": "query", "ping": null}, "data": {"value": {"query": "q"}}}', format('{"tenant_id": "acme", "user_id": "ana", "interaction_type": "%s"}', t)) e ON true;
SELECT e ->> 'interaction_type' FROM pg_temp.mapped('{"types": {"*": "exploration", "1": "query"}, "data": {"value": {}}}', '[{"tenant_id": "acme", "user_id": "ana", "interaction_type": 1}, {"tenant_id": "acme", "user_id": "ana", "interaction_type": "x"}]') e;

-- A subscription for one tenant: messages need not name it, and name no other.
SELECT * FROM pg_temp.mapped('{}', '{"user_id": "ana", "interaction_type": "export", "data": {}}', tenant => 'acme');
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "acme", "user_id": "ana", "interaction_type": "export", "data": {}}', tenant => 'acme');
SELECT * FROM pg_temp.mapped('{}', '{"tenant_id": "globex", "user_id": "ana", "interaction_type": "export", "data": {}}', tenant => 'acme');

-- == Mappings that are wrong.
SELECT personalization.map_message('[]', '{}');
SELECT personalization.map_message('{"user": "a"}', '{}');
SELECT personalization.map_message('{"user_id": 1}', '{}');
SELECT personalization.map_message('{"user_id": "a..b"}', '{}');
SELECT personalization.map_message('{"user_id": ["a", 1]}', '{}');
SELECT personalization.map_message('{"user_id": {}}', '{}');
SELECT personalization.map_message('{"user_id": {"column": "a"}}', '{}');
SELECT personalization.map_message('{"user_id": {"header": 1}}', '{}');
SELECT personalization.map_message('{"user_id": {"timestamp": false}}', '{}');
SELECT personalization.map_message('{"types": {"a": "b"}}', '{}');
SELECT personalization.map_message('{"types": {"a": 1}}', '{}');
SELECT personalization.map_message('{"types": "a"}', '{}');
SELECT personalization.map_message('{"tenant_id": "t"}', '{}', tenant => 'acme');
SELECT personalization.map_message(NULL, '{}');

-- == Subscribing.
SELECT personalization.subscribe_topic('events');
SELECT personalization.subscribe_topic('events');
SELECT personalization.subscribe_topic('events.acme', 'acme', '{"user_id": "u"}', 'latest');
SELECT personalization.subscribe_topic('since', start => '2026-03-01 09:30+00');
SELECT personalization.subscribe_topic('from', start => '{"0": 12, "3": 45}');
SELECT topic, tenant_id, state, pid, partitions, offsets, lag, messages, mapping, start FROM personalization.topic_status ORDER BY topic;
SELECT personalization.unsubscribe_topic('from');
SELECT personalization.unsubscribe_topic('from');
SELECT personalization.subscribe_topic('since', start => personalization.unsubscribe_topic('since')::text);
SELECT start FROM personalization.topic_status WHERE topic = 'since';

SELECT personalization.subscribe_topic(NULL);
SELECT personalization.subscribe_topic('');
SELECT personalization.subscribe_topic('a b');
SELECT personalization.subscribe_topic('..');
SELECT personalization.subscribe_topic(repeat('a', 250));
SELECT personalization.subscribe_topic('t', 'nobody');
SELECT personalization.subscribe_topic('t', '');
SELECT personalization.subscribe_topic('t', mapping => '{"user": "a"}');
SELECT personalization.subscribe_topic('t', 'acme', '{"tenant_id": "t"}');
SELECT personalization.subscribe_topic('t', start => 'newest');
SELECT personalization.subscribe_topic('t', start => 'infinity');
SELECT personalization.subscribe_topic('t', start => '{"0": "a"}');
SELECT personalization.subscribe_topic('t', start => '{"a": 1}');
SELECT personalization.subscribe_topic('t', start => '{"0": -1}');
SELECT personalization.subscribe_topic('t', start => NULL);
SELECT personalization.subscribe_topic('t', mapping => NULL);
BEGIN READ ONLY;
SELECT personalization.subscribe_topic('t');
ROLLBACK;

-- Settings are the server's; the client's properties are shown to those who may see them.
SELECT name, context, setting FROM pg_settings WHERE name LIKE 'personalization.kafka%' ORDER BY name;
CREATE ROLE regress_topics;
GRANT USAGE ON SCHEMA personalization TO regress_topics;
SET ROLE regress_topics;
SELECT name FROM pg_settings WHERE name LIKE 'personalization.kafka%' ORDER BY name;
SELECT personalization.subscribe_topic('t');
SELECT * FROM personalization.topic_status;
RESET ROLE;
GRANT pg_read_all_settings TO regress_topics;
SET ROLE regress_topics;
SELECT count(*) FROM pg_settings WHERE name = 'personalization.kafka_config';
RESET ROLE;
SELECT count(personalization.unsubscribe_topic(topic)) FROM personalization.topic_subscriptions;
SELECT count(personalization.drop_tenant(t)) FROM unnest(ARRAY['acme', 'globex']) t;
DROP OWNED BY regress_topics;
DROP ROLE regress_topics;
