-- Usage patterns, and hints for answering a user.

CREATE FUNCTION personalization.usage_patterns(tenant_id text, user_id text, at timestamptz DEFAULT now())
    RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_usage_patterns';
COMMENT ON FUNCTION personalization.usage_patterns(text, text, timestamptz) IS
    'when, how much and in which rhythm a user works, from their latest interactions';

CREATE FUNCTION personalization.route(
    tenant_id text, user_id text, query text, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_route';
COMMENT ON FUNCTION personalization.route(text, text, text, timestamptz) IS
    'hints for answering a query of a user: explanation, charts, style, formats, likely tables';
