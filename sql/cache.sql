-- The push to Redis: what has changed and waits for the worker.

-- One row a change, written in the change's own transaction by the library,
-- which goes past SQL and rights: no role needs any here.  No key and no index,
-- nor ever a trigger or constraint: a learn pays for a plain insertion only, and
-- the worker reads all of it anyway.  Rows say what to look at, not what to write, so that several of
-- one user are as good as one.
CREATE TABLE personalization.cache_changes (
    tenant_id  text COLLATE "C" NOT NULL,
    id         text NOT NULL,
    what       smallint NOT NULL,
    position   bigint NOT NULL
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.cache_changes IS
    'users and conversations whose documents in the cache the worker has yet to bring up to date; empty where there is no cache';
COMMENT ON COLUMN personalization.cache_changes.id IS 'a user''s or a conversation''s; empty for the whole tenant';
COMMENT ON COLUMN personalization.cache_changes.what IS
    'a sum: 1 profile, 2 suggestions are stale, 4 suggestions were computed, 8 conversation, 16 the whole tenant';
COMMENT ON COLUMN personalization.cache_changes.position IS 'the order of arrival, as in the inbox';

CREATE FUNCTION personalization.cache_state() RETURNS text
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_cache_state';
COMMENT ON FUNCTION personalization.cache_state() IS
    'how the cache is doing: off, connected or failing; NULL without a worker; an administrator''s';
