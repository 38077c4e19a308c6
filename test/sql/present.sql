-- What is read at present has all that is known: also what the same transaction told after it began, and what came
-- from a clock that is ahead.
\set tenants '{p}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup

-- == A clock that is four minutes ahead.
SELECT count(personalization.learn('p', 'ana', 'query', jsonb_build_object('query', q, 'tables_used', '["orders"]'::jsonb), now() - n * interval '1 hour'))
FROM unnest(ARRAY['Open orders?', 'Late orders?', 'Open orders?', 'Late orders?', 'Open orders?']) WITH ORDINALITY AS a (q, n);
SELECT personalization.learn('p', 'ana', 'query', '{"query": "late  ORDERS", "tables_used": ["orders"]}', now() + interval '4 minutes') IS NOT NULL
   AND personalization.learn('p', 'ana', 'visualization', '{"chart_type": "bar"}', now() + interval '3 minutes') IS NOT NULL AS learned;
SELECT jsonb_array_length(d -> 'interaction_history') AS history, d #>> '{interaction_history,0,data,query}' AS latest,
       d ->> 'updated_at' = d #>> '{interaction_history,0,timestamp}' AS updated
FROM personalization.get_profile('p', 'ana') AS d;
SELECT d -> 'recent_queries' AS queries, d -> 'preferred_chart_types' AS charts, (d ->> 'last_activity')::timestamptz > now() AS ahead
FROM personalization.get_context('p', 'ana') AS d;
SELECT d -> 'interactions' AS interactions, (d ->> 'until')::timestamptz > now() AS ahead FROM personalization.usage_patterns('p', 'ana') AS d;
-- What was asked last is not suggested.
SELECT suggestion FROM personalization.get_suggestions('p', 'ana') WHERE suggestion ILIKE 'late%';
SELECT personalization.learn('p', 'bo', 'query', '{"query": "Who left?", "tables_used": ["hr.staff"]}', now() + interval '4 minutes') IS NOT NULL AS learned;
SELECT personalization.route('p', 'bo', 'who left') -> 'likely_tables' AS likely;
-- The past ends where it ended.
SELECT jsonb_array_length(d -> 'interaction_history') AS history FROM personalization.get_profile('p', 'ana', now() - interval '1 second') AS d;
SELECT d -> 'recent_queries' AS queries, d -> 'preferred_chart_types' AS charts FROM personalization.get_context('p', 'ana', now() - interval '1 second') AS d;
SELECT personalization.usage_patterns('p', 'ana', now() - interval '1 second') -> 'interactions' AS interactions;
SELECT count(*) FROM personalization.get_suggestions('p', 'ana', at => now() - interval '1 second') WHERE suggestion ILIKE 'late%';

-- == One transaction, as behind a transaction pooler: its now() stands still while it works.
BEGIN;
SELECT pg_sleep(0.01);
SELECT personalization.learn_batch('[{"tenant_id": "p", "user_id": "cy", "interaction_type": "query", "data": {"query": "First?"}},
  {"tenant_id": "p", "user_id": "cy", "interaction_type": "query", "data": {"query": "Second?"}}]');
SELECT personalization.learn('p', 'cy', 'query', '{"query": "Third?"}', clock_timestamp()) IS NOT NULL
   AND personalization.collect_feedback('p', 'cy', '{"comment": "good"}') IS NOT NULL AS told;
SELECT jsonb_array_length(personalization.get_profile('p', 'cy') -> 'interaction_history') AS history,
       personalization.get_context('p', 'cy') -> 'recent_queries' AS queries;
SELECT suggestion FROM personalization.get_suggestions('p', 'cy') WHERE suggestion = 'Third?';
SELECT personalization.register_table('p', 'marketing_campaigns');
SELECT suggestion, score BETWEEN 0 AND 1 AS sane FROM personalization.get_suggestions('p', 'cy') WHERE suggestion_type = 'new_data';
SELECT table_name FROM personalization.new_tables('p', 'cy');
-- An event of a batch without a time is of now(), as one of learn() is: the order of telling is kept.
SELECT personalization.learn('p', 'di', 'query', '{"query": "First?"}') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[{"tenant_id": "p", "user_id": "di", "interaction_type": "query", "data": {"query": "Second?"}}]');
SELECT personalization.learn('p', 'di', 'query', '{"query": "Third?"}') IS NOT NULL AS learned;
SELECT personalization.get_context('p', 'di') -> 'recent_queries' AS queries;
SELECT bool_and(occurred_at = now()) AS now FROM personalization.interactions WHERE tenant_id = 'p' AND user_id = 'di';
COMMIT;

SELECT count(personalization.drop_tenant('p')) AS dropped;
