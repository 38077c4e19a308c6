-- The tour that `make demo` runs, on a server of its own.
\set QUIET on
\pset footer off
\pset null '-'
SET client_min_messages = warning;
SET timezone = 'UTC';

\echo
\echo '== Two tenants, and a role bound to each =='
\echo
CREATE EXTENSION personalization;
SELECT personalization.create_tenant('acme') ->> 'learning_rate' AS "acme learns at rate",
       personalization.create_tenant('globex', '{"evidence_retention": "30 days"}') ->> 'evidence_retention'
           AS "globex keeps evidence";
CREATE ROLE acme_app LOGIN;
CREATE ROLE globex_app LOGIN;
SELECT personalization.bind_role('acme_app', 'acme'), personalization.bind_role('globex_app', 'globex') \g /dev/null

\echo '== A working day of both: examples/day.jsonl, JSON lines through learn_batch() =='
\echo
CREATE TEMP TABLE lines (n serial, event jsonb);
\copy lines (event) FROM 'examples/day.jsonl' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
SELECT event ->> 'tenant_id' AS tenant, event ->> 'user_id' AS "user", event ->> 'interaction_type' AS interaction,
       count(*), min(event ->> 'occurred_at')::timestamptz::time AS first, max(event ->> 'occurred_at')::timestamptz::time AS last
FROM lines GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC, 3;
SELECT personalization.learn_batch(jsonb_agg(event ORDER BY n)) AS "interactions learned" FROM lines;

\echo '== What acme''s ana prefers that evening (as role acme_app, under row-level security) =='
\echo
\connect - acme_app
\pset footer off
SET timezone = 'UTC';
SELECT category, key, value, round(confidence::numeric, 3) AS confidence, observation_count AS seen,
       (SELECT string_agg(format('%s %s', c ->> 'value', round((c ->> 'confidence')::numeric, 3)), ', ')
        FROM jsonb_array_elements(candidates) c) AS candidates
FROM personalization.preferences('acme', 'ana', '2026-03-02 18:00+00')
WHERE confidence >= 0.05;

\echo '== Her profile as a document, in part =='
\echo
SELECT jsonb_pretty(jsonb_build_object(
    'user_id', p -> 'user_id', 'skill_level', p -> 'skill_level',
    'preferred_chart_type', p -> 'preferences' -> 'visualization:preferred_chart_type',
    'latest interaction', p -> 'interaction_history' -> 0)) AS profile
FROM personalization.get_profile('acme', 'ana', '2026-03-02 18:00+00') p;

\echo '== What she is doing =='
\echo
SELECT jsonb_pretty(personalization.get_context('acme', 'ana', '2026-03-02 18:00+00')) AS context;

\echo '== What they may want to ask next: their own, what follows, what others ask; by probability =='
\echo
\connect - postgres
\pset footer off
SET timezone = 'UTC';
CREATE SCHEMA sales;
SELECT personalization.link_schema('acme', 'sales') \g /dev/null
CREATE TABLE sales.campaigns (campaign text, day date, spent numeric);
GRANT USAGE ON SCHEMA sales TO acme_app;
GRANT SELECT ON sales.campaigns TO acme_app;
SELECT count(personalization.learn('acme', u, 'query', jsonb_build_object('query', q, 'tables_used', '{sales.refunds}'::text[]),
                                   timestamptz '2026-03-02 17:00+00' + (2 * n + k) * interval '5 minutes'))
FROM unnest('{bo,cy}'::text[]) WITH ORDINALITY AS u (u, n),
     unnest('{Open refunds,Refunds by reason}'::text[]) WITH ORDINALITY AS q (q, k) \g /dev/null
-- What the worker does by itself once a second.
SELECT personalization.run_maintenance('2026-03-02 18:00+00') ->> 'queries' AS "queries counted";
\connect - acme_app
\pset footer off
SET timezone = 'UTC';
SELECT u AS "user", suggestion_type AS type, left(suggestion, 44) AS suggestion, round(score::numeric, 2) AS score, reason
FROM unnest('{ana,bo,newcomer}'::text[]) WITH ORDINALITY AS u (u, n),
     personalization.get_suggestions('acme', u, max_results => 4, at => '2026-03-02 18:00+00') ORDER BY n, score DESC;

\echo '== "Refunds by reason", which ana dismisses, is not offered to her for a week; to others it is =='
\echo
SELECT suggestion_id AS id FROM personalization.get_suggestions('acme', 'ana', max_results => 10, at => '2026-03-02 18:00+00')
WHERE suggestion = 'Refunds by reason' \gset
SELECT personalization.record_outcome('acme', 'ana', :'id', 'dismissed') \g /dev/null
SELECT u AS "user", string_agg(left(suggestion, 30), ' · ' ORDER BY score DESC) AS offered
FROM unnest('{ana,newcomer}'::text[]) AS u, personalization.get_suggestions('acme', u, at => '2026-03-02 18:00+00')
GROUP BY 1 ORDER BY 1;

\echo '== How to answer her: hints, and a conversation that remembers =='
\echo
SELECT jsonb_pretty(personalization.route('acme', 'ana', 'orders by region', '2026-03-02 18:00+00')) AS route;
SELECT personalization.start_conversation('acme', 'ana', '{"report": "Revenue by region"}') AS talk \gset
SELECT personalization.append_message('acme', :'talk', 'user', 'and only EMEA?') AS message,
       personalization.update_conversation('acme', :'talk', '{"region": "EMEA"}') AS context;

\echo '== What globex sees of all that: nothing =='
\echo
\connect - globex_app
\pset footer off
SET timezone = 'UTC';
SELECT (SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'acme') AS "acme's interactions",
       (SELECT count(*) FROM personalization.query_statistics WHERE tenant_id = 'acme') AS "acme's queries",
       (SELECT count(*) FROM personalization.preferences WHERE tenant_id = 'acme') AS "acme's preferences",
       (SELECT count(*) FROM personalization.interactions) AS "its own";
\set ON_ERROR_STOP off
\echo '-- SELECT * FROM personalization.preferences(''acme'', ''ana'');'
SELECT * FROM personalization.preferences('acme', 'ana');
\echo '-- SET personalization.tenant_id = ''acme'';'
SET personalization.tenant_id = 'acme';
\set ON_ERROR_STOP on
\echo
\echo '== And its own ana, of the same name =='
\echo
SELECT key, value, round(confidence::numeric, 3) AS confidence, observation_count AS seen
FROM personalization.preferences('globex', 'ana', '2026-03-02 18:00+00');

\echo '== How acme''s ana fades when she stays away: nothing is rewritten, reading says it =='
\echo
\connect - acme_app
\pset footer off
SET timezone = 'UTC';
SELECT to_char(day, 'Dy DD Mon') AS evening, live.n AS "live preferences",
       round(chart.confidence::numeric, 3) AS "bar charts",
       round(tab.confidence::numeric, 3) AS "table sales.orders", round(fmt.confidence::numeric, 3) AS "xlsx"
FROM unnest(ARRAY[0, 1, 2, 7, 10, 14, 21, 28]) AS d,
     LATERAL (SELECT timestamptz '2026-03-02 18:00+00' + d * interval '1 day' AS day) t,
     LATERAL (SELECT count(*) AS n FROM personalization.preferences('acme', 'ana', day)) live
LEFT JOIN LATERAL (SELECT confidence FROM personalization.preferences('acme', 'ana', day)
    WHERE key = 'preferred_chart_type') chart ON true
LEFT JOIN LATERAL (SELECT confidence FROM personalization.preferences('acme', 'ana', day)
    WHERE key = 'frequent_table:sales.orders') tab ON true
LEFT JOIN LATERAL (SELECT confidence FROM personalization.preferences('acme', 'ana', day)
    WHERE key = 'export_format') fmt ON true
ORDER BY d;
\echo 'On its first day a preference is shown however weak. After that it leaves the profile below 0.3 (min_confidence);'
\echo 'its evidence stays dormant for 90 days, so that whoever comes back does not begin from nothing.'
\echo
\echo 'Your turn: test/lib/private-server psql opens a session on a server like this one; README.md has the first steps,'
\echo 'docs/index.md the manual.'
\echo
