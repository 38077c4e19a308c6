-- The catalogue: which tables the users of a tenant can query.

-- A schema of this database whose tables, present and future, are a tenant's.
-- schema_oid is a hint by which a renamed schema is found again; after a
-- restore it means nothing, and the name counts.  compared_at is NULL until
-- all tables that were there at the start are in tenant_tables.
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

-- schema_name is '' for a table that was registered by hand.  last_name is the
-- name's last part, folded: by it a name is found however it is written.
-- relation is a hint too, by which a renamed table is known again.
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
    'NULL for a table that was there when its schema was linked: it is not new';
COMMENT ON COLUMN personalization.tenant_tables.dropped_at IS
    'when the table was found gone; the row is kept so long that queries that name it are known to be dead';

-- The newest first, in the order in which they are told; what a name means; what can go.
CREATE INDEX tenant_tables_appeared ON personalization.tenant_tables
    (tenant_id, appeared_at DESC, schema_name, table_name) WHERE dropped_at IS NULL;
CREATE INDEX tenant_tables_last_name ON personalization.tenant_tables (tenant_id, last_name);
CREATE INDEX tenant_tables_dropped ON personalization.tenant_tables (tenant_id, dropped_at) WHERE dropped_at IS NOT NULL;

CREATE FUNCTION personalization.register_table(
    tenant_id text, table_name text, description text DEFAULT NULL, columns text[] DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_register_table';
COMMENT ON FUNCTION personalization.register_table(text, text, text, text[]) IS
    'tells of a table that the tenant''s users can query; again: changes what is not null, and brings a dropped one back';

CREATE FUNCTION personalization.unregister_table(tenant_id text, table_name text) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unregister_table';
COMMENT ON FUNCTION personalization.unregister_table(text, text) IS
    'tells that a registered table is no more; false where there was none';

CREATE FUNCTION personalization.link_schema(tenant_id text, schema_name name) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_link_schema';
COMMENT ON FUNCTION personalization.link_schema(text, name) IS
    'makes every present and future table of a schema of this database part of the tenant''s catalogue';

CREATE FUNCTION personalization.unlink_schema(tenant_id text, schema_name name) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_unlink_schema';
COMMENT ON FUNCTION personalization.unlink_schema(text, name) IS
    'takes the tables of a linked schema out of the tenant''s catalogue; false where it was not linked';

CREATE FUNCTION personalization.tenant_tables(
    tenant_id text,
    OUT table_name text, OUT origin text, OUT description text, OUT columns text[],
    OUT appeared_at timestamptz, OUT dropped_at timestamptz)
    RETURNS SETOF record
    LANGUAGE c STABLE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_tables';
COMMENT ON FUNCTION personalization.tenant_tables(text) IS
    'the tenant''s catalogue; of linked tables an ordinary role sees those that it may read';

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
    'those of the names that are known to the tenant''s catalogue and are dropped, or that the caller may not read';
