-- The catalogue: the tables that the users of a tenant can query.

-- A schema of this database whose present and future tables are in a tenant's catalogue.  schema_oid is a
-- hint by which a renamed schema is found; after a restore it has no meaning, and the name counts.
-- compared_at is NULL until all tables that existed when it was linked are in tenant_tables.
CREATE TABLE personalization.linked_schemas (
    tenant_id    text COLLATE "C" NOT NULL,
    schema_name  text COLLATE "C" NOT NULL,
    schema_oid   oid NOT NULL,
    linked_at    timestamptz NOT NULL,
    compared_at  timestamptz,
    PRIMARY KEY (tenant_id, schema_name)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.linked_schemas IS
    'the schemas of this database whose tables are in a tenant''s catalogue';

-- schema_name is '' for a table that was registered by hand.  last_name is the last part of the name, folded,
-- by which a name is found in any spelling.  relation is a hint by which a renamed table is recognized.
CREATE TABLE personalization.tenant_tables (
    tenant_id    text COLLATE "C" NOT NULL,
    schema_name  text COLLATE "C" NOT NULL DEFAULT '',
    table_name   text COLLATE "C" NOT NULL,
    last_name    text COLLATE "C" NOT NULL,
    relation     oid,
    description  text,
    columns      text[],
    appeared_at  timestamptz,
    dropped_at   timestamptz,
    PRIMARY KEY (tenant_id, schema_name, table_name)
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.tenant_tables IS
    'the catalogue of each tenant: tables registered by hand, and those of linked schemas';
COMMENT ON COLUMN personalization.tenant_tables.appeared_at IS
    'NULL for a table that existed when its schema was linked, and so is not new';
COMMENT ON COLUMN personalization.tenant_tables.dropped_at IS
    'when the table was found to be dropped; the row is kept so that queries that name it can be recognized';

-- For new tables, newest first; for looking up names; for deletion.
CREATE INDEX tenant_tables_appeared ON personalization.tenant_tables
    (tenant_id, appeared_at DESC, schema_name, table_name) WHERE dropped_at IS NULL;
CREATE INDEX tenant_tables_last_name ON personalization.tenant_tables (tenant_id, last_name);
CREATE INDEX tenant_tables_dropped ON personalization.tenant_tables (tenant_id, dropped_at) WHERE dropped_at IS NOT NULL;

CREATE FUNCTION personalization.register_table(
    tenant_id text, table_name text, description text DEFAULT NULL, columns text[] DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_register_table';
COMMENT ON FUNCTION personalization.register_table(text, text, text, text[]) IS
    'registers a table that the tenant''s users can query; if it is registered, changes what is not null, and restores a dropped one';

CREATE FUNCTION personalization.unregister_table(tenant_id text, table_name text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unregister_table';
COMMENT ON FUNCTION personalization.unregister_table(text, text) IS
    'marks a registered table as dropped; false if there is none';

CREATE FUNCTION personalization.link_schema(tenant_id text, schema_name name) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_link_schema';
COMMENT ON FUNCTION personalization.link_schema(text, name) IS
    'adds every present and future table of a schema of this database to the tenant''s catalogue';

CREATE FUNCTION personalization.unlink_schema(tenant_id text, schema_name name) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unlink_schema';
COMMENT ON FUNCTION personalization.unlink_schema(text, name) IS
    'removes the tables of a linked schema from the tenant''s catalogue; false if it was not linked';

CREATE FUNCTION personalization.tenant_tables(
    tenant_id text,
    OUT table_name text, OUT origin text, OUT description text, OUT columns text[],
    OUT appeared_at timestamptz, OUT dropped_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_tables';
COMMENT ON FUNCTION personalization.tenant_tables(text) IS
    'the tenant''s catalogue; an ordinary role sees the linked tables that it may read';

CREATE FUNCTION personalization.new_tables(
    tenant_id text, user_id text, at timestamptz DEFAULT now(),
    OUT table_name text, OUT origin text, OUT description text, OUT columns text[],
    OUT appeared_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 10 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_new_tables';
COMMENT ON FUNCTION personalization.new_tables(text, text, timestamptz) IS
    'tables that appeared within new_table_window, that the caller may read and the user has not used; newest first';

CREATE FUNCTION personalization.hidden_tables(tenant_id text, table_names text[]) RETURNS text[]
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_hidden_tables';
COMMENT ON FUNCTION personalization.hidden_tables(text, text[]) IS
    'those of the names that the tenant''s catalogue lists as dropped, or that the caller may not read';
