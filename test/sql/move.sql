-- Freezing, thawing, comparing and carrying tenants; what moves them between two servers is test/t/050_move.pl.
SELECT personalization.create_tenant(t) IS NOT NULL AS made FROM unnest('{v_acme,v_globex}'::text[]) t;
SELECT personalization.learn(t, 'ana', 'query', '{"query": "Orders?"}') IS NOT NULL AS learned FROM unnest('{v_acme,v_globex}'::text[]) t;
SELECT personalization.learn('v_acme', 'ana', 'query', '{"query": "Stock?"}') IS NOT NULL AS learned;
SELECT personalization.start_conversation('v_acme', 'ana') AS talk \gset
SELECT suggestion_id AS shown FROM personalization.get_suggestions('v_acme', 'ana', max_results => 1) \gset
SELECT personalization.run_maintenance() IS NOT NULL AS done;

-- Every way to write is refused; the other tenant is not concerned.
SELECT personalization.freeze_tenant('v_acme');
SELECT personalization.freeze_tenant('v_acme');
DO $$
DECLARE
	command text;
	state text;
	message text;
BEGIN
	FOREACH command IN ARRAY ARRAY[
		$c$learn('v_acme', 'ana', 'export', '{}')$c$,
		$c$learn_batch('[{"tenant_id": "v_globex", "user_id": "bo", "interaction_type": "export", "data": {}}, {"tenant_id": "v_acme", "user_id": "ana", "interaction_type": "export", "data": {}}]', 'divert')$c$,
		$c$learn_batch('[{"tenant_id": "v_acme", "user_id": "ana", "interaction_type": "nonsense", "data": {}}]', 'divert')$c$,
		$c$collect_feedback('v_acme', 'ana', '{"rating": 1, "category": "data", "key": "x", "value": 1}')$c$,
		$c$set_profile('v_acme', 'ana', 'advanced')$c$,
		$c$start_conversation('v_acme', 'ana')$c$,
		$c$register_table('v_acme', 'orders')$c$,
		$c$forget_user('v_acme', 'ana')$c$,
		$c$import_user('v_acme', '{"format": "personalization/1", "tenant_id": "v_acme", "user_id": "new", "data": {}}')$c$,
		$c$configure_tenant('v_acme', '{}')$c$,
		$c$reset_ranking('v_acme')$c$,
		$c$rebuild_statistics('v_acme')$c$,
		$c$forget_query_text('v_acme')$c$]
	LOOP
		BEGIN
			EXECUTE 'SELECT personalization.' || command;
			RAISE WARNING 'not refused: %', command;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
			IF state <> '40001' OR message <> 'tenant "v_acme" is frozen' THEN
				RAISE WARNING '%: % %', command, state, message;
			END IF;
		END;
	END LOOP;
END
$$;
SELECT personalization.append_message('v_acme', :'talk', 'user', 'hello');
SELECT personalization.record_outcome('v_acme', 'ana', :'shown', 'accepted');
SELECT personalization.learn('v_globex', 'ana', 'query', '{"query": "Orders?"}') IS NOT NULL AS learned;

-- Reading goes on and records nothing; what is put into the inbox waits.
SELECT personalization.tenant_digest('v_acme') AS digest \gset
SELECT suggestion FROM personalization.get_suggestions('v_acme', 'ana');
SELECT personalization.export_user('v_acme', 'ana') IS NOT NULL AS exported;
SELECT personalization.run_maintenance(now() + interval '200 days') IS NOT NULL AS done;
SELECT personalization.tenant_digest('v_acme') = :'digest' AS unchanged;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data)
SELECT t, 'inbox', 'export', '{"format": "csv"}' FROM unnest('{v_acme,v_globex}'::text[]) t;
SELECT personalization.run_maintenance() -> 'inbox' AS learned;
SELECT tenant_id FROM personalization.inbox;

-- Out as lines and in again, exactly: arrays with other bounds than 1, JSON's null and SQL's, infinite times.
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, occurred_at) VALUES
('v_acme', NULL, 'export', 'null', '-infinity'), ('v_acme', E'tab\t"quoted" \\ é', 'export', NULL, 'infinity');
INSERT INTO personalization.conversation_statistics VALUES ('v_acme', 'zoe', 'user', 1, 1, 1, 1, 0, 0, 0, '[3:5]={1,NULL,2}', '{}');
UPDATE personalization.rankings SET weights = '{0.1,1e-300,Infinity,NaN}' WHERE tenant_id = 'v_acme';
SELECT personalization.tenant_digest('v_acme') AS digest \gset
CREATE TEMPORARY TABLE lines AS SELECT l.line, n FROM personalization.export_tenant('v_acme') WITH ORDINALITY AS l (line, n);
SELECT jsonb_set(line - 'created_at' - 'updated_at', '{version}', to_jsonb(line ->> 'version' = extversion)) AS first
FROM lines, pg_extension WHERE n = 1 AND extname = 'personalization';
SELECT count(*) FILTER (WHERE line::text ~ '\n') AS broken FROM lines;
SELECT personalization.import_tenant('v_acme', line) FROM lines WHERE n = 1;
SELECT personalization.drop_tenant('v_acme') IS NOT NULL AS dropped;
SELECT personalization.import_tenant('v_acme', line) FROM lines WHERE n = 2;
BEGIN;
SELECT sum(personalization.import_tenant('v_acme', line)) > 0 AS imported FROM (SELECT line FROM lines WHERE line ? 'format' OR line ? 'table' ORDER BY n) l;
-- Not yet whole, it is nobody's.
SAVEPOINT before;
SELECT personalization.learn('v_acme', 'ana', 'export', '{}');
ROLLBACK TO before;
SELECT personalization.thaw_tenant('v_acme');
ROLLBACK TO before;
SELECT personalization.import_tenant('v_acme', jsonb_set(line, '{end,interactions}', '77')) FROM lines WHERE line ? 'end';
ROLLBACK TO before;
SELECT personalization.import_tenant('v_acme', line) FROM lines WHERE line ? 'end';
SELECT personalization.tenant_digest('v_acme') = :'digest' AS same;
COMMIT;
SELECT personalization.import_tenant('v_acme', line) FROM lines WHERE line ? 'end';
SELECT personalization.import_tenant('v_acme', '[]');
SELECT personalization.import_tenant('v_acme', NULL);
-- Another version is refused: what is said, without the version that is here.
CREATE FUNCTION pg_temp.refusal(line jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    RETURN personalization.import_tenant('v_new', line);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN replace(SQLERRM, 'version ' || (personalization.version() ->> 'extension'), 'the installed one') || E'\n' || hint;
END
$$;
-- Lines that are not those of an export: each is refused, and the tenant waits for the right ones.
CREATE FUNCTION pg_temp.refused(line jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN personalization.import_tenant('v_bad', line);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
SELECT pg_temp.refused(line || patch) FROM lines, unnest(ARRAY['{"tenant_id": "v_bad", "settings": 1}', '{"tenant_id": "v_bad", "created_at": null}', '{"tenant_id": 7}']::jsonb[]) AS patch
WHERE n = 1;
BEGIN;
SELECT pg_temp.refused(line || '{"tenant_id": "v_bad"}') FROM lines WHERE n = 1;
SELECT l AS line, pg_temp.refused(l) FROM unnest(ARRAY['{}', '{"format": 1}', '{"table": 7}', '{"table": "preferences"}', '{"table": "preferences", "rows": 7}', '{"table": "preferences", "rows": {}}',
    '{"table": "tenants", "rows": []}', '{"table": "nothing", "rows": []}', '{"end": 7}', '{"end": {}}', '{"end": {"interactions": "3"}}', '{"table": "preferences", "rows": []}']::jsonb[]) AS l;
SELECT pg_temp.refused(line || '{"tenant_id": "v_bad"}') FROM lines WHERE n = 1;
SAVEPOINT before;
SELECT personalization.freeze_tenant('v_bad');
ROLLBACK TO before;
SELECT personalization.publish_tenant('v_bad');
ROLLBACK;
SELECT personalization.import_tenant('v_new', line) FROM lines WHERE n = 1;
SELECT pg_temp.refusal(line || '{"tenant_id": "v_new", "version": "0.1"}') FROM lines WHERE n = 1;
SELECT personalization.import_tenant('v_new', line || '{"tenant_id": "v_new", "format": "other"}') FROM lines WHERE n = 1;
SELECT personalization.thaw_tenant('v_acme');
SELECT personalization.learn('v_acme', 'ana', 'export', '{}') IS NOT NULL AS learned;

SELECT personalization.freeze_tenant('v_nobody');
SELECT personalization.tenant_digest('v_nobody');
SELECT personalization.export_tenant('v_nobody');
SELECT personalization.publish_tenant('v_acme');

-- They are an administrator's.
CREATE ROLE regress_move LOGIN;
SELECT personalization.bind_role('regress_move', 'v_acme');
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA personalization TO regress_move;
SET ROLE regress_move;
SELECT personalization.freeze_tenant('v_acme');
SELECT personalization.thaw_tenant('v_acme');
SELECT personalization.publish_tenant('v_acme');
SELECT personalization.tenant_digest('v_acme');
SELECT personalization.export_tenant('v_acme');
SELECT personalization.import_tenant('v_acme', '{}');
RESET ROLE;
DROP OWNED BY regress_move;
DROP ROLE regress_move;
SELECT personalization.drop_tenant(t) IS NOT NULL AS dropped FROM unnest('{v_acme,v_globex}'::text[]) t;
