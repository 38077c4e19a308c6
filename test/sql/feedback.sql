-- Feedback: on a preference, an interaction, a suggestion; once more; and what made a preference.
-- Evidence to the last bit, without times.
\set tenants '{f,f2}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
CREATE FUNCTION pg_temp.evidence(u text, t text DEFAULT 'f') RETURNS TABLE (key text, value jsonb, confidence float8, rivals jsonb, observation_count int) LANGUAGE sql AS $$
    SELECT key, value, confidence, rivals, observation_count FROM personalization.preferences WHERE tenant_id = t AND user_id = u ORDER BY key $$;
CREATE FUNCTION pg_temp.chart(u text, c text, i int DEFAULT 0) RETURNS uuid LANGUAGE sql AS $$
    SELECT personalization.learn('f', u, 'visualization', jsonb_build_object('chart_type', c, 'x_axis', 'day'), now() - interval '1 hour' + i * interval '1 second') $$;
CREATE FUNCTION pg_temp.rate(u text, what jsonb, rating jsonb) RETURNS uuid LANGUAGE sql AS $$
    SELECT personalization.collect_feedback('f', u, what || jsonb_build_object('rating', rating)) $$;
CREATE FUNCTION pg_temp.differ(u1 text, u2 text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM ((SELECT * FROM pg_temp.evidence(u1) EXCEPT SELECT * FROM pg_temp.evidence(u2)) UNION ALL (SELECT * FROM pg_temp.evidence(u2) EXCEPT SELECT * FROM pg_temp.evidence(u1))) AS d $$;

-- == A preference rated again and again is as if rated once, as last.
SELECT count(pg_temp.chart(u, c, i::int)) AS learned FROM unnest(ARRAY['many', 'once']) AS u, unnest(ARRAY['bar', 'bar', 'pie', 'bar', 'line']) WITH ORDINALITY AS c (c, i);
SELECT count(DISTINCT pg_temp.rate('many', '{"category": "visualization", "key": "preferred_chart_type", "value": "pie"}', r)) AS given FROM unnest(ARRAY['1', '"negative"', '0.5', '"positive"', '0.25']::jsonb[]) AS r;
SELECT count(pg_temp.rate('once', '{"category": "visualization", "key": "preferred_chart_type", "value": "pie"}', '0.25')) AS given;
SELECT pg_temp.differ('many', 'once') AS differences;
SELECT * FROM pg_temp.evidence('many');
-- All of them are in the history; each but the first says what it replaces.
SELECT data -> 'rating' AS rating, (SELECT r.data -> 'rating' FROM personalization.interactions r WHERE r.tenant_id = 'f' AND r.interaction_id = i.replaces) AS replaces
FROM personalization.interactions i WHERE tenant_id = 'f' AND user_id = 'many' AND interaction_type = 'feedback' ORDER BY occurred_at, interaction_id;
-- What was learned in between stays.
SELECT count(pg_temp.rate('many', '{"category": "presentation", "key": "tone", "value": "dry"}', '1')) AS given;
SELECT count(personalization.learn('f', 'many', 'export', '{"format": "csv"}')) AS learned;
SELECT count(pg_temp.rate('many', '{"category": "presentation", "key": "tone", "value": "dry"}', '-1')) AS given;
SELECT * FROM pg_temp.evidence('many') WHERE key IN ('tone', 'export_format');
-- Another value, another key, and another user are other things.
SELECT count(pg_temp.rate('many', jsonb_build_object('category', 'presentation', 'key', k, 'value', v), '1')) AS given FROM unnest(ARRAY['tone', 'length']) AS k, unnest(ARRAY['dry', 'warm']) AS v;
SELECT key, observation_count FROM pg_temp.evidence('many') WHERE key IN ('tone', 'length');

-- == An interaction: its signals times the rating.
CREATE TEMP TABLE ids AS SELECT u, pg_temp.chart(u, 'bar') AS id FROM unnest(ARRAY['i_many', 'i_once']) AS u;
SELECT count(DISTINCT pg_temp.rate(u, jsonb_build_object('interaction_id', id), r)) AS given FROM ids, unnest(ARRAY['1', '-1', '0.5']::jsonb[]) AS r WHERE u = 'i_many';
SELECT count(pg_temp.rate(u, jsonb_build_object('interaction_id', upper(id::text)), '0.5')) AS given FROM ids WHERE u = 'i_once';
SELECT pg_temp.differ('i_many', 'i_once') AS differences;
SELECT * FROM pg_temp.evidence('i_many');
-- A suggestion, and a remark, change no preference.
SELECT count(DISTINCT pg_temp.rate('i_many', w, '1')) AS given FROM unnest(ARRAY['{"suggestion_id": "00000000-0000-4000-8000-000000000001"}', '{"suggestion_id": "00000000-0000-4000-8000-000000000001"}', '{"comment": "nice"}', '{"comment": "nice"}']::jsonb[]) AS w;
SELECT count(*) AS feedback, count(replaces) AS replacing FROM personalization.interactions WHERE tenant_id = 'f' AND user_id = 'i_many' AND interaction_type = 'feedback';
SELECT pg_temp.differ('i_many', 'i_once') AS differences;

-- == What comes through learn() is an observation: it adds up.
SELECT count(personalization.learn('f', 'adds', 'feedback', '{"category": "presentation", "key": "tone", "value": "dry", "rating": 1}')) AS given FROM generate_series(1, 3);
SELECT * FROM pg_temp.evidence('adds');
SELECT count(pg_temp.rate('adds', '{"category": "presentation", "key": "tone", "value": "dry"}', r)) AS given FROM unnest(ARRAY['1', '-1', '1']::jsonb[]) AS r;
SELECT * FROM pg_temp.evidence('adds');

-- == Why it is as it is.
SELECT interaction_type, value, strength, effect::numeric(10, 6) FROM personalization.explain_preference('f', 'many', 'visualization', 'preferred_chart_type');
-- What each still carries of it: a long history fades from the list, and the parts add up to the whole.
SELECT count(personalization.learn('f', 'long', 'visualization', jsonb_build_object('chart_type', CASE WHEN i % 4 = 0 THEN 'pie' ELSE 'bar' END),
                                   now() - interval '100 hours' + i * interval '15 minutes')) FROM generate_series(1, 375) i;
SELECT value, round(share::numeric, 4) AS share FROM personalization.explain_preference('f', 'long', 'visualization', 'preferred_chart_type') LIMIT 6;
SELECT count(*), count(*) FILTER (WHERE share > 0.0005) AS felt, round(sum(share)::numeric, 6) AS whole,
       count(*) FILTER (WHERE share > 1e-9 AND value = '"pie"') AS of_another_value
FROM personalization.explain_preference('f', 'long', 'visualization', 'preferred_chart_type');
-- A no carries nothing, and leaves to those before it what it did not take; of a preference that is gone nothing is left.
SELECT count(pg_temp.rate('long', '{"category": "visualization", "key": "preferred_chart_type", "value": "bar"}', '-0.5')) AS given;
SELECT interaction_type, round(share::numeric, 4) AS share FROM personalization.explain_preference('f', 'long', 'visualization', 'preferred_chart_type') LIMIT 3;
SELECT round(sum(share)::numeric, 6) AS whole FROM personalization.explain_preference('f', 'long', 'visualization', 'preferred_chart_type');
SELECT personalization.create_tenant('f_latest', '{"value_policy": "latest"}') IS NOT NULL AS made;
SELECT count(personalization.learn('f_latest', 'long', 'visualization', jsonb_build_object('chart_type', CASE WHEN i % 4 = 0 THEN 'pie' ELSE 'bar' END),
                                   now() - interval '10 hours' + i * interval '15 minutes')) FROM generate_series(1, 36) i;
SELECT value, round(share::numeric, 4) AS share FROM personalization.explain_preference('f_latest', 'long', 'visualization', 'preferred_chart_type') LIMIT 3;
SELECT round(sum(share)::numeric, 6) AS whole FROM personalization.explain_preference('f_latest', 'long', 'visualization', 'preferred_chart_type');
SELECT personalization.drop_tenant('f_latest') IS NOT NULL AS dropped;
-- The effects add up to the confidence of the value that it has now.
SELECT abs(sum(e.effect) - p.confidence) < 1e-12 AS adds_up, count(*) FROM personalization.preferences p, personalization.explain_preference('f', 'many', 'visualization', 'preferred_chart_type') e
WHERE p.tenant_id = 'f' AND p.user_id = 'many' AND p.key = 'preferred_chart_type' GROUP BY p.confidence;
SELECT interaction_type, value, strength, effect::numeric(10, 6) FROM personalization.explain_preference('f', 'i_once', 'visualization', 'x_axis');
SELECT count(*) FROM personalization.explain_preference('f', 'many', 'visualization', 'no such key');
SELECT count(*) FROM personalization.explain_preference('f', 'nobody', 'visualization', 'preferred_chart_type');
SELECT personalization.explain_preference('f', 'many', 'visualization', NULL);
SELECT personalization.explain_preference('f', 'many', NULL, 'x');
SELECT personalization.explain_preference('no such', 'many', 'visualization', 'x');
-- Bad feedback leaves all as it was.
SELECT personalization.collect_feedback('f', 'many', '{"category": "visualization", "key": "preferred_chart_type", "value": "pie", "rating": 2}');
SELECT personalization.collect_feedback('f', 'many', '[]');
SELECT * FROM pg_temp.evidence('many') WHERE key = 'preferred_chart_type';
-- == A suggestion shown: feedback is its outcome, by either way in; the latest holds.
SELECT count(personalization.learn('f', 'sug', 'query', jsonb_build_object('query', 'q ' || i % 3), now() - i * interval '1 hour')) AS learned FROM generate_series(1, 12) i;
SELECT personalization.run_maintenance() IS NOT NULL AS counted;
SELECT suggestion_id AS id FROM personalization.get_suggestions('f', 'sug') LIMIT 1 \gset
CREATE FUNCTION pg_temp.told(i uuid) RETURNS TABLE (outcome "char", taken int, dismissals int, accepted int, away boolean) LANGUAGE sql AS $$
    SELECT outcome, taken, dismissals, coalesce(cardinality(accepted_at), 0), dismissed_at IS NOT NULL FROM personalization.suggestions WHERE tenant_id = 'f' AND suggestion_id = i $$;
SELECT count(pg_temp.rate('sug', jsonb_build_object('suggestion_id', :'id'), '"positive"')) AS given;
SELECT * FROM pg_temp.told(:'id');
SELECT count(pg_temp.rate('sug', jsonb_build_object('suggestion_id', upper(:'id')), '"positive"')) AS given;
SELECT * FROM pg_temp.told(:'id');
SELECT count(pg_temp.rate('sug', jsonb_build_object('suggestion_id', :'id'), '-1')) AS given;
SELECT * FROM pg_temp.told(:'id');
SELECT count(personalization.learn('f', 'sug', 'feedback', jsonb_build_object('suggestion_id', :'id', 'rating', 0.5))) AS learned;
SELECT * FROM pg_temp.told(:'id');
SELECT count((personalization.learn_batch(jsonb_build_array(jsonb_build_object('tenant_id', 'f', 'user_id', 'sug', 'interaction_type', 'feedback', 'data', jsonb_build_object('suggestion_id', :'id', 'rating', 'negative')))))) AS learned;
SELECT * FROM pg_temp.told(:'id');
-- By nobody else, and of no other tenant.
SELECT count(pg_temp.rate('many', jsonb_build_object('suggestion_id', :'id'), '1')) AS given;
SELECT count(personalization.collect_feedback('f2', 'sug', jsonb_build_object('suggestion_id', :'id', 'rating', 1))) AS given;
SELECT * FROM pg_temp.told(:'id');
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['f', 'f2']) AS t;
