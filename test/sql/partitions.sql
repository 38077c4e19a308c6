-- Statements of one tenant are executed over the tenant's partitions, where this is the same as over the tables.
\set tenants '{acme,globex}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SET client_min_messages = warning;
CREATE ROLE regress_bound LOGIN;
CREATE ROLE regress_pool LOGIN;
RESET client_min_messages;
SELECT personalization.bind_role('regress_bound', 'acme'), personalization.grant_access('regress_pool', pooled => true);
CREATE FUNCTION pg_temp.partition(tab text, tenant text) RETURNS text LANGUAGE sql RETURN
    (SELECT 'personalization.' || tab || '_' || r FROM generate_series(0, 7) r WHERE satisfies_hash_partition(('personalization.' || tab)::regclass, 8, r, tenant));
SELECT pg_temp.partition('preferences', 'acme') <> pg_temp.partition('preferences', 'globex') AS they_differ;

-- The tables of which this transaction has locked partitions, and how many.
CREATE VIEW pg_temp.locked AS
    SELECT p.relname::text AS tab, count(DISTINCT c.oid) AS partitions
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation AND c.relispartition AND c.relkind = 'r' AND c.relnamespace = 'personalization'::regnamespace
    JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
    WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' GROUP BY 1;
GRANT SELECT ON pg_temp.locked TO PUBLIC;
-- Whether a statement, executed as often as it takes until plans are kept, locks one partition of each table that it uses, among them the one named.
CREATE FUNCTION pg_temp.locks_one(statement text, wanted text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..7 LOOP
        EXECUTE statement;
    END LOOP;
    RETURN (SELECT bool_and(partitions = 1) AND bool_or(tab = wanted) FROM pg_temp.locked);
END $$;

-- == Every call of an application, as often.
CREATE FUNCTION pg_temp.calls(tenant text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    conversation uuid;
    turn jsonb;
    asked jsonb := '{"query": "Sales by region", "sql": "SELECT * FROM orders", "tables_used": ["orders"]}';
BEGIN
    FOR i IN 1..7 LOOP
        PERFORM personalization.learn(tenant, 'ana', 'visualization', '{"chart_type": "bar"}');
        PERFORM personalization.learn(tenant, 'ana', 'query', asked, interaction_id => personalization.new_interaction_id());
        PERFORM personalization.learn_batch(jsonb_build_array(jsonb_build_object('tenant_id', tenant, 'user_id', 'ben', 'interaction_type', 'query', 'data', asked)));
        PERFORM personalization.collect_feedback(tenant, 'ana', '{"category": "data", "key": "preferred_table", "value": "orders", "rating": "positive"}');
        PERFORM personalization.set_preference(tenant, 'ana', 'data', 'chosen', '1');
        PERFORM personalization.forget_preference(tenant, 'ana', 'data', 'chosen');
        PERFORM personalization.preferences(tenant, 'ana'), personalization.preferences(tenant, 'ana', now() - interval '1 day');
        PERFORM personalization.explain_preference(tenant, 'ana', 'visualization', 'preferred_chart_type');
        PERFORM personalization.set_profile(tenant, 'ana', 'advanced', '{sales}');
        PERFORM personalization.get_profile(tenant, 'ana'), personalization.get_context(tenant, 'ana'), personalization.usage_patterns(tenant, 'ana');
        PERFORM personalization.route(tenant, 'ana', 'Sales by region');
        PERFORM personalization.record_outcome(tenant, 'ben', suggestion_id, 'accepted') FROM personalization.get_suggestions(tenant, 'ben');
        PERFORM personalization.register_table(tenant, 'orders');
        turn := personalization.begin_turn(tenant, 'ana', 'Sales by region');
        conversation := personalization.start_conversation(tenant, 'ana');
        PERFORM personalization.append_message(tenant, conversation, 'user', 'Hello');
        PERFORM personalization.get_conversation(tenant, conversation), personalization.end_conversation(tenant, conversation);
        PERFORM personalization.export_user(tenant, 'ana');
    END LOOP;
END $$;
SET personalization.tenant_id = 'acme';
SET ROLE regress_bound;
BEGIN;
SELECT pg_temp.calls('acme');
SELECT tab, partitions FROM pg_temp.locked WHERE partitions <> 1;
SELECT count(*) >= 12 AS many_tables FROM pg_temp.locked;
-- No privilege on a partition was needed.
SELECT count(*) FROM pg_class c, aclexplode(relacl) a WHERE relnamespace = 'personalization'::regnamespace AND relispartition AND a.grantee IN ('regress_bound'::regrole, 0);
COMMIT;
RESET ROLE;
RESET personalization.tenant_id;
-- An administrator's too; each tenant has its own.
SELECT pg_temp.locks_one($$SELECT personalization.learn('globex', 'eve', 'visualization', '{"chart_type": "pie"}')$$, 'preferences') AS one;
SELECT tableoid::regclass::text = pg_temp.partition('preferences', tenant_id) AS there, tenant_id, user_id, value
FROM personalization.preferences WHERE key = 'preferred_chart_type' ORDER BY tenant_id;

-- == One session for both tenants, in turn: plans are kept, and each shows its own.
SET ROLE regress_pool;
BEGIN;
SELECT personalization.use_tenant('acme');
SELECT value FROM personalization.preferences('acme', 'ana') WHERE key = 'preferred_chart_type';
SELECT personalization.use_tenant('globex');
SELECT value FROM personalization.preferences('globex', 'eve') WHERE key = 'preferred_chart_type';
SELECT count(*) FROM personalization.preferences('globex', 'ana');
SELECT value FROM personalization.preferences('acme', 'ana');
ROLLBACK;
RESET ROLE;

-- == Privileges are those on the table, as of the call.
SET personalization.tenant_id = 'acme';
REVOKE INSERT ON personalization.interactions FROM regress_bound;
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}')$$);
RESET ROLE;
GRANT INSERT ON personalization.interactions TO regress_bound;
REVOKE SELECT ON personalization.preferences FROM regress_bound;
-- Those on a partition are no help.
SELECT format('GRANT SELECT ON %s TO regress_bound', pg_temp.partition('preferences', 'acme')) \gexec
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
SELECT format('REVOKE SELECT ON %s FROM regress_bound', pg_temp.partition('preferences', 'acme')) \gexec
-- Those on columns are enough, where these are all that is used.
GRANT SELECT (tenant_id, user_id, category, key, value, confidence, rivals, observation_count, last_updated, expires_on) ON personalization.preferences TO regress_bound;
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
REVOKE SELECT (rivals) ON personalization.preferences FROM regress_bound;
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
SELECT personalization.grant_access('regress_bound');
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}')$$);
-- The error is that of the table.
SET row_security = off;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET row_security;
RESET ROLE;

-- == What a table has and its partitions have not: statements stay on the table.
CREATE POLICY regress_hidden ON personalization.preferences AS RESTRICTIVE FOR SELECT USING (key <> 'preferred_chart_type');
SET ROLE regress_bound;
SELECT count(*) FILTER (WHERE key = 'preferred_chart_type') AS hidden, count(*) > 0 AS others FROM personalization.preferences('acme', 'ana');
RESET ROLE;
DROP POLICY regress_hidden ON personalization.preferences;
ALTER POLICY tenant_isolation ON personalization.preferences USING (tenant_id = personalization.current_tenant() AND key <> 'preferred_chart_type');
SET ROLE regress_bound;
SELECT count(*) FILTER (WHERE key = 'preferred_chart_type') AS hidden, count(*) > 0 AS others FROM personalization.preferences('acme', 'ana');
RESET ROLE;
-- Written in other words, it is the same again.
ALTER POLICY tenant_isolation ON personalization.preferences USING (
    tenant_id  OPERATOR(pg_catalog.=)  personalization.current_tenant());
SET ROLE regress_bound;
SELECT pg_temp.locks_one($$SELECT personalization.preferences('acme', 'ana')$$, 'preferences') AS one;
RESET ROLE;
-- A policy for another role; a partition without a policy, as an older script left it.
CREATE POLICY regress_hidden ON personalization.preferences AS RESTRICTIVE TO regress_pool USING (false);
SET ROLE regress_bound;
SELECT count(*) > 0 AS shown FROM personalization.preferences('acme', 'ana');
RESET ROLE;
DROP POLICY regress_hidden ON personalization.preferences;
SELECT format('DROP POLICY tenant_isolation ON %s', pg_temp.partition('preferences', 'acme')) \gexec
SET ROLE regress_bound;
SELECT count(*) > 0 AS shown FROM personalization.preferences('acme', 'ana');
SELECT pg_temp.locks_one($$SELECT personalization.preferences('acme', 'ana')$$, 'preferences') AS one;
RESET ROLE;
SELECT format('CREATE POLICY tenant_isolation ON %s USING (tenant_id = personalization.current_tenant()) WITH CHECK (tenant_id = personalization.current_tenant())', pg_temp.partition('preferences', 'acme')) \gexec
SET ROLE regress_bound;
SELECT pg_temp.locks_one($$SELECT personalization.preferences('acme', 'ana')$$, 'preferences') AS one;
RESET ROLE;
-- A trigger for statements, which a partition does not have.
CREATE FUNCTION public.regress_tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'told of % into %', TG_OP, TG_TABLE_NAME; RETURN NULL; END $$;
CREATE TRIGGER regress_tell AFTER INSERT ON personalization.interactions FOR EACH STATEMENT EXECUTE FUNCTION public.regress_tell();
SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}') IS NOT NULL AS learned;
SELECT pg_temp.locks_one($$SELECT personalization.get_profile('acme', 'ana')$$, 'interactions') AS one;
DROP TRIGGER regress_tell ON personalization.interactions;
DROP FUNCTION public.regress_tell();
SELECT pg_temp.locks_one($$SELECT personalization.get_profile('acme', 'ana')$$, 'interactions') AS one;
-- Rows of a partition that was detached are gone.
BEGIN;
SELECT format('ALTER TABLE personalization.preferences DETACH PARTITION %s', pg_temp.partition('preferences', 'acme')) \gexec
SELECT count(*) FROM personalization.preferences('acme', 'ana');
ROLLBACK;
SELECT count(*) > 0 AS shown FROM personalization.preferences('acme', 'ana');
RESET personalization.tenant_id;

SELECT personalization.drop_tenant(t) IS NOT NULL AS dropped FROM unnest(:'tenants'::text[]) t;
SET client_min_messages = warning;
DROP OWNED BY regress_bound, regress_pool;
DROP ROLE regress_bound, regress_pool;
