-- What users decide for themselves: preferences that they set, reset and forget, and whether anything is recorded.
SET timezone = 'UTC';
SELECT count(personalization.create_tenant(t)) AS made FROM unnest(ARRAY['ch', 'ch2']) AS t;
CREATE FUNCTION pg_temp.shown(who text, at timestamptz DEFAULT now(), at_least float8 DEFAULT NULL)
RETURNS TABLE (preference text, value jsonb, confidence numeric, n int, state text, source text) LANGUAGE sql AS $$
SELECT category || ':' || key, value, confidence::numeric(6, 5), observation_count, state, source
FROM personalization.preferences('ch', who, at, at_least) ORDER BY key $$;
CREATE FUNCTION pg_temp.charts(who text, chart text, n int, age interval DEFAULT '0') RETURNS bigint LANGUAGE sql AS $$
SELECT count(personalization.learn('ch', who, 'visualization', jsonb_build_object('chart_type', chart), now() - age)) FROM generate_series(1, n) $$;

-- == Set: it holds, whatever is learned, and does not fade.
SELECT pg_temp.charts('ana', 'bar', 20);
SELECT personalization.set_preference('ch', 'ana', 'visualization', 'preferred_chart_type', '"pie"');
SELECT * FROM pg_temp.shown('ana');
SELECT * FROM pg_temp.shown('ana', now() + interval '10 years');
SELECT candidates FROM personalization.preferences('ch', 'ana', now() + interval '1 year');
SELECT personalization.get_profile('ch', 'ana') #> '{preferences,visualization:preferred_chart_type}' #- '{last_updated}' AS profile;
SELECT r -> 'default_chart_type' AS chart, r -> 'default_chart_source' AS source, r ? 'export_format_source' AS format FROM personalization.route('ch', 'ana', 'x', now() + interval '10 years') r;
-- What is learned goes on underneath, and comes back.
SELECT pg_temp.charts('ana', 'line', 3);
SELECT value, observation_count FROM personalization.preferences WHERE tenant_id = 'ch' AND user_id = 'ana';
SELECT * FROM pg_temp.shown('ana');
SELECT personalization.reset_preference('ch', 'ana', 'visualization', 'preferred_chart_type');
SELECT personalization.reset_preference('ch', 'ana', 'visualization', 'preferred_chart_type') AS again;
SELECT * FROM pg_temp.shown('ana');
SELECT personalization.route('ch', 'ana', 'x') ? 'default_chart_source' AS chart_source;
-- Any category, of users and keys that nothing is known of; the last value holds.
SELECT personalization.set_preference('ch', 'bo', 'notification', 'digest', '"daily"');
SELECT personalization.set_preference('ch', 'bo', 'notification', 'digest', '{"at": "09:00", "days": ["mon"]}');
SELECT personalization.set_preference(tenant_id => 'ch', user_id => 'bo', category => 'presentation', key => 'export_format', value => 'null');
SELECT * FROM pg_temp.shown('bo');
-- At an earlier time it was as it was.
SELECT count(*) FROM personalization.preferences('ch', 'bo', now() - interval '1 day');
UPDATE personalization.preference_choices SET chosen_at = chosen_at - interval '2 days' WHERE tenant_id = 'ch' AND user_id = 'bo' AND key = 'export_format';
SELECT key, source FROM personalization.preferences('ch', 'bo', now() - interval '1 day');

-- == Forget: the evidence is gone, and interactions until then count no more, whenever they are learned.
SELECT pg_temp.charts('cy', 'bar', 20, '3 days'), pg_temp.charts('cy', 'bar', 5, '1 day');
SELECT personalization.learn('ch', 'cy', 'export', '{"format": "csv"}', now() - interval '1 day') IS NOT NULL AS learned;
SELECT * FROM pg_temp.shown('cy', now(), 0);
SELECT personalization.forget_preference('ch', 'cy', 'visualization', 'preferred_chart_type');
SELECT personalization.forget_preference('ch', 'cy', 'visualization', 'preferred_chart_type') AS again;
SELECT * FROM pg_temp.shown('cy', now(), 0);
SELECT count(*) FROM personalization.preferences('ch', 'cy', now() - interval '2 days', 0) AS before;
SELECT count(*) FROM personalization.preference_snapshots WHERE user_id = 'cy' AND 'preferred_chart_type' = ANY (keys);
SELECT pg_temp.charts('cy', 'pie', 9, '1 hour');
SELECT * FROM pg_temp.shown('cy', now(), 0);
SELECT pg_sleep(0.01) IS NOT NULL AS later;
SELECT pg_temp.charts('cy', 'line', 2);
SELECT * FROM pg_temp.shown('cy', now(), 0);
-- A replay gives the same: taking feedback back makes all anew, and what made it shows only what counts.
SELECT personalization.collect_feedback('ch', 'cy', '{"category": "visualization", "key": "preferred_chart_type", "rating": 1}') IS NOT NULL AS given;
SELECT personalization.collect_feedback('ch', 'cy', '{"category": "visualization", "key": "preferred_chart_type", "rating": 0.5}') IS NOT NULL AS given;
SELECT preference, value, n FROM pg_temp.shown('cy') WHERE preference ~ 'chart';
SELECT interaction_type, value, round(share::numeric, 3) AS share FROM personalization.explain_preference('ch', 'cy', 'visualization', 'preferred_chart_type');
-- Of one that was set both go.
SELECT personalization.set_preference('ch', 'cy', 'presentation', 'export_format', '"pdf"');
SELECT personalization.forget_preference('ch', 'cy', 'presentation', 'export_format');
SELECT count(*) FROM pg_temp.shown('cy', now(), 0) WHERE preference ~ 'format';
SELECT action, value FROM personalization.preference_choices WHERE tenant_id = 'ch' AND user_id = 'cy' AND key = 'export_format';
SELECT count(*) AS in_export FROM personalization.export_user('ch', 'cy') AS d WHERE d -> 'data' ->> 'preference_choices' ~ 'pdf';
-- What is set already is not set anew.
BEGIN;
SELECT count(personalization.set_preference('ch', 'cy', 'notification', 'k', v::jsonb)) FROM unnest('{1,1.0,2,2,"[1]","[1]",1}'::text[]) AS v;
SELECT value FROM personalization.preference_choices WHERE tenant_id = 'ch' AND user_id = 'cy' AND key = 'k' ORDER BY chosen_at;
SELECT personalization.reset_preference('ch', 'cy', 'notification', 'k'), personalization.set_preference('ch', 'cy', 'notification', 'k', '1'), personalization.reset_preference('ch', 'cy', 'notification', 'k') AS again;
-- Who has changed their mind ten thousand times is learned from as fast as others.
INSERT INTO personalization.preference_choices (tenant_id, user_id, category, key, chosen_at, action, value)
SELECT 'ch', 'cy', 'notification', 'k', now() - n * interval '1 second', 'set', to_jsonb(n) FROM generate_series(1, 10000) n;
SET LOCAL statement_timeout = '15s';
SELECT pg_temp.charts('cy', 'line', 2);
SELECT count(*) FROM personalization.preferences('ch', 'cy', now() - interval '1 hour') WHERE key = 'k';
ROLLBACK;

-- == Refusal: nothing is recorded, whatever the way in; what is there stays until it is forgotten.
SELECT pg_temp.charts('dan', 'bar', 2);
SELECT personalization.set_learning('ch', 'dan', false);
SELECT personalization.learn('ch', 'dan', 'query', '{"query": "Salaries?"}') IS NULL AS learn, personalization.learn('ch', 'dan', 'export', '{}', interaction_id => '00000000-0000-4000-8000-0000000000aa') IS NULL AS with_id,
       personalization.collect_feedback('ch', 'dan', '{"category": "data", "key": "k", "value": 1, "rating": 1}') IS NULL AS feedback,
       personalization.learn_batch('[{"tenant_id": "ch", "user_id": "dan", "interaction_type": "query", "data": {"query": "Salaries?"}},
           {"tenant_id": "ch", "user_id": "eve", "interaction_type": "query", "data": {"query": "Orders?"}}]') AS batch;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('ch', 'dan', 'export', '{"format": "csv"}');
SELECT personalization.run_maintenance() -> 'inbox' AS inbox;
SELECT (SELECT count(*) FROM personalization.rejected_events WHERE tenant_id = 'ch') AS rejected, (SELECT count(*) FROM personalization.inbox WHERE tenant_id = 'ch') AS waiting,
       (SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'ch' AND user_id = 'dan') AS recorded, (SELECT count(*) FROM personalization.query_statistics WHERE query = 'Salaries?') AS counted;
SELECT preference, n FROM pg_temp.shown('dan');
SELECT count(*) >= 0 AS suggests FROM personalization.get_suggestions('ch', 'dan');
SELECT count(*) AS shown FROM personalization.suggestions WHERE tenant_id = 'ch' AND user_id = 'dan';
-- What cannot be learned is not set aside either, whether it was understood or not, and outcomes are not recorded, whatever the id.
SELECT personalization.learn_batch('[{"tenant_id": "ch", "user_id": "dan", "interaction_type": "nonsense", "data": {"query": "Salaries?"}},
    {"interaction_type": "nonsense", "data": {"query": "Salaries?"}, "user_id": "dan", "tenant_id": "ch"}, {"tenant_id": "ch", "user_id": "dan", "interaction_type": "query", "data": {"query": 1}},
    {"tenant_id": "ch", "user_id": "dan", "data": 7, "interaction_type": "query"}, {"tenant_id": "ch", "user_id": "dan", "salary": 7}, {"tenant_id": "ch", "user_id": "eve", "interaction_type": "nonsense", "data": {}}]', 'divert') AS learned;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('ch', 'dan', 'nonsense', '{"query": "Salaries?"}'), ('ch', 'dan', 'query', '"Salaries?"');
SELECT personalization.run_maintenance() -> 'inbox' AS inbox;
SELECT event ->> 'user_id' AS user_id, reason FROM personalization.rejected_events WHERE tenant_id = 'ch';
SELECT personalization.record_outcome('ch', 'dan', '00000000-0000-4000-8000-0000000000ab', 'accepted');
SELECT personalization.record_outcome('ch', 'dan', suggestion_id, 'dismissed') FROM personalization.get_suggestions('ch', 'dan') LIMIT 1;
SELECT count(*) AS recorded FROM personalization.suggestions WHERE tenant_id = 'ch' AND user_id = 'dan';
-- Conversations live as long as the product keeps them; no sums outlive them.
SELECT personalization.append_message('ch', personalization.start_conversation('ch', 'dan'), 'user', 'hello') AS number;
SELECT count(*) AS sums FROM personalization.conversation_statistics WHERE tenant_id = 'ch' AND user_id = 'dan';
SELECT e -> 'messages' AS messages, e -> 'interaction_id' AS interaction_id FROM personalization.end_turn('ch', 'dan', 'Salaries?', 'No.') AS e;
SELECT count(*) AS recorded FROM personalization.interactions WHERE tenant_id = 'ch' AND user_id = 'dan';
-- It outlives being forgotten, as a pseudonym, and can be taken back.
SELECT personalization.forget_user('ch', 'dan') -> 'interactions' AS forgotten;
SELECT personalization.learn('ch', 'dan', 'export', '{"format": "csv"}') IS NULL AS still_refused;
SELECT subject = personalization.user_pseudonym('ch', 'dan') AS pseudonym, enabled FROM personalization.learning_choices WHERE tenant_id = 'ch';
SELECT action, details FROM personalization.audit_log WHERE tenant_id = 'ch' AND action = 'set_learning';
SELECT personalization.set_learning('ch', 'dan', true);
SELECT personalization.learn('ch', 'dan', 'export', '{"format": "csv"}') IS NOT NULL AS learned;
-- A tenant in which users agree first.
SELECT personalization.configure_tenant('ch2', '{"learning": "off"}') -> 'learning' AS learning;
SELECT personalization.learn('ch2', 'flo', 'export', '{"format": "csv"}') IS NULL AS not_asked;
SELECT personalization.set_learning('ch2', 'flo', true);
SELECT personalization.learn('ch2', 'flo', 'export', '{"format": "csv"}') IS NOT NULL AS agreed;
SELECT personalization.configure_tenant('ch2', '{"learning": "maybe"}');
-- Who has decided: the user, or else the tenant.
SELECT t AS tenant_id, u AS user_id, enabled, decided_by, decided_at = (SELECT max(chosen_at) FROM personalization.learning_choices WHERE tenant_id = t) AS latest
FROM (VALUES ('ch', 'dan'), ('ch', 'eve'), ('ch2', 'flo'), ('ch2', 'gus')) AS v (t, u), personalization.learning_enabled(t, u);
BEGIN;
SELECT personalization.set_learning('ch', 'dan', false);
SELECT enabled, decided_by, decided_at >= now() AS now FROM personalization.learning_enabled('ch', 'dan');
ROLLBACK;

-- == They come along with a user who is exported.
SELECT personalization.set_preference('ch', 'cy', 'data', 'k', '1'), personalization.set_learning('ch', 'cy', false);
SELECT personalization.export_user('ch', 'cy') AS document \gset
SELECT personalization.forget_user('ch', 'cy') -> 'preference_choices' AS choices;
SELECT personalization.import_user('ch', jsonb_set(:'document', '{learning}', '"perhaps"'));
SELECT personalization.import_user('ch', :'document') -> 'preference_choices' AS choices;
SELECT preference, value, source FROM pg_temp.shown('cy');
SELECT personalization.export_user('ch', 'cy') -> 'learning' AS learning;
-- A refusal is not undone by a document of before, and consent by a document of a refusal is.
SELECT personalization.forget_user('ch', 'cy') -> 'preference_choices' AS choices;
SELECT personalization.import_user('ch', jsonb_set(:'document', '{learning}', '"on"')) -> 'preference_choices' AS choices;
SELECT enabled, decided_by FROM personalization.learning_enabled('ch', 'cy');
SELECT personalization.set_learning('ch', 'cy', true), personalization.forget_user('ch', 'cy') -> 'preference_choices' AS choices;
SELECT personalization.import_user('ch', jsonb_set(:'document', '{learning}', '"on"')) -> 'preference_choices' AS choices;
SELECT enabled, decided_by FROM personalization.learning_enabled('ch', 'cy');
SELECT personalization.forget_user('ch', 'cy') -> 'preference_choices' AS choices, personalization.import_user('ch', :'document') -> 'preference_choices' AS imported;
SELECT enabled, decided_by FROM personalization.learning_enabled('ch', 'cy');

-- == Bad input, and other tenants.
SELECT personalization.set_preference('ch', 'ana', 'visualization', '', '1');
SELECT personalization.set_preference('ch', 'ana', 'visualization', repeat('k', 1025), '1');
SELECT personalization.set_preference('ch', 'ana', 'visualization', 'k', NULL);
SELECT personalization.set_preference('ch', 'ana', 'visualization', 'k', to_jsonb(repeat('v', 70000)));
SELECT personalization.set_preference('ch', 'ana', NULL, 'k', '1');
SELECT personalization.forget_preference('nobody', 'ana', 'data', 'k');
SELECT personalization.set_learning('ch', 'ana', NULL);
SELECT personalization.learning_enabled('nobody', 'ana');
SELECT personalization.learning_enabled(NULL, 'ana');
SELECT personalization.learning_enabled('ch', NULL);
SELECT personalization.learning_enabled('ch', '');
SET client_min_messages = warning;
CREATE ROLE regress_choices LOGIN;
RESET client_min_messages;
SELECT personalization.bind_role('regress_choices', 'ch2');
SET personalization.tenant_id = 'ch2';
SET ROLE regress_choices;
SELECT personalization.set_preference('ch2', 'flo', 'data', 'k', '"mine"');
SELECT personalization.forget_preference('ch2', 'flo', 'presentation', 'export_format');
SELECT personalization.set_learning('ch2', 'flo', false);
SELECT enabled, decided_by FROM personalization.learning_enabled('ch2', 'flo');
SELECT personalization.learning_enabled('ch', 'dan');
SELECT personalization.set_preference('ch', 'ana', 'data', 'k', '"theirs"');
SELECT count(*) FROM personalization.preference_choices WHERE tenant_id = 'ch';
RESET ROLE;
RESET personalization.tenant_id;
DROP OWNED BY regress_choices;
DROP ROLE regress_choices;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['ch', 'ch2']) AS t;
SELECT count(*) FROM personalization.learning_choices;

-- == A transaction sees its own choices at once.
BEGIN;
SELECT personalization.create_tenant('ch') IS NOT NULL AS made;
SELECT pg_temp.charts('tx', 'bar', 1);
SELECT personalization.set_preference('ch', 'tx', 'visualization', 'preferred_chart_type', '"pie"');
SELECT value, source FROM pg_temp.shown('tx');
ROLLBACK;
