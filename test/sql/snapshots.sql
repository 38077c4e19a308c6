-- A profile as it was: get_profile() and preferences() at an earlier time.
-- What has faded is deleted two days after it was seen last.
\set tenants '{s,s_late,s_day}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SELECT personalization.configure_tenant('s', '{"evidence_retention": "2 days"}') ->> 'evidence_retention' AS retention;
-- Everything there is to say of a user at a time.
CREATE FUNCTION pg_temp.picture(u text, at timestamptz) RETURNS jsonb LANGUAGE sql AS $$
    SELECT personalization.get_profile('s', u, at) || jsonb_build_object('p', (SELECT coalesce(jsonb_agg(to_jsonb(p)), '[]') FROM personalization.preferences('s', u, at) AS p)) $$;
CREATE TEMP TABLE pictures (n int, u text, at timestamptz, picture jsonb, current jsonb);
-- Ten days of three users, who do everything; after each event a picture of the moment.
CREATE FUNCTION pg_temp.event(i int, OUT type personalization.interaction_type, OUT data jsonb) LANGUAGE sql AS $$
    SELECT (ARRAY['query', 'visualization', 'visualization', 'export', 'dashboard', 'exploration', 'refinement', 'feedback', 'feedback'])[1 + i * 7 % 9]::personalization.interaction_type,
    CASE i * 7 % 9
        WHEN 0 THEN jsonb_build_object('query', 'q' || i % 5, 'sql', format('SELECT sum(x) FROM t%s WHERE a = 1', i % 4))
        WHEN 1 THEN jsonb_build_object('chart_type', (ARRAY['bar', 'line', 'pie'])[1 + i % 3], 'x_axis', 'day')
        WHEN 2 THEN jsonb_build_object('chart_type', 'bar', 'color_scheme', i % 2)
        WHEN 3 THEN jsonb_build_object('format', 'csv', 'columns', jsonb_build_array('a', i % 3))
        WHEN 4 THEN jsonb_build_object('layout', 'grid', 'refresh_interval', 30)
        WHEN 5 THEN jsonb_build_object('tables', jsonb_build_array('t' || i % 4))
        WHEN 6 THEN jsonb_build_object('original', jsonb_build_object('chart_type', 'bar'), 'corrected', jsonb_build_object('chart_type', 'line'))
        WHEN 7 THEN jsonb_build_object('category', 'visualization', 'key', 'preferred_chart_type', 'rating', (i % 3 - 1))
        ELSE jsonb_build_object('category', 'presentation', 'key', 'tone', 'value', i % 2, 'rating', CASE WHEN i % 4 = 3 THEN -1 ELSE 0.5 END)
    END $$;
DO $$
DECLARE e record; i int; u text; at timestamptz; id uuid;
BEGIN
    FOR i IN 1..240 LOOP
        u := (ARRAY['ana', 'ana', 'bo', 'cy'])[1 + i % 4];
        -- Several at one time, several a day, and days without any.
        at := timestamptz '2026-03-01' + (i / 24) * interval '1 day' + (i % 24 / 2) * interval '1 hour 7 minutes' + CASE WHEN i > 120 THEN interval '8 days' ELSE '0' END;
        SELECT * INTO e FROM pg_temp.event(i);
        id := personalization.learn('s', u, e.type, e.data, at);
        IF i % 11 = 0 THEN
            PERFORM personalization.learn('s', u, 'feedback', jsonb_build_object('interaction_id', id, 'rating', 0.5), at);
        END IF;
        IF i % 60 = 0 THEN
            PERFORM personalization.set_profile('s', u, skill_level => (ARRAY['beginner', 'advanced'])[1 + i / 60 % 2]::personalization.skill_level);
        END IF;
        INSERT INTO pictures VALUES (i, u, at + interval '30 minutes', pg_temp.picture(u, at + interval '30 minutes'));
    END LOOP;
END $$;
-- What was seen then is seen now, to the last bit: of the last picture at each moment, as several events share one.
SELECT count(*) AS pictures, count(*) FILTER (WHERE picture = pg_temp.picture(u, at)) AS same, count(DISTINCT picture) AS different
FROM (SELECT DISTINCT ON (u, at) * FROM pictures ORDER BY u, at, n DESC) AS p;
SELECT u, at, (SELECT jsonb_object_agg(key, jsonb_build_array(value, pg_temp.picture(u, at) -> key)) FROM jsonb_each(picture) WHERE value <> pg_temp.picture(u, at) -> key) AS difference
FROM (SELECT DISTINCT ON (u, at) * FROM pictures ORDER BY u, at, n DESC) AS p WHERE picture <> pg_temp.picture(u, at) ORDER BY at LIMIT 3;
-- And as one value of a preference changed its mind, it was another one then.
SELECT at::date, picture #>> '{preferences,visualization:preferred_chart_type,value}' AS chart FROM (SELECT DISTINCT ON (at::date) * FROM pictures WHERE u = 'ana' ORDER BY at::date, n DESC) AS p WHERE n % 5 < 2 ORDER BY 1;
-- One snapshot a day and user, on days with a change.
SELECT user_id, count(*) AS snapshots, count(DISTINCT day) AS days, min(day), max(day) FROM personalization.preference_snapshots WHERE tenant_id = 's' GROUP BY 1 ORDER BY 1;
SELECT user_id, count(DISTINCT occurred_at::date) AS days FROM personalization.interactions WHERE tenant_id = 's' GROUP BY 1 ORDER BY 1;
-- Nothing that changes no preference makes one.
SELECT personalization.learn('s', 'ana', 'dashboard', '{"other": 1}', '2026-04-01') IS NOT NULL AS learned;
SELECT count(*) FROM personalization.preference_snapshots WHERE tenant_id = 's' AND day = '2026-04-01';
-- A retry makes none either.
SELECT count(DISTINCT personalization.learn('s', 'dan', 'export', '{"format": "csv"}', at, '00000000-0000-4000-8000-000000000001')) AS ids FROM unnest(ARRAY['2026-03-01', '2026-03-02']::timestamptz[]) AS at;
SELECT day FROM personalization.preference_snapshots WHERE tenant_id = 's' AND user_id = 'dan';
-- What has expired and been deleted since was there then.
SELECT personalization.run_maintenance('2026-04-20') -> 'preferences' > '0' AS deleted;
SELECT count(*) AS pictures, count(*) FILTER (WHERE picture = pg_temp.picture(u, at)) AS same FROM (SELECT DISTINCT ON (u, at) * FROM pictures WHERE at > '2026-03-12' ORDER BY u, at, n DESC) AS p;

-- == A batch gives what single calls give, whatever days it spans.
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 's_day', 'user_id', 'ana', 'interaction_type', e.type, 'data', e.data, 'occurred_at', timestamptz '2026-03-01' + i * interval '5 hours') ORDER BY i))
FROM generate_series(1, 60) AS i, pg_temp.event(i) AS e;
DO $$
DECLARE i int; e record;
BEGIN
    FOR i IN 1..60 LOOP
        SELECT * INTO e FROM pg_temp.event(i);
        PERFORM personalization.learn('s_day', 'one', e.type, e.data, timestamptz '2026-03-01' + i * interval '5 hours');
    END LOOP;
END $$;
SELECT count(*) FILTER (WHERE (personalization.get_profile('s_day', 'ana', at) -> 'preferences') = (personalization.get_profile('s_day', 'one', at) -> 'preferences')) AS same
FROM generate_series(timestamptz '2026-03-01', '2026-03-13', '5 hours') AS at;
SELECT user_id, count(*) FROM personalization.preference_snapshots WHERE tenant_id = 's_day' GROUP BY 1 ORDER BY 1;

-- == A late event counts as of its own time: in what is replayed, not in snapshots that are there already.
SELECT count(personalization.learn('s_late', 'ana', 'visualization', '{"chart_type": "bar"}', at)) FROM generate_series(timestamptz '2026-03-01 10:00', '2026-03-01 11:00', '5 minutes') AS at;
SELECT count(personalization.learn('s_late', 'ana', 'visualization', '{"chart_type": "bar"}', at)) FROM generate_series(timestamptz '2026-03-03 10:00', '2026-03-03 11:00', '5 minutes') AS at;
SELECT personalization.learn('s_late', 'ana', 'visualization', '{"chart_type": "pie"}', '2026-03-01 12:00') IS NOT NULL AS late;
SELECT at, confidence, observation_count FROM unnest(ARRAY['2026-03-01 11:30', '2026-03-01 12:30', '2026-03-03 10:02', '2026-03-03 12:00']::timestamptz[]) AS at, personalization.preferences('s_late', 'ana', at);
SELECT day, before FROM personalization.preference_snapshots WHERE tenant_id = 's_late' ORDER BY day;

-- A call that spans days makes the snapshot of the first. What is told after it of the same moment, or late, does not count twice.
SELECT personalization.learn_batch('[{"tenant_id": "s_late", "user_id": "bo", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-01T10:00:00Z"},
  {"tenant_id": "s_late", "user_id": "bo", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-02T10:00:00Z"},
  {"tenant_id": "s_late", "user_id": "cy", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-01T10:00:00Z"},
  {"tenant_id": "s_late", "user_id": "cy", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-02T10:00:00Z"}]');
SELECT personalization.learn_batch('[{"tenant_id": "s_late", "user_id": "bo", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-02T10:00:00Z"},
  {"tenant_id": "s_late", "user_id": "cy", "interaction_type": "export", "data": {"format": "csv"}, "occurred_at": "2026-03-02T09:00:00Z"}]');
SELECT count(personalization.learn('s_late', u, 'export', '{"format": "csv"}', at)) FROM unnest('{bo,cy}'::text[]) AS u, unnest('{2026-03-02 11:00,2026-03-02 12:00,2026-03-03 10:00}'::timestamptz[]) AS at;
SELECT u, at, observation_count FROM unnest('{bo,cy}'::text[]) AS u, unnest('{2026-03-01 12:00,2026-03-02 09:30,2026-03-02 10:00,2026-03-02 11:30,2026-03-02 12:30,2026-03-03 12:00}'::timestamptz[]) AS at, personalization.preferences('s_late', u, at) ORDER BY u, at;
SELECT user_id, day, before FROM personalization.preference_snapshots WHERE tenant_id = 's_late' AND user_id <> 'ana' ORDER BY user_id, day;

-- Before a user was known the default profile is returned, except for late events.
SELECT personalization.set_profile('s_late', 'dee', 'advanced');
SELECT u, d -> 'preferences' AS preferences, d -> 'interaction_history' AS history, d -> 'skill_level' AS skill, d -> 'trait_sources' ->> 'skill_level' AS source
FROM unnest('{bo,dee}'::text[]) AS u, personalization.get_profile('s_late', u, '2026-02-28') AS d;
-- preferences() gives those of now, which do not grow backwards in time.
SELECT confidence, observation_count FROM personalization.preferences('s_late', 'bo', '2026-02-28');
SELECT personalization.get_profile('s_late', 'dee') ->> 'skill_level' AS skill;
SELECT personalization.learn('s_late', 'bo', 'export', '{"format": "csv"}', '2026-02-25') IS NOT NULL AS late;
SELECT at, observation_count FROM unnest('{2026-02-24,2026-02-25,2026-02-25 12:00,2026-03-03 12:00}'::timestamptz[]) AS at, personalization.preferences('s_late', 'bo', at);

-- A no that comes late takes a preference away for good, also from times of long ago whose evidence would have expired since.
SELECT count(personalization.learn('s_late', 'eve', t::personalization.interaction_type, d::jsonb, at)) FROM (VALUES
  (1, 'visualization', '{"chart_type": "bar"}', timestamptz '2020-03-01 15:20'), (2, 'export', '{"format": "csv"}', '2020-03-01 15:21'),
  (3, 'feedback', '{"category": "visualization", "key": "preferred_chart_type", "rating": "negative"}', '2020-03-01 14:00'),
  (4, 'feedback', '{"category": "presentation", "key": "export_format", "rating": "negative"}', '2020-03-01 14:00'),
  (5, 'dashboard', '{"layout": "grid"}', '2020-03-01 15:22')) AS v (n, t, d, at);
SELECT at, key FROM unnest('{2020-03-01 15:20,2020-03-01 15:21,2020-03-01 15:22,2020-03-01 16:00}'::timestamptz[]) AS at, personalization.preferences('s_late', 'eve', at);
SELECT day, before, keys FROM personalization.preference_snapshots WHERE user_id = 'eve' ORDER BY before;

-- == Retention: snapshots go, by day, with the history; of earlier times the oldest is told.
SELECT personalization.run_maintenance('2026-06-10 12:00') -> 'preference_snapshots' AS deleted;
SELECT user_id, count(*) AS snapshots, min(day) FROM personalization.preference_snapshots WHERE tenant_id = 's' GROUP BY 1 ORDER BY 1;
SELECT count(*) AS pictures, count(*) FILTER (WHERE picture -> 'preferences' = pg_temp.picture(u, at) -> 'preferences') AS same
FROM (SELECT DISTINCT ON (u, at) * FROM pictures WHERE at > '2026-03-13' ORDER BY u, at, n DESC) AS p;
-- Forgotten with the user, and made anew on the same day by what comes after.
SELECT personalization.forget_user('s', 'ana') -> 'preference_snapshots' > '0' AS forgotten;
SELECT count(personalization.learn('s', 'ana', 'visualization', '{"chart_type": "bar"}', at)) FROM generate_series(timestamptz '2026-03-19 22:00', '2026-03-19 23:00', '5 minutes') AS at;
SELECT day, before, confidences FROM personalization.preference_snapshots WHERE tenant_id = 's' AND user_id = 'ana';
SELECT observation_count FROM personalization.preferences('s', 'ana', '2026-03-19 22:17');
-- Whatever a role has written there does not hurt.
UPDATE personalization.preference_snapshots SET confidences = '{NaN,7,null,0.5}', keys = '{a,b}', observation_counts = '{-1,2}', last_updated = '{infinity}', "values" = '{1,null}', categories = '{data,data,data}', rivals = '{1,"{}"}' WHERE tenant_id = 's' AND user_id = 'ana';
SELECT count(*) FROM personalization.preferences('s', 'ana', '2026-03-19 22:17');
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['s', 's_late', 's_day']) AS t;
