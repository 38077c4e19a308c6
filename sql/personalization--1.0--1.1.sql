-- From 1.0 to 1.1: afterwards a database has the objects that CREATE EXTENSION makes.
\echo Use "ALTER EXTENSION personalization UPDATE TO '1.1'" to load this file. \quit

-- Every call reads the tenant's row first.  Who has begun is waited for here, before anything else is locked, and who
-- comes later waits: otherwise a call that holds one of the tables below and needs another would be a deadlock.
DO $lock$
DECLARE
    leaf pg_catalog.regclass;
BEGIN
    -- The partition, which is what calls lock; on a cluster the table itself, which has none.
    FOR leaf IN SELECT oid FROM pg_catalog.pg_class
        WHERE oid IN (SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = 'personalization.tenants'::pg_catalog.regclass)
           OR (oid = 'personalization.tenants'::pg_catalog.regclass AND relkind = 'r')
    LOOP
        EXECUTE pg_catalog.format('LOCK TABLE ONLY %s', leaf);
    END LOOP;
END
$lock$;

CREATE FUNCTION personalization.learning_enabled(
    tenant_id text, user_id text, OUT enabled boolean, OUT decided_by text, OUT decided_at timestamptz)
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_learning_enabled';
COMMENT ON FUNCTION personalization.learning_enabled(text, text) IS
    'whether anything is recorded of a user, and who decided that: the user, or else the tenant, by its setting learning';
REVOKE ALL ON FUNCTION personalization.learning_enabled(text, text) FROM PUBLIC;

CREATE FUNCTION personalization.reset_profile(tenant_id text, user_id text, trait text DEFAULT NULL) RETURNS boolean
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_reset_profile';
COMMENT ON FUNCTION personalization.reset_profile(text, text, text) IS
    'has a trait that was set by hand, by default all of them, inferred again; false if it was not set';
REVOKE ALL ON FUNCTION personalization.reset_profile(text, text, text) FROM PUBLIC;

COMMENT ON FUNCTION personalization.create_tenant(text, jsonb) IS
    'creates a tenant and returns its settings; history_retention, by default 90 days, is to be set before older events are loaded, since maintenance deletes those; for administrators';
COMMENT ON FUNCTION personalization.import_user(text, jsonb) IS
    'restores a user who does not exist from a document of export_user(), or from a profile document like those of get_profile(); returns the number of rows by table';

CREATE INDEX suggestion_rounds_taken ON personalization.suggestion_rounds (tenant_id, user_id, outcome_at)
    WHERE outcome = 't';
COMMENT ON TABLE personalization.suggestion_rounds IS
    'suggestions that were shown in earlier rounds, and what became of them, for suggestion_report() and counting';

-- A policy is to be evaluated before what a statement asks.
CREATE FUNCTION personalization.current_tenant_support(internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'personalization_current_tenant_support';
COMMENT ON FUNCTION personalization.current_tenant_support(internal) IS
    'loads the library, by which the planner compares with current_tenant() before it evaluates any other condition; called by the planner only';
REVOKE ALL ON FUNCTION personalization.current_tenant_support(internal) FROM PUBLIC;
ALTER FUNCTION personalization.current_tenant() SUPPORT personalization.current_tenant_support;

-- As a condition of the index: of a filter behind it EXPLAIN ANALYZE counts the rows of other tenants that the index finds.
DO $policy$
DECLARE
    rules pg_catalog.regclass;
BEGIN
    -- On a cluster there is no partition.
    FOR rules IN SELECT polrelid FROM pg_catalog.pg_policy WHERE polrelid OPERATOR(pg_catalog.=) 'personalization.signal_rules'::pg_catalog.regclass
        OR polrelid IN (SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent OPERATOR(pg_catalog.=) 'personalization.signal_rules'::pg_catalog.regclass)
    LOOP
        EXECUTE pg_catalog.format('ALTER POLICY tenant_isolation ON %s'
            ' USING (tenant_id OPERATOR(pg_catalog.=) ANY (ARRAY[personalization.current_tenant(), '''']))', rules);
    END LOOP;
END
$policy$;

-- Interactions that are learned from here on have it; those of before are read by their data, as they were.
ALTER TABLE personalization.interactions ADD COLUMN outline text COLLATE "C";
ALTER TABLE personalization.interactions ALTER COLUMN outline SET STATISTICS 0;
COMMENT ON COLUMN personalization.interactions.outline IS
    'what traits are inferred from: of a query its features, size and subjects, of a chart its type; NULL if data is to be read instead';
CREATE INDEX interactions_user_latest ON personalization.interactions (tenant_id, user_id, occurred_at, interaction_id)
    INCLUDE (interaction_type, outline);
DROP INDEX personalization.interactions_user_time;
DO $options$
DECLARE
    leaf pg_catalog.regclass;
BEGIN
    -- The partitions; on a cluster the table itself, which has none.
    FOR leaf IN SELECT oid FROM pg_catalog.pg_class
        WHERE oid IN (SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = 'personalization.interactions'::pg_catalog.regclass)
           OR (oid = 'personalization.interactions'::pg_catalog.regclass AND relkind = 'r')
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s SET (autovacuum_vacuum_insert_scale_factor = 0.02)', leaf);
    END LOOP;
END
$options$;

CREATE INDEX rejected_events_unknown ON personalization.rejected_events (tenant_id) WHERE sqlstate = '42704';

-- Events that were read here, of tenants on other nodes of a cluster, and those behind them: the consumer sends
-- them to the inbox there and deletes them here in one transaction of both nodes.  Dumped, as their offsets are.
CREATE TABLE personalization.topic_waiting (
    for_tenant  text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    events      jsonb NOT NULL,
    PRIMARY KEY (for_tenant, position)
);
ALTER TABLE personalization.topic_waiting ENABLE ROW LEVEL SECURITY;
ALTER TABLE personalization.topic_waiting FORCE ROW LEVEL SECURITY;
COMMENT ON TABLE personalization.topic_waiting IS
    'on a cluster: events read from topics that are to be sent to the inbox of their tenant''s node';
COMMENT ON COLUMN personalization.topic_waiting.for_tenant IS 'their tenant; empty for rejected messages of no tenant';
COMMENT ON COLUMN personalization.topic_waiting.position IS 'the order in which the rows of a tenant are sent';
SELECT pg_catalog.pg_extension_config_dump('personalization.topic_waiting', '');

CREATE FUNCTION personalization.tenants_in_trouble(OUT backing_off bigint, OUT unknown bigint, OUT unknown_example text)
    RETURNS record
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenants_in_trouble';
COMMENT ON FUNCTION personalization.tenants_in_trouble() IS
    'how many tenants back off after failures, and how many rejected events are of tenants that do not exist, beyond 1000 not counted; on a cluster those of this node; for administrators';
REVOKE ALL ON FUNCTION personalization.tenants_in_trouble() FROM PUBLIC;

CREATE FUNCTION personalization.distribution_problem() RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_distribution_problem';
COMMENT ON FUNCTION personalization.distribution_problem() IS
    'since what change of a Citus cluster distribute() has not been called, for the view health; NULL if it need not be; for administrators';
REVOKE ALL ON FUNCTION personalization.distribution_problem() FROM PUBLIC;
ALTER TABLE personalization.worker_state ADD COLUMN distributed jsonb;
COMMENT ON COLUMN personalization.worker_state.distributed IS
    'on a Citus cluster: the version of the extension, and the nodes, when distribute() was last called';

CREATE OR REPLACE VIEW personalization.health WITH (security_invoker = true) AS
SELECT pg_catalog.cardinality(h.problems) OPERATOR(pg_catalog.=) 0 AS ok, h.problems
FROM (SELECT pg_catalog.array_remove(ARRAY[
        -- On a standby there is no worker, and the times are those of the primary.
        CASE WHEN w.pid IS NOT NULL THEN NULL
             WHEN e.switched_on AND w.last_error_in OPERATOR(pg_catalog.=) 'starting'
             THEN pg_catalog.format('no worker is running, because none could be started: %s', w.last_error)
             WHEN e.expected AND NOT pg_catalog.pg_is_in_recovery()
                  AND GREATEST(w.last_finished, s.created_at) OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '5 minutes')
             THEN 'no worker has been running for minutes, although the library is preloaded: the server log says why'
             WHEN e.expected AND NOT pg_catalog.pg_is_in_recovery() THEN NULL
             WHEN coalesce(GREATEST(w.last_finished, w.last_run_maintenance) OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '25 hours'), true)
             THEN pg_catalog.format('no worker is running%s, and %s',
                    CASE WHEN NOT e.preloaded THEN ' (the library is not preloaded)' WHEN NOT e.switched_on THEN ' (personalization.worker is off)' ELSE '' END,
                    CASE WHEN coalesce(w.last_finished, w.last_run_maintenance) IS NULL THEN 'run_maintenance() has never finished'
                         ELSE 'run_maintenance() has not finished in a day' END) END,
        CASE WHEN w.pid IS NOT NULL AND w.last_finished OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '1 hour')
             THEN 'the worker has not finished a pass for an hour' END,
        -- A new database has nothing to do; a restore may take longer, and is said, too.
        CASE WHEN w.pid IS NOT NULL AND w.waits_for OPERATOR(pg_catalog.<>) 'the first tenant'
                  AND GREATEST(w.last_finished, s.created_at) OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '5 minutes')
             THEN pg_catalog.format('the worker waits for %s', w.waits_for) END,
        CASE WHEN w.inbox_lag OPERATOR(pg_catalog.>) interval '1 minute'
             THEN pg_catalog.format('%s rows wait in the inbox, the oldest for %s', w.inbox_backlog, pg_catalog.date_trunc('second', w.inbox_lag)) END,
        CASE WHEN w.last_error_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '15 minutes')
                  AND NOT coalesce(w.pid IS NULL AND w.last_error_in OPERATOR(pg_catalog.=) 'starting', false)
             THEN pg_catalog.format('the worker failed in %s: %s', coalesce(w.last_error_in, 'a step'), w.last_error) END,
        CASE WHEN w.cache_state OPERATOR(pg_catalog.=) 'failing' THEN pg_catalog.format('the cache cannot be reached: %s', w.cache_last_error) END,
        CASE WHEN w.cache_lag OPERATOR(pg_catalog.>) interval '5 minutes' AND w.cache_state OPERATOR(pg_catalog.<>) 'off'
             THEN pg_catalog.format('%s changes wait for the cache, the oldest for %s', w.cache_backlog, pg_catalog.date_trunc('second', w.cache_lag)) END,
        CASE WHEN n.backing_off OPERATOR(pg_catalog.>) 0
             THEN pg_catalog.format('%s tenants back off after failures', n.backing_off) END,
        -- No tenant's counts have them; upkeep deletes them after 90 days.
        CASE WHEN n.unknown OPERATOR(pg_catalog.>) 0
             THEN pg_catalog.format('rejected_events has rows of tenants that do not exist: %s, such as of "%s"',
                    CASE WHEN n.unknown OPERATOR(pg_catalog.>) 1000 THEN 'more than 1000' ELSE n.unknown::text END, n.unknown_example) END,
        -- The settings say whether a process should read topics, and topic_state whether it can. (A topic has another
        -- collation than the column, which REPLACE must not change.)
        CASE WHEN w.pid IS NOT NULL AND w.waits_for IS NULL AND personalization.consumer_pid() IS NULL
                  AND coalesce(pg_catalog.current_setting('personalization.kafka_brokers', true), '') OPERATOR(pg_catalog.<>) ''
                  AND coalesce(pg_catalog.current_setting('personalization.kafka_database', true), '')
                      OPERATOR(pg_catalog.=) ANY (ARRAY['', pg_catalog.current_database()::text])
                  AND EXISTS (SELECT FROM personalization.topic_subscriptions AS u
                              WHERE u.subscribed_at OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '1 minute'))
             THEN 'no process reads topics, although personalization.kafka_brokers is set: the server log says why' END,
        (SELECT pg_catalog.format('topics cannot be read: %s, such as "%s" for %s: %s', f.n, f.topic COLLATE pg_catalog."default",
                    pg_catalog.date_trunc('second', pg_catalog.now() OPERATOR(pg_catalog.-) f.since), f.last_error)
         FROM (SELECT pg_catalog.count(*) OVER () AS n, t.topic, t.since, t.last_error
               FROM personalization.topic_state AS t
               JOIN personalization.topic_subscriptions AS u ON u.topic OPERATOR(pg_catalog.=) t.topic
               WHERE t.state OPERATOR(pg_catalog.=) 'failing' AND personalization.consumer_pid() IS NOT NULL
                 AND t.since OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '1 minute')
               ORDER BY t.since LIMIT 1) AS f),
        personalization.distribution_problem(),
        (SELECT pg_catalog.format('events of topics wait for other nodes, the oldest for %s', pg_catalog.date_trunc('second', q.lag))
         FROM (SELECT pg_catalog.now() OPERATOR(pg_catalog.-) personalization.inbox_arrival(pg_catalog.min(m.position)) AS lag
               FROM personalization.topic_waiting AS m) AS q
         WHERE q.lag OPERATOR(pg_catalog.>) interval '1 minute')], NULL) AS problems
      FROM personalization.worker_status AS w
      LEFT JOIN personalization.worker_state AS s ON true
      CROSS JOIN LATERAL personalization.tenants_in_trouble() AS n
      -- Who may not read the setting of libraries is told no reason.
      CROSS JOIN LATERAL (
          SELECT p.preloaded, p.switched_on, coalesce(p.preloaded AND p.switched_on, false) AS expected
          FROM (SELECT (SELECT c.setting OPERATOR(pg_catalog.~) E'\\mpersonalization\\M' FROM pg_catalog.pg_settings AS c
                        WHERE c.name OPERATOR(pg_catalog.=) 'shared_preload_libraries') AS preloaded,
                       coalesce(pg_catalog.current_setting('personalization.worker', true)::boolean, true) AS switched_on) AS p) AS e) AS h;

COMMENT ON FUNCTION personalization.learn_part(text, jsonb) IS
    'learns events that learn_batch() sends from another node of a Citus cluster, or has those of topics wait; called by it and the consumer';
COMMENT ON VIEW personalization.tenant_statistics IS
    'counts by tenant; distinct_queries is that of each user, added up; a role under row-level security sees its own tenant';
