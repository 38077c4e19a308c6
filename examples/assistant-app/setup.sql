-- The database of the example: as a superuser, once, in a new database. All of it or, after an error, nothing.
\set ON_ERROR_STOP on
\set QUIET on
\o /dev/null
BEGIN;
CREATE EXTENSION IF NOT EXISTS personalization;

-- Two customers of the product. With a chart_confidence as low as this, choosing a kind of chart three times makes it
-- the default, so that there is something to see; leave it out in a product.
SELECT personalization.create_tenant(t, '{"chart_confidence": 0.15}') FROM unnest('{acme,globex}'::text[]) AS t;

-- The role of the application, for a pool of connections that all tenants share. Roles are of the whole server, so it may be
-- there from an earlier time.
SELECT 'CREATE ROLE assistant_web LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'assistant_web') \gexec
SELECT personalization.grant_access('assistant_web', pooled => true);
ALTER ROLE assistant_web SET personalization.local_tenant_only = on;

-- The product's own table of users: who belongs to which tenant.
CREATE TABLE users (id text PRIMARY KEY, tenant text NOT NULL, name text NOT NULL);
INSERT INTO users (id, tenant, name) VALUES ('ana', 'acme', 'Ana'), ('bo', 'acme', 'Bo'), ('cy', 'acme', 'Cy'), ('eve', 'globex', 'Eve');
GRANT SELECT ON users TO assistant_web;

-- What Ana and Bo of acme did in the last four weeks: some questions on each working day, others once a week.
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object(
         'tenant_id', 'acme', 'user_id', who, 'interaction_type', type, 'data', data, 'occurred_at', day + at) ORDER BY day + at, who))
FROM generate_series(current_date - 28, current_date - 1, interval '1 day') AS day
JOIN (VALUES ('ana', 'query', '{"query": "Open orders?", "tables_used": ["sales.orders"]}'::jsonb, time '09:00', '{1,2,3,4,5}'::int[]),
             ('ana', 'query', '{"query": "Revenue by region?", "tables_used": ["sales.revenue"]}', '09:05', '{1,2,3,4,5}'),
             ('ana', 'visualization', '{"chart_type": "bar"}', '09:06', '{1,2,3,4,5}'),
             ('ana', 'query', '{"query": "Which deliveries are late?", "tables_used": ["sales.deliveries"]}', '08:30', '{4}'),
             ('bo', 'query', '{"query": "Open orders?", "tables_used": ["sales.orders"]}', '09:10', '{1,3,5}'),
             ('bo', 'query', '{"query": "Revenue by month?", "tables_used": ["sales.revenue"]}', '10:00', '{1,3}'),
             ('bo', 'visualization', '{"chart_type": "line"}', '10:01', '{1,2,3,4,5}'),
             ('bo', 'query', '{"query": "Stock of what sells best?", "tables_used": ["stock.items"]}', '11:00', '{2,4}')
     ) AS does (who, type, data, at, weekdays) ON extract(isodow FROM day) = ANY (weekdays);
SELECT personalization.run_maintenance();
COMMIT;
