-- The tenant of a session: use_tenant(), hints that fit the role, and SET for a whole session refused.
\set tenants '{acme,globex}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SET client_min_messages = warning;
CREATE ROLE regress_pool LOGIN;
CREATE ROLE regress_bound LOGIN;
RESET client_min_messages;
SELECT personalization.grant_access('regress_pool', pooled => true);
SELECT personalization.bind_role('regress_bound', 'acme');

-- == For the rest of a transaction, and no longer.
SET ROLE regress_pool;
BEGIN;
SELECT personalization.use_tenant('acme');
SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}') IS NOT NULL AS learned, personalization.current_tenant();
INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES ('ana', 'export', '{"format": "csv"}');
SELECT personalization.use_tenant('globex');
SELECT personalization.current_tenant(), (SELECT count(*) FROM personalization.interactions) AS interactions;
COMMIT;
SELECT personalization.current_tenant();
-- A savepoint takes it back; a function that is called goes on with it.
BEGIN;
SELECT personalization.use_tenant('acme');
SAVEPOINT s;
SELECT personalization.use_tenant('globex');
ROLLBACK TO s;
SELECT personalization.current_tenant();
DO $$ BEGIN PERFORM personalization.use_tenant('globex'); END $$;
SELECT personalization.current_tenant();
ROLLBACK;
-- Outside a transaction it would have no effect; a tenant that is not there is no tenant.
SELECT personalization.use_tenant('acme');
BEGIN; SELECT personalization.use_tenant('nobody'); ROLLBACK;
BEGIN; SELECT personalization.use_tenant(NULL); ROLLBACK;
BEGIN; SELECT personalization.use_tenant(''); ROLLBACK;

-- == Without a tenant: what to do depends on the role.
SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}');
INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES ('ana', 'export', '{"format": "csv"}');
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data) VALUES ('acme', 'ana', 'export', '{"format": "csv"}');
SET ROLE regress_bound;
SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}');
INSERT INTO personalization.inbox (user_id, interaction_type, data) VALUES ('ana', 'export', '{"format": "csv"}');
BEGIN; SELECT personalization.use_tenant('acme'); ROLLBACK;
RESET ROLE;

-- == Refused for a whole session, where the setting is on.
SET personalization.local_tenant_only = on;
SET ROLE regress_pool;
SET personalization.local_tenant_only = off;
SET personalization.tenant_id = 'acme';
SELECT personalization.current_tenant();
SELECT set_config('personalization.tenant_id', 'acme', false);
SELECT personalization.current_tenant();
-- In a block it has no effect, and the block is not committed.
BEGIN;
SET personalization.tenant_id = 'acme';
SELECT personalization.current_tenant();
SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}');
ROLLBACK;
BEGIN;
SET personalization.tenant_id = 'acme';
COMMIT;
BEGIN;
SET personalization.tenant_id = 'acme';
SET LOCAL personalization.tenant_id = 'globex';
COMMIT;
BEGIN;
SET LOCAL personalization.tenant_id = 'globex';
SAVEPOINT s;
SET personalization.tenant_id = 'acme';
RELEASE s;
COMMIT;
-- SET LOCAL, use_tenant() and taking a value away go on.
BEGIN;
SET LOCAL personalization.tenant_id = 'acme';
SELECT personalization.current_tenant();
SAVEPOINT s;
SET LOCAL personalization.tenant_id = 'globex';
SELECT personalization.current_tenant();
RELEASE s;
SELECT set_config('personalization.tenant_id', 'acme', true), personalization.use_tenant('globex'), personalization.current_tenant();
COMMIT;
RESET personalization.tenant_id;
DISCARD ALL;
-- One that was set before the setting was switched on has no effect either.
RESET personalization.local_tenant_only;
SET ROLE regress_pool;
SET personalization.tenant_id = 'acme';
RESET ROLE;
SET personalization.local_tenant_only = on;
SELECT personalization.current_tenant();
SET ROLE regress_pool;
SELECT personalization.current_tenant();
SELECT personalization.learn('acme', 'ana', 'export', '{"format": "csv"}');
BEGIN; SELECT personalization.use_tenant('globex'); SELECT personalization.current_tenant(); COMMIT;
SELECT personalization.current_tenant();
RESET personalization.tenant_id;
BEGIN; SELECT personalization.use_tenant('acme'); SELECT personalization.current_tenant(); COMMIT;
RESET ROLE;
SET personalization.local_tenant_only = on;
-- Superusers are not restricted.
SET personalization.tenant_id = 'acme';
SELECT personalization.current_tenant();
RESET personalization.tenant_id;
RESET personalization.local_tenant_only;

DROP OWNED BY regress_pool, regress_bound;
DROP ROLE regress_pool, regress_bound;
SELECT count(personalization.drop_tenant(t)) AS dropped FROM unnest(ARRAY['acme', 'globex']) AS t;
