-- learn() and collect_feedback(), and the documents that read what they left.
\set tenants '{t}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup

-- A user's preferences at a time, in a line each.
CREATE FUNCTION pg_temp.known(who text, at timestamptz DEFAULT '2026-03-01 12:00+00')
RETURNS TABLE (preference text, value jsonb, confidence numeric, n int, last_updated timestamptz)
LANGUAGE sql AS $$
    SELECT category || ':' || key, value, confidence::numeric(10, 6), observation_count, last_updated
    FROM personalization.preferences('t', who, at)
$$;

-- All seven types.
SELECT personalization.learn('t', 'ana', 'query',
    '{"query": "Revenue by region?", "tables_used": ["orders", "customers"], "aggregations": ["sum"],
      "filters": ["region ="], "group_by": ["region"]}',
    '2026-03-01 09:00+00', '00000000-0000-4000-8000-000000000001') \gset
SELECT personalization.learn('t', 'ana', 'visualization',
    '{"chart_type": "bar", "color_scheme": "warm", "x_axis": "region", "y_axis": "revenue"}',
    '2026-03-01 09:01+00', '00000000-0000-4000-8000-000000000002') \gset
SELECT personalization.learn('t', 'ana', 'export', '{"format": "csv", "columns": ["region", "revenue"]}',
    '2026-03-01 09:02+00', '00000000-0000-4000-8000-000000000003') \gset
SELECT personalization.learn('t', 'ana', 'dashboard',
    '{"layout": "grid", "widget_sizes": {"kpi": "small", "map": "large"}, "refresh_interval": 60}',
    '2026-03-01 09:03+00', '00000000-0000-4000-8000-000000000004') \gset
SELECT personalization.learn('t', 'ana', 'exploration', '{"tables": ["web.events"]}',
    '2026-03-01 09:04+00', '00000000-0000-4000-8000-000000000005') \gset
SELECT personalization.learn('t', 'ana', 'refinement',
    '{"original": {"chart_type": "bar"}, "corrected": {"chart_type": "line"}}',
    '2026-03-01 09:05+00', '00000000-0000-4000-8000-000000000006') \gset
SELECT personalization.learn('t', 'ana', 'feedback', '{"rating": "positive", "category": "presentation", "key": "export_format"}',
    '2026-03-01 09:06+00', '00000000-0000-4000-8000-000000000007') \gset
SELECT * FROM pg_temp.known('ana');
SELECT candidates FROM personalization.preferences('t', 'ana', '2026-03-01 12:00+00') WHERE key = 'preferred_chart_type';

-- The documents.
SELECT personalization.learn('t', 'bea', 'query', '{"query": "Revenue?", "tables_used": ["orders"]}',
    '2026-03-01 09:00+00', '00000000-0000-4000-8000-000000000011') \gset
SELECT personalization.learn('t', 'bea', 'visualization', '{"chart_type": "bar"}',
    '2026-03-01 09:01+00', '00000000-0000-4000-8000-000000000012', '{"comment": "good"}') \gset
SELECT jsonb_pretty(personalization.get_profile('t', 'bea', '2026-03-01 12:00+00'));
SELECT jsonb_pretty(personalization.get_context('t', 'ana', '2026-03-01 12:00+00'));

-- A retry changes nothing, whatever else it says, and the same id comes back.
CREATE TEMP TABLE before AS SELECT personalization.get_profile('t', 'ana', '2026-03-01 12:00+00') AS profile;
SELECT personalization.learn('t', 'ana', 'query', '{"query": "Something else", "tables_used": ["orders"]}',
    '2026-03-01 10:00+00', '00000000-0000-4000-8000-000000000001');
SELECT personalization.learn('t', 'bo', 'visualization', '{"chart_type": "pie"}',
    '2026-03-01 10:00+00', '00000000-0000-4000-8000-000000000002');
SELECT profile = personalization.get_profile('t', 'ana', '2026-03-01 12:00+00') AS unchanged FROM before;
SELECT count(*) AS users_bo FROM personalization.profiles WHERE tenant_id = 't' AND user_id = 'bo';

-- Without an id there are two events, and ids of version 7.
SELECT a <> b AS two_ids, substr(a::text, 15, 1) AS version
FROM (SELECT personalization.learn('t', 'cy', 'export', '{"format": "pdf"}', '2026-03-01 09:00+00') AS a,
             personalization.learn('t', 'cy', 'export', '{"format": "pdf"}', '2026-03-01 09:00+00') AS b) AS ids;
SELECT * FROM pg_temp.known('cy');

-- Refinement: a no to what was corrected away, before the yes; what both say is only confirmed.
SELECT count(personalization.learn('t', 'dan', 'visualization', '{"chart_type": "bar", "x_axis": "day"}', '2026-03-01 09:00+00'))
FROM generate_series(1, 3);
SELECT personalization.learn('t', 'dan', 'refinement',
    '{"original": {"chart_type": "bar", "x_axis": "day"}, "corrected": {"chart_type": "pie", "x_axis": "day"}}',
    '2026-03-01 09:01+00') IS NOT NULL AS learned;
SELECT * FROM pg_temp.known('dan');
SELECT candidates FROM personalization.preferences('t', 'dan', '2026-03-01 12:00+00') WHERE key = 'preferred_chart_type';
-- A no creates nothing: not where nothing is known, nor for another value than those known.
SELECT personalization.learn('t', 'eve', 'refinement', '{"original": {"chart_type": "bar"}, "corrected": {}}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.learn('t', 'eve', 'refinement', '{"original": {"chart_type": "bar"}}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT * FROM pg_temp.known('eve');
SELECT personalization.learn('t', 'dan', 'refinement', '{"original": {"chart_type": "radar"}}', '2026-03-01 09:02+00') IS NOT NULL AS learned;
SELECT candidates FROM personalization.preferences('t', 'dan', '2026-03-01 12:00+00') WHERE key = 'preferred_chart_type';

-- Feedback on a preference: on its value of now, on another one, a no, and none at all.
SELECT personalization.learn('t', 'fay', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.learn('t', 'fay', 'feedback', '{"rating": 0.5, "category": "visualization", "key": "preferred_chart_type"}', '2026-03-01 09:01+00') IS NOT NULL AS learned;
SELECT value, confidence::numeric(10, 6), observation_count, candidates
FROM personalization.preferences('t', 'fay', '2026-03-01 12:00+00');
SELECT personalization.learn('t', 'fay', 'feedback', '{"rating": "positive", "category": "visualization", "key": "preferred_chart_type", "value": "line"}', '2026-03-01 09:02+00') IS NOT NULL AS learned;
SELECT value, confidence::numeric(10, 6), observation_count, candidates
FROM personalization.preferences('t', 'fay', '2026-03-01 12:00+00');
SELECT personalization.learn('t', 'fay', 'feedback', '{"rating": "negative", "category": "visualization", "key": "preferred_chart_type", "value": "line"}', '2026-03-01 09:03+00') IS NOT NULL AS learned;
SELECT value, confidence::numeric(10, 6), observation_count, candidates
FROM personalization.preferences('t', 'fay', '2026-03-01 12:00+00');
-- Never below 0: what is left is nothing, and goes.
SELECT personalization.learn('t', 'fay', 'feedback', '{"rating": -1, "category": "visualization", "key": "preferred_chart_type"}', '2026-03-01 09:04+00') IS NOT NULL AS learned;
SELECT count(*) FROM personalization.preferences WHERE tenant_id = 't' AND user_id = 'fay';
-- A no, and a yes without a value, make nothing of what is not known; a yes with one does.
SELECT count(personalization.learn('t', 'gus', 'feedback', f, '2026-03-01 09:00+00'))
FROM unnest(ARRAY[jsonb '{"rating": -1, "category": "data", "key": "k", "value": "v"}', '{"rating": 1, "category": "data", "key": "k"}',
                  '{"rating": 0, "category": "data", "key": "k", "value": "v"}']) AS f;
SELECT * FROM pg_temp.known('gus');
SELECT personalization.learn('t', 'gus', 'feedback', '{"rating": 1, "category": "notification", "key": "channel", "value": {"by": "mail"}}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT * FROM pg_temp.known('gus');

-- Feedback on an interaction: its signals, times the rating.
SELECT personalization.learn('t', 'hal', 'visualization', '{"chart_type": "bar", "x_axis": "day"}', '2026-03-01 09:00+00', '00000000-0000-4000-8000-000000000101');
SELECT personalization.learn('t', 'hal', 'feedback', '{"rating": 0.5, "interaction_id": "00000000-0000-4000-8000-000000000101"}', '2026-03-01 09:01+00', '00000000-0000-4000-8000-000000000102');
SELECT * FROM pg_temp.known('hal');
SELECT personalization.learn('t', 'hal', 'feedback', '{"rating": "negative", "interaction_id": "00000000-0000-4000-8000-000000000101"}', '2026-03-01 09:02+00') IS NOT NULL AS learned;
SELECT * FROM pg_temp.known('hal');
-- On one that is not there; on feedback, which says nothing of preferences.
\set VERBOSITY sqlstate
SELECT personalization.learn('t', 'hal', 'feedback', '{"rating": 1, "interaction_id": "00000000-0000-4000-8000-00000000ffff"}', '2026-03-01 09:03+00');
\set VERBOSITY default
SELECT personalization.learn('t', 'hal', 'feedback', '{"rating": 1, "interaction_id": "00000000-0000-4000-8000-000000000102"}', '2026-03-01 09:03+00') IS NOT NULL AS learned;
SELECT * FROM pg_temp.known('hal');

-- A remark: recorded, and that is all.
SELECT personalization.learn('t', 'ida', 'feedback', f, '2026-03-01 09:00+00') IS NOT NULL AS recorded
FROM unnest(ARRAY[jsonb '{}', '{"comment": "nice"}', '{"rating": "positive"}', '{"rating": null, "category": null}']) AS f;
SELECT count(*) AS interactions, (SELECT count(*) FROM pg_temp.known('ida')) AS preferences
FROM personalization.interactions WHERE tenant_id = 't' AND user_id = 'ida';

-- collect_feedback() is an interaction of type feedback, learned.
SELECT personalization.learn('t', 'jo', 'export', '{"format": "csv"}', now() - interval '1 minute') IS NOT NULL AS learned;
SELECT personalization.collect_feedback('t', 'jo', '{"rating": "positive", "category": "presentation", "key": "export_format"}') IS NOT NULL AS collected;
SELECT interaction_type, data, now() - occurred_at < interval '1 minute' AS just_now
FROM personalization.interactions WHERE tenant_id = 't' AND user_id = 'jo' AND interaction_type = 'feedback';
SELECT key, value, confidence::numeric(10, 6), observation_count FROM personalization.preferences('t', 'jo');

-- learn's feedback argument is kept beside the interaction, and shown in the history.
SELECT personalization.learn('t', 'kim', 'export', '{"format": "csv"}', '2026-03-01 09:00+00',
    '00000000-0000-4000-8000-000000000201', feedback => '{"rating": "positive", "comment": "quick"}');
SELECT personalization.get_profile('t', 'kim', '2026-03-01 12:00+00') -> 'interaction_history';
SELECT * FROM pg_temp.known('kim');

-- Late events are taken, without decay for negative ages; last_updated stays the latest.
SELECT personalization.learn('t', 'lou', 'export', '{"format": "csv"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.learn('t', 'lou', 'export', '{"format": "csv"}', '2026-02-01 09:00+00') IS NOT NULL AS learned;
SELECT * FROM pg_temp.known('lou');
SELECT personalization.get_context('t', 'lou', '2026-03-01 12:00+00') ->> 'last_activity' AS last_activity;
-- A late query does not bring back an older text, but counts.
SELECT personalization.learn('t', 'lou', 'query', '{"query": "Revenue TODAY!"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.learn('t', 'lou', 'query', '{"query": "revenue today"}', '2026-02-01 09:00+00') IS NOT NULL AS learned;
SELECT query, ask_count, first_asked, last_asked FROM personalization.user_queries WHERE tenant_id = 't' AND user_id = 'lou';

-- Competing values: fifty bars and one pie do not say pie, unless the policy is 'latest'.
SELECT count(personalization.learn('t', 'max', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00+00')) FROM generate_series(1, 50);
SELECT personalization.learn('t', 'max', 'visualization', '{"chart_type": "pie"}', '2026-03-01 09:01+00') IS NOT NULL AS learned;
SELECT value, confidence::numeric(10, 6), observation_count, jsonb_array_length(candidates) FROM personalization.preferences('t', 'max', '2026-03-01 12:00+00');
SELECT personalization.create_tenant('t_latest', '{"value_policy": "latest"}') IS NOT NULL AS made;
SELECT count(personalization.learn('t_latest', 'max', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00+00')) FROM generate_series(1, 50);
SELECT personalization.learn('t_latest', 'max', 'visualization', '{"chart_type": "pie"}', '2026-03-01 09:01+00') IS NOT NULL AS learned;
SELECT value, confidence::numeric(10, 6), observation_count, jsonb_array_length(candidates) FROM personalization.preferences('t_latest', 'max', '2026-03-01 12:00+00');
-- At most eight candidates; equal as JSON is the same value.
SELECT count(personalization.learn('t', 'ned', 'visualization', jsonb_build_object('chart_type', 'c' || i), '2026-03-01 09:00+00')) FROM generate_series(1, 12) AS i;
SELECT value, jsonb_array_length(candidates) AS candidates, observation_count FROM personalization.preferences('t', 'ned', '2026-03-01 09:00+00');
SELECT count(personalization.learn('t', 'oz', 'dashboard', d, '2026-03-01 09:00+00'))
FROM unnest(ARRAY[jsonb '{"refresh_interval": 60}', '{"refresh_interval": 60.0}', '{"refresh_interval": 6e1}', '{"refresh_interval": "60"}']) AS d;
SELECT value, jsonb_array_length(candidates) AS candidates, observation_count FROM personalization.preferences('t', 'oz', '2026-03-01 09:00+00');

-- Profiles: an unknown user has the default one, and reading makes none.
SELECT jsonb_pretty(personalization.get_profile('t', 'nobody', '2026-03-01'));
SELECT jsonb_pretty(personalization.get_context('t', 'nobody', '2026-03-01'));
SELECT count(*) FROM personalization.profiles WHERE tenant_id = 't' AND user_id = 'nobody';
-- Traits set by hand; NULL leaves them.
SELECT personalization.set_profile('t', 'pia', 'advanced', ARRAY['sales', 'web'], 'brief');
SELECT personalization.set_profile('t', 'pia', skill_level => 'beginner');
SELECT personalization.get_profile('t', 'pia') - 'created_at' - 'updated_at';
SELECT personalization.set_profile('t', 'pia', domain_expertise => '{}');
SELECT personalization.get_profile('t', 'pia') -> 'domain_expertise' AS expertise;
-- The history ends at max_history_size, latest first, and at the time asked for.
SELECT personalization.configure_tenant('t', '{"max_history_size": 2}') ->> 'max_history_size' AS size;
SELECT h ->> 'timestamp' AS "timestamp" FROM jsonb_array_elements(personalization.get_profile('t', 'ana', '2026-03-01 09:03+00') -> 'interaction_history') AS h;
-- Or where the call wants, and nothing else is different.
SELECT n, jsonb_array_length(d -> 'interaction_history') AS shown, d - 'interaction_history' = all_of_it - 'interaction_history' AS same
FROM unnest('{0,1,2,3,2147483647,NULL}'::int[]) AS n,
     personalization.get_profile('t', 'ana', '2026-03-01 09:03+00', n) AS d,
     personalization.get_profile('t', 'ana', '2026-03-01 09:03+00') AS all_of_it;
SELECT personalization.learn('t', 'quy', 'exploration', '{}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.get_profile('t', 'quy', history => 0) ->> 'updated_at' AS updated_at;

SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['t', 't_latest']) AS t;

SELECT personalization.create_tenant('l2') IS NOT NULL AS made;
-- Parameters that a driver declares as text or varchar, as JDBC does.
PREPARE by_text(text, text, text, jsonb) AS SELECT personalization.learn($1, $2, $3, $4) IS NOT NULL AS learned;
EXECUTE by_text('l2', 'typed', 'export', '{"format": "csv"}');
PREPARE by_varchar(varchar, varchar, varchar, jsonb) AS SELECT personalization.learn($1, $2, $3, $4) IS NOT NULL AS learned;
EXECUTE by_varchar('l2', 'typed', 'export', '{"format": "csv"}');
EXECUTE by_varchar('l2', 'typed', 'exprot', '{"format": "csv"}');
PREPARE traits(text, varchar) AS SELECT personalization.set_profile('l2', 'typed', skill_level => $1, communication_style => $2);
EXECUTE traits('beginner', 'brief');
SELECT skill_level, communication_style FROM personalization.profiles WHERE tenant_id = 'l2' AND user_id = 'typed';
DEALLOCATE ALL;

-- A product's own events: recorded, and learned from by rules of the administrator's only.
SELECT personalization.learn('l2', 'clicker', 'custom', '{"click": "save", "widget": "sales"}') IS NOT NULL AS learned;
SELECT count(*) FROM personalization.extract_signals('custom', '{"click": "save", "chart_type": "bar"}');
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength)
VALUES ('l2', 'custom', 'widget', 'presentation', 'favourite_widget', 0.6);
SELECT personalization.learn('l2', 'clicker', 'custom', '{"click": "save", "widget": "sales"}') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[{"tenant_id": "l2", "user_id": "clicker", "interaction_type": "custom", "data": {"widget": "sales"}}]');
SELECT key, value, observation_count FROM personalization.preferences('l2', 'clicker');
SELECT personalization.usage_patterns('l2', 'clicker') #> '{by_type,custom}' AS custom;
SELECT personalization.drop_tenant('l2') IS NOT NULL AS dropped;

-- Names that no rule reads: kept with an interaction that says nothing, counted by tenant, and warned of where that is asked for.
SELECT personalization.create_tenant('l3') IS NOT NULL AS made;
SELECT count(personalization.learn('l3', 'ana', type, data)) AS learned FROM (VALUES
    ('visualization'::personalization.interaction_type, jsonb '{"chartType": "bar", "xAxis": "region"}'), ('visualization', '{"chartType": "pie"}'), ('visualization', '{}'),
    ('visualization', '{"chart_type": "bar", "Chart": 1}'), ('export', '{"format": null, "file": {"format": "csv"}}'), ('query', '{"query": "Revenue?", "topic": 1}'), ('query', '{"text": "Revenue?"}'),
    ('refinement', '{"original": {}, "corrected": {}}'), ('custom', '{"click": "save"}'), ('feedback', '{"comment": "nice"}')) AS v (type, data);
SELECT interaction_type, data, unread FROM personalization.interactions WHERE tenant_id = 'l3' ORDER BY interaction_type, data;
SELECT jsonb_pretty(not_learned) AS not_learned FROM personalization.tenant_statistics WHERE tenant_id = 'l3';
SET personalization.warn_unknown_data = on;
SELECT personalization.learn('l3', 'ana', 'visualization', '{"chartType": "bar", "x_axis": "region"}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'visualization', '{"chartType": "bar", "colour": "red"}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'custom', '{"click": "save"}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'query', '{"query": "Revenue?", "tables_used": ["orders"]}') IS NOT NULL AS learned;
-- The hint names what the code reads, too; those of a refinement are in its objects.
SELECT personalization.learn('l3', 'ana', 'query', '{"question": "Revenue?"}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'refinement', '{"originl": {"chart_type": "bar"}, "corrected": {"chart_type": "pie"}}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'refinement', '{"original": {"charttype": "bar"}, "corrected": {"chart_type": "pie", "sql": "SELECT 1", "format": "csv"}}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'refinement', '{"original": {"charttype": "bar"}, "corrected": {"charttype": "pie"}}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'feedback', '{"rating": 1, "catgory": "visualization"}') IS NOT NULL AS learned;
SELECT personalization.learn('l3', 'ana', 'feedback', '{"rating": 1, "category": "visualization", "key": "chart", "value": "bar"}') IS NOT NULL AS learned;
SELECT personalization.collect_feedback('l3', 'ana', '{"ratng": 1}') IS NOT NULL AS learned;
-- A list of which keys are made is read, but not the objects and arrays in it.
SELECT count(personalization.learn('l3', 'bo', type, data)) AS learned FROM (VALUES
    ('query'::personalization.interaction_type, jsonb '{"tables_used": [{"name": "orders"}]}'), ('query', '{"tables_used": ["orders", ["items"]]}'), ('query', '{"tables_used": {"orders": {"rows": 3}}, "filters": ["a", 1, null, true]}'),
    ('visualization', '{"chart_type": [{"kind": "bar"}]}'), ('refinement', '{"original": {"columns": [["a"]]}, "corrected": {}}')) AS v (type, data);
SELECT interaction_type, data, unread FROM personalization.interactions WHERE tenant_id = 'l3' AND user_id = 'bo' ORDER BY interaction_type, data;
SELECT personalization.forget_user('l3', 'bo') IS NOT NULL AS forgotten;
-- A session warns of a hundred names at most.
SET client_min_messages = error;
SELECT count(personalization.learn('l3', 'bo', 'custom', jsonb_build_object('name' || n, 1))) AS learned FROM generate_series(1, 100) AS n;
RESET client_min_messages;
SELECT personalization.learn('l3', 'bo', 'custom', '{"one_more": 1}') IS NOT NULL AS learned;
SELECT personalization.forget_user('l3', 'bo') IS NOT NULL AS forgotten;
RESET personalization.warn_unknown_data;
SELECT personalization.learn('l3', 'ana', 'visualization', '{"never_heard_of": 1}') IS NOT NULL AS learned;
-- Feedback on a suggestion is an outcome, not a remark of which nothing is learned.
SELECT personalization.learn('l3', 'ana', 'feedback', jsonb_build_object('rating', 1, 'suggestion_id', gen_random_uuid())) IS NOT NULL AS learned;
SELECT interaction_type, data - 'suggestion_id' AS data, unread FROM personalization.interactions WHERE tenant_id = 'l3' AND interaction_type IN ('refinement', 'feedback') ORDER BY interaction_type, data;
-- They come along with the user.
SELECT personalization.export_user('l3', 'ana') AS document \gset
SELECT personalization.forget_user('l3', 'ana') IS NOT NULL AS forgotten;
SELECT personalization.import_user('l3', :'document') -> 'interactions' AS interactions;
SELECT count(*) FILTER (WHERE unread <> '{}') AS unread FROM personalization.interactions WHERE tenant_id = 'l3';
SELECT personalization.drop_tenant('l3') IS NOT NULL AS dropped;

-- Numbers: those of float8, and not more digits than the payload may have bytes.
SELECT personalization.create_tenant('l4') IS NOT NULL AS made;
SELECT personalization.learn('l4', 'ana', 'export', '{"format": "csv", "x": [1.7976931348623157e308, -1.7976931348623157e308, 2.2250738585072014e-308, 0, 0.1]}') IS NOT NULL AS learned;
SELECT personalization.learn('l4', 'ana', 'export', '{"format": "csv", "x": [{"y": 1e309}]}');
SELECT personalization.learn('l4', 'ana', 'export', '{"format": "csv", "x": -1e131071}');
SELECT personalization.learn('l4', 'ana', 'export', '{"x": 1e-401}');
SELECT personalization.learn('l4', 'ana', 'export', '{"format": 0e-16383}');
SELECT personalization.learn('l4', 'ana', 'export', jsonb_build_object('x', (SELECT jsonb_agg(1e300) FROM generate_series(1, 4000))));
SELECT personalization.learn('l4', 'ana', 'export', jsonb_build_object('x', (SELECT jsonb_agg(1e300) FROM generate_series(1, 3000)))) IS NOT NULL AS learned;
SELECT personalization.learn('l4', 'ana', 'export', '{}', feedback => '{"x": 1e999}');
SELECT personalization.learn_batch('[{"tenant_id": "l4", "user_id": "ana", "interaction_type": "export", "data": {"x": 1e999}}]', 'divert');
SELECT sqlstate, reason FROM personalization.rejected_events WHERE tenant_id = 'l4';
SELECT personalization.start_conversation('l4', 'ana', '{"x": 1e999}');
SELECT personalization.collect_feedback('l4', 'ana', '{"x": 1e999}');
SELECT personalization.start_conversation('l4', 'ana') AS conversation \gset
SELECT personalization.update_conversation('l4', :'conversation', '{"x": [1e999]}');
SELECT personalization.append_message('l4', :'conversation', 'user', 'x', '{"x": {"y": 1e999}}');
SELECT personalization.end_turn('l4', 'ana', 'x', 'y', :'conversation', '{"x": 1e999}');
SELECT personalization.set_preference('l4', 'ana', 'data', 'k', '[1e999]');
SELECT personalization.import_user('l4', '{"tenant_id": "l4", "user_id": "bo", "preferences": {"data:k": {"category": "data", "key": "k", "value": 1e999, "confidence": 0.5, "observation_count": 1, "last_updated": "2026-03-01T00:00:00"}}}');
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('l4', 'bo', 'export', '{"x": 1e999}'), ('l4', 'bo', 'export', '{"format": "csv"}');
SELECT personalization.run_maintenance() -> 'inbox' AS taken;
SELECT count(*) AS rejected FROM personalization.rejected_events WHERE tenant_id = 'l4' AND sqlstate = '22003';
SELECT personalization.drop_tenant('l4') IS NOT NULL AS dropped;

-- A history that is loaded by a query: a notice says how many are too old to be kept, without those that were rolled back;
-- once in a session, and from a hundred on.
\connect -
SELECT personalization.create_tenant('l5') IS NOT NULL AS made;
SELECT count(personalization.learn('l5', 'ana', 'export', '{"format": "csv"}', now() - interval '91 days')) FROM generate_series(1, 99);
BEGIN;
SELECT personalization.learn('l5', 'ana', 'export', '{"format": "csv"}', now() - interval '91 days') IS NOT NULL AS learned;
SAVEPOINT a;
SELECT count(personalization.learn('l5', 'ana', 'export', '{"format": "csv"}', now() - interval '91 days')) FROM generate_series(1, 5);
ROLLBACK TO a;
SAVEPOINT b;
SAVEPOINT c;
SELECT count(personalization.learn('l5', 'ana', 'export', '{"format": "csv"}', now() - interval '91 days')) FROM generate_series(1, 99);
RELEASE c;
RELEASE b;
SELECT personalization.learn('l5', 'ana', 'export', '{"format": "csv"}') IS NOT NULL AS learned;
COMMIT;
SELECT count(personalization.learn('l5', 'ana', 'export', '{"format": "csv"}', now() - interval '91 days')) FROM generate_series(1, 200);
SELECT personalization.drop_tenant('l5') IS NOT NULL AS dropped;
