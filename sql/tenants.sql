-- Tenants, their settings, and the tenant of the session.

-- A policy is to be evaluated before what a statement asks.
CREATE FUNCTION personalization.current_tenant_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_current_tenant_support';
COMMENT ON FUNCTION personalization.current_tenant_support(internal) IS
    'loads the library, by which the planner compares with current_tenant() before it evaluates any other condition; called by the planner only';

CREATE FUNCTION personalization.current_tenant() RETURNS text
    LANGUAGE c STABLE LEAKPROOF PARALLEL SAFE COST 1 SUPPORT personalization.current_tenant_support
    AS 'MODULE_PATHNAME', 'personalization_current_tenant';
COMMENT ON FUNCTION personalization.current_tenant() IS
    'the tenant of the session, NULL if none is set: the setting personalization.tenant_id';

-- Without SET clauses, because the setting must remain after the call.
CREATE FUNCTION personalization.use_tenant(tenant_id text) RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_use_tenant';
COMMENT ON FUNCTION personalization.use_tenant(text) IS
    'sets the tenant for the rest of this transaction; raises an error outside a transaction block, and for an unknown tenant';

-- A tenant's row contains the settings that differ from the defaults.
CREATE TABLE personalization.tenants (
    tenant_id   text COLLATE "C" NOT NULL PRIMARY KEY CHECK (tenant_id <> ''),
    settings    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    frozen_at   timestamptz,
    home        text COLLATE "C"
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.tenants IS 'the tenants, with the settings that differ from the defaults';
COMMENT ON COLUMN personalization.tenants.frozen_at IS
    'time of freeze_tenant(); until thaw_tenant() calls do not write for the tenant';
COMMENT ON COLUMN personalization.tenants.home IS
    'the database in which publish_tenant() was called; other databases do not write for the tenant until thaw_tenant()';

CREATE FUNCTION personalization.create_tenant(tenant_id text, settings jsonb DEFAULT '{}') RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_create_tenant';
COMMENT ON FUNCTION personalization.create_tenant(text, jsonb) IS
    'creates a tenant and returns its settings; history_retention, by default 90 days, is to be set before older events are loaded, since maintenance deletes those; for administrators';

CREATE FUNCTION personalization.configure_tenant(tenant_id text, settings jsonb) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_configure_tenant';
COMMENT ON FUNCTION personalization.configure_tenant(text, jsonb) IS
    'changes settings of a tenant, null for the default, and returns all of them; for administrators';

CREATE FUNCTION personalization.tenant_settings(tenant_id text) RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_settings';
COMMENT ON FUNCTION personalization.tenant_settings(text) IS
    'all settings of a tenant, including defaults; for administrators';

CREATE FUNCTION personalization.drop_tenant(tenant_id text) RETURNS jsonb
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_drop_tenant';
COMMENT ON FUNCTION personalization.drop_tenant(text) IS
    'deletes a tenant and all its data, and returns the number of rows by table; for administrators';

CREATE FUNCTION personalization.local_time(at timestamptz, settings jsonb) RETURNS timestamp
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_local_time';
COMMENT ON FUNCTION personalization.local_time(timestamptz, jsonb) IS
    'a time on the clock of a tenant with these settings; in UTC if the system does not know its time zone';
