/*
 * test_sql_text.c
 *		Tests of sql_normalize, and through it of the lexer.
 */
#include "core/sql/keyword.h"
#include "core/sql/text.h"
#include "sql_units.h"
#include "unit.h"

#include <stdlib.h>
#include <time.h>

static const struct
{
	const char *sql;
	const char *expected;
} cases[] = {
	{"", ""},
	{"SELECT * FROM dblink('c', 'SELECT a FROM t WHERE b = 1')",
	 "select * from dblink ( ? , 'select a from t where b = ?' )"},
	{"EXECUTE IMMEDIATE 'DELETE FROM A WHERE b = ''w'''",
	 "execute immediate 'delete from a where b = ? w ?'"},
	{"EXEC sp_executesql N'SELECT a FROM t'", "exec sp_executesql 'select a from t'"},
	{"DO 'BEGIN DELETE FROM a; END'", "do 'begin delete from a ; end'"},
	/* In lower case it would end the text too early. */
	{"DO $a$ BEGIN UPDATE t SET b = X$A$; END $a$", "do ?"},
	{"SELECT a FROM t ORDER BY 1 DESC, 2 ASC NULLS LAST, 3 NULLS FIRST",
	 "select a from t order by 1 desc , 2 asc nulls last , 3 nulls first"},
	{"SELECT f('select one')", "select f ( ? )"},
	{"WHERE a = 'SELECT a FROM t'", "where a = ?"},
	{"SELECT f('SELECT a -- FROM t')", "select f ( ? )"},
	{"time_bucket(300, a)", "time_bucket ( 300 , a )"},
	{"time_bucket(interval '1 Day', a)", "time_bucket ( interval '1 day' , a )"},
	{"trunc(a, 'MM') + trunc(a, 2)", "trunc ( a , 'MM' ) + trunc ( a , ? )"},
	{"read_csv(['a.csv', 'b.csv'])", "read_csv ( [ 'a.csv' , 'b.csv' ] )"},
	{"FROM IDENTIFIER('a')", "from identifier ( 'a' )"},
	{"FROM TABLE('a')", "from table ( 'a' )"},
	{"openrowset(BULK 'a.csv', FORMAT = 'CSV')", "openrowset ( bulk 'a.csv' , format = ? )"},
	{"SQL: SELECT 1", "select ?"},
	{"$##x", "$## x"},
	{";", ""},
	{" ; ;; -- x", ""},
	{"a=1", "a = ?"},
	{"A = 2 -- x", "a = ?"},
	{"a = $1", "a = ?"},
	{"a = -5", "a = ?"},
	{"a = - 5", "a = ?"},
	{"a=-5", "a = ?"},
	{"a = +5", "a = ?"},
	{"a - 5", "a - ?"},
	{"a -5", "a - ?"},
	{"a - -5", "a - ?"},
	{"a = - $1", "a = - ?"},
	{"a = -b", "a = - b"},
	{"(-5, -6)", "( ? , ? )"},
	{"x[-1]", "x [ ? ]"},
	{"(1) - 5", "( ? ) - ?"},
	{"select -1", "select ?"},
	{"where -1 < a and -2 > b", "where ? < a and ? > b"},
	{"between -1 and -2", "between ? and ?"},
	{"case when a then -1 else -2 end -3", "case when a then ? else ? end - ?"},
	{"a!=-5", "a <> ?"},
	{"a||-5", "a || ?"},
	{"a @-5", "a @- ?"},
	{"a<-5", "a < ?"},
	{"a*-5", "a * ?"},
	{"a+++++5", "a + + + + ?"},
	{"SELECT  *\nFROM\tT", "select * from t"},
	{"select \"A\" from \"B\"", "select \"A\" from \"B\""},
	{"select \"a\"\"B;\"", "select \"a\"\"B;\""},
	{"select `A``b`", "select `A``b`"},
	{"select U&\"A\"", "select U&\"A\""},
	{"select \303\204B", "select \303\204b"},
	{"select 1; select 2;", "select ? ; select ?"},
	{"select 1;;", "select ?"},
	{"x IN (1,2)", "x in ( ? )"},
	{"x IN (1, 2 ,3)", "x in ( ? )"},
	{"a = true", "a = ?"},
	{"a IS TRUE", "a is true"},
	{"a is not false", "a is not false"},
	{"not true", "not ?"},
	{"t.true", "t . true"},
	{"a is null", "a is null"},
	/* numbers */
	{"1 1.5 .5 1. 1e5 1e-5 1.5E+10 0x1F 0b10 0o17 1_000", "? ? ? ? ? ? ? ? ? ? ?"},
	{"1..2", "? . . ?"},
	{"1e", "1e"},
	{"1abc", "1abc"},
	{"a.5", "a . ?"},
	{"3s.a 3s .a", "3s . a 3s . a"},
	{"3s 3s .5 3s.5", "? ? ? 3s . ?"},
	{"2024_sales", "2024_sales"},
	/* strings */
	{"'a' 'it''s' '' 'a;--b/*'", "? ? ? ?"},
	{"E'a\\'b' e'\\\\' 'a\\'", "? ? ?"},
	{"U&'x' B'1' X'1F' N'x' x'0' r'\\d'", "? ? ? ? ? ?"},
	{"'unfinished ; -- ", "?"},
	{"E'unfinished\\", "?"},
	{"$$a'b$$ $tag$a $$ $ta$ b$tag$", "? ?"},
	{"$$unfinished", "?"},
	{"$a$ x $a", "?"},
	{"\"unfinished ;", "\"unfinished ;"},
	{"a$1$b", "a$1$b"},
	/* parameters */
	{"$1, $22, ?, ?1, :x, :1, @p, @@rowcount, %s, %(name)s, $x",
	 "? , ? , ? , ? , ? , ? , ? , ? , ? , ? , ?"},
	{"a = {{ a.b }} and b = {x} and c = ${x} and d in ({{ y }})",
	 "a = ? and b = ? and c = ? and d in ( ? )"},
	{"a=@p", "a = ?"},
	{"a=%s", "a = ?"},
	{"a>=%(x)s", "a >= ?"},
	{"a=?", "a = ?"},
	{"a=:x", "a = ?"},
	{"a = :'x'", "a = ?"},
	{"a%b", "a % b"},
	{"a%s", "a % s"},
	{"a::int", "a :: int"},
	{"a:b", "a : b"},
	{"a[1:2]", "a [ ? : ? ]"},
	{"a := 1", "a := ?"},
	{"a {{ b", "a { { b"},
	{"a {{ b }} {%  if x\n%} c", "a {{ b }} {% if x %} c"},
	/* templates with a quote or a brace too many, which what is behind would close */
	{"{{'}} 'x\"'}}", "{{??? ?x??}}"},
	{"{{ it's }} 'x'", "{{ it's }} ?"},
	{"{{ \" }} `a b`", "{{ ? }} `a b`"},
	{"SELECT `a`, \"b\" FROM t", "select `a` , ? from t"},
	{"E \"a\" = \"\nb\"", "e \"a\" = ?"},
	{"select a where b like lower(\"c\")", "select a where b like lower ( ? )"},
	{"select a where d = \"f\" and F#y", "select a where d = \"f\" and f# y"},
	{"g,\"g,\"O\"\"''`", "g , ? o \"\" ? `"},
	{"{{ {\"a }} from \"t\" {{ b }}", "{{ ??a }} from \"t\" {{ b }}"},
	{"{{ {x}' }} 'y'", "{{ ?x?? }} ?"},
	{"from t {{ a':\n'N'\n }}", "from t {{ a': 'N'  }}"},
	{"select `a\nb`, {{ f('c\nd') }}", "select `a b` , {{ f('c d') }}"},
	{"{% if 'x %} a = 'y'", "{% if ?x %} a = ?"},
	{"{{ f(\"}}\") }} 'x'", "{{ f(\"}}\") }} ?"},
	{"d ?| array['a']", "d ?| array [ ? ]"},
	{"d ? 'a'", "d ? ?"},
	{"d @? '$.a'", "d @? ?"},
	{"d @@ to_tsquery('a')", "d @@ to_tsquery ( ? )"},
	{"d @@to_tsquery('a')", "d @@ to_tsquery ( ? )"},
	{"a=@@b and c>@@d and e@@f", "a = ? and c > ? and e @@ f"},
	/* operators */
	{"a<=b", "a <= b"},
	{"a<>b!=c", "a <> b <> c"},
	{"a->>'x'#>>'{a}'", "a ->> 'x' #>> '{a}'"},
	{"a #> '{b,\"c d\"}' -> '{{ x }}' #>> '{% x %}' #> '{a,{b}}'",
	 "a #> '{b,\"c d\"}' -> ? #>> ? #> ?"},
	{"from read_csv('a.csv', 'x') join s3('http://b/{c}') where f('d.csv') = 1",
	 "from read_csv ( 'a.csv' , 'x' ) join s3 ( ? ) where f ( ? ) = ?"},
	{"a =-- c\n1", "a = ?"},
	{"a =/* c */1", "a = ?"},
	{"a */* c */ b", "a * b"},
	{"a - - b", "a - - b"},
	/* comments */
	{"a /* b /* c */ d */ e", "a e"},
	{"a /* b", "a"},
	{"a -- b\r-- c\nd", "a d"},
	{"#standardSQL\nselect 1", "select ?"},
	{"select 1 # c\n, 2", "select ? , ?"},
	{"  # c", ""},
	{"a#b", "a# b"},
	{"a#> b", "a #> b"},
	{"a #- b", "a #- b"},
	{"#--x\na", "a"},
	{"a\n#>> b", "a #>> b"},
	{"select * from #Tmp t", "select * from #tmp t"},
	{"select * from ##Tmp", "select * from ##tmp"},
	{"from\n#c\nt", "from t"},
	{"\\ \1", "\\ \1"},
	/* A name has no backslash: the texts that show what one means are left out. */
	{"select \"a\\\"b\\\\\" from t where c = 'it\\'s'", "select \"a\"\"b//\" from t where c = ?"},
	{"select \"C:\\x\" from t where c = 'C:\\'", "select \"C:/x\" from t where c = ?"},
	{"'\\''\"\"\"\\\"\"\"o", "? \"\"\"\"\"\"\"o"},
};

static const char *const pairs[][2] = {
	{"SELECT a FROM t", "SQL: SELECT a FROM t"},
	{"SELECT * FROM t WHERE a = <x>", "SELECT * FROM t WHERE a = 3"},
	{"SELECT * FROM t WHERE a = #x#", "SELECT * FROM t WHERE a = 3"},
	{"SELECT * FROM t WHERE a = $(x)", "SELECT * FROM t WHERE a = 3"},
	{"SELECT 1 FROM t", "{% comment %} x {% endcomment %}SELECT 2 FROM t"},
	{"SELECT 1 FROM t", "sql = \"SELECT 2 FROM t\""},
	{"SELECT 1 FROM t", "<pre><code>SELECT 2 FROM t</code></pre>"},
	{"SELECT 1 FROM t", "Answer: SELECT 2 FROM t"},
	{"SELECT 1 FROM t", "'SELECT 2 FROM t'"},
	{"SELECT 1 FROM t", "````sql\nSELECT 2 FROM t\n````"},
	{"SELECT a FROM t WHERE b = r'x\\'y'", "SELECT a FROM t WHERE b = 'z'"},
	{"SELECT a FROM t WHERE b = '''it's'''", "SELECT a FROM t WHERE b = 'z'"},
	{"SELECT a FROM t WHERE b = q'Xit'sX'", "SELECT a FROM t WHERE b = 'z'"},
	{"SELECT * FROM t WHERE a = 1", "select *\n\tfrom T where A=-2.5e3 /* ! */ ;"},
	{"select count(*) from t where x = 'a'", "SELECT COUNT ( * ) FROM t WHERE x = $tag$b$tag$"},
	{"select a from t limit 10", "select a from t limit %(n)s;"},
	{"select * from boats where a = \"x\"", "select * from boats where a = \"y\""},
	{"select a in (1, 2)", "select a in (3)"},
	{"select a in ((1, 2), (3, 4))", "select a in ((5, 6))"},
	{"insert into t values (1, 'a'), (2, 'b')", "insert into t values (3, 'c')"},
	{"select array[1, 2]", "select array[3]"},
	{"select a <> 1", "select a != 2"},
	{"select a = 1", "select a == 1"},
	{"select 1 from t", "\357\273\277select\302\2401 from t"},
	{"```sql\nselect 1\n```", "select 2"},
	{"select * from t where a = {{ x }}", "select * from t where a = 1"},
	{"select 'it\\'s' from t", "select 'x' from t"},
	{"select * from {{ ref('a') }}", "select * from {{  ref('a')  }}"},
	{"select a from t limit 5", "select a from t limit {{ n }}"},
	{"select date_trunc('DAY', a)", "select date_trunc('day', a)"},
	{"do $$ begin delete from a; end $$", "DO $$BEGIN DELETE FROM a; END;$$"},
	{"select x[1]", "select x[2]"},
	{"a in (select b from c)", "A IN (SELECT b FROM c)"},
};

static const char *const different[][2] = {
	{"select \"a\"", "select \"A\""},
	{"a = 1", "a < 1"},
	{"a is true", "a is false"},
	{"select a from t", "select b from t"},
	{"select * from {{ ref('a') }}", "select * from {{ ref('b') }}"},
	{"select ${v.a} from t", "select ${v.b} from t"},
	{"select * from @a", "select * from @b"},
	{"select * from 'a.csv'", "select * from 'b.csv'"},
	{"select * from $a", "select * from $b"},
	{"select date_trunc('day', a)", "select date_trunc('week', a)"},
	{"select a->>'b'", "select a->>'c'"},
	{"select a['b']", "select a['c']"},
	{"select json_value(a, '$.b')", "select json_value(a, '$.c')"},
	{"select a from t group by 1", "select a from t group by 2"},
	{"select a from t order by 1, 2", "select a from t order by 1, 3"},
	{"select to_char(a, 'YYYY')", "select to_char(a, 'MM')"},
	{"select [A]", "select [a]"},
	{"do $$ begin delete from a; end $$", "do $$ begin delete from b; end $$"},
	{"insert into t values (1)", "insert into t values (1, 2)"},
	{"f(1)", "f(1, 2)"},
	{"a in (1)", "a not in (1)"},
	{"select {% if a %} b {% endif %}", "select {% if c %} b {% endif %}"},
	{"select {{ a }} from t", "select {{ b }} from t"},
	{"select time_bucket('1 day', a)", "select time_bucket('1 hour', a)"},
};

static size_t
normalize(const char *sql, char **out)
{
	size_t len = strlen(sql);

	*out = malloc(2 * len + 1);
	if (*out == NULL)
		abort();
	return sql_normalize(sql, len, *out);
}

/* Long texts of one thing: linear time is what is tested here. */
static void
test_long(const char *unit)
{
	size_t unit_len = strlen(unit);
	size_t len = (size_t) 1 << 20;
	char *sql = malloc(len);
	char *out = malloc(2 * len + 1);
	size_t i;
	clock_t start;

	if (sql == NULL || out == NULL)
		abort();
	for (i = 0; i < len; i++)
		sql[i] = unit[i % unit_len];
	start = clock();
	CHECK(sql_normalize(sql, len, out) <= 2 * len);
	unit_check(clock() - start < 2 * CLOCKS_PER_SEC, __FILE__, __LINE__, unit);
	free(sql);
	free(out);
}

static void
normalize_all(const char *sql, size_t len)
{
	char *out = malloc(2 * len + 1);

	if (out == NULL)
		abort();
	(void) sql_normalize(sql, len, out);
	free(out);
}

int
main(void)
{
	static const char *const units[] = {
		"$",   "$a", "$a$b", "/*",	 "/*/",	   "*/*",  "'",	   "\"",	 "\\",	 "E'\\",
		"{{",  "{%", "{a",	 "${a",	 "+",	   "-+",   "+-*",  "(",		 ")",	 "[",
		"%(a", "@",	 "@@",	 "@@a(", "#",	   " #",   "a",	   "1",		 "1e",	 "1_",
		"?",   "?|", ":",	 ":a",	 "\377",   "$$$a", "U&\"", "from #", "<!--", "\n",
		";",   "a.", "0x",	 "- 1 ", "a = 1,", "%s",   "!=-",  "{{}",	 "=@?",	 "`"};
	char *out;
	char *again;
	size_t len;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		len = normalize(cases[i].sql, &out);
		CHECK_STR(out, len, cases[i].expected, cases[i].sql);

		/* The form is its own form. */
		again = malloc(2 * len + 1);
		if (again == NULL)
			abort();
		CHECK_STR(again, sql_normalize(out, len, again), cases[i].expected, cases[i].sql);
		free(again);
		free(out);
	}
	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		size_t again_len;

		len = normalize(pairs[i][0], &out);
		again_len = normalize(pairs[i][1], &again);
		CHECK_BYTES(again, again_len, out, len, pairs[i][0]);
		free(again);
		free(out);
	}
	for (i = 0; i < sizeof(different) / sizeof(different[0]); i++)
	{
		size_t again_len = normalize(different[i][1], &again);

		len = normalize(different[i][0], &out);
		unit_check(len != again_len || memcmp(out, again, len) != 0, __FILE__, __LINE__,
				   different[i][0]);
		free(again);
		free(out);
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		test_long(units[i]);
	for (i = 0; i < sizeof(sql_units) / sizeof(sql_units[0]); i++)
		unit_check(sql_unit_is_linear(sql_units[i], normalize_all), __FILE__, __LINE__,
				   sql_units[i]);

		/* The table of keywords is in order, or some would not be found. */
#define K(id, word, flags) CHECK(sql_keyword_find(word, strlen(word)) == KW_##id);
	SQL_KEYWORDS(K)
#undef K
	CHECK(sql_keyword_find("SeLeCt", 6) == KW_SELECT);
	CHECK(sql_keyword_find("selec", 5) == KW_NONE);
	CHECK(sql_keyword_find("by\0", 3) == KW_NONE);
	CHECK(sql_keyword_find("", 0) == KW_NONE);

	return unit_result("test_sql_text");
}
