-- What is read out of data.sql, and when two queries are the same.
\pset format unaligned
\pset tuples_only
SET client_min_messages = notice;

-- The lists that learn() reads out of a statement.
CREATE FUNCTION pg_temp.lists(sql text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' | ',
        'tables: ' || string_agg(substr(key, 16), ', ') FILTER (WHERE key LIKE 'frequent_table:%'),
        'aggregations: ' || string_agg(substr(key, 13), ', ') FILTER (WHERE key LIKE 'aggregation:%'),
        'filters: ' || string_agg(substr(key, 8), ', ') FILTER (WHERE key LIKE 'filter:%'),
        'group by: ' || string_agg(substr(key, 10), ', ') FILTER (WHERE key LIKE 'group\_by:%'))
    FROM personalization.extract_signals('query', jsonb_build_object('sql', sql))
$$;

-- == PostgreSQL's own SQL
-- Tables: with schema and database, quoted, joined, aliased, once each; ONLY, LATERAL, functions are no tables.
SELECT pg_temp.lists('SELECT 1');
SELECT pg_temp.lists('SELECT * FROM orders');
SELECT pg_temp.lists('SELECT * FROM Sales.Orders o, ONLY "Sales"."Line Items" AS i, db.s.t');
SELECT pg_temp.lists('SELECT * FROM a JOIN b USING (id) LEFT JOIN s.c ON c.id = a.id CROSS JOIN a AS again NATURAL JOIN d');
SELECT pg_temp.lists('SELECT * FROM generate_series(1, 3) g, LATERAL (SELECT * FROM x) y, ROWS FROM (f(1)) z');
-- CTEs are no tables, but for their own queries; a recursive one not for its own either.
SELECT pg_temp.lists('WITH recent AS (SELECT * FROM orders) SELECT * FROM recent JOIN customers USING (id)');
SELECT pg_temp.lists('WITH orders AS (SELECT * FROM orders) SELECT * FROM orders');
SELECT pg_temp.lists('WITH RECURSIVE t AS (SELECT * FROM tree UNION ALL SELECT x.* FROM t JOIN tree x ON x.parent = t.id) TABLE t');
SELECT pg_temp.lists('WITH t AS (SELECT 1) SELECT * FROM s.t, t');
SELECT pg_temp.lists('SELECT * FROM (WITH inside AS (SELECT * FROM a) TABLE inside) x, inside');
-- Subqueries, set operations.
SELECT pg_temp.lists('SELECT (SELECT max(d) FROM a) FROM (SELECT * FROM b WHERE x > 1) s WHERE EXISTS (SELECT FROM c WHERE c.y = 2)');
SELECT pg_temp.lists('SELECT * FROM a UNION (SELECT * FROM b EXCEPT TABLE c) INTERSECT VALUES (1)');
-- Aggregates: lower-case names, once each; what is no aggregate is none.
SELECT pg_temp.lists('SELECT COUNT(*), Sum(x), sum(y), upper(z), avg(DISTINCT w), my_agg(DISTINCT v) FROM t');
SELECT pg_temp.lists('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), own(y) FILTER (WHERE y > 0), pg_catalog.array_agg(z) FROM t');
SELECT pg_temp.lists('SELECT string_agg(name, '','' ORDER BY name) FROM t HAVING max(x) > 1 ORDER BY min(y)');
-- Filters: column and operator, the literal left out, on either side.
SELECT pg_temp.lists('SELECT * FROM t WHERE region = ''EU'' AND t.day >= $1 OR NOT (x <> 3)');
SELECT pg_temp.lists('SELECT * FROM t WHERE 5 < age AND ''EU'' = region AND 1 >= n');
SELECT pg_temp.lists('SELECT * FROM t WHERE a IN (1, 2) AND b NOT IN (3) AND c BETWEEN 1 AND 2 AND d LIKE ''x%'' AND e NOT ILIKE ''y'' AND f IS NULL AND g IS NOT NULL');
SELECT pg_temp.lists('SELECT * FROM t WHERE a IS DISTINCT FROM 1 AND b = ANY (ARRAY[1]) AND c NOT BETWEEN 1 AND 2 AND d IS TRUE AND e ~ ''x'' AND f @> ''{}''');
SELECT pg_temp.lists('SELECT * FROM t WHERE a > ALL (ARRAY[1, 2]) AND b <> ALL ($1) AND c SIMILAR TO ''x%'' AND d NOT SIMILAR TO ''y%''');
SELECT pg_temp.lists('CREATE VIEW v AS SELECT max(x) FROM t WHERE a = 1');
SELECT pg_temp.lists('DECLARE c CURSOR FOR SELECT * FROM t WHERE a = 1');
SELECT pg_temp.lists('INSERT INTO t (id, n) SELECT id, n FROM s ON CONFLICT (id) WHERE active = true DO UPDATE SET n = excluded.n WHERE t.n < 7');
SELECT pg_temp.lists('SELECT * FROM t WHERE lower(name) = ''x'' AND day::date = current_date AND coalesce(a, b) = 1 AND a + a > 2');
SELECT pg_temp.lists('SELECT * FROM a JOIN b ON a.id = b.id AND b.kind = ''x'' WHERE a.x = b.y');
SELECT pg_temp.lists('SELECT * FROM t WHERE id IN (SELECT id FROM u WHERE u.kind = 1) AND z > ALL (SELECT 1)');
-- Grouping: columns, positions, expressions of one column, sets of them.
SELECT pg_temp.lists('SELECT region, count(*) FROM t GROUP BY region');
SELECT pg_temp.lists('SELECT t.region, date_trunc(''day'', at) AS day, x + y, count(*) FROM t GROUP BY 1, 2, 3');
SELECT pg_temp.lists('SELECT count(*) FROM t GROUP BY date_trunc(''month'', at), t.kind, a || b, 99, ()');
SELECT pg_temp.lists('SELECT count(*) FROM t GROUP BY ROLLUP (a, b), CUBE (c, (d, e)), GROUPING SETS ((f), ())');
-- Statements that write, and others.
SELECT pg_temp.lists('INSERT INTO a SELECT x, count(*) FROM b WHERE c = 1 GROUP BY x ON CONFLICT DO NOTHING');
SELECT pg_temp.lists('UPDATE a SET x = 1 FROM b WHERE a.id = b.id AND a.kind = 2');
SELECT pg_temp.lists('WITH gone AS (DELETE FROM a USING b WHERE a.x = 1 RETURNING *) SELECT count(*) FROM gone');
SELECT pg_temp.lists('MERGE INTO a USING b ON a.id = 1 WHEN MATCHED THEN DELETE');
SELECT pg_temp.lists('CREATE TABLE c AS SELECT * FROM a WHERE x = 1; EXPLAIN SELECT count(*) FROM b');
-- Nothing is looked up or run.
SELECT pg_temp.lists('SELECT * FROM no_such_table WHERE no_such_column = no_such_function(1)');
SELECT pg_temp.lists('DROP TABLE personalization.interactions') IS NOT NULL, to_regclass('personalization.interactions') IS NOT NULL AS still_there;
-- Comments and literals are not read.
SELECT pg_temp.lists('SELECT ''FROM b WHERE c = 1'' /* FROM d */ FROM a -- , e');

-- == Other dialects, templates
SELECT pg_temp.lists('SELECT country, COUNT(*) FROM `my-project.web.events` WHERE day >= "2026-01-01" GROUP BY country');
SELECT pg_temp.lists('SELECT * EXCEPT (secret) FROM `shop`.`orders` WHERE total > 5');
SELECT pg_temp.lists('SELECT `region`, SUM(`total`) FROM `orders` WHERE `region` = "EU" GROUP BY `region` LIMIT 5, 10');
SELECT pg_temp.lists('SELECT TOP 10 [region], AVG([total]) FROM [dbo].[orders] WITH (NOLOCK) WHERE [total] > 100 GROUP BY [region]');
SELECT pg_temp.lists('SELECT region, sum(total) FROM {{ ref(''orders'') }} JOIN customers c ON c.id = 1 WHERE day >= {{ start }} GROUP BY region');
SELECT pg_temp.lists('SELECT * FROM orders WHERE region = :region AND day > %(day)s AND x = @p');
SELECT pg_temp.lists('SELECT a, count(*) FROM t WHERE a = 1 GROUP BY ALL QUALIFY row_number() OVER (ORDER BY a) = 1');

-- == Broken SQL, and none at all: what can be found, and never an error
SELECT pg_temp.lists('SELECT FROM WHERE');
SELECT pg_temp.lists('SELEC * FORM orders') IS NOT NULL;
SELECT pg_temp.lists('SELECT count(* FROM orders WHERE region = ''EU') IS NOT NULL;
SELECT pg_temp.lists('How many orders came from the north?') IS NOT NULL;
SELECT pg_temp.lists(sql) IS NOT NULL FROM unnest(ARRAY[' ', ';;;', '--', '/*', '''', '"', '$$', '\', E'\t\n', 'ü', '🙂', '(', ')))', '0x', '`', '[', '{{', E'\x01']) AS sql;
-- Names longer than PostgreSQL's are kept, and nothing is said about it.
SELECT length(pg_temp.lists('SELECT * FROM ' || repeat('x', 100)));
-- Hostile nesting and length.
SELECT pg_temp.lists('SELECT ' || repeat('(', 20000) || '1' || repeat(')', 20000) || ' FROM t') IS NOT NULL;
SELECT pg_temp.lists('SELECT * FROM ' || repeat('(SELECT * FROM ', 5000) || 't' || repeat(') x', 5000)) IS NOT NULL;
SELECT pg_temp.lists('SELECT * FROM t WHERE ' || repeat('NOT ', 20000) || 'a = 1') IS NOT NULL;
SELECT pg_temp.lists('SELECT * FROM t WHERE ' || repeat('a = 1 AND ', 20000) || 'b = 1');
SELECT pg_temp.lists(repeat('SELECT 1;', 20000)) IS NOT NULL;
SELECT pg_temp.lists(repeat('/*', 3000)) IS NOT NULL, pg_temp.lists(repeat('[', 100000)) IS NOT NULL, pg_temp.lists(repeat('{{', 100000)) IS NOT NULL;

-- == Lists that are told win over those in the SQL; null is as much as absent
SELECT string_agg(key, ', ') FROM personalization.extract_signals('query', '{"sql": "SELECT count(*) FROM a WHERE x = 1", "tables_used": ["b"]}');
SELECT string_agg(key, ', ') FROM personalization.extract_signals('query', '{"sql": "SELECT count(*) FROM a WHERE x = 1", "tables_used": [], "filters": null}');
SELECT string_agg(key || ' ' || strength, ', ') FROM personalization.extract_signals('refinement', '{"original": {"sql": "SELECT * FROM a"}, "corrected": {"sql": "SELECT * FROM b"}}');

-- == The same query?
CREATE FUNCTION pg_temp.same(a jsonb, b jsonb) RETURNS bool LANGUAGE sql AS $$
    SELECT personalization.query_id(a) = personalization.query_id(b)
$$;
\pset tuples_only off
-- Questions agree but for case, white space and trailing punctuation.
SELECT a, b, pg_temp.same(jsonb_build_object('query', a), jsonb_build_object('query', b)) AS same FROM (VALUES
    ('Revenue by region', 'revenue BY Region'), ('revenue by region', E'  revenue\t by\n\nregion '), ('revenue?', 'revenue'), ('revenue ?!...', 'revenue'),
    ('Umsatz für ÖSTERREICH', 'umsatz FÜR österreich'), ('ВЫРУЧКА по регионам', 'выручка ПО РЕГИОНАМ'), ('ÉTÉ', 'été'), ('売上は？', '売上は'), ('売上 。', '売上'),
    ('revenue' || U&'\00A0' || 'by' || U&'\3000' || 'region', 'revenue by region'),
    ('revenue by region', 'revenue by regions'), ('revenue', 'revenues'), ('re venue', 'revenue'), ('a, b', 'a b'), ('C++', 'C'), ('orders > 5', 'orders > 6'), ('für', 'fur')) AS v (a, b);
-- SQL agrees but for literals, white space, comments, and the case of what is not quoted.
SELECT a, b, pg_temp.same(jsonb_build_object('sql', a), jsonb_build_object('sql', b)) AS same FROM (VALUES
    ('SELECT * FROM t WHERE a = 1', 'select *  from T where A=2;'), ('select ''x''', 'select ''it''''s'''), ('select $1', 'select $2'), ('select 1.5e3', 'select 7'),
    ('select a -- b', E'select /* c /* d */ */ a\n'), ('select $$x$$', 'select E''\\n'''), ('select -1', 'select 1'), ('select a;', 'select a ; ;'),
    ('select "A" from t', 'SELECT "A" FROM T'),
    ('select "A"', 'select "a"'), ('select a', 'select b'), ('select a from t', 'select a from s.t'), ('select a < 1', 'select a > 1'), ('select a, b', 'select b, a'),
    ('select ''a''', 'select "a"'), ('select count(*)', 'select count(a)')) AS v (a, b);
-- With a question the SQL does not count; without either it is no query; a question is never an SQL text.
SELECT pg_temp.same('{"query": "x", "sql": "select 1"}', '{"query": "X?", "sql": "select a from b"}') AS question_counts,
       pg_temp.same('{"query": "", "sql": "select a"}', '{"query": null, "sql": "SELECT a"}') AS empty_question,
       pg_temp.same('{"query": "?!", "sql": "select a"}', '{"sql": "SELECT a"}') AS only_punctuation,
       pg_temp.same('{"query": "select a"}', '{"sql": "select a"}') AS question_or_sql;
SELECT data, personalization.query_id(data) IS NULL AS no_query FROM unnest(ARRAY[jsonb '{}', '{"query": ""}', '{"query": " ?"}', '{"sql": ""}', '{"sql": " ; -- x"}', '{"query": null}', '{"tables_used": ["a"]}']) AS data;
-- It stays what it is: stored ones must find it again.
SELECT personalization.query_id('{"query": "Revenue by region?"}') AS question, personalization.query_id('{"sql": "SELECT * FROM t WHERE a = 1"}') AS sql;

-- No notices of long names, and nothing hangs on the session's settings.
SELECT key FROM personalization.extract_signals('query', jsonb_build_object('sql', 'select count(*) from "' || repeat('word ', 20) || '"')) ORDER BY key COLLATE "C";
SET standard_conforming_strings = off;
SELECT key FROM personalization.extract_signals('query', jsonb_build_object('sql', chr(115) || 'elect 1 from t where a = ''x' || chr(92) || ''' and b = 1')) ORDER BY key COLLATE "C";
RESET standard_conforming_strings;
SELECT key FROM personalization.extract_signals('query', jsonb_build_object('sql', repeat('/*', 100000))) ORDER BY key COLLATE "C";

-- == What another dialect meant, though PostgreSQL's parser takes it
SELECT pg_temp.lists('SELECT plate FROM vans WHERE depot = "Leeds" AND age BETWEEN @least AND @most AND kind == 2');
SELECT pg_temp.lists('SELECT "plate" FROM "vans" WHERE "from" <= "until" AND "depot" = ''Leeds''');
SELECT pg_temp.lists('SELECT DATEPART(year, sent), count(*) FROM parcels WHERE DATEDIFF(day, sent, SYSDATE) > 3 GROUP BY DATEPART(year, sent)');
SELECT pg_temp.lists('SELECT date_trunc(day, MONTH) FROM parcels GROUP BY date_trunc(day, MONTH)');
SELECT pg_temp.lists('SELECT * FROM dbo.parcels(NOLOCK) p, user, identifier(''wms.bins'') WHERE user = ''ann''');
SELECT pg_temp.lists('UPDATE p SET lost = 1 FROM parcels AS p WHERE p.age > 30');
SELECT pg_temp.lists('SELECT count(*) INTO v_n FROM parcels'), pg_temp.lists('SELECT id INTO lost FROM parcels');
SELECT pg_temp.lists('SELECT * FROM parcels WHERE NOT due IS NULL AND NOT depot IN (''York'') AND NOT (note LIKE ''x'') AND NOT age BETWEEN 1 AND 2 AND NOT a IS TRUE AND NOT b IS DISTINCT FROM 1 AND NOT NOT c IN (1)');
SELECT pg_temp.lists(U&'SELECT * FROM\00A0parcels WHERE depot = \2018York\2019 AND kind = \201Cbox\201D');
-- The parser's warnings are no business of the caller's.
SELECT pg_temp.lists('CREATE GLOBAL TEMP TABLE a AS SELECT 1 FROM b');

-- What is like a comparison or a table to the parser, and is none; locks name again what FROM has.
SELECT sql, pg_temp.lists(sql) FROM unnest(ARRAY['SELECT * FROM t WHERE a || b AND c = 1', 'SELECT * FROM t WHERE ''x'' ~ a AND 1 < b', 'SELECT * FROM t WHERE nullif(a, 1) AND b = 1',
    'SELECT * FROM coalesce(a, b) x, t WHERE c = 1', 'SELECT * FROM t(INDEX = i) WHERE c = 1', 'SELECT * FROM f(a = 1), t WHERE c = 1',
    'SELECT * FROM orders o, items i WHERE a = 1 FOR NO KEY UPDATE OF o, i', 'WITH a AS (INSERT INTO b SELECT * FROM c FOR UPDATE OF c RETURNING *) SELECT * FROM a',
    'UPDATE b SET x = 1 FROM t AS a JOIN u AS b ON a.id = b.id WHERE a.y = 2', 'UPDATE a SET x = 1 FROM b JOIN c ON b.id = c.id WHERE a.y = 2',
    'UPDATE a SET x = 1 FROM (SELECT * FROM t WHERE z = 1) a WHERE y = 2', 'UPDATE s.a SET x = 1 FROM t AS a WHERE y = 2']) AS sql;
-- A thousand of a kind are read.
SELECT length(l) AS length, l LIKE '%, t1000' AS the_last FROM pg_temp.lists('SELECT * FROM ' || (SELECT string_agg('t' || i, ', ') FROM generate_series(1, 1200) AS i)) AS l;
-- MySQL's && and ||, where a condition is beside them; else they are PostgreSQL's.
SELECT pg_temp.lists(sql) FROM unnest(ARRAY['SELECT * FROM vans WHERE (age = 1) && (depot = 2) || (lost > 3 AND fee < 4)', 'SELECT * FROM vans WHERE age = 1 && depot LIKE 3', 'SELECT * FROM vans WHERE age IS NULL && depot IN (2)',
    'SELECT * FROM vans WHERE age == 1 && depot != 2', 'SELECT * FROM vans WHERE name = ''x'' && depot LIKE ''y''', 'SELECT * FROM vans WHERE name = '''' && depot LIKE ''y''', 'SELECT * FROM vans WHERE tags && ARRAY[1] AND name = first || ''x''', 'SELECT * FROM vans WHERE tags && ''{1}''']) AS sql;
-- Templates in a quoted name.
SELECT pg_temp.lists(sql) FROM unnest(ARRAY['SELECT * FROM "{{ schema }}"."vans" WHERE age = 1', 'SELECT * FROM "{{ schema }}.vans" JOIN "<%= schema %>".depots ON true', 'SELECT * FROM "{{ ref(''vans'') }}"', 'SELECT * FROM "{vans}"', 'SELECT * FROM "a{b"']) AS sql;

-- == What was not understood is shown, with its place, and not learned
\pset tuples_only off
SELECT * FROM personalization.extract_signals('query', jsonb_build_object('sql', E'SELECT count(*)\nFROM {{ parcels }} WHERE depot = 1'));
SELECT sql, (SELECT value FROM personalization.extract_signals('query', jsonb_build_object('sql', sql)) WHERE key = 'unread_sql') AS unread FROM unnest(ARRAY[
    'SELECT a FROM b', 'SELECT a FROM b WHERE c == 1', 'how many parcels are lost?', 'SELECT a FROM', 'SELECT a FROM b WHERE c =', 'SELECT (a FROM b', 'SELECT ü, ''a FROM b']) AS sql;
SELECT count(*) FROM personalization.extract_signals('query', '{"sql": "how many?", "tables_used": [], "aggregations": [], "filters": [], "group_by": []}');
SELECT personalization.create_tenant('sql_text') IS NOT NULL AS made;
SELECT personalization.learn('sql_text', 'ann', 'query', '{"sql": "SELECT a FROM {{ b }}"}') IS NOT NULL AS learned;
SELECT count(*) FROM personalization.preferences('sql_text', 'ann');
SELECT count(personalization.drop_tenant('sql_text')) AS dropped;

-- == A question is the same however its letters were typed
SELECT a, b, pg_temp.same(jsonb_build_object('query', a), jsonb_build_object('query', b)) AS same FROM (VALUES
    (U&'caf\00E9', U&'cafe\0301'), (U&'CAFE\0301', U&'caf\00E9'), (U&'lost\200B parcels\FEFF', 'lost parcels'), (U&'cafe\200D\0301', U&'caf\00E9'),
    (U&'lost\00A0\2009parcels', 'lost parcels'), (U&'par\00ADcels', 'parcels'), (U&'\1112\1161\11AB', U&'\D55C'), (U&'caf\00E9', 'cafe'), (U&'\FB01n', 'fin')) AS v (a, b);
SELECT personalization.query_id(jsonb_build_object('query', repeat(U&'\0301\0316', 100000))) IS NOT NULL AS long;

-- == Which SQL is the same query: the pairs of the manual
SELECT a, b, pg_temp.same(jsonb_build_object('sql', a), jsonb_build_object('sql', b)) AS same FROM (VALUES
    ('SELECT * FROM t WHERE a = 1', 'select * from T where a=2 -- x'),
    ('SELECT * FROM t WHERE a = ''x''', 'SELECT * FROM t WHERE a = "y"'),
    ('SELECT * FROM t WHERE a = $1', 'SELECT * FROM t WHERE a = {{ a }}'),
    ('SELECT * FROM t WHERE a IN (1, 2)', 'SELECT * FROM t WHERE a IN (3)'),
    ('INSERT INTO t VALUES (1, 2), (3, 4)', 'INSERT INTO t VALUES (5, 6)'),
    ('SELECT ARRAY[1, 2]', 'SELECT ARRAY[3]'),
    ('SELECT * FROM t WHERE a <> 1', 'SELECT * FROM t WHERE a != 1'),
    ('SELECT * FROM t WHERE a = 1', 'SELECT * FROM t WHERE a == 1'),
    ('SELECT * FROM t LIMIT 10', 'SELECT * FROM t LIMIT 20 '),
    ('SELECT * FROM t WHERE a > now() - interval ''1 day''', 'SELECT * FROM t WHERE a > now() - interval ''1 week'''),
    ('SELECT x[1] FROM t', 'SELECT x[2] FROM t'),
    ('SELECT date_trunc(''DAY'', a) FROM t', 'SELECT date_trunc(''day'', a) FROM t'),
    ('SELECT * FROM {{ ref(''a'') }}', 'SELECT * FROM {{  ref(''a'')  }}'),
    ('SELECT 1 FROM t', E'```sql\nSELECT 1 FROM t;\n```'),
    ('SELECT 1 FROM t', 'db=> SELECT 1 FROM t'),
    ('SELECT a FROM t', 'SELECT b FROM t'),
    ('SELECT * FROM t WHERE a = 1', 'SELECT * FROM t WHERE a > 1'),
    ('SELECT "a" FROM t', 'SELECT "A" FROM t'),
    ('SELECT [a] FROM t', 'SELECT [A] FROM t'),
    ('SELECT * FROM {{ ref(''a'') }}', 'SELECT * FROM {{ ref(''b'') }}'),
    ('SELECT ${t.a} FROM t', 'SELECT ${t.b} FROM t'),
    ('SELECT * FROM @stage_a', 'SELECT * FROM @stage_b'),
    ('SELECT * FROM ''a.csv''', 'SELECT * FROM ''b.csv'''),
    ('SELECT date_trunc(''day'', a) FROM t', 'SELECT date_trunc(''month'', a) FROM t'),
    ('SELECT to_char(a, ''YYYY'') FROM t', 'SELECT to_char(a, ''MM'') FROM t'),
    ('SELECT a->>''x'' FROM t', 'SELECT a->>''y'' FROM t'),
    ('SELECT a, b FROM t GROUP BY 1', 'SELECT a, b FROM t GROUP BY 2'),
    ('SELECT a, b FROM t ORDER BY 1', 'SELECT a, b FROM t ORDER BY 2'),
    ('INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (1, 2)'),
    ('SELECT f(1)', 'SELECT f(1, 2)'),
    ('DO $$ BEGIN DELETE FROM a; END $$', 'DO $$ BEGIN DELETE FROM b; END $$')) AS v (a, b);
