-- Moving tenants between servers.
--
-- The settings make numbers and times exact and independent of the caller's settings.

CREATE FUNCTION personalization.freeze_tenant(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_freeze_tenant';
COMMENT ON FUNCTION personalization.freeze_tenant(text) IS
    'freezes a tenant until thaw_tenant(): calls that write fail with an error that can be retried, and the inbox waits; for administrators';

CREATE FUNCTION personalization.thaw_tenant(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_thaw_tenant';
COMMENT ON FUNCTION personalization.thaw_tenant(text) IS
    'ends freeze_tenant(), and makes a tenant that was copied from another database at home in this one; for administrators';

CREATE FUNCTION personalization.publish_tenant(tenant_id text) RETURNS text
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_publish_tenant';
COMMENT ON FUNCTION personalization.publish_tenant(text) IS
    'creates a publication of all rows of a tenant, for a subscription of another server, and returns its name; for administrators';

CREATE FUNCTION personalization.tenant_digest(tenant_id text) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_tenant_digest';
COMMENT ON FUNCTION personalization.tenant_digest(text) IS
    'the number of rows of a tenant by table, and digests that are equal if the rows are equal; for administrators';

CREATE FUNCTION personalization.export_tenant(tenant_id text) RETURNS SETOF jsonb
    LANGUAGE c STABLE ROWS 1000 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_export_tenant';
COMMENT ON FUNCTION personalization.export_tenant(text) IS
    'all rows of a tenant as JSON lines for import_tenant(); for administrators';

CREATE FUNCTION personalization.import_tenant(tenant_id text, line jsonb) RETURNS bigint
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    SET extra_float_digits = 1 SET timezone = 'UTC' SET datestyle = 'ISO'
    AS 'MODULE_PATHNAME', 'personalization_import_tenant';
COMMENT ON FUNCTION personalization.import_tenant(text, jsonb) IS
    'imports one line of export_tenant(), in their order, and returns its number of rows; after the last one the tenant is complete, and frozen; for administrators';
