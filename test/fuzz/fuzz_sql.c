/*
 * fuzz_sql.c
 *		Any bytes at all for sql_normalize, sql_scan, sql_features, words and
 *		question_normalize.
 */
#include "core/question.h"
#include "core/profile/outline.h"
#include "core/profile/routing.h"
#include "core/sql/features.h"
#include "core/sql/lexer.h"
#include "core/sql/scan.h"
#include "core/sql/signs.h"
#include "core/sql/text.h"

#include "fuzz.h"

#define MAX_ITEM 320 /* longer findings are not to be reported */

/* Whether the text has what makes an aggregate of any function: f(DISTINCT x), f(*), … */
static bool calls_aggregates;

static bool
has_word(const char *text, size_t size, const char *word)
{
	for (size_t i = 0; i < size; i++)
	{
		if (size - i >= strlen(word) && sql_is_word(text + i, strlen(word), word))
			return true;
	}
	return false;
}

static void
check_item(SqlList list, const char *item, size_t len, void *arg)
{
	size_t *sum = arg;
	size_t i;

	require(list == SQL_TABLES || list == SQL_AGGREGATIONS || list == SQL_FILTERS ||
				list == SQL_GROUP_BY,
			"a list");
	require(len > 0 && len <= MAX_ITEM, "an item of sane length");
	for (i = 0; i < len; i++)
		*sum += (unsigned char) item[i];
	if (list == SQL_AGGREGATIONS)
		require(calls_aggregates || sql_is_aggregate(item, len), "an aggregate");
}

static int
has_fence(const char *sql, size_t size)
{
	for (size_t i = 0; i + 2 < size; i++)
	{
		if (sql[i] == '`' && sql[i + 1] == '`' && sql[i + 2] == '`')
			return 1;
	}
	return 0;
}

static void
check_text(const char *sql, size_t size)
{
	char *form = allocate(NULL, 2 * size + 1);
	size_t len = sql_normalize(sql, size, form);
	char *again;

	require(len <= 2 * size + 1, "the form's bound");

	/* What is left out around pasted SQL may be found again inside what was not. */
	if (has_fence(sql, size) || (len > 0 && form[0] != '\0' && strchr("`\">", form[0]) != NULL))
	{
		free(form);
		return;
	}
	again = allocate(NULL, 2 * len + 1);
	require(sql_normalize(form, len, again) == len && memcmp(form, again, len) == 0,
			"the form is its own form");
	free(again);
	free(form);
}

static Subjects subjects;
static Outline outline;

static void
check_table(const char *schema, size_t schema_len, const char *table, size_t table_len, void *arg)
{
	const QueryWords *words = arg;
	double fit = table_fit(words, table, table_len);
	char name[SUBJECT_LENGTH];

	require(table_len > 0, "a table's name");
	require(fit >= 0 && fit <= 1, "a share");
	subjects_add(&subjects, name, subject_of(schema, schema_len, table, table_len, name));
	outline_add_table(&outline, schema, schema_len, table, table_len);
}

/* The text of an outline is one; the bytes themselves may be one or not. */
static void
check_outline(const char *sql, size_t size)
{
	static Subjects outlined;
	SkillCounts skill = {0};
	StyleCounts talk = {0};
	char text[OUTLINE_MAX];
	size_t len = outline_text(&outline, text);

	memset(&outlined, 0, sizeof(outlined));
	require(len < OUTLINE_MAX, "the outline's bound");
	require(outline_observe(text, len, &skill, &outlined, &talk), "an outline is an outline");
	require(outlined.n == outline.nsubjects, "all of its subjects");
	(void) outline_observe(sql, size, &skill, &outlined, &talk);
}

static void
check_features(const char *sql, size_t size)
{
	static QueryWords words;
	unsigned features = 0;

	query_words(sql, size, &words);
	require(words.n <= QUERY_WORDS, "the words' bound");
	memset(&subjects, 0, sizeof(subjects));
	outline_begin(&outline);
	for (int i = 0; i < TRAITS_MIN; i++)
	{
		subjects_next_query(&subjects);
		features = sql_features(sql, size, check_table, &words);
		require(features == sql_features(sql, size, NULL, NULL), "the same features");
	}
	require(features < 1u << (SQL_FEATURES + 1), "known features");
	require((features & SQL_JOINS_MANY) == 0 || (features & SQL_JOINS) != 0,
			"many joins are joins");
	require(subjects_infer(&subjects) <= SUBJECTS_MAX, "the subjects' bound");
	(void) style_is_technical(sql, size);
	check_outline(sql, size);
}

static void
check_question(const char *text, size_t size)
{
	char *form = allocate(NULL, size);
	size_t len = question_normalize(text, size, form);
	char *in_place = allocate(text, size);

	require(len <= size, "the question's bound");
	require(question_normalize(in_place, size, in_place) == len &&
				(len == 0 || memcmp(form, in_place, len) == 0),
			"the same in place");
	require(question_normalize(in_place, len, in_place) == len &&
				(len == 0 || memcmp(form, in_place, len) == 0),
			"the question's form is its own form");
	free(in_place);
	free(form);
}

static void
fuzz(const char *text, size_t size)
{
	size_t sum = 0;
	SqlReading reading;

	calls_aggregates = memchr(text, '*', size) != NULL || has_word(text, size, "distinct") ||
					   has_word(text, size, "filter") || has_word(text, size, "within");
	check_text(text, size);
	check_question(text, size);
	check_features(text, size);
	reading = sql_scan(text, size, check_item, &sum);
	require(reading.unread == SQL_ALL_READ || reading.place <= size, "a place in the text");
	(void) sql_signs(text, size, 64);
}

static const char *const fragments[] = {"select ",
										"from ",
										"where ",
										"group by ",
										"order by ",
										"having ",
										"join ",
										"on ",
										"using ",
										"with ",
										"recursive ",
										"as ",
										"insert into ",
										"update ",
										"set ",
										"delete ",
										"merge into ",
										"truncate ",
										"table ",
										"union ",
										"except ",
										"values ",
										"distinct ",
										"and ",
										"or ",
										"not ",
										"in ",
										"is ",
										"null ",
										"true ",
										"between ",
										"like ",
										"similar to ",
										"any ",
										"exists ",
										"case ",
										"when ",
										"then ",
										"else ",
										"end ",
										"interval ",
										"cast(",
										"extract(",
										"over ",
										"rollup(",
										"grouping sets(",
										"lateral ",
										"only ",
										"filter (",
										"limit ",
										"count(",
										"sum(",
										"rows ",
										"a",
										"b ",
										"C.",
										"t1 ",
										"\"q\"",
										"`q`",
										"'s'",
										"E'\\'",
										"$$",
										"$t$",
										"U&\"",
										"x'",
										"1",
										"2.5",
										".5",
										"1e-5",
										"0x1f",
										"1_0",
										"$1",
										"?",
										"?|",
										":n",
										":",
										"@p",
										"@@",
										"%s",
										"%(n)s",
										"{{",
										"}}",
										"{%",
										"%}",
										"{x}",
										"${x}",
										"+",
										"-",
										"*",
										"/",
										"=",
										"<",
										">",
										"!",
										"#",
										"~",
										"|",
										"&",
										"^",
										"%",
										"::",
										":=",
										"--",
										"/*",
										"*/",
										"#x",
										"->>",
										"|>",
										"(",
										"(",
										")",
										")",
										"[",
										"]",
										",",
										";",
										".",
										" ",
										"\n",
										"\t",
										"\r",
										"'",
										"\"",
										"`",
										"\\",
										"$",
										"\303\244",
										"\377",
										"\342\200",
										"\302\240",
										"\343\200\202",
										"?!",
										"...",
										"{{ ref('a') }}",
										"{% if a %}",
										"{#",
										"#}",
										"<%= a %>",
										"<%",
										"%>",
										"[[",
										"]]",
										"[[x]]",
										"#{x}",
										"&x ",
										"%d",
										"{}",
										"$__timeFilter(",
										"\"a b\"",
										"\"a\"",
										"\"A\"",
										"= ",
										"in (",
										"array[",
										"date_trunc('day',",
										"datediff(day,",
										"week(monday)",
										"->",
										"order by 1",
										"group by 1,",
										"(+)",
										"do $$",
										"$$;",
										"\342\200\230",
										"\342\200\231",
										"\342\200\234",
										"\342\200\235",
										"\357\273\277",
										"q'[",
										"]'",
										"\\'",
										"```sql\n",
										"\n```\n",
										"db=> ",
										"\ndb-> ",
										"Here:\n",
										"default.",
										"nolock",
										"insert overwrite ",
										"delete a ",
										"from a-b.c ",
										"lateral view ",
										"identifier('a')",
										"group by all ",
										"array join ",
										"== ",
										"!= ",
										"sysdate ",
										"values (1), ",
										"a: "};

FUZZ_MAIN(fragments, 0, 40, 20000)
