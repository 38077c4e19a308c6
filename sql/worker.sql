-- The background worker, as seen from SQL.

-- One row: what the last passes did.  Not tenants' data, and nothing that a
-- dump should bring back.
CREATE TABLE personalization.worker_state (
    single            boolean PRIMARY KEY DEFAULT true CHECK (single),
    created_at        timestamptz NOT NULL DEFAULT now(),
    settled           boolean NOT NULL DEFAULT false,
    passes            bigint NOT NULL DEFAULT 0,
    last_started      timestamptz,
    last_finished     timestamptz,
    last_counts       jsonb,
    learned           bigint NOT NULL DEFAULT 0,
    last_learned      timestamptz,
    failures          bigint NOT NULL DEFAULT 0,
    last_error        text,
    last_error_in     text,
    last_error_at     timestamptz,
    cache_on             boolean NOT NULL DEFAULT false,
    cache_database       uuid NOT NULL DEFAULT gen_random_uuid(),
    cache_generation     bigint NOT NULL DEFAULT 1,
    cache_version        bigint NOT NULL DEFAULT 0,
    cache_pushed         bigint NOT NULL DEFAULT 0,
    cache_deleted        bigint NOT NULL DEFAULT 0,
    cache_last_pushed    timestamptz,
    cache_failures       bigint NOT NULL DEFAULT 0,
    cache_last_error     text,
    cache_last_error_at  timestamptz
);
ALTER TABLE personalization.worker_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_state FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.worker_state IS 'what the worker last did, kept for the view worker_status';
COMMENT ON COLUMN personalization.worker_state.cache_database IS
    'this database''s name to a cache, which serves one database at a time';
COMMENT ON COLUMN personalization.worker_state.cache_generation IS
    'what the keys in a cache were written under; grows when changes have gone unnoted, so that they are given up';
COMMENT ON COLUMN personalization.worker_state.cache_version IS 'version of the documents last acknowledged by the cache';
INSERT INTO personalization.worker_state DEFAULT VALUES;

-- A row of this database's own, and one that came with a dump.  The table's name
-- is the last in a dump: when the second row comes in, the restore is over, and
-- the worker, which has kept its hands off, begins.
CREATE TABLE personalization.worker_restores (
    here  boolean NOT NULL DEFAULT true
);
ALTER TABLE personalization.worker_restores ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_restores FORCE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_restores REPLICA IDENTITY FULL;
COMMENT ON TABLE personalization.worker_restores IS
    'tells the worker that a dump has been restored: it waits while rows are older than the extension and this has one row only';
INSERT INTO personalization.worker_restores DEFAULT VALUES;
SELECT pg_catalog.pg_extension_config_dump('personalization.worker_restores', 'LIMIT 1');

CREATE FUNCTION personalization.worker_pid() RETURNS int
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_worker_pid';
COMMENT ON FUNCTION personalization.worker_pid() IS
    'the process that works for this database, NULL when there is none; an administrator''s';

CREATE VIEW personalization.worker_status WITH (security_invoker = true) AS
SELECT personalization.worker_pid() AS pid,
       a.state,
       a.query AS doing,
       s.passes,
       s.last_started,
       s.last_finished,
       s.last_finished - s.last_started AS last_duration,
       s.last_counts,
       s.learned,
       s.last_learned,
       i.backlog AS inbox_backlog,
       i.lag AS inbox_lag,
       s.failures,
       s.last_error,
       s.last_error_in,
       s.last_error_at,
       personalization.cache_state() AS cache_state,
       c.backlog AS cache_backlog,
       c.lag AS cache_lag,
       s.cache_pushed,
       s.cache_deleted,
       s.cache_last_pushed,
       s.cache_failures,
       s.cache_last_error,
       s.cache_last_error_at
FROM (SELECT) AS always
LEFT JOIN personalization.worker_state s ON true
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = personalization.worker_pid()
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS backlog,
           pg_catalog.clock_timestamp() - pg_catalog.min(personalization.inbox_arrival(position)) AS lag
    FROM personalization.inbox) i
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS backlog,
           pg_catalog.clock_timestamp() - pg_catalog.min(personalization.inbox_arrival(position)) AS lag
    FROM personalization.cache_changes) c;
COMMENT ON VIEW personalization.worker_status IS
    'what the worker is doing and last did, what waits for it, its last error; an administrator''s';

CREATE VIEW personalization.tenant_statistics WITH (security_invoker = true) AS
SELECT t.tenant_id,
       (SELECT pg_catalog.count(*) FROM personalization.profiles p WHERE p.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS users,
       (SELECT pg_catalog.count(*) FROM personalization.preferences p WHERE p.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS preferences,
       (SELECT pg_catalog.count(*) FROM personalization.interactions i WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS interactions,
       (SELECT pg_catalog.max(i.occurred_at) FROM personalization.interactions i WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS last_interaction,
       (SELECT pg_catalog.count(*) FROM personalization.user_queries q WHERE q.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS distinct_queries,
       (SELECT pg_catalog.count(*) FROM personalization.rejected_events r WHERE r.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS rejected_events,
       (SELECT pg_catalog.count(*) FROM personalization.inbox b WHERE b.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS inbox_backlog
FROM personalization.tenants t;
COMMENT ON VIEW personalization.tenant_statistics IS
    'counts by tenant; a role under row-level security sees its own';

-- Tells the launcher, once this transaction commits, that there is work here.
CREATE FUNCTION personalization.wake_worker() RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_wake_worker';
COMMENT ON FUNCTION personalization.wake_worker() IS
    'tells the launcher, when the transaction commits, to look at this database soon; harmless without one';
SELECT personalization.wake_worker();
