-- From 1.0 to 1.1: afterwards a database has the objects that CREATE EXTENSION makes.
\echo Use "ALTER EXTENSION personalization UPDATE TO '1.1'" to load this file. \quit

CREATE FUNCTION personalization.learning_enabled(
    tenant_id text, user_id text, OUT enabled boolean, OUT decided_by text, OUT decided_at timestamptz)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learning_enabled';
COMMENT ON FUNCTION personalization.learning_enabled(text, text) IS
    'whether anything is recorded of a user, and who decided that: the user, or else the tenant, by its setting learning';
REVOKE ALL ON FUNCTION personalization.learning_enabled(text, text) FROM PUBLIC;
