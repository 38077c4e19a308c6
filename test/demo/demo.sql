-- The tour that `make demo` runs, on a server of its own.
\set QUIET on
\pset footer off
\pset null '-'
SET client_min_messages = warning;
SET timezone = 'UTC';

CREATE EXTENSION personalization;
CREATE ROLE acme_app LOGIN;
CREATE ROLE globex_app LOGIN;

\echo '1. What users did yesterday: the events that two companies reported, learned by examples/load-day.sql'
\o /dev/null
\i examples/load-day.sql
SELECT personalization.bind_role('acme_app', 'acme'), personalization.bind_role('globex_app', 'globex');
SELECT count(personalization.learn('acme', u, 'query', jsonb_build_object('query', q, 'tables_used', '{sales.refunds}'::text[]),
                                   current_date - interval '7 hours' + (2 * n + k) * interval '5 minutes'))
FROM unnest('{bo,cy}'::text[]) WITH ORDINALITY AS u (u, n),
     unnest('{Open refunds,Refunds by reason}'::text[]) WITH ORDINALITY AS q (q, k);
-- What the worker does by itself once a second.
SELECT personalization.run_maintenance();
\o
SELECT tenant_id AS tenant, user_id AS "user", count(*) AS events,
       left(string_agg(DISTINCT interaction_type::text, ', '), 70) AS "of the types"
FROM personalization.interactions GROUP BY 1, 2 ORDER BY 1, 2;

\connect - acme_app
\pset footer off
SET timezone = 'UTC';
SELECT current_date - interval '6 hours' AS evening \gset
\echo '2. What ana of acme prefers that evening: confidence grows with each observation'
SELECT p.key, p.value, round(confidence::numeric, 2) AS confidence, observation_count AS seen,
       (SELECT string_agg(format('%s %s', c ->> 'value', round((c ->> 'confidence')::numeric, 2)), ', ')
        FROM jsonb_array_elements(p.candidates) AS c WHERE c -> 'value' <> p.value) AS "competes with"
FROM personalization.preferences('acme', 'ana', :'evening') AS p LIMIT 5;

\echo '3. How it fades while ana is away: nothing is rewritten, reading computes it; below 0.3 it leaves the profile'
SELECT d AS "days away", count(*) AS "live preferences",
       round(max(confidence) FILTER (WHERE key = 'preferred_chart_type')::numeric, 2) AS "bar charts",
       round(max(confidence) FILTER (WHERE key = 'frequent_table:sales.orders')::numeric, 2) AS "table sales.orders"
FROM unnest('{1,7,14}'::int[]) AS d, personalization.preferences('acme', 'ana', timestamptz :'evening' + d * interval '1 day')
GROUP BY d ORDER BY d;

\echo '4. What they may want to ask next, most probable first; a newcomer is offered what colleagues ask'
SELECT u AS "user", suggestion_type AS type, suggestion, round(score::numeric, 2) AS score, reason
FROM unnest('{ana,newcomer}'::text[]) WITH ORDINALITY AS u (u, n),
     personalization.get_suggestions('acme', u, max_results => 2, at => :'evening') ORDER BY n, score DESC;

\echo '5. Hints for the assistant that answers "orders by region"'
SELECT r ->> 'default_chart_type' AS chart, r ->> 'communication_style' AS style, r ->> 'explanation_level' AS explain,
       r ->> 'likely_tables' AS "likely tables"
FROM personalization.route('acme', 'ana', 'orders by region', :'evening') AS r;

\connect - globex_app
\pset footer off
\echo '6. What globex sees of acme: nothing, and it cannot ask for it'
SELECT count(*) FILTER (WHERE tenant_id = 'acme') AS "acme's events", count(*) AS "all that globex sees"
FROM personalization.interactions;
\set ON_ERROR_STOP off
SELECT * FROM personalization.preferences('acme', 'ana');
\set ON_ERROR_STOP on
\connect - acme_app
\pset format unaligned
\pset tuples_only on
\o :page
SELECT personalization.report('acme', 'ana', :'evening');
\o
\echo 'What next?'
\echo '  test/lib/private-server psql    a session on a server like this one, gone afterwards: CREATE EXTENSION personalization;'
\echo '  README.md                       to install it for your PostgreSQL, with a first example'
\echo '  docs/assistant.md               to personalize an assistant; docs/index.md lists all pages'
\echo '  make report                     pages about users and a company, of six weeks; that about ana of this day lies in'
\echo '                                  file://':page
