-- extract_signals(): what learn() would take from an interaction.
\set tenants '{s1,s2}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup

-- The signals in a column: category:key = value @ strength.
CREATE FUNCTION pg_temp.signals(kind personalization.interaction_type, data jsonb) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s:%s = %s @ %s', category, key, coalesce(value::text, '(its value)'), strength)
    FROM personalization.extract_signals(kind, data)
$$;

-- The built-in rules.
SELECT interaction_type, path, category, key, strength, enabled
FROM personalization.signal_rules WHERE built_in ORDER BY interaction_type, ordinal;

-- Every type.
SELECT pg_temp.signals('query', '{"query": "x", "tables_used": ["orders", "customers"], "aggregations": ["sum"], "filters": ["region ="], "group_by": ["region"]}');
SELECT pg_temp.signals('visualization', '{"y_axis": "total", "x_axis": "day", "color_scheme": "warm", "chart_type": "bar"}');
SELECT pg_temp.signals('export', '{"format": "csv", "columns": ["a", "b"]}');
SELECT pg_temp.signals('dashboard', '{"layout": "grid", "widget_sizes": {"kpi": "s", "map": {"w": 2}}, "refresh_interval": 60}');
SELECT pg_temp.signals('exploration', '{"tables": ["web.events"]}');
SELECT pg_temp.signals('refinement', '{"original": {"chart_type": "bar", "x_axis": "day", "tables_used": ["a", "b"]},
                                       "corrected": {"chart_type": "line", "x_axis": "day", "tables_used": ["b", "c"]}}');
SELECT pg_temp.signals('feedback', '{"rating": "positive", "category": "data", "key": "k", "value": "v"}');
SELECT pg_temp.signals('feedback', '{"rating": "negative", "category": "data", "key": "k"}');
SELECT pg_temp.signals('feedback', '{"rating": -0.25, "category": "notification", "key": "k", "value": {"a": [1]}}');
SELECT pg_temp.signals('feedback', '{"comment": "nice"}');
-- What belongs to another type says nothing.
SELECT pg_temp.signals('query', '{"chart_type": "bar", "format": "csv"}');
SELECT pg_temp.signals('visualization', '{"sql": "select * from t"}');
SELECT pg_temp.signals('query', '{}');

-- A scalar where a list is expected is a list of one; a list where a scalar is expected gives its first.
SELECT pg_temp.signals('query', '{"tables_used": "orders", "group_by": 3}');
SELECT pg_temp.signals('visualization', '{"chart_type": ["bar", "line"], "x_axis": [null, "", "day"]}');
-- Numbers and booleans name keys; arrays, objects, null and empty text name none.
SELECT pg_temp.signals('query', '{"tables_used": [1, 1.5, -20, true, false, null, "", [], ["a"], {}, {"b": "c"}, "ok"]}');
SELECT pg_temp.signals('query', '{"tables_used": null, "aggregations": "", "filters": [], "group_by": {}}');
-- An object where a list is expected: its members.
SELECT pg_temp.signals('query', '{"tables_used": {"orders": "o", "gone": null, "": "empty"}}');
SELECT pg_temp.signals('dashboard', '{"widget_sizes": ["kpi", "map"], "layout": {"rows": 2}, "refresh_interval": false}');
SELECT pg_temp.signals('dashboard', '{"widget_sizes": {"kpi": "", "map": null, "pie": 0}}');
-- A key gives one signal, the first; keys differ in case and white space.
SELECT pg_temp.signals('query', '{"tables_used": ["a", "A", " a", "a", "1", 1]}');
SELECT pg_temp.signals('export', '{"format": "csv", "format": "pdf"}');
-- Keys hold anything.
SELECT pg_temp.signals('query', '{"tables_used": ["Ünïcode", "a:b", "line items", "{}", "quo\"te"]}');

-- A refinement's no is for all types' rules; parts of it may be absent.
SELECT pg_temp.signals('refinement', '{"original": {"format": "csv", "layout": "grid"}}');
SELECT pg_temp.signals('refinement', '{"corrected": {"format": "csv", "tables": ["t"]}}');
SELECT pg_temp.signals('refinement', '{"original": null, "corrected": {"format": "pdf"}}');
SELECT pg_temp.signals('refinement', '{}');
-- The same number written otherwise is the same value.
SELECT pg_temp.signals('refinement', '{"original": {"refresh_interval": 60.0}, "corrected": {"refresh_interval": 60}}');

-- Feedback on an interaction is about the session's tenant's.
SELECT personalization.learn('s1', 'ana', 'visualization', '{"chart_type": "bar", "x_axis": "day"}', '2026-03-01', '00000000-0000-4000-8000-000000000001');
SET personalization.tenant_id = 's1';
SELECT pg_temp.signals('feedback', '{"rating": -0.5, "interaction_id": "00000000-0000-4000-8000-000000000001"}');
SET personalization.tenant_id = 's2';
\set VERBOSITY sqlstate
SELECT pg_temp.signals('feedback', '{"rating": -0.5, "interaction_id": "00000000-0000-4000-8000-000000000001"}');
RESET personalization.tenant_id;
SELECT pg_temp.signals('feedback', '{"rating": -0.5, "interaction_id": "00000000-0000-4000-8000-000000000001"}');
\set VERBOSITY default

-- Nothing is learned from asking.
SELECT count(*) FROM personalization.preferences WHERE tenant_id IN ('s1', 's2') AND key = 'preferred_chart_type';

-- Rules of the administrator's own: for all tenants, with a dotted path; a category without built-in rules.
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength)
VALUES ('dashboard', 'alerts.channel', 'notification', 'channel', 0.9),
       ('dashboard', 'alerts.topics', 'notification', 'topic:{}', 0.4);
SELECT pg_temp.signals('dashboard', '{"layout": "grid", "alerts": {"channel": "mail", "topics": ["sales", "stock"]}}');
SELECT pg_temp.signals('dashboard', '{"alerts": "mail"}');
SELECT pg_temp.signals('dashboard', '{"alerts": ["channel"], "alerts.channel": "sms"}');
SELECT personalization.learn('s2', 'ana', 'dashboard', '{"alerts": {"channel": "mail"}}', '2026-03-01') IS NOT NULL AS learned;
SELECT category, key, value, confidence::numeric(10, 6) FROM personalization.preferences('s2', 'ana', '2026-03-01');

-- For one tenant only: replacing, disabling and adding.
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength, enabled, ordinal)
VALUES ('s1', 'dashboard', 'alerts.channel', 'notification', 'channel', 0.2, true, 0),
       ('s1', 'dashboard', 'layout', 'presentation', 'dashboard_layout', 0.7, false, 0),
       ('s1', 'dashboard', 'theme', 'presentation', 'theme', 0.6, true, 50);
SET personalization.tenant_id = 's1';
SELECT pg_temp.signals('dashboard', '{"layout": "grid", "theme": "dark", "alerts": {"channel": "mail"}}');
SET personalization.tenant_id = 's2';
SELECT pg_temp.signals('dashboard', '{"layout": "grid", "theme": "dark", "alerts": {"channel": "mail"}}');
RESET personalization.tenant_id;
SELECT pg_temp.signals('dashboard', '{"layout": "grid", "theme": "dark", "alerts": {"channel": "mail"}}');
-- Learning takes the tenant's, whatever the session's.
SELECT personalization.learn('s1', 'bo', 'dashboard', '{"layout": "grid", "theme": "dark", "alerts": {"channel": "mail"}}', '2026-03-01') IS NOT NULL AS learned;
SELECT category, key, value, confidence::numeric(10, 6) FROM personalization.preferences('s1', 'bo', '2026-03-01');

-- For all: another strength for a built-in rule, and one taken away.
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength, enabled)
VALUES ('export', 'format', 'presentation', 'export_format', 1.0, true),
       ('export', 'columns', 'data', 'export_column:{}', 0.5, false);
SELECT pg_temp.signals('export', '{"format": "csv", "columns": ["a"]}');
DELETE FROM personalization.signal_rules WHERE tenant_id = '' AND NOT built_in;
SELECT pg_temp.signals('export', '{"format": "csv", "columns": ["a"]}');

-- Rules that cannot be.
\set VERBOSITY sqlstate
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('feedback', 'x', 'data', 'x', 0.5);
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('refinement', 'x', 'data', 'x', 0.5);
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('query', '', 'data', 'x', 0.5);
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('query', 'x', 'data', '', 0.5);
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('query', 'x', 'data', 'x', 1.1);
INSERT INTO personalization.signal_rules (interaction_type, path, category, key, strength) VALUES ('query', 'x', 'data', 'x', 'NaN');
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength, built_in) VALUES ('s1', 'query', 'x', 'data', 'x', 1, true);
\set VERBOSITY default

SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['s1', 's2']) AS t;
