-- What a person may ask for.
--
-- The settings make numbers and times exact and the same everywhere: whoever
-- calls may have set them otherwise.

CREATE FUNCTION personalization.forget_user(tenant_id text, user_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_forget_user';
COMMENT ON FUNCTION personalization.forget_user(text, text) IS
    'erases every trace of a user, and returns the number of rows by table';

CREATE FUNCTION personalization.export_user(tenant_id text, user_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC'
    AS 'MODULE_PATHNAME', 'personalization_export_user';
COMMENT ON FUNCTION personalization.export_user(text, text) IS
    'everything held about a user, as a document that import_user() reads';

CREATE FUNCTION personalization.import_user(tenant_id text, document jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_import_user';
COMMENT ON FUNCTION personalization.import_user(text, jsonb) IS
    'restores a user that is not known here from an export_user() document, or a profile document of the service before; returns the number of rows by table';
