-- Confidence through time: a pure function of what is stored.
\set tenants '{d}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup

-- A chart type seen 20 times: 0.7 * (1 - 0.9 ^ 20) = 0.614896.
SELECT count(personalization.learn('d', 'ana', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00+00')) FROM generate_series(1, 20);
SELECT confidence, last_updated FROM personalization.preferences WHERE tenant_id = 'd';

-- One factor of decay for each whole day; gone from the day on which it is under min_confidence, the 14th: 0.95 ^ 14 * 0.614896 = 0.299863.
SELECT at, value, confidence::numeric(12, 9), observation_count AS n, last_updated
FROM unnest(ARRAY['2026-03-01 09:00', '2026-03-02 08:59:59.999999', '2026-03-02 09:00', '2026-03-03 09:00', '2026-03-14 09:00',
                  '2026-03-15 08:59:59.999999', '2026-03-15 09:00', '2030-01-01']::timestamptz[]) AS at
     LEFT JOIN LATERAL personalization.preferences('d', 'ana', at) ON true;
SELECT at, personalization.get_profile('d', 'ana', at) #>> '{preferences,visualization:preferred_chart_type,confidence}' AS confidence,
       jsonb_array_length(personalization.get_profile('d', 'ana', at) -> 'interaction_history') AS history
FROM unnest(ARRAY['2026-03-03 09:00', '2026-03-16']::timestamptz[]) AS at;

-- Reading changes nothing, however often.
SELECT confidence, last_updated FROM personalization.preferences WHERE tenant_id = 'd';

-- Candidates fade with it.
SELECT personalization.learn('d', 'bo', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT personalization.learn('d', 'bo', 'visualization', '{"chart_type": "pie"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT c ->> 'value' AS value, (c ->> 'confidence')::numeric(12, 9) AS confidence
FROM personalization.preferences('d', 'bo', '2026-03-01 09:00+00'), jsonb_array_elements(candidates) AS c;

-- Dormant: not seen from the first whole day on, but its evidence counts when the user returns.
SELECT confidence::numeric(12, 9) FROM personalization.preferences('d', 'bo', '2026-03-02 08:00+00');
SELECT count(*) FROM personalization.preferences('d', 'bo', '2026-03-02 09:00+00');
SELECT personalization.learn('d', 'bo', 'visualization', '{"chart_type": "pie"}', '2026-03-11 09:00+00') IS NOT NULL AS learned;
-- 0.07 * 0.95 ^ 10 * 0.9 + 0.07, and 0.063 * 0.95 ^ 10 * 0.9.
SELECT observation_count AS n, c ->> 'value' AS value, (c ->> 'confidence')::numeric(12, 9) AS confidence
FROM personalization.preferences('d', 'bo', '2026-03-11 09:00+00'), jsonb_array_elements(candidates) AS c;

-- Someone who picks a bar chart once a day has it learned within a fortnight.
SELECT count(personalization.learn('d', 'cy', 'visualization', '{"chart_type": "bar"}', day)) AS days
FROM generate_series(timestamptz '2026-03-01 09:00', '2026-03-14 09:00', '1 day') AS day;
SELECT confidence::numeric(12, 9) AS "14th", (SELECT confidence::numeric(12, 9) FROM personalization.preferences('d', 'cy', '2026-03-15 09:00')) AS "15th"
FROM personalization.preferences('d', 'cy', '2026-03-14 09:00');

-- With evidence_retention 0 evidence dies on its first day under the floor: it starts anew.
SELECT personalization.create_tenant('d0', '{"evidence_retention": 0}') IS NOT NULL AS made;
SELECT count(personalization.learn('d0', 'cy', 'visualization', '{"chart_type": "bar"}', day)) AS days
FROM generate_series(timestamptz '2026-03-01 09:00', '2026-03-14 09:00', '1 day') AS day;
SELECT confidence::numeric(12, 9), observation_count FROM personalization.preferences WHERE tenant_id = 'd0';
-- Six times on the first day make 0.7 * (1 - 0.9 ^ 6) = 0.3280, which a day leaves at 0.3116: learned.
SELECT count(personalization.learn('d0', 'dan', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00')) FROM generate_series(1, 6);
SELECT confidence::numeric(12, 9), observation_count FROM personalization.preferences('d0', 'dan', '2026-03-02 09:00');

-- Evidence that has expired is not there for a return either, whether or not maintenance ran.
SELECT count(personalization.learn('d', 'eve', 'export', '{"format": "csv"}', at))
FROM unnest(ARRAY['2025-01-01 09:00', '2025-04-01 08:59:59']::timestamptz[]) AS at;
SELECT count(personalization.learn('d', 'fay', 'export', '{"format": "csv"}', at))
FROM unnest(ARRAY['2025-01-01 09:00', '2025-04-01 09:00']::timestamptz[]) AS at;
SELECT user_id, observation_count FROM personalization.preferences WHERE tenant_id = 'd' AND user_id IN ('eve', 'fay') ORDER BY user_id COLLATE "C";

-- run_maintenance() deletes what has expired, to the moment, and nothing else.  As if all had been learned as it happened:
UPDATE personalization.preferences SET expires_on =
    (personalization.evidence_expires_at(confidence, last_updated, CASE tenant_id WHEN 'd0' THEN '{"evidence_retention": 0}' ELSE '{}' END::jsonb) AT TIME ZONE 'UTC')::date
WHERE tenant_id IN ('d', 'd0');
CREATE VIEW pg_temp.kept AS
SELECT tenant_id, user_id, key, expires_on FROM personalization.preferences
WHERE tenant_id IN ('d', 'd0') ORDER BY tenant_id COLLATE "C", user_id COLLATE "C";
TABLE pg_temp.kept;
SELECT personalization.run_maintenance('2025-06-30 08:59:58.999999+00') ->> 'preferences' AS deleted;
SELECT personalization.run_maintenance('2025-06-30 08:59:59+00') ->> 'preferences' AS eve;
SELECT personalization.run_maintenance('2025-06-30 08:59:59.999999+00') ->> 'preferences' AS deleted;
SELECT personalization.run_maintenance('2025-06-30 09:00+00') ->> 'preferences' AS fay;
SELECT personalization.run_maintenance('2025-06-30 09:00+00') ->> 'preferences' AS again;
TABLE pg_temp.kept;

-- Settings that say when evidence dies, changed, hold for what is stored.
SELECT personalization.configure_tenant('d', '{"evidence_retention": "10 days"}') ->> 'evidence_retention' AS retention;
TABLE pg_temp.kept;
SELECT personalization.configure_tenant('d', '{"evidence_retention": null, "min_confidence": 0.6}') ->> 'min_confidence' AS floor;
TABLE pg_temp.kept;
SELECT at::date, confidence::numeric(12, 9) FROM unnest(ARRAY['2026-03-01 09:00', '2026-03-02 09:00']::timestamptz[]) AS at
     LEFT JOIN LATERAL personalization.preferences('d', 'ana', at) ON true;
SELECT personalization.configure_tenant('d', '{"min_confidence": 0.0001, "decay_factor": 0.99}') ->> 'decay_factor' AS decay;
TABLE pg_temp.kept;
-- No decay, or no floor: never, where it stands above the floor.
SELECT personalization.configure_tenant('d', '{"min_confidence": 0.3, "decay_factor": 1}') ->> 'decay_factor' AS decay;
TABLE pg_temp.kept;
SELECT count(*), min(confidence::numeric(12, 9)) FROM personalization.preferences('d', 'ana', '2099-01-01');
SELECT personalization.configure_tenant('d', '{"min_confidence": 0, "decay_factor": null}') ->> 'min_confidence' AS floor;
TABLE pg_temp.kept;
SELECT personalization.run_maintenance('9999-01-01') ->> 'preferences' AS deleted;
TABLE pg_temp.kept;
SELECT personalization.configure_tenant('d', '{"min_confidence": null}') ->> 'min_confidence' AS floor;
SELECT personalization.run_maintenance('9999-01-01') ->> 'preferences' AS deleted;
TABLE pg_temp.kept;

-- Without decay, under the floor, it dies on the first whole day.
SELECT personalization.create_tenant('d1', '{"decay_factor": 1, "evidence_retention": "0 days"}') IS NOT NULL AS made;
SELECT personalization.learn('d1', 'ana', 'export', '{"format": "csv"}', '2026-03-01 09:00+00') IS NOT NULL AS learned;
SELECT count(*) FROM personalization.preferences('d1', 'ana', '2026-03-02 08:59:59+00');
SELECT count(*) FROM personalization.preferences('d1', 'ana', '2026-03-02 09:00+00');

SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['d', 'd0', 'd1']) AS t;

-- With a least confidence, what is not live comes too, and says so; what has expired does not, whether or not upkeep ran.
SELECT personalization.create_tenant('d2') IS NOT NULL AS made;
SELECT count(personalization.learn('d2', 'gil', 'visualization', '{"chart_type": "bar"}', '2026-03-01 09:00')) FROM generate_series(1, 20);
SELECT personalization.learn('d2', 'gil', 'export', '{"format": "csv"}', '2026-03-01 09:00') IS NOT NULL AS learned;
SELECT at, least, key, confidence::numeric(6, 5), state
FROM unnest(ARRAY['2026-03-01 10:00', '2026-03-02 10:00', '2026-03-20 10:00', '2026-06-20 10:00']::timestamptz[]) at,
     unnest(ARRAY[NULL, 0, 0.2, 1]::float8[]) least,
     personalization.preferences('d2', 'gil', at, least) ORDER BY at, least, confidence DESC;
SELECT key, state FROM personalization.preferences('d2', 'gil', min_confidence => 0.05, at => '2026-03-02 10:00');
SELECT count(*) FROM personalization.preferences('d2', 'gil', '2026-03-01 10:00', 1.5);
SELECT count(*) FROM personalization.preferences('d2', 'gil', '2026-03-01 10:00', 'NaN');
SELECT count(*) FROM personalization.preferences('d2', 'gil', '2026-03-01 10:00', -0.1);
SELECT personalization.drop_tenant('d2') IS NOT NULL AS dropped;

-- == The past is learned as it was: evidence that is dead by today's clock stays for a week, in which the next event of
-- its time may arrive, and counts by its own time.
SELECT personalization.create_tenant('d2', '{"evidence_retention": 0}') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.bar(user_id text, at timestamptz) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM personalization.learn('d2', user_id, 'visualization', '{"chart_type": "bar"}', at);
    RETURN (SELECT observation_count FROM personalization.preferences WHERE preferences.tenant_id = 'd2' AND preferences.user_id = bar.user_id);
END $$;
CREATE FUNCTION pg_temp.kept_by(at timestamptz) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM personalization.run_maintenance(at);
    RETURN (SELECT string_agg(user_id, ' ' ORDER BY user_id COLLATE "C") FROM personalization.preferences WHERE preferences.tenant_id = 'd2');
END $$;
SELECT date_trunc('day', now(), 'UTC') - interval '300 days' AS past \gset
SELECT pg_temp.bar('ana', :'past'), pg_temp.kept_by(now());
SELECT pg_temp.bar('ana', timestamptz :'past' + interval '12 hours'), pg_temp.kept_by(now() + interval '6 days');
SELECT pg_temp.bar('ana', timestamptz :'past' + interval '1 day'), pg_temp.kept_by(now() + interval '6 days');
SELECT pg_temp.bar('ana', timestamptz :'past' + interval '3 days') AS anew, pg_temp.kept_by(now() + interval '9 days');
-- It is not shown meanwhile, not even as emerging.
SELECT pg_temp.bar('ana', :'past'), (SELECT count(*) FROM personalization.preferences('d2', 'ana', min_confidence => 0)) AS shown;
-- What is learned as it happens is deleted on its day by a clock that is put forward.  By one that is put back nothing was late.
SELECT pg_temp.bar('bo', now()), pg_temp.kept_by(now() + interval '23 hours');
SELECT pg_temp.kept_by(now() + interval '1 day');
SELECT pg_temp.kept_by(timestamptz :'past' + interval '1 day');
-- Other settings leave the week as it is.  What was alive by the settings before is deleted at once.
SELECT pg_temp.bar('ana', :'past');
SELECT personalization.configure_tenant('d2', '{"evidence_retention": "10 days"}') ->> 'evidence_retention' AS retention;
SELECT pg_temp.kept_by(now());
SELECT personalization.configure_tenant('d2', '{"evidence_retention": "1000 days"}') ->> 'evidence_retention' AS retention;
SELECT expires_on - :'past'::date AS days FROM personalization.preferences WHERE tenant_id = 'd2';
SELECT personalization.configure_tenant('d2', '{"evidence_retention": 0}') ->> 'evidence_retention' AS retention;
SELECT pg_temp.kept_by(now());
-- A document carries it, and cannot keep it for longer.
SELECT pg_temp.bar('ana', :'past');
CREATE TEMP TABLE document AS SELECT personalization.export_user('d2', 'ana') AS d;
SELECT personalization.forget_user('d2', 'ana') ->> 'preferences' AS forgotten, personalization.import_user('d2', d) ->> 'preferences' AS imported FROM document;
SELECT expires_on - current_date BETWEEN 7 AND 8 AS kept FROM personalization.preferences WHERE tenant_id = 'd2';
SELECT personalization.export_user('d2', 'ana') -> 'data' = d -> 'data' AS same FROM document;
SELECT pg_temp.bar('ana', timestamptz :'past' + interval '12 hours');
SELECT personalization.forget_user('d2', 'ana') ->> 'preferences' AS forgotten,
       personalization.import_user('d2', jsonb_set(d, '{data,preferences,0,expires_on}', '"infinity"')) ->> 'preferences' AS imported FROM document;
SELECT expires_on - current_date BETWEEN 7 AND 8 AS kept FROM personalization.preferences WHERE tenant_id = 'd2';
SELECT personalization.drop_tenant('d2') ->> 'tenants' AS dropped;
