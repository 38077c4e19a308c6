-- A turn of an assistant in two calls.
--
-- The reason for the SET clauses is in learning.sql.

CREATE FUNCTION personalization.begin_turn(
    tenant_id text, user_id text, query text, conversation_id uuid DEFAULT NULL,
    max_messages int DEFAULT 20, max_suggestions int DEFAULT 5) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_begin_turn';
COMMENT ON FUNCTION personalization.begin_turn(text, text, text, uuid, int, int) IS
    'data for an assistant before it answers a query: routing hints, live preferences, the latest messages, suggestions';

CREATE FUNCTION personalization.end_turn(
    tenant_id text, user_id text, query text, answer text, conversation_id uuid DEFAULT NULL,
    data jsonb DEFAULT '{}', metadata jsonb DEFAULT '{}', interaction_id uuid DEFAULT NULL) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_end_turn';
COMMENT ON FUNCTION personalization.end_turn(text, text, text, text, uuid, jsonb, jsonb, uuid) IS
    'stores a turn: the query and its answer as messages of a conversation (a new one by default), and the query as an interaction; metadata belongs to the answer';
