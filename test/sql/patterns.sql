-- Rhythms of queries, and usage_patterns().
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SELECT personalization.create_tenant('berlin', '{"time_zone": "Europe/Berlin"}') ->> 'time_zone' AS zone;
SELECT personalization.create_tenant('utc') ->> 'time_zone' AS zone;

-- Days: the latest sixteen, each once, in order; whatever the arrays hold.
SELECT personalization.merge_asked_days('{2026-01-05,2026-01-07}', '{2026-01-06,2026-01-07}');
SELECT personalization.merge_asked_days('{}', '{}');
SELECT personalization.merge_asked_days('{2026-01-07,NULL,2026-01-05,infinity}', '{{-infinity,2026-01-06}}');
SELECT personalization.merge_asked_days(array_agg('2026-01-01'::date + i), '{2025-12-31,2026-02-01}')
FROM generate_series(0, 19) i;
SELECT personalization.next_due_on('{2026-01-05,2026-01-12}') AS two,
       personalization.next_due_on('{2026-01-05,2026-01-12}', '{2026-01-19}') AS weekly,
       personalization.next_due_on('{2026-01-19,2026-01-05,2026-01-12}') AS unordered,
       personalization.next_due_on('{2026-01-31,2026-02-28,2026-03-31}') AS month_end,
       personalization.next_due_on('{2027-12-31,2028-01-31,2028-02-29}') AS leap_year,
       personalization.next_due_on('{2026-01-09,2026-01-10,2026-01-11}') AS daily,
       personalization.next_due_on('{2026-01-07,2026-01-08,2026-01-09}') AS working_days,
       personalization.next_due_on('{2026-01-05,2026-01-08,2026-01-20}') AS none;
SELECT personalization.next_due_on('{5874897-12-30,5874897-12-31,5874897-12-29}') AS end_of_time,
       personalization.next_due_on('{4713-01-01 BC,4713-01-02 BC,4713-01-03 BC}') AS beginning;

-- Half past midnight on Mondays in Berlin is Sunday in UTC; clocks change on March 29th.
CREATE TABLE mondays AS
SELECT ('2026-02-23 00:30'::timestamp + i * interval '7 days') AT TIME ZONE 'Europe/Berlin' AS at, i
FROM generate_series(0, 7) i;
SELECT min(at), max(at) FROM mondays;
SELECT count(personalization.learn(tenant, 'ana', 'query', '{"query": "Revenue of the week?"}', at))
FROM mondays, unnest(ARRAY['berlin', 'utc']) tenant;
SELECT tenant_id, asked_days, due_on FROM personalization.user_queries ORDER BY 1;

-- The same late, in any order, and in batches small and large.
SELECT count(personalization.learn('berlin', 'late', 'query', '{"query": "Revenue of the week?"}', at))
FROM (SELECT at FROM mondays ORDER BY i * 5 % 8) x;
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'berlin', 'user_id', 'batch',
    'interaction_type', 'query', 'data', '{"query": "Revenue of the week?"}'::jsonb, 'occurred_at', at)))
FROM mondays;
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'berlin', 'user_id', 'large',
    'interaction_type', 'query', 'data', jsonb_build_object('query', 'Question ' || q), 'occurred_at', at)))
FROM mondays, generate_series(1, 20) q;
SELECT user_id, count(*), min(asked_days) = max(asked_days) AS same, min(due_on), max(due_on)
FROM personalization.user_queries WHERE tenant_id = 'berlin' GROUP BY 1 ORDER BY 1;

-- What recurs: due on its day until it was asked; lapsed when three weeks have gone by.
SELECT d, q ->> 'query' AS query, q ->> 'rhythm' AS rhythm, q ->> 'cadence' AS cadence,
       q ->> 'next_due' AS next_due, q ->> 'ask_count' AS asks, q ->> 'strength' AS strength
FROM unnest(ARRAY['2026-04-12 21:00+00', '2026-04-12 22:00+00', '2026-04-12 23:00+00', '2026-04-19 22:00+00',
                  '2026-05-04 21:59+00', '2026-05-04 22:00+00', '2026-03-01 00:00+00', '2026-03-09 00:00+00',
                  '2026-03-15 23:00+00']) d,
     jsonb_array_elements(personalization.usage_patterns('berlin', 'ana', d::timestamptz)
                          -> 'recurring_queries') q ORDER BY d::timestamptz;

-- Of many the strongest are shown.
SELECT jsonb_array_length(p -> 'recurring_queries') FROM personalization.usage_patterns('berlin', 'large', '2026-04-14') p;

-- Asked again on the same day, a row changes in place and the index on due_on stays as it is.
BEGIN;
CREATE TEMP VIEW updates AS
SELECT sum(n_tup_upd) AS n, sum(n_tup_hot_upd) AS hot FROM pg_stat_xact_user_tables WHERE relname ~ '^user_queries_\d$';
CREATE TEMP TABLE before AS TABLE updates;
SELECT count(personalization.learn('berlin', 'ana', 'query', '{"query": "Revenue of the week?"}', '2026-04-13 12:00')) FROM generate_series(1, 5);
SELECT u.n - b.n AS updated, u.hot - b.hot AS in_place FROM updates u, before b;
SELECT count(personalization.learn('berlin', 'ana', 'query', '{"query": "Revenue of the week?"}', '2026-04-20 12:00')) FROM generate_series(1, 5);
SELECT u.n - b.n AS updated, u.hot - b.hot AS in_place FROM updates u, before b;
ROLLBACK;

-- The day of a row is found through the index.
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT query_id FROM personalization.user_queries WHERE tenant_id = 'berlin' AND user_id = 'ana'
    AND due_on <= '2026-04-20' AND due_on > '2026-01-17' ORDER BY due_on DESC, query_id DESC LIMIT 200;
RESET enable_seqscan;

-- A rhythm of work: two sessions, a minute and an hour apart.
SELECT count(personalization.learn('berlin', 'bo', type::personalization.interaction_type, data::jsonb, at::timestamptz))
FROM (VALUES ('query', '{"query": "a"}', '2026-03-02 09:00+01'),
             ('refinement', '{"original": {}, "corrected": {}}', '2026-03-02 09:02+01'),
             ('query', '{"query": "b"}', '2026-03-02 09:03+01'),
             ('visualization', '{"chart_type": "bar"}', '2026-03-02 09:33+01'),
             ('export', '{"format": "csv"}', '2026-03-03 00:15+01')) v (type, data, at);
SELECT jsonb_pretty(personalization.usage_patterns('berlin', 'bo', '2026-03-05'));
SELECT p -> 'interactions' AS n, p -> 'since' AS since, p #> '{sessions,count}' AS sessions,
       p -> 'by_hour' -> 0 AS midnight
FROM personalization.usage_patterns('berlin', 'bo', '2026-03-02 12:00+00') p;

-- What retention has passed is not counted, deleted or not.
SELECT p -> 'interactions' AS n FROM personalization.usage_patterns('berlin', 'bo', '2026-05-31 08:02+00') p;

-- Nobody: the same members, without counts.
SELECT personalization.usage_patterns('berlin', 'nobody', '2026-03-05');
SELECT count(*) FROM personalization.profiles WHERE user_id = 'nobody';

-- The other tenant's are not seen, and its role sees its own.
SELECT personalization.usage_patterns('utc', 'bo', '2026-03-05') -> 'interactions' AS n;
SET client_min_messages = warning;
CREATE ROLE patterns_app;
SELECT personalization.grant_access('patterns_app');
RESET client_min_messages;
SET personalization.tenant_id = 'utc';
SET ROLE patterns_app;
SELECT q ->> 'rhythm' AS rhythm FROM jsonb_array_elements(
    personalization.usage_patterns('utc', 'ana', '2026-04-12') -> 'recurring_queries') q;
SELECT personalization.usage_patterns('berlin', 'ana');
SELECT personalization.learn('utc', 'ana', 'query', '{"query": "Revenue of the week?"}', '2026-04-19 12:00+00') IS NOT NULL;
SELECT due_on FROM personalization.user_queries;
-- An application may write anything there.
UPDATE personalization.user_queries SET asked_days = '{NULL,infinity,2026-04-20,2026-04-13,2026-04-06}', due_on = '2026-04-27';
SELECT q ->> 'rhythm' AS rhythm, q -> 'next_due' AS next_due FROM jsonb_array_elements(
    personalization.usage_patterns('utc', 'ana', '2026-04-27') -> 'recurring_queries') q;
UPDATE personalization.user_queries SET asked_days = '{}';
SELECT personalization.usage_patterns('utc', 'ana', '2026-04-27') -> 'recurring_queries' AS recurring;
RESET ROLE;
RESET personalization.tenant_id;

SET client_min_messages = warning;
DROP OWNED BY patterns_app;
DROP ROLE patterns_app;
DROP TABLE mondays;
SELECT count(personalization.drop_tenant(t)) FROM unnest(ARRAY['berlin', 'utc']) t;
