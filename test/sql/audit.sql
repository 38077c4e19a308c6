-- The audit trail: who did what.
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
CREATE ROLE regress_admin SUPERUSER;
CREATE ROLE regress_bound LOGIN;
CREATE TEMP TABLE start AS SELECT clock_timestamp() AS at;
GRANT SELECT ON start TO PUBLIC;
SELECT personalization.create_tenant('u', '{"learning_rate": 0.2}') IS NOT NULL AS made;
SET ROLE regress_admin;
SELECT personalization.configure_tenant('u', '{"learning_rate": null, "time_zone": "Europe/Berlin"}') IS NOT NULL AS configured;
SELECT personalization.grant_access('regress_bound'), personalization.grant_access('regress_bound', true);
SELECT personalization.bind_role('regress_bound', 'u');
RESET ROLE;
SET personalization.tenant_id = 'u';
SET ROLE regress_bound;
SELECT count(personalization.learn('u', 'ana', 'export', '{"format": "csv"}')) AS learned;
CREATE TEMP TABLE d AS SELECT personalization.export_user('u', 'ana') AS d;
SELECT personalization.forget_user('u', 'ana') -> 'interactions' AS forgotten;
SELECT personalization.import_user('u', d) -> 'interactions' AS imported FROM d;
-- What is rolled back was not done.
BEGIN;
SELECT personalization.forget_user('u', 'ana') -> 'interactions' AS forgotten;
ROLLBACK;
-- In a transaction that only reads an export leaves no row, as nothing can.
BEGIN READ ONLY;
SELECT personalization.export_user('u', 'ana') ->> 'user_id' AS exported;
COMMIT;

-- == The role that is bound can neither read it nor write it, nor say that somebody else acted.
SELECT s, pg_temp.outcome(s) FROM unnest(ARRAY['TABLE personalization.audit_log', 'SELECT at FROM personalization.audit_log', 'DELETE FROM personalization.audit_log', 'TRUNCATE personalization.audit_log',
    $$UPDATE personalization.audit_log SET action = 'nothing'$$, $$INSERT INTO personalization.audit_log (tenant_id, at, session_role, acting_role, action) VALUES ('u', now(), 'postgres', 'postgres', 'x')$$,
    'TABLE personalization.audit_log_0', $$SELECT personalization.user_pseudonym('u', 'ana')$$, $$SELECT personalization.create_tenant('v')$$, $$SELECT personalization.bind_role('regress_bound', 'u')$$]) AS s;
-- Nor does it keep more than its own rights by way of a function, an error on the way included.
SELECT pg_temp.outcome($$SELECT personalization.import_user('u', d) FROM d$$), current_user;
CREATE FUNCTION pg_temp.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'ran as %', current_user; END $$;
CREATE FUNCTION pg_temp.new_interaction_id() RETURNS uuid LANGUAGE plpgsql AS $$ BEGIN RAISE 'ran as %', current_user; END $$;
SET search_path = pg_temp, personalization, pg_catalog;
SELECT personalization.forget_user('u', 'nobody') -> 'interactions' AS forgotten;
RESET search_path;
SELECT current_user;
RESET ROLE;
RESET personalization.tenant_id;
-- A bound role that drops nothing of another tenant's writes nothing about it.
SELECT personalization.drop_tenant('u') -> 'interactions' AS dropped;

-- == What an administrator reads; it outlives the tenant.
SELECT tenant_id, CASE session_role WHEN session_user THEN 'whoever tests' ELSE session_role END AS session_role, CASE acting_role WHEN session_user THEN 'whoever tests' ELSE acting_role END AS acting_role,
    action, subject = personalization.user_pseudonym('u', 'ana') AS ana, role, details
FROM personalization.audit_log, start WHERE audit_log.at >= start.at ORDER BY audit_log.at, audit_id;
SELECT personalization.user_pseudonym('u', 'ana') = encode(sha256(convert_to('u' || chr(31) || 'ana', 'UTF8')), 'hex') AS documented;
SELECT count(*) FROM personalization.audit_log a, start WHERE a.at >= start.at AND a::text ~ '\yana\y';
-- It is dumped.
SELECT count(*) FROM pg_extension, unnest(extconfig) AS t WHERE extname = 'personalization' AND t::regclass::text LIKE 'personalization.audit\_log\_%';
DELETE FROM personalization.audit_log USING start WHERE audit_log.at >= start.at;
DROP OWNED BY regress_bound;
REVOKE SET ON PARAMETER personalization.tenant_id FROM regress_bound;
DROP ROLE regress_bound;
DROP ROLE regress_admin;
