-- What EXPLAIN estimates tells a bound role nothing of other tenants' rows: the planner keeps no statistics of any column.
SET personalization.count_at_commit = off;
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_estimates LOGIN;
SELECT personalization.create_tenant(t, '{"history_retention": "50 years", "time_zone": "Europe/Berlin"}') IS NOT NULL AS made FROM unnest(ARRAY['snoop', 'victim']) t;
SELECT personalization.bind_role('regress_estimates', 'snoop');
-- Both in one partition; of another the planner would read nothing.
SELECT count(*) AS together FROM generate_series(0, 7) r WHERE satisfies_hash_partition('personalization.inbox'::regclass, 8, r, 'snoop'::text)
    AND satisfies_hash_partition('personalization.inbox'::regclass, 8, r, 'victim'::text);

-- Rows of another tenant in every table, with values that stand out.
SELECT count(personalization.learn('victim', 'victor' || i % 3, 'query', jsonb_build_object('query', 'Sales of ' || i % 20, 'tables_used', jsonb_build_array('t' || i % 5)),
    now() - i * interval '1 hour')) FROM generate_series(1, 300) i;
SELECT count(personalization.learn('victim', 'victor', 'export', '{"format": "csv"}', now() - i * interval '1 day')) FROM generate_series(1, 40) i;
SELECT personalization.run_maintenance() -> 'queries' AS counted;
SELECT count(personalization.record_outcome('victim', 'victor1', suggestion_id, 'accepted')) > 0 AS accepted FROM personalization.get_suggestions('victim', 'victor1');
SELECT count(*) > 0 AS shown FROM personalization.get_suggestions('victim', 'victor1');
SELECT personalization.learn_batch('[{"tenant_id": "victim", "user_id": "victor", "interaction_type": "nonsense", "data": {}}]', 'divert') IS NOT NULL AS diverted;
SELECT personalization.append_message('victim', personalization.start_conversation('victim', 'victor'), 'user', 'secret') IS NOT NULL AS said;
INSERT INTO personalization.inbox (tenant_id, user_id, interaction_type, data, feedback) SELECT 'victim', 'victor', 'export', '{}', '{}' FROM generate_series(1, 30);
SELECT count(personalization.learn('victim', 'victor', 'query', '{"query": "waiting"}')) FROM generate_series(1, 30);
SELECT personalization.set_preference('victim', 'victor', 'data', 'secret', '1') IS NULL AS chosen, personalization.set_learning('victim', 'vera', false) IS NULL AS refused;
SELECT personalization.register_table('victim', 'secret_table') IS NULL AS registered;
INSERT INTO personalization.signal_rules (tenant_id, interaction_type, path, category, key, strength, ordinal) VALUES ('victim', 'custom', 'x', 'data', 'secret', 0.5, 1);
INSERT INTO personalization.backing_off VALUES ('victim', 'maintenance', 'failed', now(), 1, 1, now(), 'secret');
CREATE SCHEMA regress_secret;
SELECT personalization.link_schema('victim', 'regress_secret') IS NULL AS linked;
ANALYZE;

-- None of it is kept, by table or by index.
SELECT starelid::regclass FROM pg_statistic s, pg_class c WHERE c.oid = starelid AND relnamespace = 'personalization'::regnamespace
    AND EXISTS (SELECT FROM pg_attribute a LEFT JOIN pg_index i ON indexrelid = c.oid WHERE a.attname = 'tenant_id' AND a.attrelid IN (c.oid, i.indrelid));
SELECT stxname FROM pg_statistic_ext WHERE stxnamespace = 'personalization'::regnamespace;

-- Each column that the role may read: by any operator, a value that is there and one that is not are the same to it.
CREATE TABLE pg_temp.asked (tab regclass, col name, type regtype, there text);
DO $$
DECLARE
    r record;
    v text;
BEGIN
    FOR r IN SELECT c.oid::regclass AS tab, a.attname AS col, a.atttypid::regtype AS type FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
             WHERE relnamespace = 'personalization'::regnamespace AND relkind = 'p' AND has_column_privilege('regress_estimates', c.oid, a.attname, 'SELECT') LOOP
        EXECUTE format('SELECT %I::text FROM %s WHERE tenant_id = ''victim'' AND %I IS NOT NULL LIMIT 1', r.col, r.tab, r.col) INTO v;
        INSERT INTO pg_temp.asked VALUES (r.tab, r.col, r.type, v);
    END LOOP;
END $$;
-- Of these tables there is no row here: they are covered by what pg_statistic has.
SELECT tab FROM pg_temp.asked GROUP BY tab HAVING count(there) = 0;
SELECT count(DISTINCT tab) > 15 AS tables, count(there) > 80 AS columns FROM pg_temp.asked;
GRANT SELECT ON pg_temp.asked TO regress_estimates;
CREATE FUNCTION pg_temp.estimate(tab regclass, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT 1 FROM %s WHERE %s', tab, condition) INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
-- Another value of the type; of tenants one in the same partition, as anybody can compute which that is.
CREATE FUNCTION pg_temp.other(tab regclass, col name, type regtype) RETURNS text LANGUAGE sql RETURN
    CASE WHEN col = 'tenant_id' THEN (SELECT 'nobody' || i FROM generate_series(1, 1000) i WHERE NOT EXISTS (
              SELECT FROM generate_series(0, 7) r WHERE satisfies_hash_partition('personalization.inbox'::regclass, 8, r, 'victim'::text)
              <> satisfies_hash_partition('personalization.inbox'::regclass, 8, r, 'nobody' || i)) LIMIT 1)
         WHEN type = 'boolean'::regtype THEN 'false' WHEN type = 'uuid'::regtype THEN 'ffffffff-ffff-4fff-bfff-ffffffffffff'
         WHEN type IN ('timestamptz'::regtype, 'date'::regtype) THEN '1999-01-01' WHEN type = 'jsonb'::regtype THEN '{"not": "there"}'
         WHEN type IN ('bigint'::regtype, 'int'::regtype, 'smallint'::regtype, 'oid'::regtype) THEN '31999' WHEN type = 'float8'::regtype THEN '0.12345'
         WHEN type::text LIKE '%[]' THEN '{}'
         WHEN type::text LIKE 'personalization.%' THEN (SELECT max(enumlabel) FROM pg_enum WHERE enumtypid = type) ELSE 'q' END;
SET personalization.tenant_id = 'snoop';
SET ROLE regress_estimates;
SELECT tab, col, op, pg_temp.estimate(tab, format('%I %s %L', col, op, there)) AS there, pg_temp.estimate(tab, format('%I %s %L', col, op, pg_temp.other(tab, col, type))) AS not_there
FROM pg_temp.asked, unnest('{=,<,>,<>}'::text[]) op
WHERE there IS NOT NULL AND pg_temp.estimate(tab, format('%I %s %L', col, op, there)) <> pg_temp.estimate(tab, format('%I %s %L', col, op, pg_temp.other(tab, col, type)));
-- Nor does a prefix, a range or a list.
SELECT tab, col FROM pg_temp.asked, LATERAL (SELECT pg_temp.other(tab, col, type) AS other) o WHERE type = 'text'::regtype AND there IS NOT NULL AND
    (pg_temp.estimate(tab, format('%I LIKE %L', col, left(there, 3) || '%')) <> pg_temp.estimate(tab, format('%I LIKE %L', col, left(other, 3) || '%'))
     OR pg_temp.estimate(tab, format('%I IN (%L, %L)', col, there, other || '2')) <> pg_temp.estimate(tab, format('%I IN (%L, %L)', col, other, other || '2'))
     OR pg_temp.estimate(tab, format('%I BETWEEN %L AND %L', col, there, there)) <> pg_temp.estimate(tab, format('%I BETWEEN %L AND %L', col, other, other)));
-- Nor does what EXPLAIN ANALYZE counts, in whatever way the rows are looked for: those of others are behind a condition of the
-- index, or are not told from each other.
CREATE FUNCTION pg_temp.counted(tab regclass, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    numbers text;
BEGIN
    EXECUTE format('EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT JSON) SELECT 1 FROM %s WHERE %s', tab, condition) INTO plan;
    SELECT string_agg(m[1], ' ') INTO numbers FROM regexp_matches(plan::text, '"((?:Actual Rows|Actual Loops|Rows Removed[^"]*|Heap Fetches|[A-Za-z]+ Heap Blocks)": [0-9.]+)', 'g') AS m;
    RETURN numbers;
END $$;
CREATE FUNCTION pg_temp.counts() RETURNS TABLE (tab regclass, col name, op text, there text, not_there text) LANGUAGE sql AS $$
    SELECT a.tab, a.col, shape, c.there, c.not_there
    FROM pg_temp.asked AS a, unnest('{tenant_id = %1$L,tenant_id >= %1$L AND tenant_id <= %1$L,%2$I = %3$L AND tenant_id = %1$L,%2$I <= %3$L AND tenant_id >= %1$L AND tenant_id <= %1$L}'::text[]) AS shape,
        LATERAL (SELECT pg_temp.counted(a.tab, format(shape, 'victim', a.col, a.there)) AS there, pg_temp.counted(a.tab, format(shape, pg_temp.other(a.tab, 'tenant_id', 'text'), a.col, a.there)) AS not_there) AS c
    WHERE a.there IS NOT NULL AND a.col <> 'tenant_id' AND c.there IS DISTINCT FROM c.not_there $$;
SELECT count(*) > 0 AS counts FROM pg_temp.asked WHERE pg_temp.counted(tab, 'tenant_id = ''snoop''') LIKE '%Actual Rows%';
SELECT * FROM pg_temp.counts();
SET enable_seqscan = off;
SELECT * FROM pg_temp.counts();
SET enable_indexscan = off; SET enable_indexonlyscan = off;
SELECT * FROM pg_temp.counts();
SET enable_seqscan = on; SET enable_bitmapscan = off;
SELECT * FROM pg_temp.counts();
RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan; RESET enable_seqscan;
-- Nor whether a subquery behind a condition is executed, as it is when rows fulfil what is written before it: the tenant comes first.
CREATE FUNCTION pg_temp.told(tab regclass, condition text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT 1 FROM %s WHERE %s', tab, condition) INTO plan;
    RETURN plan::text ~ '"InitPlan[^{}]*"Actual Loops": 1';
END $$;
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
SELECT pg_temp.told('pg_temp.asked', 'col >= '''' AND (SELECT true)') AS tells, pg_temp.told('pg_temp.asked', 'col < '''' AND (col < '''' OR (SELECT true))') AS tells_not;
SELECT tab, col, shape FROM pg_temp.asked,
    unnest('{%1$I = %2$L AND %1$I <> (SELECT %3$L)::%4$s,%1$I = ANY (ARRAY[%2$L::%4$s]) AND %1$I <> ALL (ARRAY[(SELECT %3$L)::%4$s]),%1$I IS NOT NULL AND (%1$I IS NULL OR (SELECT true)),tenant_id = ''snoop'' AND %1$I IS NOT NULL AND (%1$I IS NULL OR (SELECT true))}'::text[]
    -- Nor does the policy's own function bring anything before it.
    || replace('CASE WHEN none AND none THEN true ELSE %1$I IS NOT NULL END AND CASE WHEN none THEN true ELSE %1$I IS NULL OR (SELECT true) END', 'none', 'personalization.current_tenant() IS NULL AND personalization.current_tenant() IS NULL')) AS shape
WHERE there IS NOT NULL AND col <> 'tenant_id' AND type::text NOT LIKE '%[]' AND pg_temp.told(tab, format(shape, col, there, pg_temp.other(tab, col, type), type))
    -- Of these the role sees rows, which fulfil it.
    AND tab::text !~ '(tenants|rankings)$' AND NOT (tab::text ~ 'signal_rules$' AND (col NOT IN ('path', 'key') OR shape !~ 'ANY'));
RESET enable_indexscan; RESET enable_indexonlyscan; RESET enable_bitmapscan;
RESET ROLE;
RESET personalization.tenant_id;
SELECT personalization.drop_tenant(t) IS NOT NULL AS dropped FROM unnest(ARRAY['snoop', 'victim']) t;
DROP TABLE pg_temp.asked;
DROP SCHEMA regress_secret;
DROP OWNED BY regress_estimates;
DROP ROLE regress_estimates;
