-- Who may do what.
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
-- == The catalogue: each query shows what breaks a rule, so none shows a row.
CREATE VIEW pg_temp.ours AS
SELECT c.oid, c.relname, c.relkind, c.relispartition, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.reloptions
FROM pg_class c WHERE c.relnamespace = 'personalization'::regnamespace;
SELECT count(*) FILTER (WHERE relkind = 'p') >= 7 AS tables, count(*) FILTER (WHERE relispartition AND relkind = 'r') >= 14 AS leaves,
       (SELECT count(*) FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace) >= 15 AS functions FROM pg_temp.ours;

-- Everything in the schema belongs to the extension.
SELECT relname FROM pg_temp.ours AS o WHERE relkind NOT IN ('i', 'I')
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = o.oid AND d.deptype = 'e');
-- Nothing is PUBLIC's: no relation, column, function, type, nor the schema.
SELECT o.relname, a.privilege_type FROM pg_temp.ours AS o, aclexplode(relacl) AS a WHERE a.grantee = 0;
SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_temp.ours ON attrelid = ours.oid, aclexplode(attacl) AS a WHERE a.grantee = 0;
SELECT p.oid::regprocedure FROM pg_proc p, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
WHERE pronamespace = 'personalization'::regnamespace AND a.grantee = 0;
SELECT t.typname FROM pg_type t, aclexplode(coalesce(typacl, acldefault('T', typowner))) AS a
WHERE typnamespace = 'personalization'::regnamespace AND typtype IN ('e', 'd', 'c', 'r') AND typrelid = 0 AND a.grantee = 0;
SELECT a.privilege_type FROM pg_namespace, aclexplode(nspacl) AS a WHERE nspname = 'personalization' AND a.grantee = 0;
-- Functions run with the caller's rights, on a fixed search_path where they run SQL.
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace AND prosecdef;
SELECT oid::regprocedure AS without_search_path FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace
AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (proconfig), false) ORDER BY proname COLLATE "C";
-- Those that run SQL run it over indexes, and never compile it.
SELECT oid::regprocedure AS may_compile FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace
AND ('enable_seqscan=off' = ANY (proconfig)) IS DISTINCT FROM ('jit=off' = ANY (proconfig));
-- What the policy calls may run before a user's function, and must not need more.
SELECT proleakproof, provolatile, proparallel FROM pg_proc WHERE oid = 'personalization.current_tenant()'::regprocedure;

-- Every table: partitioned, row-level security on and forced, leaves too.  worker_state, worker_restores and the topics' hold nobody's
-- data: its one row is not partitioned, has no policy, so that it is shown to nobody who is bound, and no tenant_id.
SELECT relname FROM pg_temp.ours WHERE relkind = 'r' AND NOT relispartition AND relname NOT IN ('worker_state', 'worker_restores', 'topic_subscriptions', 'topic_offsets', 'topic_waiting', 'topic_state');
SELECT count(*) AS worker_states, bool_and(relrowsecurity AND relforcerowsecurity) AS guarded, (SELECT count(*) FROM pg_policy WHERE polrelid = 'personalization.worker_state'::regclass) AS policies
FROM pg_temp.ours WHERE relname = 'worker_state' GROUP BY oid;
SELECT relname FROM pg_temp.ours WHERE relkind IN ('r', 'p') AND NOT (relrowsecurity AND relforcerowsecurity);
SELECT o.relname FROM pg_temp.ours AS o JOIN pg_partitioned_table p ON p.partrelid = o.oid
WHERE p.partstrat <> 'h' OR (SELECT attname FROM pg_attribute a WHERE a.attrelid = o.oid AND a.attnum = p.partattrs[0]) <> 'tenant_id' OR p.partnatts <> 1;
-- One policy a table, for reading and writing, for everyone; the same on its leaves.
SELECT o.relname, count(pol.oid) FROM pg_temp.ours AS o LEFT JOIN pg_policy pol ON pol.polrelid = o.oid
WHERE relkind IN ('r', 'p') AND relname NOT IN ('worker_state', 'worker_restores', 'topic_subscriptions', 'topic_offsets', 'topic_waiting', 'topic_state') GROUP BY o.relname HAVING count(pol.oid) <> 1;
SELECT l.polrelid::regclass FROM pg_policy l JOIN pg_inherits i ON i.inhrelid = l.polrelid LEFT JOIN pg_policy p ON p.polrelid = i.inhparent
WHERE (l.polname, pg_get_expr(l.polqual, l.polrelid), pg_get_expr(l.polwithcheck, l.polrelid)) IS DISTINCT FROM (p.polname, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid));
SELECT o.relname, polcmd, polpermissive, polroles FROM pg_policy JOIN pg_temp.ours AS o ON o.oid = polrelid
WHERE polcmd <> '*' OR NOT polpermissive OR polroles <> '{0}';
SELECT string_agg(o.relname, ', ' ORDER BY o.relname COLLATE "C") AS tables, pg_get_expr(polqual, polrelid) AS reading, pg_get_expr(polwithcheck, polrelid) AS writing
FROM pg_policy JOIN pg_temp.ours AS o ON o.oid = polrelid WHERE o.relname IN ('tenants', 'interactions', 'rejected_events', 'preferences', 'profiles', 'user_queries', 'signal_rules', 'inbox')
GROUP BY 2, 3 ORDER BY min(o.relname) COLLATE "C";
SELECT o.relname FROM pg_policy JOIN pg_temp.ours AS o ON o.oid = polrelid
WHERE pg_get_expr(polwithcheck, polrelid) <> '(tenant_id = personalization.current_tenant())'
OR pg_get_expr(polqual, polrelid) <> CASE WHEN o.relname ~ '^signal_rules' THEN '(tenant_id = ANY (ARRAY[personalization.current_tenant(), ''''::text]))'
    ELSE '(tenant_id = personalization.current_tenant())' END;
-- tenant_id leads every primary, unique and foreign key and is never null.
-- (A queue, whose rows leave it as they are taken, has no key at all.)
SELECT o.relname FROM pg_temp.ours AS o WHERE relkind = 'p' AND relname NOT IN ('query_events', 'cache_changes') AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = o.oid AND indisprimary);
SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_temp.ours AS o ON o.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisunique AND relname NOT IN ('worker_state', 'worker_restores', 'topic_subscriptions', 'topic_offsets', 'topic_waiting', 'topic_state') AND (a.attname <> 'tenant_id' OR NOT a.attnotnull);
-- A subscriber can be told of every row that leaves: without, a publication of the table makes each DELETE fail.
SELECT o.relname AS without_identity FROM pg_temp.ours AS o JOIN pg_class c ON c.oid = o.oid WHERE o.relkind IN ('r', 'p')
AND CASE c.relreplident WHEN 'f' THEN false WHEN 'd' THEN NOT EXISTS (SELECT FROM pg_index WHERE indrelid = o.oid AND indisprimary)
	WHEN 'i' THEN NOT EXISTS (SELECT FROM pg_index WHERE indrelid = o.oid AND indisreplident) ELSE true END;
SELECT conname FROM pg_constraint WHERE connamespace = 'personalization'::regnamespace AND contype = 'f';
-- No trigger, no rule, no sequence.
SELECT tgname FROM pg_trigger JOIN pg_temp.ours ON ours.oid = tgrelid;
SELECT rulename FROM pg_rewrite JOIN pg_temp.ours ON ours.oid = ev_class WHERE relkind <> 'v';
SELECT relname FROM pg_temp.ours WHERE relkind = 'S';
-- A view shows with the rights of whoever looks; there are these two.
SELECT relname FROM pg_temp.ours WHERE relkind = 'v' ORDER BY relname COLLATE "C";
SELECT relname FROM pg_temp.ours WHERE relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (reloptions) OR 'security_invoker=on' = ANY (reloptions), false);
SELECT relname FROM pg_temp.ours WHERE relkind = 'm';
-- Every leaf is dumped, each by itself; what the worker of another server did is not, nor what is made anew from the rest.
SELECT o.relname FROM pg_temp.ours AS o, pg_extension e WHERE e.extname = 'personalization' AND relkind = 'r' AND relname NOT IN ('worker_state', 'topic_state')
AND relname !~ '^(rankings|query_events|query_statistics|query_lists|cache_changes)_[0-7]$' AND o.oid <> ALL (e.extconfig);
SELECT pg_describe_object('pg_class'::regclass, t, 0) FROM pg_extension, unnest(extconfig) AS t
WHERE extname = 'personalization' AND t NOT IN (SELECT oid FROM pg_temp.ours WHERE relkind IN ('r', 'S') AND relname <> 'worker_state');
-- Everything has a comment: functions, tables, views, types, the schema.
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL;
SELECT relname FROM pg_temp.ours WHERE relkind IN ('r', 'p', 'v') AND NOT relispartition AND obj_description(oid, 'pg_class') IS NULL;
SELECT typname FROM pg_type WHERE typnamespace = 'personalization'::regnamespace AND typtype = 'e' AND obj_description(oid, 'pg_type') IS NULL;
SELECT obj_description('personalization'::regnamespace, 'pg_namespace') IS NOT NULL AS schema_comment;
-- Every function that takes a tenant takes it first (bind_role takes the role, subscribe_topic the topic).
SELECT proname FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace AND 'tenant_id' = ANY (proargnames) AND proargnames[1] <> 'tenant_id'
AND proname NOT IN ('bind_role', 'subscribe_topic');

-- == A role with no rights can do nothing with any of it.
CREATE ROLE regress_nobody;
SELECT relname, privilege FROM pg_temp.ours, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
WHERE relkind IN ('r', 'p', 'v') AND has_table_privilege('regress_nobody', oid, privilege);
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace AND has_function_privilege('regress_nobody', oid, 'EXECUTE');
SELECT typname FROM pg_type WHERE typnamespace = 'personalization'::regnamespace AND typtype = 'e' AND has_type_privilege('regress_nobody', oid, 'USAGE');
SELECT has_schema_privilege('regress_nobody', 'personalization', 'USAGE') AS usage, has_schema_privilege('regress_nobody', 'personalization', 'CREATE') AS "create",
       has_parameter_privilege('regress_nobody', 'personalization.tenant_id', 'SET') AS set;
-- Nor with the schema alone.
GRANT USAGE ON SCHEMA personalization TO regress_nobody;
CREATE FUNCTION pg_temp.call(p pg_proc) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT personalization.%I(%s)', p.proname, string_agg('NULL::' || t::regtype, ', ')) FROM unnest(p.proargtypes) AS t
$$;
CREATE TEMP TABLE attempts AS
SELECT pg_temp.call(p) AS statement FROM pg_proc p WHERE pronamespace = 'personalization'::regnamespace AND NOT proisstrict
UNION ALL SELECT format(f, relname, (SELECT attname FROM pg_attribute WHERE attrelid = o.oid AND attnum = 1)) FROM pg_temp.ours AS o,
    unnest(ARRAY['SELECT FROM personalization.%I', 'LOCK personalization.%I IN ACCESS SHARE MODE', 'CREATE TABLE pg_temp.x (LIKE personalization.%I)',
                 'DELETE FROM personalization.%I', 'UPDATE personalization.%I SET %I = NULL', 'INSERT INTO personalization.%I DEFAULT VALUES', 'TRUNCATE personalization.%I'])
    WITH ORDINALITY AS f (f, number)
    -- Views that cannot be written say so to everybody.
    WHERE relkind IN ('r', 'p') OR relkind = 'v' AND number <= 3
UNION ALL SELECT format('CREATE TABLE pg_temp.x (y %s)', oid::regtype) FROM pg_type WHERE typnamespace = 'personalization'::regnamespace AND typtype = 'e'
UNION ALL VALUES ('CREATE TABLE personalization.x ()'), ('SET personalization.tenant_id = ''x'''), ('SET personalization.auto_create_tenants = on'), ('SET personalization.max_payload = 5000');
GRANT SELECT ON attempts TO regress_nobody;
SELECT personalization.current_tenant() IS NULL AS library_loaded;
SET ROLE regress_nobody;
SELECT statement, outcome FROM attempts, pg_temp.outcome(statement) AS outcome WHERE outcome NOT LIKE '42501 %';
SELECT count(*) > 300 AS enough_tried FROM attempts;
RESET ROLE;

-- == grant_access(): what an application role needs and no more.
SELECT personalization.create_tenant('a1') IS NOT NULL AND personalization.create_tenant('a2') IS NOT NULL AS made;
CREATE ROLE regress_app LOGIN;
SELECT personalization.grant_access('regress_app');
SELECT relname, string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type) AS privileges FROM pg_temp.ours, aclexplode(relacl) AS a
WHERE a.grantee = 'regress_app'::regrole AND relname IN ('tenants', 'interactions', 'rejected_events', 'preferences', 'profiles', 'user_queries', 'signal_rules', 'inbox', 'cache_changes', 'worker_state', 'worker_status', 'tenant_statistics', 'topic_subscriptions', 'topic_offsets', 'topic_state', 'topic_status')
GROUP BY relname ORDER BY relname COLLATE "C";
SELECT relname, a.privilege_type FROM pg_temp.ours, aclexplode(relacl) AS a
WHERE a.grantee = 'regress_app'::regrole AND (relispartition OR a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER') OR a.is_grantable);
-- None of the administrator's functions.
SELECT proname FROM pg_proc WHERE pronamespace = 'personalization'::regnamespace AND has_function_privilege('regress_app', oid, 'EXECUTE')
AND proname IN ('create_tenant', 'configure_tenant', 'tenant_settings', 'drop_tenant', 'grant_access', 'bind_role', 'run_maintenance', 'reset_ranking', 'rebuild_statistics', 'forget_query_text', 'subscribe_topic', 'unsubscribe_topic', 'map_message', 'consumer_pid');
SELECT has_parameter_privilege('regress_app', 'personalization.tenant_id', 'SET') AS may_set;
SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'personalization'::regnamespace AND has_function_privilege('regress_app', oid, 'EXECUTE')
AND proname IN ('worker_pid', 'cache_state', 'wake_worker', 'inbox_arrival', 'evidence_expires_at');
-- Without a tenant: no rows, and writing is an error.
SET ROLE regress_app;
SELECT personalization.current_tenant() IS NULL AS no_tenant, (SELECT count(*) FROM personalization.tenants) AS tenants,
       (SELECT count(*) FROM personalization.signal_rules WHERE tenant_id <> '') AS rules;
SELECT pg_temp.outcome(s) FROM unnest(ARRAY[$$SELECT personalization.learn('a1', 'ana', 'query', '{}')$$, $$SELECT personalization.learn_batch('[]')$$,
    $$SELECT personalization.learn_batch('[]', 'divert')$$, $$SELECT personalization.get_profile('a1', 'ana')$$, $$SET personalization.tenant_id = 'a1'$$,
    $$INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('a1', 'ana', 'query', '{}')$$, $$TABLE personalization.worker_status$$,
    $$TABLE personalization.worker_state$$, $$SELECT personalization.worker_pid()$$, $$SELECT personalization.run_maintenance()$$, $$SELECT personalization.wake_worker()$$,
    $$INSERT INTO personalization.profiles (tenant_id, user_id, created_at, updated_at) VALUES ('a1', 'ana', now(), now())$$]) AS s;
RESET ROLE;

-- == Pooled: it may set the tenant, and acts for that one only.
SELECT personalization.grant_access('regress_app', pooled => true);
SELECT has_parameter_privilege('regress_app', 'personalization.tenant_id', 'SET') AS may_set;
SET ROLE regress_app;
BEGIN;
SET LOCAL personalization.tenant_id = 'a1';
SELECT personalization.learn('a1', 'ana', 'export', '{"format": "csv"}', '2026-03-01') IS NOT NULL AS learned;
SELECT count(*) AS metrics FROM personalization.evaluate('a1');
SELECT pg_temp.outcome($$SELECT personalization.evaluate('a2')$$);
SELECT pg_temp.outcome($$SELECT personalization.learn('a2', 'ana', 'query', '{}')$$);
SELECT pg_temp.outcome($$SELECT personalization.learn('no such tenant', 'ana', 'query', '{}')$$);
SELECT tenant_id FROM personalization.tenants;
SET LOCAL personalization.tenant_id = 'a2';
SELECT tenant_id FROM personalization.tenants;
SELECT count(*) FROM personalization.interactions;
COMMIT;
SELECT count(*) FROM personalization.tenants;
SELECT left(pg_temp.outcome(format('SET personalization.tenant_id = %L', repeat('x', 513))), 5);
RESET ROLE;
-- Who has been granted an administrator's function changes no ranking with it either.
BEGIN;
GRANT EXECUTE ON FUNCTION personalization.reset_ranking, personalization.rebuild_statistics, personalization.forget_query_text TO regress_app;
SET LOCAL ROLE regress_app;
SET LOCAL personalization.tenant_id = 'a1';
SELECT pg_temp.outcome(format('SELECT personalization.%I(%L)', f, 'a1')) FROM unnest(ARRAY['reset_ranking', 'rebuild_statistics', 'forget_query_text']) AS f;
ROLLBACK;
-- Taken back.
SELECT personalization.grant_access('regress_app', pooled => false);
SELECT has_parameter_privilege('regress_app', 'personalization.tenant_id', 'SET') AS may_set;

-- == bind_role(): for login roles that have no way out.
SELECT personalization.bind_role('regress_app', 'a1');
SELECT setdatabase, setconfig FROM pg_db_role_setting WHERE setrole = 'regress_app'::regrole;
-- From its next login on.
SET ROLE regress_app;
SELECT personalization.get_profile('a1', 'ana');
RESET ROLE;
-- Without a warning where backslashes escape in all texts.
SET standard_conforming_strings = off;
SELECT personalization.bind_role('regress_app', 'a2');
RESET standard_conforming_strings;
SELECT setdatabase, setconfig FROM pg_db_role_setting WHERE setrole = 'regress_app'::regrole;
-- A pooled role of its own is bound to none.
SELECT personalization.grant_access('regress_app', pooled => true);
SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'regress_app'::regrole;
CREATE FUNCTION pg_temp.bind(role text, tenant text DEFAULT 'a1') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE format('SELECT personalization.bind_role(%L, %L)', role, tenant);
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''));
END $$;
\pset format unaligned
CREATE ROLE regress_super LOGIN SUPERUSER;
CREATE ROLE regress_bypass LOGIN BYPASSRLS;
CREATE ROLE regress_member LOGIN IN ROLE regress_app;
CREATE ROLE regress_maker LOGIN CREATEROLE;
CREATE ROLE regress_shell LOGIN IN ROLE pg_execute_server_program;
CREATE ROLE regress_replica LOGIN REPLICATION;
SELECT role, pg_temp.bind(role) FROM unnest(ARRAY['regress_super', 'regress_bypass', 'regress_member', 'regress_nobody']) AS role;
SELECT pg_temp.bind('regress_shell', 'no such tenant');
-- So have those that can make themselves members of another, run programs on the server, or read its WAL.
SELECT role, substr(pg_temp.bind(role), 1, 5) AS outcome FROM unnest(ARRAY['regress_maker', 'regress_shell', 'regress_replica']) AS role;
-- Of those refused nothing is kept.
SELECT setrole::regrole, setconfig FROM pg_db_role_setting WHERE setrole::regrole::text LIKE 'regress\_%' ORDER BY 1::text COLLATE "C";
\pset format aligned
-- Who lets an application connect as such a role is warned.
BEGIN;
SELECT personalization.grant_access('regress_bypass', pooled => true);
ROLLBACK;
-- A role is not let out later: a pooled role that a bound one is a member of.
CREATE ROLE regress_team;
CREATE ROLE regress_bound LOGIN IN ROLE regress_team;
SELECT pg_temp.bind('regress_bound');
SELECT pg_temp.outcome($$SELECT personalization.grant_access('regress_team', pooled => true)$$) <> 'ok' AS refused;
SELECT has_parameter_privilege('regress_bound', 'personalization.tenant_id', 'SET') AS may_set;

SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['a1', 'a2']) AS t;
DROP OWNED BY regress_nobody, regress_app, regress_super, regress_bypass, regress_member, regress_maker, regress_shell, regress_replica, regress_team, regress_bound;
DROP ROLE regress_nobody, regress_app, regress_super, regress_bypass, regress_member, regress_maker, regress_shell, regress_replica, regress_team, regress_bound;
