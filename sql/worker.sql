-- The background worker, as seen from SQL.

-- One row with the state of the worker.  It contains no tenant's data, and is not dumped.
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
    cache_last_error_at  timestamptz,
    maintained_at        timestamptz,
    distributed          jsonb
);
ALTER TABLE personalization.worker_state ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_state FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.worker_state IS 'state of the worker, for the view worker_status';
COMMENT ON COLUMN personalization.worker_state.maintained_at IS
    'when run_maintenance() last finished in a database without a worker';
COMMENT ON COLUMN personalization.worker_state.distributed IS
    'on a Citus cluster: the version of the extension, and the nodes, when distribute() was last called';
COMMENT ON COLUMN personalization.worker_state.cache_database IS
    'identifies this database to a cache, which serves one database at a time';
COMMENT ON COLUMN personalization.worker_state.cache_generation IS
    'generation of the keys in a cache; increases when changes were not recorded, so that older keys are deleted';
COMMENT ON COLUMN personalization.worker_state.cache_version IS 'version of the documents last acknowledged by the cache';
INSERT INTO personalization.worker_state DEFAULT VALUES;

-- One row of this database itself, and one from a dump.  The table's name is the last in a dump: when the
-- second row is restored, the restore is complete, and the worker begins.
CREATE TABLE personalization.worker_restores (
    here  boolean NOT NULL DEFAULT true
);
ALTER TABLE personalization.worker_restores ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_restores FORCE ROW LEVEL SECURITY;
ALTER TABLE personalization.worker_restores REPLICA IDENTITY FULL;
COMMENT ON TABLE personalization.worker_restores IS
    'shows that a dump has been restored: the worker waits while rows are older than the extension and this table has only one row';
INSERT INTO personalization.worker_restores DEFAULT VALUES;
SELECT pg_catalog.pg_extension_config_dump('personalization.worker_restores', 'LIMIT 1');

CREATE FUNCTION personalization.worker_pid() RETURNS int
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_worker_pid';
COMMENT ON FUNCTION personalization.worker_pid() IS
    'process ID of the worker of this database, NULL if there is none; for administrators';

CREATE FUNCTION personalization.inbox_backlog(OUT backlog bigint, OUT lag interval) RETURNS record
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_inbox_backlog';
COMMENT ON FUNCTION personalization.inbox_backlog() IS
    'how many rows wait in the inbox, and since when the oldest; on a cluster those of this node; for administrators';
CREATE FUNCTION personalization.worker_waits_for() RETURNS text
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_worker_waits_for';
COMMENT ON FUNCTION personalization.worker_waits_for() IS
    'what the worker of this database waits for before it does anything, NULL if it works; for administrators';

CREATE FUNCTION personalization.worker_start_failures(OUT failures bigint, OUT error text, OUT at timestamptz)
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_worker_start_failures';
COMMENT ON FUNCTION personalization.worker_start_failures() IS
    'number of workers of this database that ended at their start, since one did not, and the latest error; for administrators';

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
       s.failures OPERATOR(pg_catalog.+) coalesce(f.failures, 0) AS failures,
       coalesce(f.error, s.last_error) AS last_error,
       CASE WHEN f.failures IS NULL THEN s.last_error_in ELSE 'starting' END AS last_error_in,
       coalesce(f.at, s.last_error_at) AS last_error_at,
       personalization.cache_state() AS cache_state,
       c.backlog AS cache_backlog,
       c.lag AS cache_lag,
       s.cache_pushed,
       s.cache_deleted,
       s.cache_last_pushed,
       s.cache_failures,
       s.cache_last_error,
       s.cache_last_error_at,
       personalization.node_name() AS node,
       personalization.worker_waits_for() AS waits_for,
       s.maintained_at AS last_run_maintenance
FROM (SELECT) AS always
LEFT JOIN personalization.worker_state s ON true
LEFT JOIN personalization.worker_start_failures() f ON true
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = personalization.worker_pid()
CROSS JOIN LATERAL personalization.inbox_backlog() i
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS backlog,
           pg_catalog.clock_timestamp() - pg_catalog.min(personalization.inbox_arrival(position)) AS lag
    FROM personalization.cache_changes) c;
COMMENT ON VIEW personalization.worker_status IS
    'activity of the worker, its latest pass, backlogs and latest error; for administrators';

CREATE VIEW personalization.tenant_statistics WITH (security_invoker = true) AS
SELECT t.tenant_id,
       (SELECT pg_catalog.count(*) FROM personalization.profiles p WHERE p.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS users,
       (SELECT pg_catalog.count(*) FROM personalization.preferences p WHERE p.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS preferences,
       (SELECT pg_catalog.count(*) FROM personalization.interactions i WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS interactions,
       (SELECT pg_catalog.max(i.occurred_at) FROM personalization.interactions i WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id
          AND i.interaction_id OPERATOR(pg_catalog.>=) '00000000-0000-0000-0000-000000000000') AS last_interaction,
       (SELECT pg_catalog.count(*) FROM personalization.user_queries q WHERE q.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS distinct_queries,
       (SELECT pg_catalog.count(*) FROM personalization.rejected_events r WHERE r.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS rejected_events,
       (SELECT pg_catalog.count(*) FROM personalization.inbox b WHERE b.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS inbox_backlog,
       (SELECT pg_catalog.jsonb_object_agg(u.interaction_type, pg_catalog.jsonb_build_object('interactions', u.interactions, 'unread', u.names))
        FROM (SELECT i.interaction_type, pg_catalog.count(*) AS interactions,
                     (SELECT coalesce(pg_catalog.jsonb_object_agg(n.name, n.interactions), '{}')
                      FROM (SELECT names.name, pg_catalog.count(*) AS interactions
                            FROM personalization.interactions j, pg_catalog.unnest(j.unread) AS names (name)
                            WHERE j.tenant_id OPERATOR(pg_catalog.=) t.tenant_id AND j.unread IS NOT NULL
                                  AND j.interaction_type OPERATOR(pg_catalog.=) i.interaction_type
                            GROUP BY names.name) AS n) AS names
              FROM personalization.interactions i
              WHERE i.tenant_id OPERATOR(pg_catalog.=) t.tenant_id AND i.unread IS NOT NULL
              GROUP BY i.interaction_type) AS u) AS not_learned,
       b.since AS backing_off_since,
       b.why AS backing_off_why
FROM personalization.tenants t
CROSS JOIN LATERAL (
    SELECT pg_catalog.min(o.since) AS since,
           pg_catalog.string_agg(o.step OPERATOR(pg_catalog.||) ': ' OPERATOR(pg_catalog.||) o.reason, '; ' ORDER BY o.since, o.step) AS why
    FROM personalization.backing_off o WHERE o.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) b;
COMMENT ON VIEW personalization.tenant_statistics IS
    'counts by tenant; distinct_queries is that of each user, added up; a role under row-level security sees its own tenant';

-- Notifies the launcher, when this transaction commits, of this database.
CREATE FUNCTION personalization.wake_worker() RETURNS void
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'personalization_wake_worker';
COMMENT ON FUNCTION personalization.wake_worker() IS
    'notifies the launcher of this database when the transaction commits; has no effect without a launcher';
SELECT personalization.wake_worker();
