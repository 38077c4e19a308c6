-- Forgetting, exporting and importing users.
--
-- The settings make numbers and times exact and independent of the caller's settings.

CREATE FUNCTION personalization.event_names_user(event jsonb, user_id text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_event_names_user';
COMMENT ON FUNCTION personalization.event_names_user(jsonb, text) IS
    'whether a rejected event is about a user: by its user_id, or else by a value anywhere in it';

CREATE FUNCTION personalization.forget_user(tenant_id text, user_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_forget_user';
COMMENT ON FUNCTION personalization.forget_user(text, text) IS
    'deletes all data of a user, and returns the number of rows by table';

CREATE FUNCTION personalization.export_user(tenant_id text, user_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC'
    AS 'MODULE_PATHNAME', 'personalization_export_user';
COMMENT ON FUNCTION personalization.export_user(text, text) IS
    'all data of a user, as a document for import_user()';

CREATE FUNCTION personalization.import_user(tenant_id text, document jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_import_user';
COMMENT ON FUNCTION personalization.import_user(text, jsonb) IS
    'restores a user who does not exist from a document of export_user(), or from a profile document like those of get_profile(); returns the number of rows by table';

CREATE FUNCTION personalization.forget_query_text(tenant_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_forget_query_text';
COMMENT ON FUNCTION personalization.forget_query_text(text) IS
    'takes the text of queries out of what is stored of a tenant whose setting store_query_text is false, and returns the number of rows changed by table; for administrators';
