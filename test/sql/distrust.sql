-- An application's role may write rows of its tenant as it likes.  What reads them crashes at nothing,
-- and gives an error only where a sum does not fit.
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SELECT personalization.create_tenant('d', '{"history_retention": "100 years", "evidence_retention": "100 years"}') IS NOT NULL AS made;
CREATE ROLE regress_distrust LOGIN;
SELECT personalization.bind_role('regress_distrust', 'd');
SELECT count(personalization.learn('d', 'u', 'query', jsonb_build_object('query', 'q' || i, 'sql', 'SELECT a FROM t' || i || ' WHERE b = 1', 'tables_used',
    jsonb_build_array('t' || i % 3)), now() - i * interval '1 hour')) FROM generate_series(1, 60) i;
SELECT count(personalization.learn('d', 'u', 'visualization', '{"chart_type": "bar"}', now() - i * interval '5 hours')) FROM generate_series(1, 20) i;
SELECT count(personalization.collect_feedback('d', 'u', jsonb_build_object('rating', i, 'category', 'visualization', 'key', 'preferred_chart_type'))) FROM unnest('{1,-1}'::int[]) i;
SELECT count(personalization.append_message('d', c, r, 'How is it?')) FROM personalization.start_conversation('d', 'u', '{"a": 1}') c, unnest('{user,assistant}'::text[]) r;
SELECT personalization.set_profile('d', 'u', 'beginner', '{a}', 'brief');
SELECT personalization.set_profile('d', 'u', 'advanced', '{b}');
SELECT personalization.run_maintenance() -> 'queries' AS queries;

-- All that reads, and then all that writes, after a statement of the role's; what fails, by name.
CREATE FUNCTION pg_temp.after(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    conversation uuid;
    call text;
    failed text[] := '{}';
BEGIN
    SET LOCAL ROLE regress_distrust;
    EXECUTE statement;
    RESET ROLE;
    SELECT conversation_id INTO conversation FROM personalization.conversations;
    FOREACH call IN ARRAY ARRAY[
        $q$get_profile('d', 'u')$q$, $q$get_profile('d', 'u', now() - interval '90 minutes')$q$, $q$get_profile('d', 'u', now() - interval '3 days')$q$,
        $q$get_context('d', 'u')$q$, $q$tenant_insights('d')$q$, $q$route('d', 'nobody', 't1', '99999-01-01')$q$, $q$route('d', 'u', 't1 q1')$q$, $q$route('d', 'u', 't1 q1', now() - interval '2 days')$q$, $q$usage_patterns('d', 'u')$q$,
        $q$preferences('d', 'u')$q$, $q$preferences('d', 'u', now() - interval '1 day')$q$, $q$explain_preference('d', 'u', 'visualization', 'preferred_chart_type')$q$,
        $q$get_suggestions('d', 'u')$q$, $q$new_tables('d', 'u')$q$, $q$tenant_tables('d')$q$, $q$hidden_tables('d', '{a,t1,public.t1}')$q$,
        format($q$get_conversation('d', %L)$q$, conversation), format($q$append_message('d', %L, 'user', 'x')$q$, conversation), format($q$update_conversation('d', %L, '{"b": 2}')$q$, conversation),
        $q$learn('d', 'u', 'visualization', '{"chart_type": "pie"}')$q$, $q$learn('d', 'u', 'query', '{"query": "q1"}')$q$,
        $q$collect_feedback('d', 'u', '{"rating": 1, "category": "visualization", "key": "preferred_chart_type"}')$q$, $q$set_profile('d', 'u', 'beginner')$q$,
        $q$export_user('d', 'u')$q$, $q$run_maintenance()$q$, $q$forget_user('d', 'u')$q$] LOOP
        BEGIN
            EXECUTE 'SELECT count(x::text) FROM personalization.' || call || ' x';
        EXCEPTION WHEN OTHERS THEN failed := failed || (split_part(call, '(', 1) || ' ' || sqlstate);
        END;
    END LOOP;
    RAISE '%', coalesce(nullif(array_to_string(failed, ', '), ''), 'fine');
EXCEPTION WHEN raise_exception THEN RETURN sqlerrm;
END $$;
SET personalization.tenant_id = 'd';
SET client_min_messages = error;
SELECT result, count(*), string_agg(left(s, 100), E'\n' ORDER BY s COLLATE "C") FILTER (WHERE result <> 'fine') AS statements
FROM (SELECT s, pg_temp.after('UPDATE personalization.' || s) AS result FROM unnest(ARRAY[
    $$preferences SET confidence = 'NaN'$$, $$preferences SET confidence = 1, last_updated = 'infinity'$$, $$preferences SET last_updated = '294276-12-30', confidence = 1e-300$$,
    $$preferences SET confidence = 4.9e-324$$, $$preferences SET last_updated = '-infinity'$$, $$preferences SET last_updated = '4700-01-01 BC'$$, $$preferences SET observation_count = 2147483647$$, $$preferences SET observation_count = -2147483648$$,
    $$preferences SET rivals = '3'$$, $$preferences SET rivals = '{"value": 1, "confidence": 2}'$$, $$preferences SET value = 'null'$$,
    $$preferences SET rivals = '[{"value": 1, "confidence": 1e308}, {"value": 1, "confidence": -1e308}, {"value": [], "confidence": 1e400}, [1], null, {"value": {"a": 2}, "confidence": 0.9}, {"value": 1, "confidence": "x"}]'$$,
    $$preferences SET rivals = (SELECT jsonb_agg(jsonb_build_object('value', i, 'confidence', 0.1)) FROM generate_series(1, 100) i)$$,
    $$preferences SET expires_on = 'infinity'$$, $$preferences SET expires_on = '-infinity'$$, $$preferences SET key = key || chr(1)$$, $$preferences SET key = '' WHERE key = 'preferred_chart_type'$$,
    $$profiles SET earlier_traits = '3'$$, $$profiles SET earlier_traits = '{"until": "9"}'$$, $$profiles SET created_at = 'infinity', updated_at = '-infinity'$$,
    $$profiles SET earlier_traits = '[{"until": 9e18, "skill_level": "wizard", "communication_style": "loud"}]'$$, $$profiles SET domain_expertise = ARRAY[ARRAY['a'], ARRAY[NULL]]$$,
    $$profiles SET earlier_traits = '[[{"until": 9e18}], {"until": 9e18, "skill_level": 3, "domain_expertise": [1, {"a": 2}, null], "communication_style": [], "updated_at": 1e400}]'$$,
    $$profiles SET updated_at = '294276-12-30', earlier_traits = '[{"until": 9e18, "updated_at": 9e18}]'$$,
    $$conversations SET context = '[1, 2]'$$, $$conversations SET last_activity = 'infinity'$$, $$conversations SET last_activity = '294276-12-30'$$,
    $$conversations SET last_activity = '-infinity', activity_hour = '-infinity'$$, $$conversations SET message_count = 2147483647$$, $$conversations SET message_count = -2147483648$$,
    $$conversations SET last_message_at = '-infinity', created_at = '-infinity'$$, $$conversations SET last_message_at = 'infinity', created_at = 'infinity', activity_hour = 'infinity'$$,
    $$conversation_messages SET metadata = '3', number = -5 - number, created_at = 'infinity'$$, $$conversation_messages SET role = '', content = '', created_at = '-infinity'$$,
    $$conversation_statistics SET conversations = -1, messages = -5, characters = -7, milliseconds = -9223372036854775808$$,
    $$conversation_statistics SET conversations = 9223372036854775807, messages = 9223372036854775807, characters = 9223372036854775807, milliseconds = 9223372036854775807$$,
    $$conversation_statistics SET lengths = '[-2147483648:-2147483647]={1,2}', gaps = '[2147483646:2147483646]={5}'$$, $$conversation_statistics SET lengths = '{{1,2},{3,4}}', gaps = '{NULL,-5,2147483647}'$$,
    $$interactions SET occurred_at = 'infinity'$$, $$interactions SET occurred_at = '-infinity'$$, $$interactions SET occurred_at = '4710-01-01 BC'$$,
    $$interactions SET data = '{"query": 3, "sql": [1], "chart_type": {}, "tables_used": {"a": []}, "rating": "x", "category": 5}'$$, $$interactions SET data = '{}', feedback = '3'$$,
    $$interactions SET replaces = interaction_id$$, $$interactions SET interaction_type = 'feedback', data = jsonb_build_object('interaction_id', interaction_id, 'rating', 1)$$,
    $$interactions SET interaction_type = 'refinement', data = '{"original": {"sql": 5}, "corrected": 3}'$$, $$interactions SET query_id = gen_random_uuid()$$,
    $$interactions SET data = jsonb_build_object('query', repeat('é', 100000), 'sql', repeat('SELECT "é', 5000))$$,
    $$user_queries SET query = '', sql = '', tables = '[[["x"]], null]', asked_days = '{{2026-01-01},{2026-01-02}}'$$, $$user_queries SET ask_count = 9223372036854775807$$,
    $$user_queries SET asked_days = (SELECT array_agg(d::date) FROM generate_series('2026-08-01'::timestamptz, '2026-11-20', '1 day') d), due_on = '5874897-12-31'$$,
    $$user_queries SET asked_days = '{5874897-12-29,5874897-12-30,5874897-12-31}', due_on = '4713-01-01 BC'$$]) s) planted
GROUP BY result ORDER BY result COLLATE "C";
-- Counts that cannot get larger stay, and the others go on.
BEGIN;
UPDATE personalization.user_queries SET ask_count = 9223372036854775807 WHERE query = 'q1';
SELECT personalization.learn('d', 'u', 'query', '{"query": "q1"}') IS NOT NULL AS learned;
SELECT ask_count FROM personalization.user_queries WHERE query = 'q1';
ROLLBACK;
SELECT b, i, regexp_replace(personalization.add_to_bucket(b, i)::text, '(0,){9,}', '0, … ') AS added FROM (VALUES ('{}'::int[], 3), ('{7}', 3), ('{1,2,3}', 2), ('[0:0]={4}', 0), ('[98:100]={1,NULL,2147483647}', 100), ('[98:100]={1,NULL,3}', 99),
    ('[99:101]={1,2,3}', 0), ('[-5:-5]={1}', 1), ('{{1,2},{3,4}}', 1), ('{-5}', 1)) t(b, i);
SELECT personalization.add_to_bucket('{}', 101);
-- Snapshots can be inserted and deleted, not changed; and rows of the catalogue.
SELECT pg_temp.after(s) AS result FROM unnest(ARRAY[
    $$DELETE FROM personalization.preference_snapshots; INSERT INTO personalization.preference_snapshots VALUES ('d', 'u', 'infinity', '-infinity', '{}', '{a}', '{}', '{}', '{}', '{}', '{}')$$,
    $$DELETE FROM personalization.preference_snapshots; INSERT INTO personalization.preference_snapshots VALUES ('d', 'u', current_date - 2, now() - interval '2 days',
        '{visualization,NULL,query}', '{a}', '{1,2,3}', '{NULL,NaN,1}', '{3}', '{1,2,3}', '{infinity,now,now}')$$,
    $$INSERT INTO personalization.linked_schemas VALUES ('d', 'pg_catalog', 11, now(), NULL), ('d', 'personalization', 0, now(), now()), ('d', repeat('s', 300), 4294967295, now(), now()), ('d', '', 0, now(), NULL)$$,
    $$INSERT INTO personalization.tenant_tables VALUES ('d', '', '', '', 0, repeat('d', 100000), '{{a},{NULL}}', now(), NULL), ('d', repeat('s', 100), repeat('t', 100), 't1', 0, NULL, NULL, now(), now()),
        ('d', 'pg_catalog', 'pg_authid', 'pg_authid', 1260, NULL, NULL, now(), NULL)$$]) s;
-- Pages and reports, at the ends of time and on a clock that is far from UTC's: what fails, and whether
-- the page of a user tells of a year that is none.
CREATE FUNCTION pg_temp.reports_after(statement text, zone text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    call text;
    failed text[] := '{}';
BEGIN
    PERFORM personalization.configure_tenant('d', jsonb_build_object('time_zone', zone, 'suggestion_holdout', 0.5, 'insight_minimum_users', 1));
    SET LOCAL ROLE regress_distrust;
    EXECUTE statement;
    FOREACH call IN ARRAY ARRAY[$q$report('d', 'u')$q$, $q$report('d', 'u', '294276-12-31 23:59:59+00')$q$, $q$tenant_report('d', '4714-11-24 00:00:00+00 BC')$q$,
        $q$tenant_insights('d', '4714-11-24 00:00:00+00 BC')$q$, $q$suggestion_report('d', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59+00')$q$] LOOP
        BEGIN
            EXECUTE 'SELECT count(x::text) FROM personalization.' || call || ' x';
        EXCEPTION WHEN OTHERS THEN failed := failed || (split_part(call, '(', 1) || ' ' || sqlstate);
        END;
    END LOOP;
    IF personalization.report('d', 'u') ~ 'datetime="-?\d{7}' THEN
        failed := failed || 'a year'::text;
    END IF;
    RAISE '%', coalesce(nullif(array_to_string(failed, ', '), ''), 'fine');
EXCEPTION WHEN raise_exception THEN RETURN sqlerrm;
END $$;
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('d', 'u');
SELECT result, count(*), string_agg(left(s || ' ' || zone, 150), E'\n' ORDER BY s COLLATE "C") FILTER (WHERE result <> 'fine') AS statements
FROM (SELECT s, zone, pg_temp.reports_after('UPDATE personalization.' || s, zone) AS result FROM unnest('{Pacific/Kiritimati,America/New_York}'::text[]) zone, unnest(ARRAY[
    $$interactions SET occurred_at = 'infinity'$$, $$interactions SET occurred_at = '-infinity'$$, $$interactions SET occurred_at = '4714-11-24 00:00:00+00 BC'$$,
    $$interactions SET occurred_at = '294276-12-31 23:59:58+00'$$, $$suggestions SET shown_at = '294276-12-31 23:59:58+00'$$, $$suggestions SET shown_at = '4714-11-24 00:00:00+00 BC'$$,
    $$suggestions SET outcome = 'a', accepted_at = '{infinity}'$$, $$suggestions SET outcome = 'a', accepted_at = '{-infinity}'$$,
    $$suggestions SET outcome = 'a', shown_at = '4714-11-27 00:00:00+00 BC', accepted_at = '{294276-12-29 00:00:00+00}'$$,
    $$conversations SET last_message_at = '-infinity', created_at = '-infinity'$$, $$preference_choices SET chosen_at = '-infinity'$$]) s) planted
GROUP BY result ORDER BY result COLLATE "C";
RESET personalization.tenant_id;
RESET client_min_messages;
-- Where no day is known, nothing is older than it.
BEGIN;
UPDATE personalization.query_statistics SET last_day = '-infinity' WHERE tenant_id = 'd';
UPDATE personalization.query_lists SET last_day = '-infinity' WHERE tenant_id = 'd';
SELECT count(*) > 0 AS there FROM personalization.query_statistics WHERE tenant_id = 'd';
SELECT personalization.run_maintenance() -> 'statistics' AS deleted;
ROLLBACK;
SELECT personalization.drop_tenant('d') IS NOT NULL AS dropped;
DROP OWNED BY regress_distrust;
DROP ROLE regress_distrust;
