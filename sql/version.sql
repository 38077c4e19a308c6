-- The installed version.

CREATE FUNCTION personalization.version() RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_version';
COMMENT ON FUNCTION personalization.version() IS
    'the versions of library and extension, the server for which the library was built and the one that runs it, and its build options';
