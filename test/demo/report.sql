-- What `make report` shows: the sample day as if it were yesterday, after six weeks in which two companies' users did
-- parts of it, on working days.  Writes report.html and tenant-report.html to the directory of the variable out.
\set QUIET on
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS personalization;
\o /dev/null
SELECT personalization.create_tenant(t) FROM unnest('{acme,globex}'::text[]) AS t;
CREATE TEMP TABLE sample_day (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event jsonb);
\copy sample_day (event) FROM 'examples/day.jsonl' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')

-- Colleagues do what ana and bo do, at other hours; of each day, a part, which depends on the day only.
CREATE TEMP TABLE past AS
SELECT d.day, e.n, u.name, jsonb_build_object(
         'tenant_id', 'acme', 'user_id', u.name, 'interaction_type', e.event ->> 'interaction_type', 'data', e.event -> 'data',
         'occurred_at', d.day + (e.event ->> 'occurred_at')::timestamptz::time + u.later) AS event
FROM (SELECT (now() AT TIME ZONE 'UTC')::date - k AS day, k FROM generate_series(43, 2, -1) AS k) AS d
CROSS JOIN (VALUES ('ana', 'ana', interval '0', 5), ('bo', 'bo', '20 minutes', 3), ('cy', 'ana', '-1 hour', 9), ('di', 'ana', '-2 hours', 7),
                   ('ed', 'ana', '1 hour', 11), ('fay', 'bo', '40 minutes', 5), ('gil', 'ana', '2 hours', 8)) AS u (name, as_do, later, each)
JOIN sample_day AS e ON e.event ->> 'tenant_id' = 'acme' AND e.event ->> 'user_id' = u.as_do
     AND e.event ->> 'interaction_type' IN ('query', 'visualization', 'export', 'exploration')
     AND (e.n * 7 + d.k * 3) % u.each = 0
WHERE extract(isodow FROM d.day) < 6;
-- What recurs.
INSERT INTO past
SELECT d.day, 0, q.who, jsonb_build_object('tenant_id', 'acme', 'user_id', q.who, 'interaction_type', 'query', 'occurred_at', d.day + q.at,
         'data', jsonb_build_object('query', q.query, 'tables_used', q.tables))
FROM (SELECT (now() AT TIME ZONE 'UTC')::date - k AS day FROM generate_series(43, 2, -1) AS k) AS d
JOIN (VALUES ('ana', '{1}'::int[], time '08:55', 'Revenue by region last week?', '{sales.orders,sales.customers}'::text[]),
             ('ana', '{1,2,3,4,5}', '09:05', 'Open orders?', '{sales.orders}'),
             ('ana', '{4}', '15:30', 'Which deliveries are late?', '{sales.deliveries}'),
             ('bo', '{1,3}', '09:20', 'Open orders?', '{sales.orders}'),
             ('bo', '{2,4}', '10:15', 'Which deliveries are late?', '{sales.deliveries}'),
             ('cy', '{1,2,3,4,5}', '09:10', 'Open orders?', '{sales.orders}'),
             ('cy', '{1}', '09:30', 'Revenue by region last week?', '{sales.orders,sales.customers}'),
             ('di', '{2}', '10:00', 'Stock of what sells best?', '{sales.orders,stock.items}'),
             ('di', '{4,5}', '10:05', 'Which deliveries are late?', '{sales.deliveries}'),
             ('ed', '{1,3,5}', '09:15', 'Open orders?', '{sales.orders}'),
             ('ed', '{3}', '11:30', 'Which deliveries are late?', '{sales.deliveries}'),
             ('fay', '{4}', '11:15', 'Which deliveries are late?', '{sales.deliveries}'),
             ('fay', '{2,5}', '09:40', 'Open orders?', '{sales.orders}'),
             ('gil', '{1,2,4}', '08:40', 'Open orders?', '{sales.orders}')) AS q (who, weekdays, at, query, tables)
     ON extract(isodow FROM d.day) = ANY (q.weekdays);
-- Day by day; in the last three weeks, with suggestions shown just before each user's first question.
DO $$
DECLARE
	of_day record;
	of_user record;
BEGIN
	FOR of_day IN SELECT day, jsonb_agg(event ORDER BY event ->> 'occurred_at', n) AS events FROM past GROUP BY day ORDER BY day LOOP
		IF of_day.day > current_date - 21 THEN
			PERFORM personalization.run_maintenance(of_day.day);
			FOR of_user IN SELECT name, min((event ->> 'occurred_at')::timestamp) - interval '2 minutes' AS at FROM past
					WHERE day = of_day.day AND event ->> 'interaction_type' = 'query' GROUP BY name ORDER BY name LOOP
				PERFORM personalization.get_suggestions('acme', of_user.name, at => of_user.at);
			END LOOP;
		END IF;
		PERFORM personalization.learn_batch(of_day.events);
	END LOOP;
END
$$;
DROP TABLE past, sample_day;
\i examples/load-day.sql
SELECT personalization.register_table('acme', 'sales.campaigns', 'what was spent on which campaign');
SELECT personalization.run_maintenance();

-- What ana decided and said.
SELECT personalization.set_preference('acme', 'ana', 'presentation', 'export_format', '"pdf"');
SELECT personalization.forget_preference('acme', 'ana', 'query', 'filter:status =');
SELECT personalization.start_conversation('acme', 'ana') AS conversation \gset
SELECT personalization.append_message('acme', :'conversation', 'user', 'Why did revenue fall in March? In short, please.'),
       personalization.append_message('acme', :'conversation', 'assistant', 'Fewer orders from two regions.'),
       personalization.append_message('acme', :'conversation', 'user', 'Show me the SQL.');
SELECT personalization.record_outcome('acme', 'ana', s.suggestion_id, 'dismissed')
FROM (SELECT * FROM personalization.get_suggestions('acme', 'ana') OFFSET 3 LIMIT 1) AS s;
\o

\pset format unaligned
\pset tuples_only on
\o :out/report.html
SELECT personalization.report('acme', 'ana');
\o
\o :out/tenant-report.html
SELECT personalization.tenant_report('acme');
\o
