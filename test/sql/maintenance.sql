-- run_maintenance() and what the worker leaves to be seen, without a worker.
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SELECT count(personalization.create_tenant(t, s)) AS made
FROM (VALUES ('m_default', jsonb '{}'), ('m_week', '{"history_retention": "7 days"}'), ('m_second', '{"history_retention": "1 second"}'), ('m_broken', '{}')) AS v (t, s);

-- == Interactions and rejected events live for history_retention, to the microsecond.
CREATE TEMP TABLE retention (tenant_id text, kept interval);
INSERT INTO retention VALUES ('m_default', '90 days'), ('m_week', '7 days'), ('m_second', '1 second');
SELECT count(personalization.learn(tenant_id, 'ana', 'dashboard', '{}', timestamptz '2026-03-01 12:00+00' - kept + n * interval '1 microsecond',
    format('00000000-0000-4000-8000-0000000000%s', 12 + n)::uuid)) AS learned FROM retention, generate_series(-2, 2) AS n;
INSERT INTO personalization.rejected_events (tenant_id, rejected_at, event, sqlstate, reason)
SELECT tenant_id, timestamptz '2026-03-01 12:00+00' - kept + n * interval '1 microsecond', to_jsonb(n), 'XX000', 'test' FROM retention, generate_series(-2, 2) AS n;
-- What belongs to no tenant is kept as by default.
INSERT INTO personalization.rejected_events (tenant_id, rejected_at, event, sqlstate, reason)
SELECT tenant_id, timestamptz '2026-03-01 12:00+00' - interval '90 days' + n * interval '1 microsecond', to_jsonb(n), 'XX000', 'test'
FROM generate_series(-2, 2) AS n, unnest(ARRAY['', 'm_no_such']) AS tenant_id;
SELECT personalization.run_maintenance('2026-03-01 12:00+00');
SELECT tenant_id, array_agg(substr(interaction_id::text, 35)::int - 12 ORDER BY occurred_at) AS interactions FROM personalization.interactions
WHERE tenant_id IN (SELECT tenant_id FROM retention) GROUP BY 1 ORDER BY tenant_id COLLATE "C";
SELECT tenant_id, array_agg(event ORDER BY rejected_at) AS rejected FROM personalization.rejected_events WHERE reason = 'test' GROUP BY 1 ORDER BY tenant_id COLLATE "C";
-- Again: nothing is left to do.  A microsecond later: one of each.
SELECT personalization.run_maintenance('2026-03-01 12:00+00');
SELECT personalization.run_maintenance('2026-03-01 12:00:00.000001+00');
-- An earlier time takes nothing.
SELECT personalization.run_maintenance('2020-01-01');
-- The retention of now, not of when it was learned.
SELECT personalization.configure_tenant('m_week', '{"history_retention": "1 year"}') ->> 'history_retention' AS retention;
SELECT personalization.run_maintenance('2026-04-01') -> 'interactions' AS interactions;
SELECT tenant_id, count(*) FROM personalization.interactions WHERE tenant_id IN (SELECT tenant_id FROM retention) GROUP BY 1 ORDER BY tenant_id COLLATE "C";

-- What has rows and is no tenant, while rejected events name it, has a tenant to come: a dump is being restored.
INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at) VALUES ('m_to_come', 'ana', 'dashboard', '{}', '2020-01-01');
INSERT INTO personalization.rejected_events (tenant_id, rejected_at, event, sqlstate, reason) VALUES ('m_to_come', '2020-01-01', '{}', 'XX000', 'test');
SELECT personalization.run_maintenance('2026-03-01') ->> 'interactions' AS interactions;
SELECT count(personalization.create_tenant('m_to_come')) AS come;
SELECT personalization.run_maintenance('2026-03-01') ->> 'interactions' AS interactions;
SELECT personalization.drop_tenant('m_to_come') ->> 'interactions' AS interactions;

-- == More than a statement's worth.
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'm_default', 'user_id', 'user ' || n % 10, 'interaction_type', 'export',
    'data', jsonb_build_object('columns', jsonb_build_array(n)), 'occurred_at', '2020-01-01T00:00:00Z'))) FROM generate_series(1, 10000) AS n;
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'm_default', 'user_id', 'user ' || n % 10, 'interaction_type', 'export',
    'data', jsonb_build_object('columns', jsonb_build_array(n)), 'occurred_at', '2020-01-01T00:00:00Z'))) FROM generate_series(10001, 20001) AS n;
SELECT personalization.run_maintenance('2026-03-01');

-- == One tenant whose settings somebody broke does not stop the others, and is named.
SELECT count(personalization.learn(t, 'ana', 'export', '{"format": "csv"}', '2020-01-01')) AS learned FROM unnest(ARRAY['m_broken', 'm_default', 'm_week']) AS t;
UPDATE personalization.tenants SET settings = '{"x": 1}' WHERE tenant_id = 'm_broken';
SELECT personalization.run_maintenance('2026-03-01');
SELECT tenant_id, count(*) FROM personalization.interactions WHERE occurred_at = '2020-01-01' AND tenant_id LIKE 'm\_%' GROUP BY 1;
SELECT personalization.configure_tenant('m_broken', '{"x": null}') IS NOT NULL AS mended;
SELECT personalization.run_maintenance('2026-03-01');

-- == Reading is the same before and after: decay is computed where it is read.
SELECT count(personalization.learn('m_default', 'read', 'visualization', format('{"chart_type": "%s"}', c)::jsonb, '2026-02-01')) AS learned FROM unnest('{bar,bar,pie,bar,bar,bar,bar,bar,bar,bar,bar}'::text[]) AS c;
CREATE TEMP TABLE read AS SELECT * FROM personalization.preferences('m_default', 'read', '2026-02-02');
SELECT count(personalization.run_maintenance('2026-02-02')) AS passes FROM generate_series(1, 20);
SELECT count(*) AS shown, (SELECT count(*) FROM (TABLE read EXCEPT SELECT * FROM personalization.preferences('m_default', 'read', '2026-02-02')) AS e) AS changed FROM read;

-- == Who may, and with what.
SELECT pg_temp.outcome(s) FROM unnest(ARRAY['SELECT personalization.run_maintenance(NULL)', $$SELECT personalization.run_maintenance('infinity')$$]) AS s;
BEGIN READ ONLY;
SELECT personalization.run_maintenance();
ROLLBACK;
CREATE ROLE regress_maintainer;
SELECT personalization.grant_access('regress_maintainer');
GRANT EXECUTE ON FUNCTION personalization.run_maintenance TO regress_maintainer;
SET ROLE regress_maintainer;
SELECT pg_temp.outcome('SELECT personalization.run_maintenance()');
RESET ROLE;

-- == The worker that is not there.
SELECT pid, state, doing, passes, last_started, last_finished, last_duration, learned, inbox_backlog, inbox_lag, coalesce(last_error, 'the worker ended') ~ '^the worker ended' AS no_error FROM personalization.worker_status;
SELECT personalization.worker_pid() IS NULL AS no_worker, pg_temp.outcome('SELECT personalization.wake_worker()') AS wake_worker;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) SELECT 'm_week', 'ana', 'query', '{}' FROM generate_series(1, 3);
SELECT pg_sleep(0.2);
SELECT pid, inbox_backlog, inbox_lag BETWEEN interval '0.2 seconds' AND interval '1 minute' AS lag FROM personalization.worker_status;
SELECT tenant_id, users, preferences > 0 AS preferences, interactions, last_interaction, distinct_queries, rejected_events, inbox_backlog FROM personalization.tenant_statistics
WHERE tenant_id IN ('m_week', 'm_broken') ORDER BY tenant_id COLLATE "C";

DELETE FROM personalization.rejected_events WHERE reason = 'test';
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['m_default', 'm_week', 'm_second', 'm_broken']) AS t;
DROP OWNED BY regress_maintainer;
DROP ROLE regress_maintainer;

-- Whoever empties worker_state still has a row to alarm on.
BEGIN;
DELETE FROM personalization.worker_state;
SELECT count(*), count(passes) AS passes, sum(inbox_backlog) AS backlog FROM personalization.worker_status;
ROLLBACK;
