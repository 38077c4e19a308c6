-- Views that people look for.  All run with the caller's rights: a role under row-level security sees its tenant.

CREATE VIEW personalization.live_preferences WITH (security_invoker = true) AS
SELECT u.tenant_id, u.user_id, p.category, p.key, p.value, p.confidence, p.observation_count, p.last_updated, p.source
FROM (SELECT tenant_id, user_id FROM personalization.profiles
      UNION SELECT tenant_id, user_id FROM personalization.preference_choices) AS u
CROSS JOIN LATERAL personalization.preferences(u.tenant_id, u.user_id) AS p;
COMMENT ON VIEW personalization.live_preferences IS
    'what every user prefers now: preferences() of all users';

CREATE VIEW personalization.suggestion_outcomes WITH (security_invoker = true) AS
SELECT s.tenant_id, s.suggestion_type,
       pg_catalog.count(*) AS queries,
       pg_catalog.count(DISTINCT s.user_id) AS users,
       pg_catalog.sum(s.rounds) AS shown,
       pg_catalog.sum(s.taken) AS asked,
       pg_catalog.sum(coalesce(pg_catalog.cardinality(s.accepted_at), 0)) AS accepted,
       pg_catalog.sum(s.dismissals) AS dismissed,
       pg_catalog.sum(s.passed_over) AS passed_over,
       pg_catalog.max(s.shown_at) AS last_shown
FROM personalization.suggestions AS s
GROUP BY s.tenant_id, s.suggestion_type;
COMMENT ON VIEW personalization.suggestion_outcomes IS
    'what became of suggestions, by type: how often one was shown, and then asked, accepted, dismissed or passed over';

CREATE VIEW personalization.usage_heatmap WITH (security_invoker = true) AS
SELECT i.tenant_id,
       pg_catalog.date_part('isodow', i.at)::int AS weekday,
       pg_catalog.date_part('hour', i.at)::int AS hour,
       pg_catalog.count(*) AS interactions,
       pg_catalog.count(DISTINCT i.user_id) AS users
FROM (SELECT n.tenant_id, n.user_id,
             personalization.local_time(n.occurred_at, t.settings) AS at
      FROM personalization.interactions AS n
      JOIN personalization.tenants AS t ON t.tenant_id OPERATOR(pg_catalog.=) n.tenant_id) AS i
GROUP BY i.tenant_id, 2, 3;
COMMENT ON VIEW personalization.usage_heatmap IS
    'interactions by weekday (1 is Monday) and hour, on the clock of each tenant';

CREATE VIEW personalization.tenant_overview WITH (security_invoker = true) AS
SELECT t.tenant_id,
       p.users,
       i.active_users,
       i.interactions,
       i.last_interaction,
       q.queries,
       s.shown AS suggestions_shown,
       s.asked AS suggestions_asked,
       pg_catalog.round(s.asked OPERATOR(pg_catalog./) nullif(s.shown, 0), 3) AS suggestion_rate,
       r.rejected AS rejected_events
FROM personalization.tenants AS t
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS users FROM personalization.profiles AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS p
CROSS JOIN LATERAL (SELECT pg_catalog.count(DISTINCT x.user_id) AS active_users, pg_catalog.count(*) AS interactions,
                           pg_catalog.max(x.occurred_at) AS last_interaction
                    FROM personalization.interactions AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id
                          AND x.occurred_at OPERATOR(pg_catalog.>) (pg_catalog.now() OPERATOR(pg_catalog.-) interval '7 days')
                          AND x.interaction_id OPERATOR(pg_catalog.>=) '00000000-0000-0000-0000-000000000000') AS i
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS queries FROM personalization.query_statistics AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS q
CROSS JOIN LATERAL (SELECT pg_catalog.sum(x.rounds)::numeric AS shown, pg_catalog.sum(x.taken)::numeric AS asked FROM personalization.suggestions AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS s
CROSS JOIN LATERAL (SELECT pg_catalog.count(*) AS rejected FROM personalization.rejected_events AS x
                    WHERE x.tenant_id OPERATOR(pg_catalog.=) t.tenant_id) AS r;
COMMENT ON VIEW personalization.tenant_overview IS
    'each tenant in a row: users, those active in the last seven days and what they did, and how suggestions do';

CREATE VIEW personalization.profile_overview WITH (security_invoker = true) AS
SELECT p.tenant_id, p.user_id,
       d.profile OPERATOR(pg_catalog.->>) 'skill_level' AS skill_level,
       d.profile OPERATOR(pg_catalog.->>) 'communication_style' AS communication_style,
       (SELECT pg_catalog.string_agg(e.subject, ', ') FROM pg_catalog.jsonb_array_elements_text(d.profile OPERATOR(pg_catalog.->) 'domain_expertise') AS e (subject)) AS domain_expertise,
       (SELECT pg_catalog.string_agg(pg_catalog.format('%s = %s (%s)', l.key, l.value, pg_catalog.round(l.confidence::numeric, 2)), E'\n' ORDER BY l.confidence DESC, l.key)
        FROM personalization.preferences(p.tenant_id, p.user_id) AS l) AS preferences,
       (SELECT pg_catalog.count(*) FROM personalization.user_queries AS q
        WHERE q.tenant_id OPERATOR(pg_catalog.=) p.tenant_id AND q.user_id OPERATOR(pg_catalog.=) p.user_id) AS queries,
       (SELECT pg_catalog.max(i.occurred_at) FROM personalization.interactions AS i
        WHERE i.tenant_id OPERATOR(pg_catalog.=) p.tenant_id AND i.user_id OPERATOR(pg_catalog.=) p.user_id) AS last_interaction
FROM personalization.profiles AS p
CROSS JOIN LATERAL (SELECT personalization.get_profile(p.tenant_id, p.user_id)) AS d (profile);
COMMENT ON VIEW personalization.profile_overview IS
    E'each user in a row, to be read with \\x in psql: traits, live preferences, queries';

-- What an alert asks: one row, whether all is well, and if not, why not.
CREATE FUNCTION personalization.tenants_in_trouble(OUT backing_off bigint, OUT unknown bigint, OUT unknown_example text)
    RETURNS record
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenants_in_trouble';
COMMENT ON FUNCTION personalization.tenants_in_trouble() IS
    'how many tenants back off after failures, and how many rejected events are of tenants that do not exist, beyond 1000 not counted; on a cluster those of this node; for administrators';

CREATE VIEW personalization.health WITH (security_invoker = true) AS
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
COMMENT ON VIEW personalization.health IS
    'whether the worker, the inbox and the cache are well, and if not, why not; for administrators';

CREATE FUNCTION personalization.tenant_insights(tenant_id text, since timestamptz DEFAULT now() - interval '30 days') RETURNS jsonb
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off
    AS 'MODULE_PATHNAME', 'personalization_tenant_insights';
COMMENT ON FUNCTION personalization.tenant_insights(text, timestamptz) IS
    'a tenant as a whole since a time: active users, tables, queries, charts, export formats, hours, skill; nothing about fewer people than the setting insight_minimum_users';
