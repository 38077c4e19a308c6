-- A history of 50 interactions a user, written into the tables by a superuser, because learning as many events takes longer.
-- The variables of psql: tenants; users of each; queries, the number of different ones of each; giant_users, of
-- a further tenant "giant" (0: there is none).
SET client_min_messages = warning;
CREATE EXTENSION personalization;
SELECT personalization.grant_access('pool', pooled => true) \g /dev/null
CREATE SCHEMA bench;
SELECT setseed(0.5) \g /dev/null
SELECT count(personalization.create_tenant('tenant-' || t)) FROM generate_series(1, :tenants) AS t \g /dev/null
SELECT personalization.create_tenant('giant') WHERE :giant_users > 0 \g /dev/null

CREATE TABLE bench.queries AS
SELECT q, text, personalization.query_id(jsonb_build_object('query', text)) AS query_id, tables,
       jsonb_build_object('query', text, 'tables_used', tables) AS data
FROM generate_series(1, :queries) AS q,
     LATERAL (SELECT (ARRAY['Revenue', 'Orders', 'Refunds', 'Margin', 'Visits'])[1 + q % 5] || ' of segment ' || q || ' by '
                     || (ARRAY['region', 'month', 'product'])[1 + q % 3] AS text,
                     jsonb_build_array('mart.fact_' || q % 40, 'mart.dim_' || q % 7) AS tables) t;
CREATE UNIQUE INDEX ON bench.queries (q);

-- What learning stores with each kind of interaction: each is learned once, by a tenant that is dropped again.
CREATE TABLE bench.others AS
SELECT * FROM (VALUES ('visualization'::personalization.interaction_type,
                       '{"chart_type": "bar", "color_scheme": "blue", "x_axis": "month", "y_axis": "revenue"}'::jsonb),
                      ('export', '{"format": "xlsx"}')) AS other (type, data);
SELECT personalization.create_tenant('sample') \g /dev/null
SELECT count(personalization.learn('sample', 'ana', type, data))
FROM (SELECT 'query'::personalization.interaction_type AS type, data FROM bench.queries UNION ALL TABLE bench.others) AS each \g /dev/null
ALTER TABLE bench.queries ADD COLUMN outline text;
UPDATE bench.queries AS q SET outline = i.outline FROM personalization.interactions AS i
WHERE i.tenant_id = 'sample' AND i.query_id = q.query_id;
ALTER TABLE bench.others ADD COLUMN outline text;
UPDATE bench.others AS o SET outline = i.outline FROM personalization.interactions AS i
WHERE i.tenant_id = 'sample' AND i.interaction_type = o.type;
VACUUM ANALYZE bench.queries;
SELECT personalization.drop_tenant('sample') \g /dev/null

-- In order of time, over eighty days, as they would have come; three of five are queries, and of these
-- the k-th most asked about 1/k as often as the first.
INSERT INTO personalization.interactions (tenant_id, user_id, interaction_type, data, occurred_at, query_id, outline)
SELECT CASE WHEN giant THEN 'giant' ELSE 'tenant-' || 1 + i % :tenants END, 'user-' || 1 + user_number,
       e.type, coalesce(query.data, other.data),
       now() - interval '80 days' * (1 - i / (50.0 * (:tenants * :users + :giant_users))), query.query_id, coalesce(query.outline, other.outline)
FROM (SELECT i, giant, user_number, q,
             CASE WHEN q IS NOT NULL THEN 'query' WHEN i % 3 = 0 THEN 'export' ELSE 'visualization' END::personalization.interaction_type AS type
      FROM (SELECT i, giant, floor(random() * CASE WHEN giant THEN :giant_users ELSE :users END)::int AS user_number,
                   CASE WHEN random() < 0.6 THEN floor((:queries + 1) ^ random())::int END AS q
            FROM (SELECT i, i % (:tenants * :users + :giant_users) < :giant_users AS giant
                  FROM generate_series(1, 50 * (:tenants * :users + :giant_users)) AS i OFFSET 0) AS i OFFSET 0) AS drawn) AS e
     LEFT JOIN bench.queries query USING (q)
     LEFT JOIN bench.others other ON other.type = e.type;
ANALYZE personalization.interactions;

INSERT INTO personalization.profiles (tenant_id, user_id, created_at, updated_at)
SELECT tenant_id, user_id, min(occurred_at), min(occurred_at) FROM personalization.interactions GROUP BY 1, 2;

INSERT INTO personalization.user_queries (tenant_id, user_id, query_id, query, tables, ask_count, first_asked, last_asked, asked_days, due_on)
SELECT tenant_id, user_id, query_id, text, tables, asks, first, last, days, personalization.next_due_on(days)
FROM (SELECT tenant_id, user_id, query_id, count(*) AS asks, min(occurred_at) AS first, max(occurred_at) AS last,
             (array_agg(DISTINCT (occurred_at AT TIME ZONE 'UTC')::date))[1:16] AS days
      FROM personalization.interactions WHERE query_id IS NOT NULL GROUP BY 1, 2, 3) asked
     JOIN bench.queries USING (query_id);

INSERT INTO personalization.preferences
SELECT tenant_id, user_id, category::personalization.preference_category, key, value, confidence, NULL::jsonb, 9, at,
       (personalization.evidence_expires_at(confidence, at, '{}') AT TIME ZONE 'UTC')::date
FROM personalization.profiles,
     (VALUES ('visualization', 'preferred_chart_type', '"bar"'::jsonb, 0.65), ('visualization', 'color_scheme', '"blue"', 0.6),
             ('visualization', 'x_axis', '"month"', 0.45), ('visualization', 'y_axis', '"revenue"', 0.45),
             ('presentation', 'export_format', '"xlsx"', 0.5)) AS p (category, key, value, confidence),
     LATERAL (SELECT now() - interval '2 hours' AS at) l
UNION ALL
SELECT tenant_id, user_id, 'data', 'frequent_table:' || name, to_jsonb(name), 0.4, NULL, 9, at,
       (personalization.evidence_expires_at(0.4, at, '{}') AT TIME ZONE 'UTC')::date
FROM (SELECT DISTINCT ON (tenant_id, user_id, name) tenant_id, user_id, name
      FROM personalization.user_queries, jsonb_array_elements_text(tables) AS name WHERE ask_count > 1 OR name LIKE 'mart.dim%') t,
     LATERAL (SELECT now() - interval '2 hours' AS at) l;
VACUUM ANALYZE;
