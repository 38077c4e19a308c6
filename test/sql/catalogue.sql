-- The catalogue: tables registered by hand, and those of linked schemas.
\set tenants '{c,c2,C,"c "}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
SET client_min_messages = warning;
-- When a table appeared or was dropped: by register_table() now, by a pass its time.
CREATE FUNCTION pg_temp.moment(at timestamptz) RETURNS text LANGUAGE sql AS
    $$SELECT CASE WHEN at > now() - interval '1 day' AND at < now() + interval '1 day' THEN 'now' ELSE at::date::text END$$;
CREATE FUNCTION pg_temp.tables(tenant text) RETURNS TABLE (table_name text, origin text, appeared text, dropped text) LANGUAGE sql AS
    $$SELECT table_name, origin, pg_temp.moment(appeared_at), pg_temp.moment(dropped_at) FROM personalization.tenant_tables(tenant)$$;
CREATE FUNCTION pg_temp.pass(at timestamptz) RETURNS int LANGUAGE sql AS
    $$SELECT (personalization.run_maintenance(at) ->> 'catalogue')::int$$;

-- == Registered by hand: announced at once.
SELECT personalization.register_table('c', 'warehouse.marketing_campaigns', 'what was spent on what', '{campaign,spent}');
SELECT personalization.register_table('c', 'clicks');
SELECT table_name, origin, description, columns, pg_temp.moment(appeared_at) AS appeared FROM personalization.new_tables('c', 'ana') ORDER BY table_name;
-- Again: what is null stays, and it does not become new anew.
CREATE TEMP TABLE before AS SELECT appeared_at FROM personalization.tenant_tables('c') WHERE table_name = 'clicks';
SELECT personalization.register_table('c', 'clicks', columns => '{at,page}');
SELECT personalization.register_table('c', 'clicks', 'one row a click');
SELECT table_name, description, columns, appeared_at = (TABLE before) AS as_before FROM personalization.tenant_tables('c') WHERE table_name = 'clicks';
SELECT personalization.register_table('c', 'clicks', '', '{}');
SELECT description, columns FROM personalization.tenant_tables('c') WHERE table_name = 'clicks';
-- Taken away, and brought back.
SELECT personalization.unregister_table('c', 'clicks') AS was_there, personalization.unregister_table('c', 'clicks') AS again, personalization.unregister_table('c', 'never') AS never;
SELECT * FROM pg_temp.tables('c');
SELECT personalization.hidden_tables('c', '{clicks,CLICKS,s.clicks,marketing_campaigns,"Marketing_Campaigns",hr.marketing_campaigns,unknown}');
SELECT personalization.register_table('c', 'clicks');
SELECT * FROM pg_temp.tables('c');
SELECT personalization.hidden_tables('c', '{clicks}');

-- == The window, to the microsecond, and who has used a table, however it was written.
UPDATE personalization.tenant_tables SET appeared_at = '2026-03-01 12:00+00' WHERE tenant_id = 'c' AND table_name = 'clicks';
SELECT at, (SELECT array_agg(table_name) FROM personalization.new_tables('c', 'ana', at)) AS new FROM unnest(ARRAY[
    timestamptz '2026-03-01 11:59:59.999999+00', '2026-03-01 12:00+00', '2026-03-31 11:59:59.999999+00', '2026-03-31 12:00+00']) AS at;
SELECT personalization.configure_tenant('c', '{"new_table_window": "7 days"}') ->> 'new_table_window' AS window;
SELECT at, (SELECT array_agg(table_name) FROM personalization.new_tables('c', 'ana', at)) AS new FROM unnest(ARRAY[
    timestamptz '2026-03-08 11:59:59.999999+00', '2026-03-08 12:00+00']) AS at;
SELECT personalization.configure_tenant('c', '{"new_table_window": 0}') ->> 'new_table_window' AS none;
SELECT count(*) FROM personalization.new_tables('c', 'ana', '2026-03-01 12:00+00');
SELECT personalization.configure_tenant('c', '{"new_table_window": null}') ->> 'new_table_window' AS window;
SELECT personalization.learn('c', 'bo', 'query', '{"tables_used": ["db.Public.CLICKS"]}', '2026-03-02') IS NOT NULL AS used;
SELECT personalization.learn('c', 'cy', 'exploration', '{"tables": ["clicks"]}', '2026-03-02') IS NOT NULL AS explored;
SELECT personalization.learn('c', 'di', 'query', '{"sql": "SELECT 1 FROM \"clicks\" AS x"}', '2026-03-02') IS NOT NULL AS by_sql;
SELECT personalization.learn('c', 'ed', 'query', '{"tables_used": ["clicks2", "reclicks", "export"]}', '2026-03-02') IS NOT NULL AS others;
SELECT u, (SELECT array_agg(table_name) FROM personalization.new_tables('c', u, '2026-03-03')) AS new FROM unnest('{ana,bo,cy,di,ed}'::text[]) AS u;

-- == A linked schema: what is there is not news, what comes is.
CREATE SCHEMA c_shop;
CREATE TABLE c_shop.orders (id int);
COMMENT ON TABLE c_shop.orders IS 'what was ordered';
CREATE TABLE c_shop."Odd.Name" (id int);
CREATE VIEW c_shop.late AS SELECT 1 AS id;
CREATE MATERIALIZED VIEW c_shop.totals AS SELECT 1 AS id;
CREATE TABLE c_shop.parts (id int) PARTITION BY LIST (id);
CREATE TABLE c_shop.parts_1 PARTITION OF c_shop.parts FOR VALUES IN (1);
CREATE SEQUENCE c_shop.numbers;
CREATE INDEX orders_id ON c_shop.orders (id);
CREATE TYPE c_shop.pair AS (a int, b int);
SELECT personalization.link_schema('c', 'c_shop');
SELECT * FROM pg_temp.tables('c') WHERE origin = 'linked';
SELECT table_name, description FROM personalization.tenant_tables('c') WHERE table_name = 'c_shop.orders';
SELECT pg_temp.pass('2026-03-10') AS changed;
SELECT count(*) FROM personalization.new_tables('c', 'ana', '2026-03-10') WHERE origin = 'linked';
-- Linked again: nothing happens.
SELECT personalization.link_schema('c', 'c_shop');
SELECT pg_temp.pass('2026-03-10') AS changed;
CREATE TABLE c_shop.campaigns (id int);
COMMENT ON TABLE c_shop.campaigns IS 'campaigns of ours';
CREATE TABLE c_shop.refunds (id int);
SELECT pg_temp.pass('2026-03-11') AS changed, pg_temp.pass('2026-03-12') AS again;
SELECT table_name, origin, description, columns, appeared_at FROM personalization.new_tables('c', 'ana', '2026-03-12') WHERE origin = 'linked';
-- Dropped: gone from what is told at once, from the catalogue with the next pass.
DROP TABLE c_shop.refunds;
SELECT array_agg(table_name) AS new FROM personalization.new_tables('c', 'ana', '2026-03-12') WHERE origin = 'linked';
SELECT personalization.hidden_tables('c', '{refunds,c_shop.refunds,C_SHOP.Refunds,campaigns,hr.refunds}');
SELECT pg_temp.pass('2026-03-13') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE '%refunds';
SELECT personalization.hidden_tables('c', '{refunds,c_shop.refunds,campaigns,hr.refunds}');
-- What comes back by its name is no news: a table loaded afresh each night.
CREATE TABLE c_shop.refunds (id bigint);
SELECT personalization.hidden_tables('c', '{refunds}');
SELECT pg_temp.pass('2026-03-14') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE '%refunds';
BEGIN;
DROP TABLE c_shop.refunds;
CREATE TABLE c_shop.refunds (id int);
COMMIT;
SELECT pg_temp.pass('2026-03-15') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE '%refunds';
-- Renamed: known under its new name, as new as it was; the old one is dead.
ALTER TABLE c_shop.orders RENAME TO purchases;
ALTER TABLE c_shop.campaigns RENAME TO pushes;
SELECT pg_temp.pass('2026-03-16') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name ~ 'orders|purchases|campaigns|pushes' AND origin = 'linked';
SELECT personalization.hidden_tables('c', '{orders,purchases,c_shop.campaigns,pushes}');
-- Swapped, as one does to replace a table: neither is new.
CREATE TABLE c_shop.purchases_next (id int);
SELECT pg_temp.pass('2026-03-17') AS changed;
ALTER TABLE c_shop.purchases RENAME TO purchases_old;
ALTER TABLE c_shop.purchases_next RENAME TO purchases;
SELECT pg_temp.pass('2026-03-18') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE '%purchases%';
-- Moved to another linked schema.
CREATE SCHEMA c_old;
SELECT personalization.link_schema('c', 'c_old');
ALTER TABLE c_shop.purchases_old SET SCHEMA c_old;
SELECT pg_temp.pass('2026-03-19') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE '%purchases_old';
-- An index or a sequence by the name of a table that was is none.
DROP TABLE c_shop.pushes;
CREATE SEQUENCE c_shop.pushes;
SELECT personalization.hidden_tables('c', '{pushes}');
DROP SEQUENCE c_shop.pushes;

-- == The schema renamed, dropped, made again.
ALTER SCHEMA c_old RENAME TO c_archive;
SELECT pg_temp.pass('2026-03-20') AS changed;
SELECT schema_name FROM personalization.linked_schemas WHERE tenant_id = 'c' ORDER BY schema_name;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE '%purchases_old';
SELECT personalization.hidden_tables('c', '{c_old.purchases_old,c_archive.purchases_old,purchases_old}');
DROP SCHEMA c_archive CASCADE;
SELECT pg_temp.pass('2026-03-21') AS changed;
SELECT personalization.hidden_tables('c', '{c_archive.purchases_old,purchases_old}');
CREATE SCHEMA c_archive;
CREATE TABLE c_archive.purchases_old (id int);
CREATE TABLE c_archive.younger (id int);
SELECT pg_temp.pass('2026-03-22') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name LIKE 'c_archive%';
SELECT personalization.unlink_schema('c', 'c_archive') AS was_linked, personalization.unlink_schema('c', 'c_archive') AS again;
SELECT count(*) FROM pg_temp.tables('c') WHERE table_name LIKE 'c_archive%';
-- What the catalogue does not know is not hidden.
DROP SCHEMA c_archive CASCADE;
SELECT personalization.hidden_tables('c', '{c_archive.younger}');

-- == After a restore no OID is as it was: nothing is news, nothing is lost; a stale one means nothing.
UPDATE personalization.tenant_tables SET relation = 'c_shop.late'::regclass WHERE tenant_id = 'c' AND table_name IN ('totals', 'parts');
UPDATE personalization.tenant_tables SET relation = 4000000000 WHERE tenant_id = 'c' AND table_name IN ('Odd.Name', 'late');
UPDATE personalization.linked_schemas SET schema_oid = 'pg_catalog'::regnamespace WHERE tenant_id = 'c';
CREATE TEMP TABLE unchanged AS SELECT * FROM personalization.tenant_tables('c');
CREATE TABLE c_shop.after_restore (id int);
SELECT pg_temp.pass('2026-03-23') AS changed;
(TABLE unchanged EXCEPT SELECT * FROM personalization.tenant_tables('c')) UNION ALL (SELECT * FROM personalization.tenant_tables('c') EXCEPT TABLE unchanged);
SELECT table_name, relation = format('c_shop.%I', table_name)::regclass AS right FROM personalization.tenant_tables WHERE tenant_id = 'c' AND schema_name = 'c_shop' AND dropped_at IS NULL ORDER BY 1;
-- Nor is a schema followed by an OID that is another's.
CREATE SCHEMA c_gone;
CREATE TABLE c_gone.t (id int);
SELECT personalization.link_schema('c', 'c_gone');
DROP SCHEMA c_gone CASCADE;
CREATE SCHEMA c_secret;
CREATE TABLE c_secret.t (id int);
UPDATE personalization.linked_schemas SET schema_oid = 'c_secret'::regnamespace WHERE tenant_id = 'c' AND schema_name = 'c_gone';
SELECT pg_temp.pass('2026-03-24') AS changed;
SELECT schema_name FROM personalization.linked_schemas WHERE tenant_id = 'c' ORDER BY schema_name;
SELECT personalization.unlink_schema('c', 'c_gone');

-- == What was dropped is forgotten after history_retention.
SELECT count(*) AS dropped FROM personalization.tenant_tables WHERE tenant_id = 'c' AND dropped_at IS NOT NULL;
SELECT table_name, dropped_at FROM personalization.tenant_tables WHERE tenant_id = 'c' AND dropped_at IS NOT NULL ORDER BY dropped_at, table_name COLLATE "C" LIMIT 1;
SELECT personalization.run_maintenance(timestamptz '2026-03-16' + interval '90 days') -> 'catalogue' AS forgotten;
SELECT personalization.run_maintenance(timestamptz '2026-03-16' + interval '90 days 1 microsecond') -> 'catalogue' AS forgotten;

-- == Undone with its transaction, and done again in the next.
CREATE TABLE c_shop.rolled (id int);
BEGIN;
SELECT pg_temp.pass('2026-03-25') AS changed;
ROLLBACK;
SELECT pg_temp.pass('2026-03-26') AS changed;
SELECT * FROM pg_temp.tables('c') WHERE table_name = 'c_shop.rolled';
BEGIN;
SAVEPOINT s;
DROP TABLE c_shop.rolled;
SELECT pg_temp.pass('2026-03-27') AS changed;
ROLLBACK TO s;
SELECT pg_temp.pass('2026-03-28') AS changed;
COMMIT;
SELECT * FROM pg_temp.tables('c') WHERE table_name = 'c_shop.rolled';
BEGIN ISOLATION LEVEL REPEATABLE READ;
CREATE TABLE c_shop.repeatable (id int);
SELECT pg_temp.pass('2026-03-28') AS changed;
COMMIT;
SELECT pg_temp.pass('2026-03-29') AS changed;

-- == Near-identical tenants.
SELECT personalization.register_table('C', 'clicks', 'of C');
SELECT personalization.register_table('c ', 'Clicks', 'of c and a space');
SELECT personalization.register_table('c2', 'campaigns', 'of c2');
SELECT personalization.unregister_table('C', 'clicks');
SELECT t, personalization.hidden_tables(t, '{clicks,purchases,campaigns}') AS hidden, (SELECT array_agg(description) FROM personalization.new_tables(t, 'ana') WHERE description LIKE 'of%') AS new
FROM unnest('{c,c2,C,"c "}'::text[]) AS t;

-- == Roles: a linked table is shown to those who may read it, at that time.
CREATE ROLE regress_reader LOGIN;
SELECT personalization.bind_role('regress_reader', 'c');
CREATE TABLE c_shop.salaries (id int, name text);
SELECT pg_temp.pass('2026-04-01') AS changed;
GRANT SELECT ON c_shop.late TO regress_reader;
SET personalization.tenant_id = 'c';
SET ROLE regress_reader;
SELECT (SELECT array_agg(table_name) FROM personalization.new_tables('c', 'ana', '2026-04-01') WHERE origin = 'linked') AS new,
    personalization.hidden_tables('c', '{late,salaries,c_shop.salaries,unknown}') AS hidden, (SELECT array_agg(table_name) FROM personalization.tenant_tables('c') WHERE origin = 'linked') AS catalogue;
RESET ROLE;
GRANT USAGE ON SCHEMA c_shop TO regress_reader;
SET ROLE regress_reader;
SELECT (SELECT array_agg(table_name) FROM personalization.new_tables('c', 'ana', '2026-04-01') WHERE origin = 'linked') AS new,
    personalization.hidden_tables('c', '{late,salaries,c_shop.salaries,unknown}') AS hidden, (SELECT array_agg(table_name) FROM personalization.tenant_tables('c') WHERE origin = 'linked') AS catalogue;
RESET ROLE;
-- One column is enough to query it.
GRANT SELECT (name) ON c_shop.salaries TO regress_reader;
SET ROLE regress_reader;
SELECT (SELECT array_agg(table_name) FROM personalization.new_tables('c', 'ana', '2026-04-01') WHERE origin = 'linked') AS new,
    personalization.hidden_tables('c', '{late,salaries,c_shop.salaries,unknown}') AS hidden;
RESET ROLE;
REVOKE SELECT (name) ON c_shop.salaries FROM regress_reader;
SET ROLE regress_reader;
SELECT personalization.hidden_tables('c', '{late,salaries}') AS hidden;
-- It may register, and link a schema that it may use; not for another tenant.
SELECT personalization.register_table('c', 'by_app'), personalization.unregister_table('c', 'by_app');
SELECT statement, pg_temp.outcome('SELECT personalization.' || statement) FROM unnest(ARRAY[$$link_schema('c', 'c_secret')$$, $$link_schema('c', 'c_shop')$$,
    $$link_schema('c2', 'c_shop')$$, $$register_table('c2', 't')$$, $$unregister_table('c2', 'campaigns')$$, $$unlink_schema('c2', 'c_shop')$$,
    $$hidden_tables('c2', '{campaigns}')$$]) AS statement;
SELECT pg_temp.outcome($$SELECT * FROM personalization.tenant_tables('c2')$$), pg_temp.outcome($$SELECT * FROM personalization.new_tables('c2', 'ana')$$);
SELECT count(*) FROM personalization.tenant_tables WHERE tenant_id <> 'c';
RESET ROLE;
GRANT USAGE ON SCHEMA c_secret TO regress_reader;
SET ROLE regress_reader;
SELECT personalization.link_schema('c', 'c_secret');
SELECT count(*) AS shown FROM personalization.tenant_tables('c') WHERE table_name LIKE 'c_secret.%';
SELECT personalization.unlink_schema('c', 'c_secret');
RESET ROLE;
RESET personalization.tenant_id;

-- == What is wrong with a call.
SELECT statement, pg_temp.outcome('SELECT personalization.' || statement) FROM unnest(ARRAY[
    $$register_table('c', NULL)$$, $$register_table('c', '')$$, $$register_table('no such tenant', 't')$$, $$register_table('c', 'a.')$$,
    $$register_table('c', '""')$$, $$register_table('c', 't', columns => '{a,NULL}')$$, $$register_table('c', 't', columns => '{{a},{b}}')$$,
    $$register_table('c', 't', columns => '{""}')$$, $$register_table('c', 't', repeat('x', 65537))$$, $$register_table('c', repeat('x', 513))$$,
    $$register_table('c', 't', columns => array_fill(repeat('x', 100), '{1000}'))$$, $$register_table(NULL, 't')$$, $$unregister_table('c', NULL)$$,
    $$link_schema('c', NULL)$$, $$link_schema('c', 'no such schema')$$, $$link_schema('c', 'pg_catalog')$$, $$link_schema('c', 'information_schema')$$,
    $$link_schema('c', 'personalization')$$, $$link_schema('no such tenant', 'c_shop')$$, $$unlink_schema('c', NULL)$$, $$hidden_tables('c', NULL)$$]) AS statement;
SELECT pg_temp.outcome($$SELECT * FROM personalization.tenant_tables('no such tenant')$$), pg_temp.outcome($$SELECT * FROM personalization.new_tables('c', 'ana', 'infinity')$$),
    pg_temp.outcome($$SELECT * FROM personalization.new_tables('c', '')$$);
SELECT personalization.register_table('c', repeat('x', 512)), personalization.hidden_tables('c', '{NULL,"",.,"a."}');
BEGIN READ ONLY;
SELECT statement, pg_temp.outcome('SELECT personalization.' || statement) FROM unnest(ARRAY[$$register_table('c', 't')$$, $$unregister_table('c', 't')$$,
    $$link_schema('c', 'c_shop')$$, $$unlink_schema('c', 'c_shop')$$]) AS statement;
SELECT count(*) > 0 AS reading_goes_on FROM personalization.tenant_tables('c');
ROLLBACK;

-- == More than a batch.
INSERT INTO personalization.tenant_tables (tenant_id, schema_name, table_name, last_name) SELECT 'c', 'c_shop', 'gone ' || n, 'gone ' || n FROM generate_series(1, 10001) AS n;
CREATE TABLE c_shop.news (id int);
SELECT pg_temp.pass('2026-04-02') AS changed, pg_temp.pass('2026-04-02') AS again;
SELECT count(*) FROM personalization.tenant_tables WHERE tenant_id = 'c' AND dropped_at = '2026-04-02';
SELECT appeared_at FROM personalization.tenant_tables('c') WHERE table_name = 'c_shop.news';

SELECT t, personalization.drop_tenant(t) -> 'tenant_tables' > '0' AS tables FROM unnest('{c,c2,C,"c "}'::text[]) AS t;
SELECT count(*) FROM personalization.tenant_tables UNION ALL SELECT count(*) FROM personalization.linked_schemas;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
DROP SCHEMA c_shop, c_secret CASCADE;
