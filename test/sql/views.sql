-- Views and insights: what there is to see of users and tenants as a whole.
SET personalization.count_at_commit = off;
SET timezone = 'UTC';
SELECT count(personalization.create_tenant(t)) AS made FROM unnest(ARRAY['v1', 'v2']) AS t;
-- More than a day ago, and less than two, in one hour of the clock, at whatever time this runs.
SELECT date_trunc('hour', now()) - interval '26 hours' AS at \gset
SELECT count(personalization.learn('v1', 'user' || u, type, data, :'at'::timestamptz + n * interval '1 minute')) AS learned
FROM generate_series(1, 6) AS u, generate_series(1, 8) AS n, LATERAL (VALUES
    ('visualization'::personalization.interaction_type, jsonb_build_object('chart_type', CASE WHEN u < 6 THEN 'bar' ELSE 'pie' END)),
    ('query', jsonb_build_object('query', CASE WHEN n = 1 THEN 'Secret of ' || u ELSE 'Revenue?' END, 'tables_used', jsonb_build_array('orders', CASE WHEN n = 1 THEN 'private' || u ELSE 'orders' END)))) AS v (type, data);
SELECT personalization.set_preference('v1', 'only chosen', 'data', 'k', '1');
SELECT personalization.learn('v2', 'other', 'export', '{"format": "csv"}') IS NOT NULL AS learned;
UPDATE personalization.worker_state SET last_finished = NULL, maintained_at = NULL;
SELECT regexp_replace(p, ' \(.*? (not preloaded|off)\)', '') AS neglected FROM personalization.health, unnest(problems) AS p WHERE p ~ 'run_maintenance';
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT regexp_replace(p, ' \(.*? (not preloaded|off)\)', '') AS neglected FROM personalization.health, unnest(problems) AS p WHERE p ~ 'run_maintenance';
SELECT last_run_maintenance > now() - interval '1 minute' AS noted FROM personalization.worker_status;
SELECT user_id, key, value, round(confidence::numeric, 4) AS confidence, source FROM personalization.live_preferences WHERE tenant_id = 'v1' AND user_id IN ('user1', 'user6', 'only chosen') ORDER BY user_id, confidence DESC, key;
SELECT tenant_id, weekday = date_part('isodow', :'at'::timestamptz) AS that_day, hour = date_part('hour', :'at'::timestamptz) AS that_hour, interactions, users FROM personalization.usage_heatmap WHERE tenant_id = 'v1' ORDER BY hour;
SELECT tenant_id, users, active_users, interactions, queries, suggestions_shown, suggestion_rate FROM personalization.tenant_overview WHERE tenant_id IN ('v1', 'v2') ORDER BY 1;
SELECT skill_level, preferences, queries FROM personalization.profile_overview WHERE tenant_id = 'v1' AND user_id = 'user1';
-- What becomes of suggestions.
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('v1', 'user1') \gset
SELECT count(personalization.record_outcome('v1', 'user1', suggestion_id, 'accepted')) AS accepted FROM (SELECT * FROM personalization.get_suggestions('v1', 'user1') LIMIT 1) AS s;
SELECT sum(shown) > 0 AS shown, sum(accepted) AS accepted, sum(dismissed) AS dismissed FROM personalization.suggestion_outcomes WHERE tenant_id = 'v1';
-- Not for a day; and events of tenants that are not there, which no tenant's counts have.
UPDATE personalization.worker_state SET maintained_at = now() - interval '26 hours';
SELECT regexp_replace(p, ' \(.*? (not preloaded|off)\)', '') AS neglected FROM personalization.health, unnest(problems) AS p WHERE p ~ 'run_maintenance';
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) SELECT 'v1e', 'bo', 'export', '{}' FROM generate_series(1, 2);
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('v1', 'bo', 'exprot', '{}');
SELECT personalization.run_maintenance() IS NOT NULL AS done;
SELECT ok, p AS problem FROM personalization.health, unnest(problems) AS p WHERE p ~ 'rejected';
INSERT INTO personalization.rejected_events (tenant_id, event, sqlstate, reason) SELECT 'v1e', '{}', '42704', 'no tenant' FROM generate_series(1, 1500);
SELECT ok, p AS problem FROM personalization.health, unnest(problems) AS p WHERE p ~ 'rejected';
DELETE FROM personalization.rejected_events WHERE tenant_id = 'v1e';
SELECT count(*) FROM personalization.health, unnest(problems) AS p WHERE p ~ 'rejected';
-- Events of topics that wait for another node of a cluster.
INSERT INTO personalization.topic_waiting (for_tenant, position, events) VALUES ('v1', 7, '[]');
SELECT ok, regexp_replace(p, 'for @.*', 'for years') AS problem FROM personalization.health, unnest(problems) AS p WHERE p ~ 'topics';
DELETE FROM personalization.topic_waiting;
-- One row, whatever the state.
SELECT count(*), bool_and(ok = (cardinality(problems) = 0)) AS agree FROM personalization.health;

-- == A tenant as a whole, and nothing about fewer than five.
SELECT jsonb_pretty(i - 'since' - 'by_hour') AS insights, i -> 'by_hour' -> date_part('hour', :'at'::timestamptz)::int AS that_hour,
       (SELECT array_agg(DISTINCT n) FROM jsonb_array_elements(i -> 'by_hour') AS n) AS by_hour, jsonb_array_length(i -> 'by_hour') AS hours
FROM personalization.tenant_insights('v1') i;
SELECT i -> 'active_users' AS active_users, i -> 'tables' AS tables, i -> 'charts' AS charts FROM personalization.tenant_insights('v2') i;
SELECT personalization.configure_tenant('v1', '{"insight_minimum_users": 1}') -> 'insight_minimum_users' AS minimum;
SELECT i -> 'charts' AS charts, jsonb_array_length(i -> 'tables') AS tables FROM personalization.tenant_insights('v1') i;
SELECT i -> 'active_users' AS active_users FROM personalization.tenant_insights('v1', now() + interval '1 day') i;
SELECT personalization.configure_tenant('v1', '{"insight_minimum_users": 0}');
-- Rising is what is asked more than twice as often in the later half, and there by enough people.
BEGIN;
SELECT personalization.create_tenant('v3') IS NOT NULL AS made;
SELECT count(personalization.learn('v3', 'u' || u, 'query', jsonb_build_object('query', q, 'tables_used', jsonb_build_array(t)), now() - days * interval '1 day' + n * interval '1 minute')) AS learned
FROM (VALUES ('Rising?', 'up', 1, 1, 8, 1), ('Rising?', 'up', 1, 6, 1, 1), ('Of few?', 'few', 5, 5, 8, 1), ('Of few?', 'few', 1, 4, 1, 3), ('Steady?', 'steady', 1, 6, 8, 1), ('Steady?', 'steady', 1, 6, 1, 2)) AS v (q, t, first, last, days, times),
     generate_series(first, last) AS u, generate_series(1, times) AS n;
SELECT i -> 'rising_tables' AS tables, i -> 'rising_queries' AS queries, jsonb_array_length(i -> 'queries') AS all_queries FROM personalization.tenant_insights('v3', now() - interval '10 days') AS i;
SELECT page ~ 'Rising queries.*Rising[?].*6 requests in the second half of the time, 1 in the first' AS on_the_page FROM personalization.tenant_report('v3', now() - interval '10 days') AS page;
ROLLBACK;
SELECT personalization.tenant_insights('nobody');
SELECT personalization.tenant_insights('v1', 'infinity');

-- == As an application's role.
SET client_min_messages = warning;
CREATE ROLE regress_views LOGIN;
RESET client_min_messages;
SELECT personalization.bind_role('regress_views', 'v2');
SET personalization.tenant_id = 'v2';
SET ROLE regress_views;
SELECT tenant_id, user_id FROM personalization.live_preferences;
SELECT tenant_id FROM personalization.tenant_overview;
SELECT tenant_id FROM personalization.profile_overview;
SELECT DISTINCT tenant_id FROM personalization.usage_heatmap;
SELECT personalization.tenant_insights('v1');
SELECT * FROM personalization.health;
RESET ROLE;
RESET personalization.tenant_id;
DROP OWNED BY regress_views;
DROP ROLE regress_views;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['v1', 'v2']) AS t;
