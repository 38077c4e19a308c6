-- Maintenance.

CREATE FUNCTION personalization.run_maintenance(at timestamptz DEFAULT now()) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_run_maintenance';
COMMENT ON FUNCTION personalization.run_maintenance(timestamptz) IS
    'does at once what the worker does continuously: learns the inbox, deletes rows that have expired as of a time; returns counts; for administrators';
