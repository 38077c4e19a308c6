-- The origin of a preference.

CREATE FUNCTION personalization.explain_preference(
    tenant_id text, user_id text, category personalization.preference_category, key text,
    OUT interaction_id uuid, OUT interaction_type personalization.interaction_type, OUT occurred_at timestamptz,
    OUT value jsonb, OUT strength float8, OUT effect float8, OUT share float8)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_explain_preference';
COMMENT ON FUNCTION personalization.explain_preference(text, text, personalization.preference_category, text) IS
    'the interactions that made a preference, newest first: how much each moved the confidence of the present value, and how much it still contributes to it';
