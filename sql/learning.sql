-- Functions that learn.
--
-- enable_seqscan: the library keeps its plans, and a plan made while a table is small would read all of it
-- until the next ANALYZE, however large it grows.
--
-- jit: if a plan reads a whole table in spite of that, its cost is a number that means "never", and compiling
-- the plan would take a thousand times as long as running it.

CREATE FUNCTION personalization.learn(
    tenant_id text, user_id text, interaction_type personalization.interaction_type, data jsonb,
    occurred_at timestamptz DEFAULT now(), interaction_id uuid DEFAULT NULL, feedback jsonb DEFAULT NULL)
    RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learn';
COMMENT ON FUNCTION personalization.learn(text, text, personalization.interaction_type, jsonb, timestamptz, uuid, jsonb) IS
    'records an interaction and learns from it; an interaction_id that is already recorded is a retry and changes nothing';

CREATE FUNCTION personalization.learn_batch(events jsonb, on_error text DEFAULT 'raise') RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learn_batch';
COMMENT ON FUNCTION personalization.learn_batch(jsonb, text) IS
    'learns an array of events with the argument names of learn(), and returns the number of new ones; on_error is raise or divert';

CREATE FUNCTION personalization.learn_part(tenant_id text, part jsonb, OUT learned bigint, OUT aged bigint) RETURNS record
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learn_part';
COMMENT ON FUNCTION personalization.learn_part(text, jsonb) IS
    'learns events that learn_batch() sends from another node of a Citus cluster, or has those of topics wait; called by it and the consumer';

CREATE FUNCTION personalization.collect_feedback(tenant_id text, user_id text, feedback jsonb) RETURNS uuid
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_collect_feedback';
COMMENT ON FUNCTION personalization.collect_feedback(text, text, jsonb) IS
    'records a user''s feedback as an interaction of type feedback, and learns from it';
