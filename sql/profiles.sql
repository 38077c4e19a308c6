-- Documents about a user.
--
-- The reason for the SET clauses is in learning.sql.

CREATE FUNCTION personalization.preferences(
    tenant_id text, user_id text, at timestamptz DEFAULT now(), min_confidence float8 DEFAULT NULL,
    OUT category personalization.preference_category, OUT key text, OUT value jsonb, OUT confidence float8,
    OUT observation_count int, OUT last_updated timestamptz, OUT candidates jsonb, OUT state text, OUT source text)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 20 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_preferences';
COMMENT ON FUNCTION personalization.preferences(text, text, timestamptz, float8) IS
    'a user''s live preferences, strongest first, with the confidence as of a time; with min_confidence, all with at least that confidence, and those that are not live as ''emerging''';

CREATE FUNCTION personalization.get_profile(
    tenant_id text, user_id text, at timestamptz DEFAULT now(), history int DEFAULT NULL) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_profile';
COMMENT ON FUNCTION personalization.get_profile(text, text, timestamptz, int) IS
    'the profile document of a user, with at most this many interactions, NULL for the tenant''s max_history_size; the default profile for an unknown user';

CREATE FUNCTION personalization.set_profile(
    tenant_id text, user_id text, skill_level personalization.skill_level DEFAULT NULL,
    domain_expertise text[] DEFAULT NULL, communication_style personalization.communication_style DEFAULT NULL)
    RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_set_profile';
COMMENT ON FUNCTION personalization.set_profile(text, text, personalization.skill_level, text[], personalization.communication_style) IS
    'sets traits of a user, which then take precedence over inferred ones; NULL leaves a trait unchanged';

CREATE FUNCTION personalization.reset_profile(tenant_id text, user_id text, trait text DEFAULT NULL) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_reset_profile';
COMMENT ON FUNCTION personalization.reset_profile(text, text, text) IS
    'has a trait that was set by hand, by default all of them, inferred again; false if it was not set';

CREATE FUNCTION personalization.get_context(tenant_id text, user_id text, at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_get_context';
COMMENT ON FUNCTION personalization.get_context(text, text, timestamptz) IS
    'the present activity of a user: recent queries, frequent tables, charts, last activity';
