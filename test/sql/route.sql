-- Routing hints.
\set tenants '{acme,acme2}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup

-- Of an unknown user: what holds for everybody, and nothing else.
SELECT personalization.route('acme', 'nobody', 'orders', '2026-03-02 12:00');
SELECT count(*) FROM personalization.profiles;

-- By skill level.
SELECT count(personalization.set_profile('acme', level, skill_level => level::personalization.skill_level))
FROM unnest(enum_range(NULL::personalization.skill_level)::text[]) level;
SELECT level, r -> 'explanation_level' AS explanation, r -> 'chart_complexity' AS charts, r -> 'skill_level' AS skill
FROM unnest(enum_range(NULL::personalization.skill_level)::text[]) level,
     personalization.route('acme', level, 'orders') r;
SELECT personalization.set_profile('acme', 'advanced', communication_style => 'technical');
SELECT personalization.route('acme', 'advanced', 'x') -> 'communication_style' AS style;

-- The chart, above a confidence only; the others while they are live.
SELECT count(personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar", "color_scheme": "blue"}',
                                   '2026-03-02 09:00'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 18) i;
SELECT personalization.route('acme', 'ana', 'x', '2026-03-02 12:00');
SELECT confidence FROM personalization.preferences('acme', 'ana', '2026-03-02 12:00') WHERE key = 'preferred_chart_type';
SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}', '2026-03-02 10:00') IS NOT NULL;
SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}', '2026-03-02 10:00') IS NOT NULL;
SELECT at, r - '{skill_level,explanation_level,chart_complexity,communication_style}'::text[] AS hints
FROM unnest(ARRAY['2026-03-02 12:00', '2026-03-03 12:00', '2026-03-14 12:00', '2026-03-20 12:00']::timestamptz[]) at,
     personalization.route('acme', 'ana', 'x', at) r ORDER BY at;
-- Exactly at the threshold is not above it.
SELECT personalization.configure_tenant('acme', jsonb_build_object('chart_confidence',
    (SELECT confidence FROM personalization.preferences('acme', 'ana', '2026-03-02 12:00')
     WHERE key = 'preferred_chart_type'))) IS NOT NULL;
SELECT personalization.route('acme', 'ana', 'x', '2026-03-02 12:00') ? 'default_chart_type' AS chart;
SELECT personalization.configure_tenant('acme', '{"chart_confidence": 0.6}') -> 'chart_confidence' AS threshold;

-- A settled choice among several: three of four are bars, though no confidence passes the threshold by itself.
SELECT count(personalization.learn('acme', 'mix', v, d, '2026-03-02 09:00'::timestamptz + i * interval '1 minute'))
FROM generate_series(1, 200) i, LATERAL (VALUES
    ('visualization'::personalization.interaction_type, jsonb_build_object('chart_type', CASE WHEN i % 4 = 1 THEN 'pie' ELSE 'bar' END,
        'color_scheme', (ARRAY['blue', 'red', 'green'])[i % 3 + 1])),
    ('export', jsonb_build_object('format', CASE WHEN i % 4 = 1 THEN 'xlsx' ELSE 'csv' END))) u (v, d);
SELECT key, value, confidence::numeric(4, 3),
       (SELECT sum((c ->> 'confidence')::float8)::numeric(4, 3) FROM jsonb_array_elements(candidates) c) AS together
FROM personalization.preferences('acme', 'mix', '2026-03-02 13:00') ORDER BY key;
-- Twelve days later csv alone would not be live; no colour ever had more than half of them.
SELECT at, r -> 'default_chart_type' AS chart, r -> 'export_format' AS format, r -> 'color_scheme' AS color
FROM unnest(ARRAY['2026-03-02 13:00', '2026-03-04', '2026-03-09 13:00', '2026-03-14 13:00', '2026-03-20 13:00']::timestamptz[]) at,
     personalization.route('acme', 'mix', 'x', at) r ORDER BY at;
SELECT personalization.configure_tenant('acme', '{"chart_confidence": 0.65}') -> 'chart_confidence' AS threshold;
SELECT personalization.route('acme', 'mix', 'x', '2026-03-02 13:00') -> 'default_chart_type' AS chart,
       personalization.route('acme', 'mix', 'x', '2026-03-04') -> 'default_chart_type' AS two_days_later;
SELECT personalization.configure_tenant('acme', '{"chart_confidence": 0.6}') -> 'chart_confidence' AS threshold;

-- Tables that fit, the best first, of equal ones the most used.
SELECT count(personalization.learn('acme', 'ana', 'query', jsonb_build_object('query', 'q' || i, 'tables_used', tables),
                                   '2026-03-02 09:00'::timestamptz + i * interval '1 minute'))
FROM (VALUES (1, '["orders", "order_items", "sales.Customers", "webEvents", "stock"]'::jsonb),
             (2, '["order_items", "webEvents"]'), (3, '["order_items"]')) v (i, tables);
SELECT q, personalization.route('acme', 'ana', q, '2026-03-02 12:00') -> 'likely_tables' AS likely_tables
FROM unnest(ARRAY['Orders by region', 'items of an ORDER', 'customer', 'web event', 'Revenue by region', '', '?!',
                  'SELECT * FROM sales.customers', 'orders items customers sales web events stock']) WITH ORDINALITY u (q, n)
ORDER BY n;
-- The same query was asked before: its tables fit, whatever it says, and frequent or not.
SELECT personalization.learn('acme', 'ana', 'query', '{"query": "Revenue by region?", "tables_used": ["rare", "stock", "rare", null, ""]}', '2026-03-02 10:00') IS NOT NULL;
SELECT at, personalization.route('acme', 'ana', 'revenue  by region', at) -> 'likely_tables' AS likely_tables
FROM unnest(ARRAY['2026-03-02 09:30', '2026-03-02 12:00', '2026-03-09']::timestamptz[]) at ORDER BY at;

UPDATE personalization.user_queries SET tables = '{"no": "list"}' WHERE query = 'Revenue by region?';
SELECT personalization.route('acme', 'ana', 'revenue  by region', '2026-03-02 12:00') -> 'likely_tables' AS likely_tables;

-- Neither another user's nor another tenant's.
SELECT personalization.route('acme', 'bo', 'Revenue by region', '2026-03-02 12:00') -> 'likely_tables' AS likely_tables;
SELECT personalization.route('acme2', 'ana', 'Orders', '2026-03-02 12:00');
SET client_min_messages = warning;
CREATE ROLE route_app;
SELECT personalization.grant_access('route_app');
RESET client_min_messages;
SET personalization.tenant_id = 'acme';
SET ROLE route_app;
SELECT personalization.route('acme', 'ana', 'Orders', '2026-03-02 12:00') -> 'likely_tables' AS likely_tables;
SELECT personalization.route('acme2', 'ana', 'Orders');
BEGIN READ ONLY;
SELECT personalization.route('acme', 'ana', 'Orders', '2026-03-02 12:00') ? 'likely_tables' AS answers;
COMMIT;
RESET ROLE;
RESET personalization.tenant_id;

-- A question is no larger than one that could be learned.
SELECT personalization.route('acme', 'ana', repeat('x', 2000000));
SELECT personalization.get_suggestions('acme', 'ana', repeat('x', 2000000));

SET client_min_messages = warning;
DROP OWNED BY route_app;
DROP ROLE route_app;

-- Who has no preferred chart gets the organisation's, if five agree, and more than half.
SELECT count(personalization.learn('acme2', 'user ' || u, 'visualization', jsonb_build_object('chart_type', CASE WHEN u <= 6 THEN 'line' ELSE 'pie' END),
                                   '2026-03-02 09:00'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 18) i, generate_series(1, 4) u;
SELECT personalization.route('acme2', 'nobody', 'x', '2026-03-02 12:00') ? 'default_chart_type' AS of_four;
SELECT count(personalization.learn('acme2', 'user ' || u, 'visualization', jsonb_build_object('chart_type', CASE WHEN u <= 6 THEN 'line' ELSE 'pie' END),
                                   '2026-03-02 09:00'::timestamptz + i * interval '1 minute')) FROM generate_series(1, 18) i, generate_series(5, 11) u;
SELECT who, r -> 'default_chart_type' AS chart, r -> 'default_chart_source' AS source
FROM unnest('{nobody,user 1,user 9}'::text[]) who, personalization.route('acme2', who, 'x', '2026-03-02 12:00') r;
SELECT personalization.route('acme2', 'nobody', 'x', '2026-06-02 12:00') ? 'default_chart_type' AS faded, personalization.route('acme', 'nobody', 'x', '2026-03-02 12:00') ? 'default_chart_type' AS of_another_tenant;

SELECT count(personalization.drop_tenant(t)) FROM unnest(ARRAY['acme', 'acme2']) t;
