-- suggestion_report(): what became of suggestions.
SET timezone = 'UTC';
SET personalization.count_at_commit = off;
SELECT personalization.create_tenant('sr', '{"history_retention": "100 years", "time_zone": "Europe/Berlin"}') IS NOT NULL AS made;
SELECT count(personalization.learn('sr', u, 'query', jsonb_build_object('query', q), timestamptz '2026-03-01 08:00+00' + n * interval '1 minute')) AS learned
FROM unnest(ARRAY['ana', 'bo']) AS u, unnest(ARRAY['Alpha count', 'Beta sum', 'Gamma rows']) WITH ORDINALITY AS q (q, n);

-- Nothing was shown yet.
SELECT * FROM personalization.suggestion_report('sr', '2026-01-01', '2027-01-01');

CREATE FUNCTION pg_temp.show(usr text, at timestamptz) RETURNS bigint LANGUAGE sql
    AS $$ SELECT count(*) FROM personalization.get_suggestions('sr', usr, at => at) $$;
CREATE FUNCTION pg_temp.ask(usr text, at timestamptz, query text) RETURNS boolean LANGUAGE sql
    AS $$ SELECT personalization.learn('sr', usr, 'query', jsonb_build_object('query', query), at) IS NOT NULL $$;
CREATE VIEW pg_temp.report AS
SELECT r."grouping", r.value, r.users, r.shown, r.accepted AS acc, r.asked, r.dismissed AS dism, r.passed_over AS passed, r.open,
       round(r.rate::numeric, 4) AS rate, round(r.rate_low::numeric, 4) AS low, round(r.rate_high::numeric, 4) AS high, r.median_time
FROM personalization.suggestion_report('sr', '2026-01-01', '2027-01-01') AS r;

-- The last query is not suggested; of the two others ana asks one after four minutes. Bo is shown both, and asks nothing.
SELECT pg_temp.show('ana', '2026-03-02 09:00+00'), pg_temp.show('bo', '2026-03-02 23:30+00');
SELECT pg_temp.ask('ana', '2026-03-02 09:04+00', 'Alpha count') AS asked;
SELECT * FROM pg_temp.report;

-- Bo is shown the same the next day: still the same round, now of this day, on the tenant's clock.
SELECT pg_temp.show('bo', '2026-03-03 22:30+00');
SELECT "grouping", value, shown, asked, passed, open FROM pg_temp.report WHERE "grouping" = 'day';

-- Bo asks another query, an hour later the first one: too late.
SELECT pg_temp.ask('bo', '2026-03-03 22:31+00', 'Delta'), pg_temp.ask('bo', '2026-03-03 23:45+00', 'Alpha count');
SELECT "grouping", value, shown, asked, passed, open FROM pg_temp.report WHERE "grouping" IN ('all', 'day');

-- Outcomes that are recorded, of which the latest applies: one accepted, one dismissed.
SELECT count(*) FROM (
    SELECT personalization.record_outcome('sr', 'ana', suggestion_id, CASE suggestion WHEN 'Beta sum' THEN 'dismissed' ELSE 'accepted' END)
    FROM personalization.get_suggestions('sr', 'ana', at => '2026-03-04 09:00+00') WHERE suggestion IN ('Beta sum', 'Gamma rows')) AS s;
UPDATE personalization.suggestions SET accepted_at = ARRAY[shown_at + interval '20 seconds'] WHERE tenant_id = 'sr' AND user_id = 'ana' AND outcome = 'a';
SELECT * FROM pg_temp.report;

-- Further rounds: those that have ended stay in the report as they were, with their times.
SELECT pg_temp.ask('ana', '2026-03-04 09:10+00', 'Delta');
SELECT pg_temp.show('ana', '2026-03-05 09:00+00');
SELECT suggestion_type, place, shown_at, outcome, outcome_at - shown_at AS after FROM personalization.suggestion_rounds WHERE tenant_id = 'sr' ORDER BY shown_at, place;
SELECT pg_temp.ask('ana', '2026-03-05 09:00:40+00', 'Gamma rows');
SELECT * FROM pg_temp.report WHERE "grouping" IN ('all', 'day');

-- The parts add up.
SELECT "grouping", sum(shown) AS shown, sum(acc + asked + dism + passed + open) AS together FROM pg_temp.report GROUP BY 1 ORDER BY 1;
SELECT bool_and(rate BETWEEN low AND high AND low >= 0 AND high <= 1) AS within FROM pg_temp.report;
-- A time of its own, without its end.
SELECT "grouping", value, shown FROM personalization.suggestion_report('sr', '2026-03-04 09:00+00', '2026-03-05 09:00+00') WHERE "grouping" <> 'place' AND "grouping" <> 'type';
SELECT count(*) > 0 AS there FROM personalization.suggestion_report('sr');
-- A call that only reads records nothing.
BEGIN READ ONLY;
SELECT pg_temp.show('bo', '2026-03-09 09:00+00') > 0 AS shown;
COMMIT;
SELECT count(*) AS of_the_day FROM pg_temp.report WHERE value = '2026-03-09';

-- == Forgetting, exporting and importing, expiry.
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.report;
SELECT personalization.export_user('sr', 'ana') AS document \gset
SELECT jsonb_array_length(:'document'::jsonb #> '{data,suggestion_rounds}') AS rounds;
SELECT personalization.forget_user('sr', 'ana') -> 'suggestion_rounds' AS rounds;
SELECT users, shown FROM pg_temp.report WHERE "grouping" = 'all';
SELECT personalization.import_user('sr', :'document') -> 'suggestion_rounds' AS rounds;
SELECT count(*) AS differ FROM (TABLE before EXCEPT TABLE pg_temp.report) AS d;
SELECT personalization.forget_user('sr', 'ana') -> 'suggestion_rounds' AS rounds;
-- An outcome that there is not, and a place that is none.
SELECT personalization.import_user('sr', jsonb_set(jsonb_set(:'document', '{data,suggestion_rounds,0,outcome}', '"x"'), '{data,suggestion_rounds,0,place}', 'null')) -> 'suggestion_rounds' AS rounds;
SELECT "grouping", sum(shown) AS shown, sum(acc + asked + dism + passed + open) AS together FROM pg_temp.report GROUP BY 1 ORDER BY 1;
SELECT personalization.configure_tenant('sr', '{"history_retention": "30 days"}') ->> 'history_retention' AS kept;
SELECT count(*) > 0 AS there FROM personalization.suggestion_rounds WHERE tenant_id = 'sr';
SELECT (personalization.run_maintenance() ->> 'suggestions')::int > 0 AS expired;
SELECT count(*) AS left FROM personalization.suggestion_rounds WHERE tenant_id = 'sr';

-- == Users who are held out.
SELECT personalization.create_tenant('sr3', '{"history_retention": "100 years", "suggestion_holdout": 0.5}') IS NOT NULL AS made;
CREATE TEMP TABLE side AS SELECT 'user' || n AS usr FROM generate_series(1, 20) AS n;
SELECT count(personalization.learn('sr3', usr, 'query', jsonb_build_object('query', q), timestamptz '2026-03-01 08:00+00' + n * interval '1 hour')) AS learned
FROM side, unnest(ARRAY['Alpha count', 'Beta sum', 'Gamma rows']) WITH ORDINALITY AS q (q, n);
ALTER TABLE side ADD held boolean;
UPDATE side SET held = NOT EXISTS (SELECT FROM personalization.get_suggestions('sr3', usr, at => '2026-03-02'));
SELECT held, count(*) AS users FROM side GROUP BY 1 ORDER BY 1;
-- They are the same every time, get none with a turn either, and nothing is recorded of what they would have been shown.
SELECT count(*) AS differ FROM side WHERE held <> NOT EXISTS (SELECT FROM personalization.get_suggestions('sr3', usr, 'beta', at => '2026-03-02 01:00+00'));
SELECT bool_and(held = (personalization.begin_turn('sr3', usr, 'Delta') -> 'suggestions' = '[]')) AS agree FROM side;
SELECT count(*) AS recorded FROM personalization.suggestions JOIN side ON held AND usr = user_id WHERE tenant_id = 'sr3';
-- More are held out: those who were, still are. Then all of them, then nobody.
SELECT personalization.configure_tenant('sr3', '{"suggestion_holdout": 0.75}') -> 'suggestion_holdout' AS share;
SELECT count(*) FILTER (WHERE held AND given) AS wrong, count(*) FILTER (WHERE given) AS given FROM (SELECT held, EXISTS (SELECT FROM personalization.get_suggestions('sr3', usr, at => '2026-03-02')) AS given FROM side) AS s;
SELECT personalization.configure_tenant('sr3', '{"suggestion_holdout": 1}') -> 'suggestion_holdout' AS share;
SELECT count(*) AS given FROM side WHERE EXISTS (SELECT FROM personalization.get_suggestions('sr3', usr, at => '2026-03-02'));
SELECT personalization.configure_tenant('sr3', '{"suggestion_holdout": null}') -> 'suggestion_holdout' AS share;
SELECT count(*) AS given FROM side WHERE EXISTS (SELECT FROM personalization.get_suggestions('sr3', usr, at => '2026-03-02'));
SELECT count(*) AS compared FROM personalization.suggestion_report('sr3', '2026-03-03', '2026-03-04') WHERE "grouping" = 'holdout';
SELECT personalization.configure_tenant('sr3', '{"suggestion_holdout": 0.5}') -> 'suggestion_holdout' AS share;
-- Who has suggestions asks the next after a minute, the others after five, and refine one of three, half a day apart from the rest.
SELECT count(personalization.learn('sr3', usr, 'query', jsonb_build_object('query', q), timestamptz '2026-03-03 09:00+00' + n * CASE WHEN held THEN interval '5 minutes' ELSE interval '1 minute' END)) AS asked
FROM side, unnest(ARRAY['Alpha count', 'Beta sum', 'Gamma rows']) WITH ORDINALITY AS q (q, n);
SELECT count(personalization.learn('sr3', usr, 'refinement', '{"original": {"chart_type": "pie"}, "corrected": {"chart_type": "bar"}}', timestamptz '2026-03-03 09:11+00')) AS refined
FROM side WHERE held;
SELECT count(personalization.learn('sr3', usr, 'refinement', '{"original": {"chart_type": "pie"}, "corrected": {"chart_type": "bar"}}', timestamptz '2026-03-03 21:00+00')) AS too_late
FROM side WHERE NOT held;
SELECT "grouping", value, users, shown, queries, next_query, next_low, next_high, round(refined::numeric, 4) AS refined, round(refined_low::numeric, 4) AS low, round(refined_high::numeric, 4) AS high
FROM personalization.suggestion_report('sr3', '2026-03-03', '2026-03-04');
SELECT users, queries, next_query, refined FROM personalization.suggestion_report('sr3', '2026-03-05', '2026-03-06') WHERE "grouping" = 'holdout';
SELECT personalization.configure_tenant('sr3', '{"suggestion_holdout": 1.5}');
SELECT personalization.configure_tenant('sr3', '{"suggestion_holdout": "half"}');
SELECT personalization.drop_tenant('sr3') IS NOT NULL AS dropped;

-- == Bad input.
SELECT personalization.suggestion_report(NULL);
SELECT personalization.suggestion_report('nobody');
SELECT personalization.suggestion_report('sr', NULL);
SELECT personalization.suggestion_report('sr', '-infinity');
SELECT personalization.suggestion_report('sr', '2026-03-02', '2026-03-01');

-- == As an application's role.
SET client_min_messages = warning;
CREATE ROLE regress_report LOGIN;
RESET client_min_messages;
SELECT personalization.create_tenant('sr2') IS NOT NULL AS made;
SELECT personalization.bind_role('regress_report', 'sr2');
SET personalization.tenant_id = 'sr2';
SET ROLE regress_report;
SELECT "grouping", shown FROM personalization.suggestion_report('sr2');
SELECT personalization.suggestion_report('sr');
SELECT count(*) FROM personalization.suggestion_rounds;
RESET ROLE;
RESET personalization.tenant_id;
DROP OWNED BY regress_report;
DROP ROLE regress_report;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['sr', 'sr2']) AS t;
