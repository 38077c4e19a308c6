/*
 * test_sql_scan.c
 *		Tests of sql_scan: what it finds.
 *
 * What is found is written as one line, "tables|aggregations|filters|group by",
 * each list in the order of the text with commas between.
 */
#include "core/sql/scan.h"
#include "sql_units.h"
#include "unit.h"

#include <stdlib.h>
#include <time.h>

#define LIST_SIZE 1024

typedef struct Findings
{
	char lists[4][LIST_SIZE];
} Findings;

static const struct
{
	const char *sql;
	const char *expected;
} cases[] = {
	{"", "|||"},
	{"select 1", "|||"},
	{"nonsense ( of ) all , kinds", "|||"},

	/* of the kinds that failed once */
	{"SELECT * FROM t WHERE a == 1 && b != 2 || c IS NULL", "t||a =,b <>,c is null|"},
	{"SELECT * FROM t WHERE (a = 1 || b = 2) && c IN (3) && d BETWEEN 1 AND 2 && e = 1",
	 "t||a =,b =,c in,d between,e =|"},
	{"SELECT * FROM t JOIN `u` ON t.a = u.b && u.c > 2", "t,u||c >|"},
	{"SELECT * FROM `t` WHERE a && ARRAY[1] AND b = 'x' || 'y' AND c LIKE '%' || d || '%'",
	 "t||a &&,b =|"},
	{"SELECT * FROM `t` WHERE a || b = 'x' AND c = 1", "t||c =|"},
	{"SELECT * FROM `{{ p }}.{{ d }}.t` WHERE a = 1", "t||a =|"},
	{"SELECT * FROM \"{{ s }}\".\"t\", [${s}].[u], `{s}.v_{{ ds }}`, \"<%= s %>\".w", "t,u,v,w|||"},
	{"SELECT * FROM `{{ source('raw', 't') }}` JOIN `p.{{ t }}` ON a = 1", "raw.t||a =|"},
	{"SELECT * FROM `{}.t`, `a{b`, `c {1} d`, `{e}g.h`", "t,a{b,c {1} d,g.h|||"},
	{"“SELECT a FROM t WHERE b = 1”", "t||b =|"},
	{"select a from t <where> b &lt; #{b} and c &gt;= #{c} and d &lt;&gt; 1 </where>",
	 "t||b <,c >=,d <>|"},
	{"select a from t where <![CDATA[ b < #{b} and c >= 2 ]]> and d = 1", "t||b <,c >=,d =|"},
	{"select a from t where b&lt;=3 and 4 &gt; c", "t||b <=,c <|"},
	{"\357\273\277```sql\nSELECT a FROM t WHERE b = 1\n```", "t||b =|"},
	{"SELECT TOP 3 a FROM t GROUP BY GROUPING SETS (GROUPING SETS (a, b), ROLLUP (c), ())",
	 "t|||a,b,c"},
	{"IF EXISTS (SELECT 1 FROM t WHERE a = 1) UPDATE x SET b = 2 WHERE c = 3 ELSE INSERT INTO u SELECT * FROM v",
	 "t,x,u,v||a =,c =|"},
	{"SELECT IFNULL(city, \"none\") AS c, count(*) FROM riders GROUP BY IFNULL(city, \"none\")",
	 "riders|count||city"},
	{"SELECT * FROM riders WHERE city LIKE CONCAT(\"%\", \"slo\")", "riders||city like|"},
	{"SELECT TIMESTAMP_TRUNC(ridden, DAY, \"UTC\") d, COUNT(*) FROM rides GROUP BY TIMESTAMP_TRUNC(ridden, DAY, \"UTC\")",
	 "rides|count||ridden"},
	{"SELECT * FROM $(db).dbo.orders WHERE a = 1", "dbo.orders||a =|"},
	{"SELECT a FROM t WHERE b=@@x AND c<>@@y AND d=@e AND f>=@@g AND h=@@identity()",
	 "t||b =,c <>,d =,f >=,h =@@|"},
	{"SELECT a FROM t WHERE b REGEXP 'x' AND NOT c REGEXP 'y' AND d NOT REGEXP BINARY 'z'",
	 "t||b regexp,c not regexp,d not regexp|"},
	{"SELECT a, b INTO OUTFILE '/x.csv' FROM t WHERE c = 1", "t||c =|"},
	{"SELECT a INTO DUMPFILE '/x' FROM t", "t|||"},
	{"SELECT sum(a) OVER (PARTITION BY d ORDER BY b + 1 RANGE BETWEEN INTERVAL 1 DAY PRECEDING AND CURRENT ROW) FROM t WHERE c = 1",
	 "t|sum|c =|"},
	{"SELECT sum(a) OVER (ORDER BY b GROUPS 2 PRECEDING), sum(a) OVER (ROWS 2 PRECEDING), sum(a) OVER (w ROWS 2 PRECEDING) FROM t",
	 "t|sum,sum,sum||"},
	{"SELECT a FROM t WHERE b = #x.y# AND c = 1", "t||b =,c =|"},
	{"SELECT a FROM t WHERE b IN {x: Array(Tuple(String, UInt8))} AND c = {y: UInt8}",
	 "t||b in,c =|"},
	{"SELECT a FROM t WHERE b = @{x} AND c=@{y}", "t||b =,c =|"},
	{"SELECT a FROM t WHERE b <@array[1] AND c = 1", "t||b <@,c =|"},
	{"SELECT a FROM t WHERE b = CURRENT DATE AND c > CURRENT TIMESTAMP AND d < CURRENT TIME - 1 HOUR",
	 "t||b =,c >,d <|"},
	{"SELECT current FROM t WHERE current = 1 AND b = current", "t||current =|"},
	{"EXPLAIN PIPELINE SELECT a FROM t WHERE b = 1", "t||b =|"},
	{"DELETE FROM t.* USING t JOIN u ON t.a = u.a WHERE u.b = 1", "t,t,u||b =|"},
	{"SELECT a FROM {{ ref ('x') }} WHERE b = 1", "x||b =|"},
	{"SELECT a FROM {{ ref(x) }}, {{ ref }}, {{ ref('') }} WHERE b = 1", "||b =|"},
	{"SELECT a FROM {{ ref('x) }} WHERE b = 1", "||b =|"},
	{"SELECT o FROM t, UNNEST(x) AS v WITH OFFSET AS o WHERE v = 1", "t||v =|"},
	{"SELECT a limit, b APPLY, c DUPLICATE FROM t WHERE c = 1", "t||c =|"},
	{"SELECT a FROM t WHERE (a = 1, b) = (2, 3) AND d = 1", "t||d =|"},
	{"SELECT sumIfIfIfIfIfIfIf(a), hash(*), count(*) FROM t", "t|count||"},
	{"SELECT a FROM t WHERE b = %(x) AND c = 1", "t||c =|"},
	{"SELECT a FROM t WHERE b = q'Xab' AND c = 1", "t||b =,c =|"},
	{"SELECT a FROM t WHERE b = '''x'' y''' AND c = '''it''s'", "t||b =,c =|"},
	{"```select a from t where b = 1```", "t||b =|"},
	{"SELECT a FROM (describe FROM t)", "describe,t|||"},
	{"SELECT a INTO v_x FROM t WHERE b = 1", "t||b =|"},
	{"{% comment %} {x} {% if %} SELECT a FROM t WHERE b = 1 {% comment %}", "t||b =|"},
	{"SELECT a FROM t <if test='x' WHERE b = 1", "t||b =|"},
	{"SELECT a FROM t WHERE b = 1\n\nExplanation: it shows where a = 1 for the rows that you have got by then",
	 "t||b =,a =|"},
	{"SELECT * FROM <<schema>>.orders WHERE a = 1", "orders||a =|"},
	{"{% comment %} don't run {% endcomment %} select a from t where b = 1", "t||b =|"},
	{"## it's a line comment of jinja\nselect a from t where b = 1", "t||b =|"},
	{"SELECT * FROM orders WHERE a = $$a$$ AND b = $(b)", "orders||a =,b =|"},
	{"SELECT * FROM orders WHERE a = <a> AND b = 1", "orders||a =,b =|"},
	{"SELECT * FROM orders WHERE a = '<a>' AND b = <<b>>", "orders||a =,b =|"},
	{"SELECT * FROM orders WHERE a = #a# AND b = 1", "orders||a =,b =|"},
	{"SELECT a FROM orders WHERE b = q'Xit'sX' AND c = 1", "orders||b =,c =|"},
	{"SELECT a FROM orders WHERE b = r'a\\'b' AND c = 1", "orders||b =,c =|"},
	{"SELECT a FROM orders WHERE b = '''it's a long one''' AND c = 1", "orders||b =,c =|"},
	{"SELECT a FROM orders WHERE b = r'''x\\y's''' AND c = 1", "orders||b =,c =|"},
	{"````sql\nSELECT a FROM orders\n````", "orders|||"},
	{"<pre><code>SELECT a FROM orders WHERE b = 1</code></pre>", "orders||b =|"},
	{"1> SELECT a FROM orders\n2> WHERE b = 1\n3> GO", "orders||b =|"},
	{"'SELECT a FROM orders WHERE b = 1'", "orders||b =|"},
	{"\"\"\"SELECT a FROM orders WHERE b = 1\"\"\"", "orders||b =|"},
	{"sql = \"SELECT a FROM orders WHERE b = 1\"", "orders||b =|"},
	{"cursor.execute(\"SELECT a FROM orders WHERE b = %s\", (x,))", "orders||b =|"},
	{"SELECT a FROM orders <where> <if test=\"x != null\"> AND b = #{x} </if> </where>",
	 "orders||b =|"},
	{"SELECT a FROM orders WHERE c IN <foreach item=\"i\" collection=\"l\" open=\"(\" separator=\",\" close=\")\">#{i}</foreach>",
	 "orders||c in|"},
	{"SELECT a FROM orders WHERE {{#if x}} b = 1 AND {{/if}} c = 2", "orders||b =,c =|"},
	{"SELECT e.emp# FROM sys.emp# e WHERE e.dept#=3", "sys.emp#||dept# =|"},
	{"SELECT a FROM <table> WHERE id = <id> AND day > '<date>'", "||id =,day >|"},
	{"SELECT a FROM <schema>.orders WHERE id IN (<ids>)", "orders||id in|"},
	{"SELECT a FROM orders WHERE name LIKE <name pattern> AND b = 1", "orders||name like,b =|"},
	{"select * from t <where> <if test=\"x != null and x != ''\"> b = #{x} </if> <if test=\"y\"> and c = #{y} </if> </where> order by d",
	 "t||b =,c =|"},
	{"select a from t where b in <foreach collection=\"ids\" item=\"id\" open=\"(\" separator=\",\" close=\")\"> #{id} </foreach> and c = 1",
	 "t||b in,c =|"},
	{"SELECT a FROM orders WHERE a = #name# AND b > #since# AND c IN (#ids#)",
	 "orders||a =,b >,c in|"},
	{"{% comment %}\nisn't it\n{% endcomment %}\nSELECT a FROM t WHERE b = 1", "t||b =|"},
	{"SELECT a FROM t {%- comment -%} WHERE x = 'it {%- endcomment -%} WHERE b = 1", "t||b =|"},
	{"df = spark.sql(\"SELECT a FROM t WHERE b = 1\")", "t||b =|"},
	{"String sql = \"SELECT a FROM t WHERE b = ?\";", "t||b =|"},
	{"$sql = \"SELECT a FROM t WHERE b = '$x'\";", "t||b =|"},
	{"db.query('SELECT a FROM t WHERE b = $1', [x])", "t||b =|"},
	{"cur.execute('SELECT a FROM t WHERE b = \\'x\\'')", "t||b =|"},
	{"pd.read_sql(\"SELECT a FROM t WHERE b = 'x'\", con)", "t||b =|"},
	{"SELECT a FROM t WHERE b = r'it\\'s' AND c = 1", "t||b =,c =|"},
	{"SELECT a FROM t WHERE b = q'$it's$' AND c = Q'AxA' AND d = nQ'zit'sz'", "t||b =,c =,d =|"},
	{"'SELECT a FROM t WHERE b = ''x'''", "t||b =|"},
	{"<pre><code class=\"language-sql\">SELECT a FROM t WHERE b = 1\n</code></pre>", "t||b =|"},
	{"SELECT IF(a > 1, \"p\", \"q\") k, count(*) FROM t GROUP BY IF(a > 1, \"p\", \"q\")",
	 "t|count||a"},
	{"SELECT DATE(a, \"America/New_York\") d, count(*) FROM t GROUP BY DATE(a, \"America/New_York\")",
	 "t|count||a"},
	{"SELECT a FROM t WHERE a = concat(\"b\", \"c\")", "t||a =|"},
	{"SELECT id FROM rides WHERE DATEDIFF_BIG(second, ridden, SYSDATETIME()) > 5",
	 "rides||ridden >|"},
	{"SELECT CONVERT(date, ridden), COUNT(*) FROM rides GROUP BY CONVERT(date, ridden)",
	 "rides|count||ridden"},
	{"SELECT * FROM order WHERE id = 1", "order||id =|"},
	{"SELECT * FROM group WHERE id = 1", "group||id =|"},
	{"SELECT * FROM order o JOIN user u ON o.user_id = u.id WHERE u.a = 1", "order,user||a =|"},
	{"SELECT * FROM default WHERE id = 1", "default||id =|"},
	{"INSERT OVERWRITE TABLE default.x PARTITION (d='1') SELECT * FROM default.y WHERE d = '1'",
	 "default.x,default.y||d =|"},
	{"TRUNCATE TABLE my-proj.shop.orders", "my-proj.shop.orders|||"},
	{"DROP TABLE my-proj.shop.orders", "my-proj.shop.orders|||"},
	{"SELECT o.a FROM [p:d.orders] AS o JOIN EACH [p:d.items] AS i ON o.id = i.oid WHERE i.x = 1",
	 "p:d.orders,p:d.items||x =|"},
	{"DELETE TOP (10) orders WHERE a = 1", "orders||a =|"},
	{"WITH sum(a) AS s SELECT s, b FROM x GROUP BY b", "x|sum||b"},
	{"SELECT * FROM orders WHERE a ^= 1", "orders||a <>|"},
	{"SELECT uniqHLL12(a), uniqTheta(b), uniqUpTo(3)(c) FROM t",
	 "t|uniqhll12,uniqtheta,uniqupto||"},
	{"SELECT windowFunnel(3600)(ts, a = 1, a = 2), retention(a = 1, a = 2), sequenceMatch('(?1)(?2)')(ts, a = 1, b = 2) FROM t",
	 "t|windowfunnel,retention,sequencematch||"},
	{"SELECT medianIf(a, b), medianExact(c), quantileExactLowIf(0.5)(d, e) FROM t",
	 "t|medianif,medianexact,quantileexactlowif||"},
	{"SELECT [my_agg](DISTINCT a), `sum`(b), \"count\"(c) FROM t", "t|my_agg,sum,count||"},
	{"SELECT a, sum(d) FROM t GROUP EACH BY a", "t|sum||a"},
	{"SELECT TRY_CONVERT(int, a), count(*) FROM t GROUP BY TRY_CONVERT(int, a)", "t|count||a"},
	{"SELECT CONVERT(a, CHAR), count(*) FROM t GROUP BY CONVERT(a, CHAR)", "t|count||a"},
	{"SELECT CONVERT(a USING utf8mb4), count(*) FROM t GROUP BY CONVERT(a USING utf8mb4)",
	 "t|count||a"},
	{"SELECT TOP 5 my_agg(DISTINCT a), [your_agg](a) FILTER (WHERE b = 1), hypo(c) WITHIN GROUP (ORDER BY d), n(*) FROM t",
	 "t|my_agg,your_agg,hypo,n||"},
	{"SELECT a FROM orders FOR SYSTEM_TIME FROM '2024-01-01' TO '2024-02-01' WHERE b = 1",
	 "orders||b =|"},
	{"SELECT a FROM orders FOR SYSTEM_TIME BETWEEN '2024-01-01' AND '2024-02-01' AS o, items i WHERE i.b = 1",
	 "orders,items||b =|"},
	{"PIVOT cities ON year USING sum(population) GROUP BY country", "cities|sum||country"},
	{"UNPIVOT sales ON jan, feb INTO NAME month VALUE amount", "sales|||"},
	{"SUMMARIZE orders", "orders|||"},
	{"FROM (PIVOT cities ON year USING sum(p)) SELECT * WHERE a = 1", "cities|sum|a =|"},
	{"WITH p AS (PIVOT cities ON year USING sum(p) GROUP BY c) SELECT * FROM p WHERE a = 1",
	 "cities|sum|a =|c"},
	{"SELECT * FROM (SUMMARIZE orders)", "orders|||"},
	{"SELECT * FROM (DESCRIBE orders)", "orders|||"},
	{"SELECT * FROM t WHERE EXISTS (FROM u WHERE u.id = t.id AND u.x = 1)", "t,u||x =|"},
	{"SELECT * FROM t WHERE a IN (FROM u SELECT b WHERE c = 1)", "t,u||c =,a in|"},
	{"SELECT (FROM u SELECT max(b)) FROM t", "u,t|max||"},
	{"CREATE TABLE x AS (FROM t SELECT a WHERE b = 1)", "x,t||b =|"},
	{"INSERT INTO FUNCTION s3('https://x', 'CSV') SELECT * FROM t", "t|||"},
	{"INSERT INTO FUNCTION remote('h', db.x) VALUES (1)", "|||"},
	{"INSERT INTO TABLE FUNCTION file('x.csv') SELECT a FROM t WHERE b = 1", "t||b =|"},
	{"UPDATE TOP (10) orders SET a = 1 WHERE b = 2", "orders||b =|"},
	{"MERGE TOP (10) INTO orders AS o USING stage AS s ON o.id = s.id WHEN MATCHED THEN DELETE",
	 "orders,stage|||"},
	{"SELECT a FROM t WHERE b NOT NULL AND c NOTNULL AND NOT d ISNULL",
	 "t||b is not null,c is not null,d is not null|"},
	{"SELECT a FROM t WHERE some = 1 AND any_of = 2 AND b == 3", "t||some =,any_of =,b =|"},
	{"SELECT a:from::STRING, b:to.x FROM t WHERE c:select::int = 1 GROUP BY a:from", "t||c =|a"},
	{"INSERT OVERWRITE TABLE a.b TABLE c.d", "a.b,c.d|||"},
	{"SELECT a FROM t WHERE CAST(b AS LowCardinality(String)) = 'x' AND c::Nullable(Int8) = 3",
	 "t||b =,c =|"},
	{"SELECT a FROM t WHERE CONVERT(DATE, b) = '2024-01-01' AND CONVERT(VARCHAR(10), c, 120) > 'x' AND TRY_CONVERT(INT, d) > 3",
	 "t||b =,c >,d >|"},
	{"SELECT a FROM t WHERE CONVERT(b, SIGNED) > 3 AND CONVERT(c, DATETIME) > NOW() AND CONVERT(d USING latin1) = 'x' AND CONVERT(e, DECIMAL(10,2)) = 1",
	 "t||b >,c >,d =,e =|"},
	{"SELECT a FROM t WHERE CONVERT(datetime, b, 101) >= CONVERT(datetime, '01/01/2024', 101)",
	 "t||b >=|"},
	{"SELECT convert(date, created) FROM t GROUP BY convert(date, created)", "t|||created"},
	{"SELECT * FROM order WHERE order.id = 1 ORDER BY id", "order||id =|"},
	{"SELECT * FROM group g, default d WHERE g.x = 1", "group,default||x =|"},
	{"INSERT INTO default VALUES (1)", "default|||"},
	{"INSERT INTO order (a) VALUES (1)", "order|||"},
	{"UPDATE order SET a = 1 WHERE b = 2", "order||b =|"},
	{"SELECT count(*) FROM order, group WHERE order.gid = group.id AND order.a = 1 GROUP BY group.name",
	 "order,group|count|a =|name"},

	/* tables */
	{"select * from t", "t|||"},
	{"select * from T", "t|||"},
	{"select * from \"T\"", "T|||"},
	{"select * from S.T", "s.t|||"},
	{"select * from \"S\".t x", "S.t|||"},
	{"select * from \"a\"\"b\"", "a\"b|||"},
	{"select * from a, b c, d as e, f", "a,b,d,f|||"},
	{"select * from a join b using (id) left outer join c on a.x = c.x cross join d", "a,b,c,d|||"},
	{"select * from a natural join b", "a,b|||"},
	{"select * from a join b on a.x = b.x, c", "a,b,c|||"},
	{"select * from only a", "a|||"},
	{"select * from (a join b on a.x = b.x) join c on true", "a,b,c|||"},
	{"select * from (select * from a) b, c", "a,c|||"},
	{"select * from ((select 1 from a) union (select 2 from b)) c", "a,b|||"},
	{"select * from a, lateral (select * from b where b.x = a.x) c", "a,b|||"},
	{"select * from generate_series(1, 5) g, a", "a|||"},
	{"select * from s.f(1) as x(a, b), a", "a|||"},
	{"select * from unnest(array[1, 2]) with ordinality as u(x, n) join a on true", "a|||"},
	{"select * from a tablesample bernoulli (10), b", "a,b|||"},
	{"select * from (values (1, 2), (3, 4)) v(a, b), t", "t|||"},
	{"select (select max(x) from a) from b", "a,b|max||"},
	{"select * from a where exists (select from b)", "a,b|||"},
	{"select * from a union all select * from b except select * from c", "a,b,c|||"},
	{"(select * from a) union (select * from b)", "a,b|||"},
	{"select extract(year from d), substring(x from 1 for 2), trim(both ' ' from y), "
	 "overlay(a placing b from 1), position('a' in z) from t",
	 "t|||"},
	{"select a is distinct from b, a is not distinct from c from t", "t|||"},
	{"select * from t for update", "t|||"},
	{"select * from t for no key update of t", "t|||"},
	{"select a into b from c", "b,c|||"},
	{"insert into t (a, b) values (1, 2), (3, 4)", "t|||"},
	{"insert into t (a, b) select a, b from u", "t,u|||"},
	{"insert into t select * from u on conflict (a) do update set b = 1 where t.c = 2",
	 "t,u||c =|"},
	{"update t set a = 1, b = u.b from u where t.id = u.id and u.x > 5", "t,u||x >|"},
	{"update only s.t as x set a = (select max(b) from c)", "s.t,c|max||"},
	{"delete from t using u join v using (id) where t.id = u.id", "t,u,v|||"},
	{"delete from t where a = 1 returning b", "t||a =|"},
	{"truncate table a, b.c restart identity", "a,b.c|||"},
	{"truncate a", "a|||"},
	{"table a", "a|||"},
	{"merge into t using u on t.id = u.id and u.k = 1 when matched and u.x = 1 then update set "
	 "a = 2 when not matched then insert (a) values (1)",
	 "t,u||k =|"},
	{"merge t using (select * from u) v on t.id = v.id when matched then delete", "t,u|||"},
	{"create table a as select * from b", "a,b|||"},
	{"create table if not exists a (x int, y text)", "a|||"},
	{"create view v as select * from b", "b|||"},
	{"explain (analyze, buffers) select * from a", "a|||"},
	{"explain analyze update a set b = 1", "a|||"},
	{"copy a (b, c) from stdin", "a|||"},
	{"copy (select * from a) to stdout", "a|||"},
	{"grant select, update on t to u", "|||"},
	{"revoke all on t from u", "|||"},
	{"select 1 from a; select 2 from b", "a,b|||"},
	{"begin; update a set b = 1; commit", "a|||"},
	{"select ')' from a where (b = 1", "a||b =|"},
	{"select 1) from a)", "a|||"},
	{"from a select b", "a|||"},

	{"select * from t, rows from (f(1), g(2)) as h, u", "t,u|||"},

	/* CTEs */
	{"with a as (select * from b) select * from a", "b|||"},
	{"with a as (select * from b), c (x, y) as materialized (select * from a) select * from c, d",
	 "b,d|||"},
	{"with a as not materialized (select * from b) select * from A", "b|||"},
	{"with recursive a(n) as (select 1 union all select n + 1 from a where n < 5) select * from a",
	 "||n <|"},
	{"with orders as (select * from orders where x = 1) select * from orders", "orders||x =|"},
	{"with a as (select 1) select * from s.a", "s.a|||"},
	{"with \"A\" as (select 1) select * from a", "a|||"},
	{"with \"A\" as (select 1) select * from \"A\"", "|||"},
	{"with a as (delete from b returning *) insert into c select * from a", "b,c|||"},
	{"with a as (select 1) update b set c = 1 from a", "b|||"},
	{"select * from (with a as (select * from b) select * from a) c", "b|||"},
	{"insert into t with a as (select * from b) select * from a", "t,b|||"},

	/* aggregations */
	{"select count(*), SUM(x), pg_catalog.max(y), f(z) from t", "t|count,sum,max||"},
	{"select count (distinct x) from t having avg(y) > 5", "t|count,avg||"},
	{"select percentile_cont(0.5) within group (order by x) from t", "t|percentile_cont||"},
	{"select sum(x) filter (where y > 5) over (partition by z order by w) from t", "t|sum||"},
	{"select sum(case when a = 1 then 1 else 0 end) from t", "t|sum||"},
	{"select count from t", "t|||"},
	{"select max(avg(x)) from t order by min(y)", "t|max,avg,min||"},
	{"select array_agg(x order by y desc) from t", "t|array_agg||"},

	/* filters */
	{"select * from t where a = 1", "t||a =|"},
	{"select * from t where A = 1 and \"B\" = 2", "t||a =,B =|"},
	{"select * from o where o.region = 'EU'", "o||region =|"},
	{"select * from t where a.b.C <> 'x' or not d != 5", "t||c <>,d <>|"},
	{"select * from t where 5 < x and 5 >= y and 1 = z", "t||x >,y <=,z =|"},
	{"select * from t where x in (1, 2) and y not in ('a') and z in (select a from u where b = 1)",
	 "t,u||x in,y not in,b =,z in|"},
	{"select * from t where x between 1 and 5 and y not between 2 and 3 or z between symmetric 1 "
	 "and 2",
	 "t||x between,y not between,z between|"},
	{"select * from t where x between y and 5", "t|||"},
	{"select * from t where a like 'x%' and b not like 'y' escape '!' and c ilike $1 and d not "
	 "ilike 'z' and e similar to 'w' and f not similar to 'v'",
	 "t||a like,b not like,c ilike,d not ilike,e similar to,f not similar to|"},
	{"select * from t where a is null and b is not null and c is true and d is not false and e is "
	 "unknown",
	 "t||a is null,b is not null,c is true,d is not false,e is unknown|"},
	{"select * from t where a isnull or b notnull", "t||a is null,b is not null|"},
	{"select * from t where a is distinct from 1 and b is not distinct from 2 and c is distinct "
	 "from d",
	 "t||a is distinct from,b is not distinct from|"},
	{"select * from t where a = any ($1) and b = any(array[1, 2]) and c <> all ('{1}') and d = "
	 "some (select 1) and e like any ($2)",
	 "t||a = any,b = any,c <> all,d = any,e like any|"},
	{"select * from t where 5 = any (tags)", "t|||"},
	{"select * from a join b on a.id = b.id and b.kind = 'x' where a.v > 5", "a,b||kind =,v >|"},
	{"select * from t where a = b", "t|||"},
	{"select * from t where lower(name) = 'x'", "t||name =|"},
	{"select * from t where date_trunc('day', ts) >= '2024-01-01'", "t||ts >=|"},
	{"select * from t where coalesce(a, b) = 1", "t|||"},
	{"select * from t where coalesce(a, 0) = 1", "t||a =|"},
	{"select * from t where ts > now() - interval '7 days' and ts >= current_date",
	 "t||ts >,ts >=|"},
	{"select * from t where ts::date = '2024-01-01' and cast(ts as date) = '2024-01-01'",
	 "t||ts =,ts =|"},
	{"select * from t where ts >= date '2024-01-01' and d < timestamp '2024-01-01' - interval '1' "
	 "day",
	 "t||ts >=,d <|"},
	{"select * from t where ts::timestamp with time zone > '2024-01-01'", "t||ts >|"},
	{"select * from t where (ts at time zone 'UTC')::date = '2024-01-01'", "t||ts =|"},
	{"select * from t where ts at time zone 'utc' > timestamp with time zone '2024-01-01'",
	 "t||ts >|"},
	{"select * from t where cast(x as numeric(10, 2)) > 1.5 and y = 1", "t||x >,y =|"},
	{"select * from t where extract(year from ts) = 2024", "t||ts =|"},
	{"select * from t where a + 1 > 5 and b % 2 = 0 and (c + 1) * 2 < 7", "t||a >,b =,c <|"},
	{"select * from t where a > b + 1", "t|||"},
	{"select * from t where -a = 5 and b = -5", "t||a =,b =|"},
	{"select * from t where (a = 1 or b = 2) and ((c) = 3 and not (d = 4))", "t||a =,b =,c =,d =|"},
	{"select * from t where (a, b) = (1, 2) and (a, b) in (select 1, 2)", "t|||"},
	{"select * from t where data ->> 'k' = 'v' and data @> '{}' and data ? 'x' and data #>> "
	 "'{a}' = 'b' and x && array[1] and n ~* 'r' and n !~ 's'",
	 "t||data =,data @>,data ?,data =,x &&,n ~*,n !~|"},
	{"select * from t where data -> 'a' @> 'b' and a || 'x' = 'y'", "t||data @>,a =|"},
	{"select * from t where a = case when b = 1 then 2 else 3 end and c = 1", "t||c =|"},
	{"select * from t where case when b = 1 then 2 end = 2", "t||b =|"},
	{"select case when a = 1 then 2 end, b = 3 from t", "t|||"},
	{"select * from t group by a having b = 1", "t|||a"},
	{"select * from t where active and not deleted and f(x)", "t|||"},
	{"select * from t where x > (select avg(y) from u)", "t,u|avg|x >|"},
	{"select * from t where (select count(*) from u) > 5", "t,u|count||"},
	{"select * from t where x = 1 order by y limit 5", "t||x =|"},
	{"select * from t where x = $1 and y = :name and z = ? and w = @p and v = %s",
	 "t||x =,y =,z =,w =,v =|"},
	{"select * from t where x collate \"C\" < 'a'", "t||x <|"},
	{"select * from t where (row).field = 1 and tags[1] = 'x'", "t||row =,tags =|"},
	{"select * from t where format = 'x' and window = 2", "t||format =,window =|"},
	{"select * from t where x = 1 limit 5", "t||x =|"},
	{"select * from t where x =", "t|||"},

	/* GROUP BY */
	{"select a, count(*) from t group by a", "t|count||a"},
	{"select a, b from t group by t.A, \"B\"", "t|||a,B"},
	{"select date_trunc('month', day) from t group by date_trunc('month', day)", "t|||day"},
	{"select date_trunc('month', d) as m, x.region, count(*) from t group by 1, 2",
	 "t|count||m,region"},
	{"select a b, c from t group by 1, 2, 3", "t|||b,c"},
	{"select distinct on (x) a from t group by 1", "t|||a"},
	{"select (select 1, 2 from u) s, b from t group by 2, 1", "u,t|||b,s"},
	{"select a + b from t group by 1", "t|||"},
	{"select *, a from t group by 2", "t|||"},
	{"select count(*), a from t group by 2", "t|count||a"},
	{"select sum(x) over (partition by y) s, z from t group by 1, 2", "t|sum||s,z"},
	{"select a::date, b::timestamp with time zone from t group by 1, 2", "t|||a,b"},
	{"select 1 from t group by rollup (a, b), cube (c), grouping sets ((d, e), (f), ())",
	 "t|||a,b,c,d,e,f"},
	{"select a, b from t group by (1, 2)", "t|||a,b"},
	{"select 1 from t group by a, lower(b), c::date, -1 order by d", "t|||a,b,c"},
	{"select 1 from t group by a having count(*) > 1 order by b", "t|count||a"},
	{"select 1 from (select a from t group by a) x group by b", "t|||a,b"},
	{"select 1 from t group by distinct a union select 2 from u group by b", "t,u|||a,b"},
	{"select a from t group by case when b = 1 then 2 end, c", "t|||b,c"},

	/* BigQuery */
	{"select * from `moz-fx.Telemetry.core`", "moz-fx.Telemetry.core|||"},
	{"select * from `moz-fx`.`a`.b", "moz-fx.a.b|||"},
	{"select * from moz-fx.telemetry.core c join my-proj-1.d.T t on c.a = t.a",
	 "moz-fx.telemetry.core,my-proj-1.d.t|||"},
	{"#standardSQL\nSELECT country, COUNTIF(x > 5) n, APPROX_QUANTILES(y, 4)[OFFSET(2)] FROM "
	 "`p.d.t`, UNNEST(items) AS i WHERE _TABLE_SUFFIX BETWEEN '1' AND '2' AND country = \"US\" "
	 "AND DATE_TRUNC(ts, MONTH) >= DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY) GROUP BY 1",
	 "p.d.t|countif,approx_quantiles|_table_suffix between,country =,ts >=|country"},
	{"SELECT * EXCEPT (a, b) FROM d.t WHERE x IN UNNEST([1, 2])", "d.t||x in|"},
	{"SELECT STRUCT(a AS x, b AS y) FROM d.t QUALIFY ROW_NUMBER() OVER (PARTITION BY a) = 1",
	 "d.t|||"},
	{"FROM d.t |> WHERE x = 1 |> AGGREGATE COUNT(*) AS n GROUP BY y", "d.t|count|x =|y"},
	{"SELECT SAFE_CAST(a AS ARRAY<STRING>), b FROM d.t WHERE SAFE_CAST(c AS INT64) = 5",
	 "d.t||c =|"},

	/* MySQL */
	{"SELECT `Name`, GROUP_CONCAT(x ORDER BY y SEPARATOR ',') FROM `db`.`T` WHERE `Name` = \"a\" "
	 "AND b RLIKE 'c' AND d <=> NULL GROUP BY `Name` WITH ROLLUP LIMIT 5, 10 # end",
	 "db.T|group_concat|Name =,b rlike,d <=>|Name"},
	{"SELECT * FROM a STRAIGHT_JOIN b ON a.x = b.x WHERE a.y > DATE_SUB(NOW(), INTERVAL 1 DAY)",
	 "a,b||y >|"},
	{"DELETE a FROM t1 a JOIN t2 b ON a.x = b.x WHERE b.y = 1", "t1,t2||y =|"},
	{"UPDATE a JOIN b ON a.x = b.x SET a.y = 1 WHERE b.z IN (1)", "a,b||z in|"},
	{"INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2", "t|||"},
	{"REPLACE INTO t (a) SELECT a FROM u", "t,u|||"},

	/* T-SQL */
	{"SELECT TOP 10 [Region], COUNT_BIG(*) AS [N] FROM [dbo].[Order Details] AS o WITH (NOLOCK) "
	 "WHERE o.[Region] = N'EU' AND [Year] >= DATEADD(day, -7, GETDATE()) AND id=@id GROUP BY "
	 "[Region] OPTION (RECOMPILE)",
	 "dbo.Order Details|count_big|Region =,Year >=,id =|Region"},
	{"SELECT * FROM dbo.orders WITH (NOLOCK) WHERE a = 1", "dbo.orders||a =|"},
	{"SELECT * FROM dbo.orders WITH (NOLOCK) JOIN dbo.lines WITH (NOLOCK, INDEX(1)) ON x = y",
	 "dbo.orders,dbo.lines|||"},
	{"SELECT * FROM #tmp t CROSS APPLY f(t.x) g OUTER APPLY (SELECT 1 FROM u) h", "#tmp,u|||"},
	{"SELECT * FROM db..t", "db..t|||"},
	{"MERGE INTO t USING s ON (t.id = s.id) WHEN MATCHED THEN UPDATE SET a = 1;", "t,s|||"},

	/* Snowflake, Redshift, Hive, ClickHouse, Oracle */
	{"SELECT v:a.b::string, COUNT(*) FROM db.s.t, LATERAL FLATTEN(input => t.v) f WHERE "
	 "v:kind::string = 'x' AND DATEDIFF(day, ts, CURRENT_DATE) < 7 GROUP BY 1 QUALIFY x = 1",
	 "db.s.t|count|v =,ts <|v"},
	{"SELECT * FROM TABLE(GENERATOR(ROWCOUNT => 5)) JOIN t", "t|||"},
	{"SELECT a, LISTAGG(b, ',') WITHIN GROUP (ORDER BY c) FROM t MINUS SELECT a, b FROM u",
	 "t,u|listagg||"},
	{"INSERT OVERWRITE TABLE t SELECT a FROM u LATERAL VIEW explode(x) e AS y WHERE y = 1",
	 "t,u||y =|"},
	{"SELECT uniqExact(a), quantile(0.9)(b) FROM t PREWHERE c = 1 WHERE d = 2 GROUP BY e "
	 "SETTINGS max_threads = 1",
	 "t|uniqexact,quantile|c =,d =|e"},
	{"SELECT * FROM t WHERE a = 1 START WITH b IS NULL CONNECT BY PRIOR c = d", "t||a =|"},

	/* templates */
	{"SELECT a FROM {{ ref('orders') }} o JOIN t ON o.x = t.x WHERE a = {{ x }} {% if y %} AND b "
	 "> 1 {% endif %}",
	 "orders,t||a =,b >|"},
	{"select * from {table} where id = {id}", "||id =|"},

	/* double quotes around values */
	{"select * from boats where harbour = \"Oban\"", "boats||harbour =|"},
	{"select * from boats where \"harbour\" = \"Oban\"", "boats||harbour =|"},
	{"select * from boats where \"left_at\" < \"back_at\"", "boats|||"},
	{"select back_at from boats where left_at < \"back_at\"", "boats|||"},
	{"select * from boats where harbour in (\"Oban\", \"Mallaig\") and \"length\" > 9",
	 "boats||harbour in,length >|"},
	{"select * from boats where day between \"2024-01-01\" and \"2024-02-01\"",
	 "boats||day between|"},
	{"select * from boats b join crews c on b.\"id\" = c.\"boat\"", "boats,crews|||"},
	{"select * from boats where date(sailed) = date(\"2024-05-01\")", "boats||sailed =|"},
	{"select * from boats where kind = \342\200\234trawler\342\200\235 and owner = "
	 "\342\200\230Mc\342\200\231",
	 "boats||kind =,owner =|"},
	{"select * from \"Boats\" where \"Boats\".\"Kind\" = \"Boats\".\"Last Kind\"", "Boats|||"},

	/* templates and other gaps */
	{"select * from {{ source('port', 'boats') }} b join {{ref(\"crews\")}} c on c.id = b.crew",
	 "port.boats,crews|||"},
	{"select * from {{ target.schema }}.boats where x = 1", "boats||x =|"},
	{"select * from port.{{ prefix }}_boats where x = 1", "port.boats||x =|"},
	{"select * from boats_{{ year }} where x = 1", "boats||x =|"},
	{"select * from port.{{ name }} where x = 1", "||x =|"},
	{"{{ config(tags=['}}', \"it's\"]) }} select max(x) from boats where y = 2", "boats|max|y =|"},
	{"select {# it's #} count(*) from boats {# }} #} where a = 1", "boats|count|a =|"},
	{"select * from {% if a %} boats {% else %} crews {% endif %} where x = 1",
	 "boats,crews||x =|"},
	{"select * from boats where {% if a %} x = 1 {% else %} y = 2 {% endif %} and z = 3",
	 "boats||x =,y =,z =|"},
	{"select * from boats where a = {} and b = {0} and c = #{c.d} and d = &d and e = <%= e %> and "
	 "f = %d and g = {g:UInt8} and h = [[h]] and i = 1",
	 "boats||a =,b =,c =,d =,e =,f =,g =,h =,i =|"},
	{"select avg(x) from boats where $__timeFilter(at) group by $__timeGroup(at, 5m)",
	 "boats|avg|at between|at"},
	{"select * from boats where a = 1 [[and b = {{b}}]] [[ and c in ({{c}}) ]]",
	 "boats||a =,b =,c in|"},
	{"select ${boats.kind}, count(*) from port.boats where ${TABLE}.x > 1 group by ${boats.kind}",
	 "port.boats|count|x >|kind"},
	{"select * from boats where at > '{{ d.format('%Y') }}' and b = 2", "boats||at >,b =|"},

	/* what is pasted */
	{"Here's the query:\n```sql\nselect count(*) from boats where a = 1\n```\nIt's short.",
	 "boats|count|a =|"},
	{"```\nselect 1 from boats\n```\nand\n```sql\nselect 2 from crews\n```", "boats,crews|||"},
	{"port=> select * from boats\nport-> where a = 1;\n id | a \n----+---\n", "boats||a =|"},
	{"sql\nselect * from boats", "boats|||"},
	{"`select * from boats`", "boats|||"},
	{"\357\273\277select\302\240*\302\240from\302\240boats", "boats|||"},
	{"which boats came back from sea?", "|||"},
	{"Where do boats come from", "|||"},
	{"select a from boats; that reads all from boats of the harbour", "boats|||"},

	/* quotes and names */
	{"select * from boats where a = 'it\\'s' and b = 'he\\'s' and c = 1", "boats||a =,b =,c =|"},
	{"select * from boats where path = 'C:\\' and b = 'x'", "boats||path =,b =|"},
	{"select * from boats where a = q'[it's]' and b = nq'!x'!' and c = 1", "boats||a =,b =,c =|"},
	{"select * from default.boats d where user = 'x' and owner = user group by user",
	 "default.boats||user =,owner =|user"},
	{"select * from user u, a-b.c-d.e-1, 'f.csv' g", "user,a-b.c-d.e-1,f.csv|||"},
	{"select * from [a-b:c.d] where x# = 1 group by x#", "a-b:c.d||x# =|x#"},
	{"select * from identifier('port.boats'), table('crews'), f(table x, model y)",
	 "port.boats,crews,x|||"},
	{"from b: boats select k: kind, count(*) group by 1", "boats|count||k"},

	/* statements of other dialects */
	{"delete boats where a = 1", "boats||a =|"},
	{"delete top (5) b from boats b where b.a = 1", "boats||a =|"},
	{"insert boats (a) select a from crews", "boats,crews|||"},
	{"insert ignore into boats values (1)", "boats|||"},
	{"insert overwrite local directory '/x' select * from boats", "boats|||"},
	{"replace boats values (1)", "boats|||"},
	{"update b set a = 1 from port.boats as b join crews c on c.id = b.crew",
	 "port.boats,crews|||"},
	{"update boats set a = 1 from boats b", "boats,boats|||"},
	{"select max(a) into m from boats", "boats|max||"},
	{"select a, b into x, y from boats", "boats|||"},
	{"select a into newer from boats", "newer,boats|||"},
	{"select a from boats into l", "boats|||"},
	{"insert into boats values (1) returning id into newer", "boats|||"},
	{"select * into temp newer from boats", "newer,boats|||"},
	{"select * from boats b lateral view explode(x) t as k, v join crews", "boats,crews|||"},
	{"select * from boats left array join x as y, z where a = 1", "boats||a =|"},
	{"select * from boats join crews using a, b where c = 1", "boats,crews||c =|"},
	{"select * from boats use index for order by (i), crews force index (j) where a = 1",
	 "boats,crews||a =|"},
	{"select * from boats indexed by i join crews", "boats,crews|||"},
	{"select * from dbo.boats (nolock) b, crews(readpast, index(i)) where a = 1",
	 "dbo.boats,crews||a =|"},
	{"with x (select * from boats), y(a) as (select 1) select * from x, y, z", "boats,z|||"},
	{"select nth_value(a, 2) from first over w from boats", "boats|||"},
	{"select * from boats a, crews b where a.id = b.id(+) and b.x (+) > 5", "boats,crews||x >|"},
	{"select * from boats where a == 1 and b > sysdate - 1 and c < current date - 2 days",
	 "boats||a =,b >,c <|"},

	/* NOT, units, GROUP BY ALL */
	{"select * from t where not a is null and not b in (1) and not c like 'x' and not d not in (2)",
	 "t||a is not null,b not in,c not like,d in|"},
	{"select * from t where not (a in (1)) and not (b in (1) and c like 'x') and not e = 1",
	 "t||a not in,b in,c like,e =|"},
	{"select * from t where dateadd(month, 1, a) > 1 and datediff(day, b) > 1 and datediff(dd, c, "
	 "d) = 1 and date_trunc(e, week(monday)) = 1",
	 "t||a >,e =|"},
	{"select * from t where date_diff(a, '2024-01-01', day) = 1 and date_trunc('day', day) = 1",
	 "t||a =,day =|"},
	{"select a, count(*) from t group by all order by 1", "t|count||"},
	{"select sumIf(a, b), anyOrNull(c), uniqMergeState(d), quantilesIf(0.5)(e, f), sumthing(g) "
	 "from t",
	 "t|sumif,anyornull,uniqmergestate,quantilesif||"},

	/* numbers with what follows them directly */
	{"select * from t where a=1and b=2or c=3 group by time(5m), d", "t||a =,b =,c =|d"},
	{"select * from 2024_trips where 1d_total > 3 and a > 10ms and b < 3bd",
	 "2024_trips||1d_total >,a >,b <|"},
	{"select * from 5m where 7d.x = 1", "5m||x =|"},

	/* sentences that sound like SQL */
	{"Select a plan and join us from Monday on", "|||"},
	{"Delete everything from my cart where the price is over 10", "|||"},
	{"Insert coin into machine", "|||"},
	{"INSERT a row into vans with name Rex where missing", "|||"},
	{"Merge the numbers from sales into one chart", "|||"},
	{"Create a chart from sales by month", "|||"},
	{"Select all vans from Leeds, York and Hull with more than 5 parcels", "|||"},
	{"Set the filter to last month and select from it", "|||"},
	{"Select orders from last week where totals are high", "|||"},
	{"don't select vans from our depots", "|||"},
	{"select * from the list of vans where a = 1", "|||"},
	{"select * from (vans join their depots on x) where a = 1", "vans|||"},
	{"Table of vans from May", "|||"},
	{"(from the team) select winners", "|||"},
	/* but SQL may have such words as names */
	{"select the, our from t where this = 1 and that > 2", "t||this =,that >|"},
	{"select top 5 this, me from them.their, us join \"the\" on us.x = 1",
	 "them.their,us,the||x =|"},
	{"select top 5 last, year from me where their.x > 1", "me||x >|"},
	{"insert into a from b", "a,b|||"},
	/* prose after SQL, and before it */
	{"select a from t where b = 1; This query selects from the table; and joins others from x.",
	 "t||b =|"},
	{"select a from t where b = 1\n\nThis returns all rows from the table where b is one.",
	 "t||b =|"},
	{"select a\n\n, b\n\nfrom t\n\nwhere that = 1", "t||that =|"},
	{"select a from t where b = 1;\n- `t`: the vans, from accounts\n- `b`: flag from source",
	 "t||b =|"},
	{"LINE 1: select a from t", "|||"},
	{"select best vans from each depot", "|||"},
	{"delete all vans from yesterday", "|||"},
	{"select * from vans join last month on a = 1", "vans|||"},
	{"with these as (select 1 from t) select * from these where a = 1", "t||a =|"},
	{"select * from last where a = 1", "last||a =|"},
	{"from vans import parcels\na = sum(b)", "|||"},
	{"vans | where depot == 'York' | summarize count() by kind", "|||"},
	{"sum(rate(parcels{depot=\"York\"}[5m])) by (kind)", "|||"},
	{"upsert_all vans select a from t where b = 1", "t||b =|"},
	{"show vans where depot = North and year = 2024", "|||"},
	{"select a,\n\nthe_a was, that\n\nfrom t where b = 1", "t||b =|"},
	{"create trigger x after insert on t for each row select a from u where b = 1", "u||b =|"},
	{"select top (3) with ties a, b from t group by 2", "t|||b"},
	{"SQLQuery: select a from t where b > 1", "t||b >|"},
	{"Question: how many?\nSQL: select count(*) from t", "t|count||"},
	{"<sql>\nselect a from t where b = 1\n</sql>\n", "t||b =|"},
	{"```\nselect a from t\n```\nor\n```\nselect b from u where c = \"x y\"\n```", "t,u||c =|"},
	{"```\nselect 1 from t\n```\n```\nselect a from u where b = 'it\\'s' and c = 2\n```",
	 "t,u||b =,c =|"},
};

static void
collect(SqlList list, const char *item, size_t len, void *arg)
{
	char *text = ((Findings *) arg)->lists[list];
	size_t used = strlen(text);

	if (used + len + 2 > LIST_SIZE)
		return;
	if (used > 0)
		text[used++] = ',';
	memcpy(text + used, item, len);
	text[used + len] = '\0';
}

static void
count(SqlList list, const char *item, size_t len, void *arg)
{
	(void) list;
	(void) item;
	if (len > 0)
		(*(size_t *) arg)++;
}

/* Linear time and bounded state on long texts of one thing. */
static void
test_long(const char *unit)
{
	size_t unit_len = strlen(unit);
	size_t len = (size_t) 1 << 20;
	char *sql = malloc(len);
	size_t found = 0;
	size_t i;
	clock_t start;

	if (sql == NULL)
		abort();
	for (i = 0; i < len; i++)
		sql[i] = unit[i % unit_len];
	start = clock();
	sql_scan(sql, len, count, &found);
	unit_check(clock() - start < 2 * CLOCKS_PER_SEC, __FILE__, __LINE__, unit);
	free(sql);
}

static void
scan_all(const char *sql, size_t len)
{
	size_t found = 0;

	(void) sql_scan(sql, len, count, &found);
}

/* A name that is too long is left out, and what is around it is found; the {} are the name. */
static void
test_long_name(const char *sql, size_t len, const char *expected)
{
	Findings findings;
	char line[4 * LIST_SIZE + 4];
	char filled[2048];
	size_t n = 0;

	for (const char *c = sql; *c != '\0'; c++)
	{
		if (c[0] == '{' && c[1] == '}')
		{
			memset(filled + n, 'n', len);
			n += len;
			c++;
		}
		else
			filled[n++] = *c;
	}
	memset(&findings, 0, sizeof(findings));
	sql_scan(filled, n, collect, &findings);
	snprintf(line, sizeof(line), "%s|%s|%s|%s", findings.lists[SQL_TABLES],
			 findings.lists[SQL_AGGREGATIONS], findings.lists[SQL_FILTERS],
			 findings.lists[SQL_GROUP_BY]);
	CHECK_STR(line, strlen(line), expected, sql);
}

static void
test_long_names(void)
{
	test_long_name("select a from t where {} = 1 and c = 1", 256, "t||c =|");
	test_long_name("select {}(a) from t where {}(b) = 1", 256, "t||b =|");
	test_long_name("select a from t where \342\200\234{}\342\200\235 = 1 and c = 1", 256,
				   "t||c =|");
	test_long_name("select a from \342\200\234{}\342\200\235 where c = 1", 256, "||c =|");
	test_long_name("select a from {}.b where c = 1", 255, "||c =|");
	test_long_name("select a from {}.{}.b where c = 1", 127, "||c =|");
	test_long_name("select a from {{ ref('{}') }} where c = 1", 256, "||c =|");
	test_long_name("select a from {{ source('{}', 'b') }} where c = 1", 256, "||c =|");
	/* With another sign than a bracket, and too long, it is a name and a text. */
	test_long_name("select a from t where b = q'x{}', 'x' and c = 1", 1200, "t||b =,c =|");
}

int
main(void)
{
	static const char *const units[] = {"(",
										"[",
										"(select ",
										"from (",
										"a(",
										"a.",
										"a ",
										"from a ",
										"from a,",
										"where a = 1 and ",
										"case when ",
										"a = 1,",
										"with a as (",
										"in (",
										"is not ",
										"between 1 and ",
										"[a",
										"[a]",
										"join a on b=1 ",
										"select a,",
										"group by 1,",
										"((a))",
										"::a",
										"a:",
										"not ",
										");",
										"(;",
										"`a`.",
										"from a-b.c ",
										"from `a`.",
										"over (rows ",
										"cast(a as "};
	Findings findings;
	char line[4 * LIST_SIZE + 4];
	char sql[1024];
	size_t found = 0;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		memset(&findings, 0, sizeof(findings));
		sql_scan(cases[i].sql, strlen(cases[i].sql), collect, &findings);
		snprintf(line, sizeof(line), "%s|%s|%s|%s", findings.lists[SQL_TABLES],
				 findings.lists[SQL_AGGREGATIONS], findings.lists[SQL_FILTERS],
				 findings.lists[SQL_GROUP_BY]);
		CHECK_STR(line, strlen(line), cases[i].expected, cases[i].sql);
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		test_long(units[i]);
	for (i = 0; i < sizeof(sql_units) / sizeof(sql_units[0]); i++)
		unit_check(sql_unit_is_linear(sql_units[i], scan_all), __FILE__, __LINE__, sql_units[i]);

	/* Bytes that are no text at all, and names that are too long */
	for (i = 0; i < sizeof(sql); i++)
		sql[i] = (char) i;
	sql_scan(sql, sizeof(sql), count, &found);
	memset(sql, 'a', sizeof(sql));
	memcpy(sql, "select * from ", 14);
	found = 0;
	sql_scan(sql, 14 + 255, count, &found);
	CHECK(found == 1);
	sql_scan(sql, 14 + 256, count, &found);
	CHECK(found == 1);
	test_long_names();

	/* What is nested too deeply is not found, but what follows is. */
	for (i = 0; i < 300; i++)
	{
		sql[i] = '(';
		sql[300 + i] = ')';
	}
	memcpy(sql + 600, ";select * from t", 16);
	memset(&findings, 0, sizeof(findings));
	sql_scan(sql, 616, collect, &findings);
	CHECK_STR(findings.lists[SQL_TABLES], strlen(findings.lists[SQL_TABLES]), "t", "deep");

	return unit_result("test_sql_scan");
}
