-- Loads the sample day of day.jsonl as if it were yesterday, for psql in the directory above this one:
--
--     psql -X -q -f examples/load-day.sql
--
-- The day itself is long ago. History that is older than a tenant's history_retention is deleted by
-- the worker within a minute, so the events are moved by whole days.
CREATE TEMP TABLE sample_day (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event jsonb);
\copy sample_day (event) FROM 'examples/day.jsonl' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
UPDATE sample_day
SET event = event || jsonb_build_object('occurred_at', (event ->> 'occurred_at')::timestamptz
        + make_interval(days => (now() AT TIME ZONE 'UTC')::date - 1 - date '2026-03-02'));
DO $$
BEGIN
	PERFORM personalization.create_tenant(t)
	FROM unnest('{acme,globex}'::text[]) AS t
	WHERE NOT EXISTS (SELECT FROM personalization.tenants WHERE tenant_id = t);
END
$$;
SELECT personalization.learn_batch(jsonb_agg(event ORDER BY n)) AS new FROM sample_day;
DROP TABLE sample_day;
