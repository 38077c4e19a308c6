-- Where no worker serves the database, calls that write count a few of the waiting requests when they commit.
\set tenants '{acme,few,batch,block,levels,pool,turns,broken,lost}'
\getenv test PG_ABS_SRCDIR
\set setup :test '/lib/setup.psql'
\i :setup
RESET personalization.count_at_commit;
SHOW personalization.count_at_commit;
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.ask(tenant text, who text, query text) RETURNS boolean LANGUAGE sql AS
    $$SELECT personalization.learn(tenant, who, 'query', jsonb_build_object('query', query, 'tables_used', jsonb_build_array('orders'))) IS NOT NULL$$;
CREATE TEMP VIEW counted AS
SELECT r.tenant_id, r.asks AS counted, (SELECT count(*) FROM personalization.query_events e WHERE e.tenant_id = r.tenant_id) AS waiting
FROM personalization.rankings r;

-- == A new user is shown what three others ask, and nobody has called run_maintenance().
\o /dev/null
\set ECHO none
SELECT format('SELECT pg_temp.ask(%L, %L, %L)', 'acme', 'user' || n % 3, 'Revenue by ' || ('{region,month,product,customer}'::text[])[1 + n / 3 % 4])
FROM generate_series(1, 36) n \gexec
\set ECHO all
\o
SELECT counted + waiting AS asked, waiting < 8 AS most_are_counted FROM counted WHERE tenant_id = 'acme';
SELECT suggestion FROM personalization.get_suggestions('acme', 'newcomer') ORDER BY suggestion;

-- == The first request of a tenant counts at once; when there are more, a quarter of them may wait.
SELECT pg_temp.ask('few', 'ana', 'Stock?');
SELECT counted, waiting FROM counted WHERE tenant_id = 'few';
SELECT count(pg_temp.ask('few', 'ana', 'Stock of ' || n)) FROM generate_series(1, 11) n;
SELECT counted, waiting FROM counted WHERE tenant_id = 'few';
SELECT pg_temp.ask('few', 'bo', 'Stock?');
SELECT counted, waiting FROM counted WHERE tenant_id = 'few';

-- == The share is bounded: twice what the transaction has added, at least 16 and at most 40.
SELECT personalization.learn_batch(jsonb_agg(jsonb_build_object('tenant_id', 'batch', 'user_id', 'user' || n % 5, 'interaction_type', 'query',
    'data', jsonb_build_object('query', 'Sales of product ' || n % 20)))) FROM generate_series(1, 200) n;
SELECT counted, waiting FROM counted WHERE tenant_id = 'batch';
SELECT pg_temp.ask('batch', 'ana', 'Stock?');
SELECT counted, waiting FROM counted WHERE tenant_id = 'batch';
-- Only a request brings the queue forward; run_maintenance() counts the rest, and each has counted once.
SELECT personalization.learn('batch', 'ana', 'export', '{"format": "csv"}') IS NOT NULL AS learned;
SELECT counted, waiting FROM counted WHERE tenant_id = 'batch';
SELECT (personalization.run_maintenance() ->> 'queries')::int >= 145 AS counted;
SELECT counted, waiting, (SELECT sum(ask_count) FROM personalization.query_statistics WHERE tenant_id = 'batch') AS sum FROM counted WHERE tenant_id = 'batch';

-- == In a long transaction it happens at the end, and a savepoint that is rolled back counts nothing.
BEGIN;
SELECT pg_temp.ask('block', 'ana', 'Stock?');
SAVEPOINT s;
SELECT pg_temp.ask('block', 'bo', 'Revenue?');
ROLLBACK TO s;
SELECT counted, waiting FROM counted WHERE tenant_id = 'block';
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'block';
BEGIN;
SELECT pg_temp.ask('block', 'ana', 'Never?');
ROLLBACK;
SELECT counted, waiting FROM counted WHERE tenant_id = 'block';
-- A procedure that commits.
DO $$ BEGIN
    PERFORM personalization.learn('block', 'cy', 'query', '{"query": "Orders?"}');
    COMMIT;
    RAISE WARNING '% waiting', (SELECT count(*) FROM personalization.query_events WHERE tenant_id = 'block');
END $$;
-- More tenants in a transaction than are counted for.
SELECT count(personalization.create_tenant('block' || n)) AS made FROM generate_series(1, 12) n;
SELECT count(personalization.learn('block' || n, 'ana', 'query', '{"query": "Stock?"}')) AS learned FROM generate_series(1, 12) n;
SELECT sum(counted) AS counted, sum(waiting) AS waiting FROM counted WHERE tenant_id ~ 'block[0-9]';

-- == At other levels of isolation; a serializable transaction could fail by it, so it counts nothing.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.ask('levels', 'ana', 'Stock?');
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'levels';
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_temp.ask('levels', 'ana', 'Orders?');
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'levels';
-- Read-only transactions count nothing.
BEGIN READ ONLY;
SELECT count(*) FROM personalization.get_suggestions('levels', 'ana');
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'levels';
BEGIN;
SELECT pg_temp.ask('levels', 'ana', 'Returns?');
SET TRANSACTION READ ONLY;
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'levels';

-- == Application roles, also through a function of a role with more rights.
CREATE ROLE regress_counting_pool LOGIN;
CREATE ROLE regress_counting_bound LOGIN;
CREATE ROLE regress_counting_none LOGIN;
SELECT personalization.grant_access('regress_counting_pool', pooled => true);
SELECT personalization.bind_role('regress_counting_bound', 'pool');
CREATE FUNCTION public.regress_ask(query text) RETURNS boolean LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
    $$SELECT personalization.learn('pool', 'ana', 'query', jsonb_build_object('query', query)) IS NOT NULL$$;
SET ROLE regress_counting_pool;
BEGIN;
SELECT personalization.use_tenant('pool');
SELECT personalization.learn('pool', 'ana', 'query', '{"query": "Stock?"}') IS NOT NULL AS learned;
COMMIT;
RESET ROLE;
SELECT counted, waiting FROM counted WHERE tenant_id = 'pool';
SET ROLE regress_counting_none;
SELECT public.regress_ask('Orders?');
RESET ROLE;
SELECT counted, waiting FROM counted WHERE tenant_id = 'pool';
-- The role at the end of the transaction is not that of the call.
BEGIN;
SET LOCAL ROLE regress_counting_pool;
SELECT personalization.use_tenant('pool');
SELECT personalization.learn('pool', 'ana', 'query', '{"query": "Returns?"}') IS NOT NULL AS learned;
SET LOCAL ROLE regress_counting_none;
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'pool';
-- At the end of the transaction the session is another tenant's: nothing is counted of the first, and nothing of it is seen.
BEGIN;
SET LOCAL ROLE regress_counting_pool;
SELECT personalization.use_tenant('pool');
SELECT personalization.learn('pool', 'ana', 'query', '{"query": "Returns?"}') IS NOT NULL AS learned;
SELECT personalization.use_tenant('acme');
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'pool';
-- A bound role has its tenant from the administrator.
SET personalization.tenant_id = 'pool';
SET ROLE regress_counting_bound;
SELECT personalization.learn('pool', 'ana', 'query', '{"query": "Late orders?"}') IS NOT NULL AS learned;
RESET ROLE;
RESET personalization.tenant_id;
SELECT counted, waiting FROM counted WHERE tenant_id = 'pool';
DROP FUNCTION public.regress_ask;
DROP OWNED BY regress_counting_pool, regress_counting_bound;
DROP ROLE regress_counting_pool, regress_counting_bound, regress_counting_none;

-- == A turn of an assistant.
SELECT personalization.end_turn('turns', 'ana', 'Stock?', 'Enough.') IS NOT NULL AS stored;
SELECT counted, waiting FROM counted WHERE tenant_id = 'turns';

-- == What fails there is left to others, and to a later time; the call does not fail.
ALTER TABLE personalization.query_lists ADD CONSTRAINT regress_broken CHECK (false) NOT VALID;
SELECT personalization.learn('broken', 'ana', 'query', '{"query": "Stock?"}') IS NOT NULL AS learned;
BEGIN;
SELECT personalization.learn('broken', 'ana', 'query', '{"query": "Orders?"}') IS NOT NULL AS learned;
COMMIT;
SELECT counted, waiting FROM counted WHERE tenant_id = 'broken';
SELECT count(*) FROM personalization.interactions WHERE tenant_id = 'broken';
ALTER TABLE personalization.query_lists DROP CONSTRAINT regress_broken;
\c
SET personalization.count_at_commit = off;
SELECT personalization.learn('broken', 'ana', 'query', '{"query": "Returns?"}') IS NOT NULL AS learned;
SELECT asks FROM personalization.rankings WHERE tenant_id = 'broken';
RESET personalization.count_at_commit;
SELECT personalization.learn('broken', 'ana', 'query', '{"query": "Returns?"}') IS NOT NULL AS learned;
SELECT asks FROM personalization.rankings WHERE tenant_id = 'broken';

-- == A tenant whose row of rankings is lost is counted anew, and nothing twice.
CREATE TEMP VIEW statistics AS SELECT query, ask_count, user_count FROM personalization.query_statistics WHERE tenant_id = 'lost';
SET personalization.count_at_commit = off;
SELECT count(personalization.learn('lost', who, 'query', '{"query": "Stock?"}')) AS learned FROM unnest('{ana,bo,cy}'::text[]) AS who;
SELECT personalization.run_maintenance() -> 'queries' IS NOT NULL AS counted;
TABLE statistics;
DELETE FROM personalization.rankings WHERE tenant_id = 'lost';
SELECT personalization.learn('lost', 'ana', 'query', '{"query": "Returns?"}') IS NOT NULL AS learned;
SELECT personalization.run_maintenance() -> 'queries' IS NOT NULL AS counted;
SELECT * FROM statistics ORDER BY query;
-- Nor at the commit of a call.
DELETE FROM personalization.rankings WHERE tenant_id = 'lost';
RESET personalization.count_at_commit;
SELECT personalization.learn('lost', 'ana', 'query', '{"query": "Orders?"}') IS NOT NULL AS learned;
SELECT personalization.run_maintenance() -> 'queries' IS NOT NULL AS counted;
SELECT * FROM statistics ORDER BY query;
-- Forgetting leaves no text of the user in what is to be counted anew.
DELETE FROM personalization.rankings WHERE tenant_id = 'lost';
SELECT personalization.forget_user('lost', 'ana') -> 'interactions' AS forgotten;
SELECT count(*) FROM statistics WHERE query <> 'Stock?';
SELECT personalization.run_maintenance() -> 'queries' IS NOT NULL AS counted;
TABLE statistics;
-- Grades as versions before 1.1 stored them.
UPDATE personalization.rankings SET grades = grades[1 : cardinality(grades) / 2] WHERE tenant_id = 'lost';
SELECT personalization.learn('lost', 'bo', 'query', '{"query": "Stock?"}') IS NOT NULL AS learned;
SELECT personalization.run_maintenance() -> 'queries' IS NOT NULL AS counted;
SELECT cardinality(grades) = (SELECT cardinality(grades) FROM personalization.rankings WHERE tenant_id = 'acme') AS complete FROM personalization.rankings WHERE tenant_id = 'lost';
DROP VIEW statistics;
SELECT count(personalization.drop_tenant(tenant_id)) AS dropped FROM (SELECT tenant_id FROM personalization.tenants OFFSET 0) t
WHERE tenant_id ~ '^(acme|few|batch|block|levels|pool|turns|broken|lost)';
