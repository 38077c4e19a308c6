-- Tenants and their settings: the administrator's functions.
\set with_hint
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
\pset format unaligned

-- Made: every setting has its default.
SELECT jsonb_pretty(personalization.create_tenant('t_acme'));
SELECT personalization.create_tenant('t_globex', '{"learning_rate": 0.2, "value_policy": "latest"}')
       @> '{"learning_rate": 0.2, "value_policy": "latest", "decay_factor": 0.95}' AS given;

-- Only what differs from the defaults is stored.
SELECT tenant_id, settings FROM personalization.tenants
WHERE tenant_id IN ('t_acme', 't_globex') ORDER BY tenant_id COLLATE "C";

-- Made twice.
SELECT pg_temp.outcome($$SELECT personalization.create_tenant('t_acme')$$);

-- Configured: named settings change, the others stay, null is the default again.
SELECT personalization.configure_tenant('t_globex', '{"decay_factor": 0.9, "time_zone": "Europe/Berlin"}')
       @> '{"learning_rate": 0.2, "value_policy": "latest", "decay_factor": 0.9, "time_zone": "Europe/Berlin"}' AS merged;
SELECT personalization.configure_tenant('t_globex', '{"learning_rate": null, "time_zone": null}')
       @> '{"learning_rate": 0.1, "time_zone": "UTC", "decay_factor": 0.9}' AS reset;
SELECT settings FROM personalization.tenants WHERE tenant_id = 't_globex';
SELECT personalization.configure_tenant('t_globex', '{}') = personalization.tenant_settings('t_globex') AS same;

-- Each setting takes a value of its kind ...
SELECT name, value, pg_temp.outcome(format('SELECT personalization.configure_tenant(%L, %L)',
           't_acme', jsonb_build_object(name, value))) AS outcome
FROM (VALUES ('learning_rate', jsonb '1'), ('decay_factor', '1'), ('min_confidence', '0'),
             ('value_policy', '"latest"'), ('evidence_retention', '0'), ('evidence_retention', '"0 days"'),
             ('history_retention', '"1 year"'),
             ('max_history_size', '0'), ('conversation_ttl', '"30 minutes"'),
             ('profile_cache_ttl', '"1 second"'), ('suggestions_cache_ttl', '"00:05:00"'),
             ('chart_confidence', '1'), ('time_zone', '"America/New_York"')) AS v (name, value);
SELECT personalization.configure_tenant('t_acme', jsonb_object_agg(name, NULL))
       = personalization.create_tenant('t_fresh') AS all_default
FROM unnest(ARRAY['learning_rate', 'decay_factor', 'min_confidence', 'value_policy', 'evidence_retention',
                  'history_retention', 'max_history_size', 'conversation_ttl', 'profile_cache_ttl',
                  'suggestions_cache_ttl', 'chart_confidence', 'time_zone']) AS name;

-- ... and refuses any other by its name, and then changes nothing.
SELECT name, left(value::text, 20) AS value, pg_temp.outcome(format('SELECT personalization.configure_tenant(%L, %L)',
           't_acme', jsonb_build_object('chart_confidence', 0.7, name, value))) AS outcome
FROM (VALUES ('learning_rate', jsonb '0'), ('learning_rate', '1.01'), ('learning_rate', '-0.1'),
             ('learning_rate', '"0.1"'), ('learning_rate', 'true'), ('learning_rate', '[0.1]'),
             ('learning_rate', '{"rate": 0.1}'), ('learning_rate', '1e400'),
             ('decay_factor', '0'), ('decay_factor', '1.5'), ('min_confidence', '-1'), ('min_confidence', '2'),
             ('value_policy', '"newest"'), ('value_policy', '""'), ('value_policy', '1'),
             ('evidence_retention', '90'), ('evidence_retention', '"-1 day"'), ('evidence_retention', '"soon"'),
             ('evidence_retention', '""'), ('evidence_retention', '"200 years"'), ('evidence_retention', 'true'),
             ('history_retention', '0'), ('history_retention', '"0 days"'),
             ('max_history_size', '1.5'), ('max_history_size', '-1'), ('max_history_size', '10001'),
             ('max_history_size', '"10"'), ('conversation_ttl', '"0"'), ('profile_cache_ttl', '[]'),
             ('suggestions_cache_ttl', '"10 parsecs"'), ('chart_confidence', '"high"'),
             ('time_zone', '"Mars/Olympus"'), ('time_zone', '1'), ('time_zone', '""'),
             ('learning_rte', '0.1'), ('Learning_Rate', '0.1'), ('', '1')) AS v (name, value);
SELECT settings FROM personalization.tenants WHERE tenant_id = 't_acme';
SELECT pg_temp.outcome($$SELECT personalization.configure_tenant('t_acme', '{"nonsense": null}')$$);
SELECT s AS settings, pg_temp.outcome(format('SELECT personalization.configure_tenant(%L, %L)', 't_acme', s)) AS configure,
       pg_temp.outcome(format('SELECT personalization.create_tenant(%L, %L)', 't_never', s)) AS create
FROM unnest(ARRAY[jsonb '[]', '1', '"x"', 'null', '[{"learning_rate": 0.1}]']) AS s;
SELECT pg_temp.outcome($$SELECT personalization.create_tenant('t_never', '{"learning_rate": 7}')$$);
SELECT count(*) AS never FROM personalization.tenants WHERE tenant_id = 't_never';

-- What an UPDATE broke is mended as it is set, and until then the error says so.
SELECT personalization.create_tenant('t_broken', '{"suggestions": false}') IS NOT NULL AS made;
SELECT personalization.learn('t_broken', 'ana', 'query', '{"query": "orders"}', '2026-01-01') IS NOT NULL AS learned;
UPDATE personalization.tenants SET settings = '{"decay_factor": "slow", "learning_rate": 0.2, "suggestions": "no", "x": 1}'
WHERE tenant_id = 't_broken';
SELECT pg_temp.outcome($$SELECT personalization.learn('t_broken', 'ana', 'query', '{}', '2026-01-01')$$);
SELECT pg_temp.outcome($$SELECT personalization.get_profile('t_broken', 'ana')$$);
-- Calls by which users see, take back or refuse what is stored of them are not stopped.
INSERT INTO personalization.conversations (tenant_id, conversation_id, user_id, context, message_count, created_at, last_activity, activity_hour)
SELECT 't_broken', '00000000-0000-4000-8000-000000000001', 'ana', '{}', 0, now(), now(), date_trunc('hour', now());
SET client_min_messages = error;
SELECT call, pg_temp.outcome('SELECT personalization.' || call) AS outcome
FROM unnest(ARRAY[$$set_learning('t_broken', 'bo', false)$$,
                  $$learning_enabled('t_broken', 'bo')$$,
                  $$set_preference('t_broken', 'bo', 'visualization', 'preferred_chart_type', '"bar"')$$,
                  $$reset_preference('t_broken', 'bo', 'visualization', 'preferred_chart_type')$$,
                  $$forget_preference('t_broken', 'bo', 'visualization', 'preferred_chart_type')$$,
                  $$reset_profile('t_broken', 'bo')$$,
                  $$end_conversation('t_broken', '00000000-0000-4000-8000-000000000001')$$]) AS call;
SELECT d #> '{profile,user_id}' AS profile_of, jsonb_array_length(d #> '{data,interactions}') AS interactions
FROM personalization.export_user('t_broken', 'ana') AS d;
BEGIN;
SELECT personalization.forget_user('t_broken', 'ana') -> 'interactions' AS forgotten;
ROLLBACK;
RESET client_min_messages;
SELECT pg_temp.outcome($$SELECT personalization.forget_query_text('t_broken')$$);
SELECT personalization.learning_enabled('t_broken', 'carl');
SELECT pg_temp.outcome($$SELECT personalization.configure_tenant('t_broken', '{"decay_factor": null}')$$);
SELECT personalization.configure_tenant('t_broken', '{"decay_factor": 0.9, "suggestions": true, "x": null}') ->> 'learning_rate' AS kept;
SELECT settings FROM personalization.tenants WHERE tenant_id = 't_broken';
SELECT personalization.run_maintenance('2026-01-01') -> 'queries' AS counted_after_all;
SELECT personalization.drop_tenant('t_broken') IS NOT NULL AS dropped;

-- Names.
SELECT pg_temp.outcome(format('SELECT personalization.create_tenant(%L)', name)) AS outcome
FROM unnest(ARRAY['', repeat('x', 513), repeat('ü', 257)]) AS name;
SELECT name, pg_temp.outcome(format('SELECT personalization.create_tenant(%L)', name)) AS made,
       pg_temp.outcome(format('SELECT personalization.drop_tenant(%L)', name)) AS dropped
FROM unnest(ARRAY['t a:b%c''d"', 't_Ünïcode', ' ']) AS name;
SELECT pg_temp.outcome(format('SELECT personalization.create_tenant(%L)', repeat('x', 512))),
       pg_temp.outcome(format('SELECT personalization.drop_tenant(%L)', repeat('x', 512)));

-- One that is not there.
SELECT pg_temp.outcome(format('SELECT personalization.%s', call)) AS outcome
FROM unnest(ARRAY[$$tenant_settings('t_never')$$, $$configure_tenant('t_never', '{}')$$, $$drop_tenant('t_never')$$]) AS call;

-- Learning for a tenant that is not there is an error, reading too ...
SELECT pg_temp.outcome(format('SELECT * FROM personalization.%s', call)) AS outcome
FROM unnest(ARRAY[$$learn('t_auto', 'ana', 'query', '{}', '2026-01-01')$$,
                  $$learn_batch('[{"tenant_id": "t_auto", "user_id": "ana", "interaction_type": "query", "data": {}}]')$$,
                  $$collect_feedback('t_auto', 'ana', '{}')$$,
                  $$set_profile('t_auto', 'ana')$$,
                  $$preferences('t_auto', 'ana')$$,
                  $$get_profile('t_auto', 'ana')$$,
                  $$get_context('t_auto', 'ana')$$,
                  $$usage_patterns('t_auto', 'ana')$$,
                  $$route('t_auto', 'ana', 'q')$$]) AS call;

-- ... unless tenants make themselves.  Reading makes none.
SET personalization.auto_create_tenants = on;
SELECT personalization.get_profile('t_auto', 'ana') ->> 'tenant_id' AS read;
SELECT count(*) FROM personalization.tenants WHERE tenant_id = 't_auto';
SELECT personalization.learn('t_auto', 'ana', 'query', '{}', '2026-01-01') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[{"tenant_id": "t_auto2", "user_id": "ana", "interaction_type": "query", "data": {}}]');
SELECT tenant_id, settings FROM personalization.tenants WHERE tenant_id LIKE 't\_auto%' ORDER BY tenant_id COLLATE "C";
-- An event that is refused makes none either.
SELECT pg_temp.outcome($$SELECT personalization.learn('t_auto3', 'ana', 'query', '[]', '2026-01-01')$$);
SELECT count(*) FROM personalization.tenants WHERE tenant_id = 't_auto3';
RESET personalization.auto_create_tenants;
SELECT personalization.learn('t_auto', 'ana', 'query', '{}', '2026-01-01') IS NOT NULL AS still_there;

-- Dropped: all of it, nothing of another, and the rows are counted.
SELECT personalization.learn(t, 'ana', 'query', '{"query": "orders", "tables_used": ["orders", "users"]}', '2026-01-01') IS NOT NULL
FROM unnest(ARRAY['t_acme', 't_globex']) AS t;
SELECT personalization.learn('t_acme', 'bo', 'export', '{"format": "csv"}', '2026-01-01') IS NOT NULL;
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength)
VALUES ('t_acme', 'export', 'quality', 'presentation', 'quality', 0.5);
SELECT personalization.learn_batch('[{"tenant_id": "t_acme"}]', 'divert');
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
SELECT t, 'ana', 'query', '{}' FROM unnest(ARRAY['t_acme', 't_globex', 't_acme']) AS t;
SELECT jsonb_pretty(personalization.drop_tenant('t_acme'));
SELECT count(*) FILTER (WHERE tenant_id = 't_acme') AS t_acme, count(*) FILTER (WHERE tenant_id = 't_globex') AS t_globex
FROM (SELECT tenant_id FROM personalization.tenants UNION ALL SELECT tenant_id FROM personalization.interactions
      UNION ALL SELECT tenant_id FROM personalization.preferences UNION ALL SELECT tenant_id FROM personalization.profiles
      UNION ALL SELECT tenant_id FROM personalization.user_queries UNION ALL SELECT tenant_id FROM personalization.signal_rules
      UNION ALL SELECT tenant_id FROM personalization.rejected_events
      UNION ALL SELECT tenant_id FROM personalization.inbox) AS everything;
SELECT pg_temp.outcome($$SELECT personalization.learn('t_acme', 'ana', 'query', '{}')$$);

-- A tenant of the same name starts from nothing.
SELECT personalization.create_tenant('t_acme') ->> 'learning_rate' AS learning_rate;
SELECT personalization.get_profile('t_acme', 'ana', '2026-01-01');

SELECT count(personalization.drop_tenant(t)) AS dropped
FROM unnest(ARRAY['t_acme', 't_globex', 't_fresh', 't_auto', 't_auto2']) AS t;
