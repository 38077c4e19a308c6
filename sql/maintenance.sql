-- Upkeep.

CREATE FUNCTION personalization.run_maintenance(at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_run_maintenance';
COMMENT ON FUNCTION personalization.run_maintenance(timestamptz) IS
    'deletes what is dead as of a time, and returns the number of rows by table; an administrator''s';
