-- The tenant's row and the rules for signals are read without a statement, where this is the same as with one.
\set tenants '{acme,globex}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SET client_min_messages = warning;
CREATE ROLE regress_bound LOGIN;
RESET client_min_messages;
SELECT personalization.bind_role('regress_bound', 'acme');
-- The strengths of the signals of a chart, as learning takes them.
CREATE FUNCTION pg_temp.signals() RETURNS text LANGUAGE sql AS
    $$SELECT string_agg(key || '=' || strength, ' ' ORDER BY key) FROM personalization.extract_signals('visualization', '{"chart_type": "bar", "mood": "calm"}')$$;
SET personalization.tenant_id = 'acme';
SET ROLE regress_bound;

-- == Own rules and common ones, not those of others; each change is seen at once.
SELECT pg_temp.signals();
RESET ROLE;
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength) VALUES
    ('', 'visualization', 'chart_type', 'visualization', 'preferred_chart_type', 0.6),
    ('acme', 'visualization', 'mood', 'visualization', 'mood', 0.3),
    ('globex', 'visualization', 'mood', 'visualization', 'mood_of_globex', 0.2);
SET ROLE regress_bound;
SELECT pg_temp.signals();
RESET ROLE;
UPDATE personalization.signal_rules SET strength = 0.4 WHERE tenant_id = 'acme';
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength) VALUES
    ('acme', 'visualization', 'chart_type', 'visualization', 'preferred_chart_type', 0.1);
SET ROLE regress_bound;
SELECT pg_temp.signals();
RESET ROLE;
BEGIN;
DELETE FROM personalization.signal_rules WHERE tenant_id = 'acme';
SET ROLE regress_bound;
SELECT pg_temp.signals();
ROLLBACK;
SET ROLE regress_bound;
SELECT pg_temp.signals();
RESET ROLE;
-- A batch reads the rules of all types, and learning of one event those of its type.
SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar", "mood": "calm"}') IS NOT NULL AS learned;
SELECT personalization.learn_batch('[{"tenant_id": "acme", "user_id": "ben", "interaction_type": "visualization", "data": {"chart_type": "bar", "mood": "calm"}},
    {"tenant_id": "acme", "user_id": "ben", "interaction_type": "export", "data": {"format": "csv"}}]');
SELECT user_id, key FROM personalization.preferences WHERE tenant_id = 'acme' ORDER BY user_id, key;

-- == A setting, in the transaction that sets it and after a rollback; a snapshot is kept.
BEGIN;
SELECT personalization.configure_tenant('acme', '{"learning": "off"}') ->> 'learning' AS learning;
SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}') IS NULL AS refused;
ROLLBACK;
SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}') IS NULL AS refused;
-- A value so large that it is stored apart.
UPDATE personalization.tenants SET settings = jsonb_build_object('history_retention', '30 days' || repeat(' ', 20000)) WHERE tenant_id = 'globex';
SELECT pg_temp.outcome($$SELECT personalization.preferences('globex', 'eve')$$);
UPDATE personalization.tenants SET settings = '{}' WHERE tenant_id = 'globex';

-- == Privileges: on the table, on columns, none; those on the partition are no help.
REVOKE SELECT ON personalization.tenants, personalization.signal_rules FROM regress_bound;
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
GRANT SELECT ON personalization.tenants_0, personalization.signal_rules_0 TO regress_bound;
GRANT SELECT ON personalization.tenants TO regress_bound;
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
SELECT pg_temp.outcome($$SELECT personalization.learn('acme', 'ana', 'visualization', '{"chart_type": "bar"}')$$);
RESET ROLE;
REVOKE SELECT ON personalization.tenants_0, personalization.signal_rules_0, personalization.tenants FROM regress_bound;
GRANT SELECT (tenant_id, settings, frozen_at, home) ON personalization.tenants TO regress_bound;
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
SELECT personalization.grant_access('regress_bound');

-- == Row-level security: of another tenant nothing is seen, whoever asks for it; other policies hold.
SET ROLE regress_bound;
SET row_security = off;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET row_security;
RESET ROLE;
CREATE POLICY regress_hidden ON personalization.signal_rules AS RESTRICTIVE USING (path <> 'mood');
CREATE POLICY regress_hidden ON personalization.signal_rules_0 AS RESTRICTIVE USING (path <> 'mood');
SET ROLE regress_bound;
SELECT pg_temp.signals();
RESET ROLE;
DROP POLICY regress_hidden ON personalization.signal_rules;
DROP POLICY regress_hidden ON personalization.signal_rules_0;
ALTER POLICY tenant_isolation ON personalization.tenants USING (tenant_id = personalization.current_tenant() AND false);
ALTER POLICY tenant_isolation ON personalization.tenants_0 USING (tenant_id = personalization.current_tenant() AND false);
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
-- Of other expressions, other roles and other commands.
ALTER POLICY tenant_isolation ON personalization.tenants USING (tenant_id = 'globex');
ALTER POLICY tenant_isolation ON personalization.tenants_0 USING (tenant_id = 'globex');
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;
BEGIN;
ALTER POLICY tenant_isolation ON personalization.tenants TO pg_monitor USING (tenant_id = personalization.current_tenant());
ALTER POLICY tenant_isolation ON personalization.tenants_0 TO pg_monitor USING (tenant_id = personalization.current_tenant());
SET LOCAL ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
ROLLBACK;
BEGIN;
DROP POLICY tenant_isolation ON personalization.tenants;
DROP POLICY tenant_isolation ON personalization.tenants_0;
CREATE POLICY tenant_isolation ON personalization.tenants FOR INSERT WITH CHECK (true);
CREATE POLICY tenant_isolation ON personalization.tenants_0 FOR INSERT WITH CHECK (true);
SET LOCAL ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
ROLLBACK;
ALTER POLICY tenant_isolation ON personalization.tenants USING (tenant_id = personalization.current_tenant());
ALTER POLICY tenant_isolation ON personalization.tenants_0 USING (tenant_id = personalization.current_tenant());
SET ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
RESET ROLE;

-- == Nor does it depend on what the policy calls: another function of that name holds.
BEGIN;
CREATE OR REPLACE FUNCTION personalization.current_tenant() RETURNS text LANGUAGE sql STABLE AS $$SELECT 'nobody'$$;
SET LOCAL ROLE regress_bound;
SELECT pg_temp.outcome($$SELECT personalization.preferences('acme', 'ana')$$);
ROLLBACK;

-- == Another table in the tenants' place, while the old one still has the partition of the usual name.
BEGIN;
ALTER TABLE personalization.tenants RENAME TO tenants_before;
CREATE TABLE personalization.tenants (LIKE personalization.tenants_before INCLUDING ALL) PARTITION BY HASH (tenant_id);
CREATE TABLE personalization.tenants_other PARTITION OF personalization.tenants FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE personalization.tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON personalization.tenants USING (tenant_id = personalization.current_tenant())
    WITH CHECK (tenant_id = personalization.current_tenant());
INSERT INTO personalization.tenants (tenant_id, settings) VALUES ('acme', '{"learning": "off"}');
SELECT personalization.tenant_settings('acme') ->> 'learning' AS learning;
UPDATE personalization.tenants SET settings = '{"learning": "on"}';
SELECT personalization.tenant_settings('acme') ->> 'learning' AS learning;
ROLLBACK;

-- == Keys and columns that are not as the extension makes them.
-- An index in another order than that of the bytes: the evidence is found.
CREATE FUNCTION pg_temp.learn_again() RETURNS text LANGUAGE sql AS $$
    SELECT count(personalization.learn('acme', name, 'visualization', '{"chart_type": "bar"}'))
    FROM unnest('{Kim,kim,Zed,zed,zoe,Zoe}'::text[]) AS name;
    SELECT string_agg(user_id || ' ' || observation_count, ', ' ORDER BY user_id COLLATE "C") FROM personalization.preferences
    WHERE tenant_id = 'acme' AND user_id <> 'ana' AND user_id <> 'ben' AND key = 'preferred_chart_type'$$;
SELECT pg_temp.learn_again();
BEGIN;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_collation WHERE collname = 'en-x-icu') THEN -- the server has ICU
        ALTER TABLE personalization.preferences ALTER user_id TYPE text COLLATE "en-x-icu";
    END IF;
END $$;
SELECT pg_temp.learn_again();
ROLLBACK;
-- A shorter key, which has the columns, is an error as before.
BEGIN;
DELETE FROM personalization.preferences;
ALTER TABLE personalization.preferences DROP CONSTRAINT preferences_pkey;
ALTER TABLE personalization.preferences ADD PRIMARY KEY (tenant_id, user_id) INCLUDE (key, category);
SELECT pg_temp.outcome($$SELECT personalization.learn('acme', 'new', 'visualization', '{"chart_type": "bar"}')$$);
ROLLBACK;
-- So is another type.
BEGIN;
DROP INDEX personalization.preferences_chart;
ALTER TABLE personalization.preferences ALTER category TYPE text;
SELECT split_part(pg_temp.outcome($$SELECT personalization.learn('acme', 'Kim', 'visualization', '{"chart_type": "bar"}')$$), ':', 1) AS outcome;
ROLLBACK;

RESET personalization.tenant_id;

DELETE FROM personalization.signal_rules WHERE tenant_id = '' AND NOT built_in;
SELECT personalization.drop_tenant(t) IS NOT NULL AS dropped FROM unnest(:'tenants'::text[]) t;
SET client_min_messages = warning;
DROP OWNED BY regress_bound;
DROP ROLE regress_bound;
