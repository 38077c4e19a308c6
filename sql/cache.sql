-- The queue of changes to be pushed to Redis by the worker.

-- One row per change, inserted in the change's transaction by the library, without SQL and without checking
-- privileges: no role needs any here.  There is no key and no index, and must never be a trigger or
-- constraint, so that learning only pays for a plain insertion; the worker reads the whole table anyway.
-- Rows identify the documents to look at, not their content, so several rows of one user are equivalent to
-- one.
CREATE TABLE personalization.cache_changes (
    tenant_id  text COLLATE "C" NOT NULL,
    id         text NOT NULL,
    what       smallint NOT NULL,
    position   bigint NOT NULL
) PARTITION BY HASH (tenant_id);
COMMENT ON TABLE personalization.cache_changes IS
    'users and conversations whose cached documents the worker has to update; empty without a cache';
COMMENT ON COLUMN personalization.cache_changes.id IS 'id of a user or a conversation; empty for the whole tenant';
COMMENT ON COLUMN personalization.cache_changes.what IS
    'sum of: 1 profile, 2 cached suggestions are invalid, 4 suggestions were computed, 8 conversation, 16 the whole tenant';
COMMENT ON COLUMN personalization.cache_changes.position IS 'order of arrival, as in the inbox';

CREATE FUNCTION personalization.cache_state() RETURNS text
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_cache_state';
COMMENT ON FUNCTION personalization.cache_state() IS
    'state of the cache: off, connected or failing; NULL without a worker; for administrators';
