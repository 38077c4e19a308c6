-- A turn of an assistant, in two calls.
SET timezone = 'UTC';
SELECT count(personalization.create_tenant(t)) AS made FROM unnest(ARRAY['t1', 't2']) AS t;

-- == A user of whom nothing is known.
SELECT jsonb_pretty(personalization.begin_turn('t1', 'ana', 'Revenue by region?'));
SELECT count(*) FROM personalization.profiles WHERE tenant_id = 't1';

-- == The turn is stored: a conversation begins, the messages are in it, the query is learned.
SELECT personalization.end_turn('t1', 'ana', 'Revenue by region?', 'EU leads.', data => '{"tables_used": ["orders"]}', metadata => '{"tokens": 12}') AS turn \gset
SELECT :'turn'::jsonb ->> 'conversation_id' AS conversation, :'turn'::jsonb ->> 'interaction_id' AS interaction \gset
SELECT :'turn'::jsonb -> 'messages' AS messages;
SELECT m ->> 'role' AS role, m ->> 'content' AS content, (m -> 'metadata') - 'interaction_id' AS metadata, m #>> '{metadata,interaction_id}' = :'interaction' AS marked
FROM jsonb_array_elements(personalization.get_conversation('t1', :'conversation') -> 'messages') AS m;
SELECT interaction_type, data FROM personalization.interactions WHERE tenant_id = 't1' AND interaction_id = :'interaction';
SELECT query, ask_count FROM personalization.user_queries WHERE tenant_id = 't1';
-- The next turn goes on there; the query of the turn is not suggested again.
SELECT personalization.end_turn('t1', 'ana', 'Open orders?', 'Seven.', :'conversation') -> 'messages' AS messages;
SELECT personalization.end_turn('t1', 'ana', 'And late ones?', NULL, :'conversation') -> 'messages' AS messages;
-- The whole question in data is learned instead of what the user typed, which stays the message.
BEGIN;
SELECT personalization.end_turn('t1', 'ana', 'And last month?', NULL, :'conversation', '{"query": "Open orders last month?"}') ->> 'interaction_id' AS whole \gset
SELECT data FROM personalization.interactions WHERE interaction_id = :'whole';
SELECT personalization.get_conversation('t1', :'conversation') #>> '{messages,-1,content}' AS typed;
ROLLBACK;
SELECT d -> 'preferences' AS preferences, d #> '{routing,likely_tables}' AS tables, jsonb_array_length(d -> 'messages') AS messages,
       d #>> '{messages,1,content}' AS last, (SELECT array_agg(s ->> 'suggestion' ORDER BY s ->> 'suggestion') FROM jsonb_array_elements(d -> 'suggestions') AS s) AS suggestions
FROM personalization.begin_turn('t1', 'ana', 'revenue by region', :'conversation', max_messages => 2) AS d;
SELECT d -> 'messages' AS messages, d -> 'suggestions' AS suggestions
FROM personalization.begin_turn('t1', 'ana', 'Revenue by region?', :'conversation', 0, 0) AS d;
SELECT jsonb_array_length(d -> 'messages') AS messages FROM personalization.begin_turn('t1', 'ana', 'x', :'conversation', 2147483647, 2147483647) AS d;

-- == A retry stores nothing twice, and says what the first call did.
SELECT personalization.end_turn('t1', 'ana', 'Stock?', 'Enough.', :'conversation', interaction_id => '00000000-0000-4000-8000-000000000001') -> 'messages' AS messages;
SELECT t -> 'messages' AS messages, t ->> 'conversation_id' = :'conversation' AS same
FROM personalization.end_turn('t1', 'ana', 'Stock?', 'Enough.', :'conversation', interaction_id => '00000000-0000-4000-8000-000000000001') AS t;
SELECT t -> 'messages' AS messages, t ->> 'conversation_id' = :'conversation' AS same
FROM personalization.end_turn('t1', 'ana', 'Stock?', 'Enough.', NULL, interaction_id => '00000000-0000-4000-8000-000000000001') AS t;
SELECT count(*) AS conversations FROM personalization.conversations WHERE tenant_id = 't1';

-- == A conversation that is gone, or another user's: reading finds none, writing is an error and stores nothing.
SELECT personalization.start_conversation('t1', 'bo') AS others \gset
SELECT d -> 'conversation_id' AS conversation_id, d -> 'messages' AS messages FROM personalization.begin_turn('t1', 'ana', 'x', :'others') AS d;
SELECT d -> 'conversation_id' AS conversation_id FROM personalization.begin_turn('t1', 'ana', 'x', '00000000-0000-4000-8000-000000000002') AS d;
SELECT personalization.end_turn('t1', 'ana', 'Lost?', 'Yes.', '00000000-0000-4000-8000-000000000002');
DO $$ BEGIN
    PERFORM personalization.end_turn('t1', 'ana', 'Lost?', 'Yes.', (SELECT conversation_id FROM personalization.conversations WHERE tenant_id = 't1' AND user_id = 'bo'));
EXCEPTION WHEN no_data_found THEN RAISE NOTICE 'another user''s conversation does not exist'; END $$;
SELECT count(*) FROM personalization.interactions WHERE data ->> 'query' = 'Lost?';

-- == Bad input.
SELECT personalization.begin_turn('t1', 'ana', NULL);
SELECT personalization.begin_turn('t1', NULL, 'x');
SELECT personalization.begin_turn('t1', 'ana', 'x', NULL, -1);
SELECT personalization.begin_turn('t1', 'ana', 'x', NULL, 1, NULL);
SELECT personalization.begin_turn('nobody', 'ana', 'x');
SELECT personalization.end_turn('t1', 'ana', NULL, 'y');
SELECT personalization.end_turn('t1', 'ana', 'x', 'y', data => '[]');
SELECT personalization.end_turn('t1', 'ana', 'x', 'y', metadata => '1');
SELECT personalization.end_turn('nobody', 'ana', 'x', 'y');
BEGIN READ ONLY;
SELECT personalization.begin_turn('t1', 'ana', 'x') -> 'conversation_id' AS conversation;
SELECT personalization.end_turn('t1', 'ana', 'x', 'y');
ROLLBACK;

-- == As an application's role: its tenant's, and nothing else.
SET client_min_messages = warning;
CREATE ROLE regress_turns LOGIN;
RESET client_min_messages;
SELECT personalization.grant_access('regress_turns', pooled => true);
SET ROLE regress_turns;
BEGIN;
SELECT personalization.use_tenant('t2');
SELECT personalization.begin_turn('t2', 'ana', 'Open orders?') -> 'suggestions' AS suggestions;
SELECT personalization.end_turn('t2', 'ana', 'Open orders?', 'None.') -> 'messages' AS messages;
SELECT d -> 'conversation_id' AS conversation_id FROM personalization.begin_turn('t2', 'ana', 'x', :'conversation') AS d;
SELECT personalization.begin_turn('t1', 'ana', 'x');
ROLLBACK;
RESET ROLE;
DROP OWNED BY regress_turns;
DROP ROLE regress_turns;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['t1', 't2']) AS t;
