/*
 * fuzz_sql.c
 *		Any bytes at all for sql_normalize, sql_scan, sql_features, words and
 *		question_normalize.
 *
 * Built for libFuzzer; with FUZZ_STANDALONE a program of its own, which reads
 * the files it is given, and then makes as many inputs as FUZZ_RUNS says
 * (default 20000) from fragments of SQL, the same ones each time.
 */
#include "core/question.h"
#include "core/routing.h"
#include "core/sql_features.h"
#include "core/sql_scan.h"
#include "core/sql_signs.h"
#include "core/sql_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ITEM 320 /* longer findings are not to be reported */

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The present input. */
static const uint8_t *input;
static size_t input_size;

static void
require(int ok, const char *what)
{
	if (!ok)
	{
		fprintf(stderr, "failed: %s\nof: ", what);
		for (size_t i = 0; i < input_size; i++)
			fprintf(stderr, input[i] >= ' ' && input[i] < 0x7F ? "%c" : "\\%03o", input[i]);
		fprintf(stderr, "\n");
		abort();
	}
}

/* A copy of exactly that size, so that a sanitizer sees any overrun. */
static char *
allocate(const void *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	require(copy != NULL, "memory");
	if (size > 0 && data != NULL)
		memcpy(copy, data, size);
	return copy;
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
		require(sql_is_aggregate(item, len), "an aggregate");
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

static void
check_table(const char *schema, size_t schema_len, const char *table, size_t table_len, void *arg)
{
	const QueryWords *words = arg;
	double fit = table_fit(words, table, table_len);

	require(table_len > 0, "a table's name");
	require(fit >= 0 && fit <= 1, "a share");
	subjects_add(&subjects, schema, schema_len, table, table_len);
}

static void
check_features(const char *sql, size_t size)
{
	static QueryWords words;
	StyleCounts talk = {0};
	unsigned features = 0;

	query_words(sql, size, &words);
	require(words.n <= QUERY_WORDS, "the words' bound");
	memset(&subjects, 0, sizeof(subjects));
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
	style_add(&talk, sql, size, (int64_t) size, false);
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = allocate(data, size);
	size_t sum = 0;
	SqlReading reading;

	input = data;
	input_size = size;
	check_text(text, size);
	check_question(text, size);
	check_features(text, size);
	reading = sql_scan(text, size, check_item, &sum);
	require(reading.unread == SQL_ALL_READ || reading.place <= size, "a place in the text");
	(void) sql_signs(text, size, 64);
	free(text);
	return 0;
}

#ifdef FUZZ_STANDALONE

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

#define FRAGMENT_COUNT (sizeof(fragments) / sizeof(fragments[0]))
#define MAX_FRAGMENTS 40

/* xorshift: the same everywhere */
static uint32_t
next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void
run_random(unsigned long runs)
{
	uint32_t state = 20240229;
	unsigned long run;

	for (run = 0; run < runs; run++)
	{
		uint8_t text[MAX_FRAGMENTS * 24];
		size_t size = 0;
		uint32_t count = next_random(&state) % MAX_FRAGMENTS;

		while (count-- > 0)
		{
			uint32_t choice = next_random(&state) % (FRAGMENT_COUNT + 2);

			if (choice < FRAGMENT_COUNT)
			{
				memcpy(text + size, fragments[choice], strlen(fragments[choice]));
				size += strlen(fragments[choice]);
			}
			else
				text[size++] = (uint8_t) next_random(&state);
		}
		LLVMFuzzerTestOneInput(text, size);
	}
}

static void
run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t room = (size_t) 1 << 22;
	uint8_t *text = malloc(room);

	require(file != NULL, path);
	require(text != NULL, "memory");
	LLVMFuzzerTestOneInput(text, fread(text, 1, room, file));
	fclose(file);
	free(text);
}

int
main(int argc, char **argv)
{
	const char *setting = getenv("FUZZ_RUNS");
	unsigned long runs = setting != NULL ? strtoul(setting, NULL, 10) : 20000;
	int i;

	for (i = 1; i < argc; i++)
		run_file(argv[i]);
	run_random(runs);
	runs += (unsigned long) (argc - 1);
	printf("fuzz_sql: %lu inputs passed\n", runs);
	return 0;
}

#endif
