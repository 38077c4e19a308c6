-- What is installed.

CREATE FUNCTION personalization.version() RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_version';
COMMENT ON FUNCTION personalization.version() IS
    'the versions of library and extension, the server that the library was built for and the one that runs it, and what it was built with';
