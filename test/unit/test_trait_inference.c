/*
 * test_trait_inference.c
 *		SQL's features, skill, style, subjects, words, and tables that fit.
 */
#include "core/profile/outline.h"
#include "core/profile/routing.h"
#include "core/profile/trait_inference.h"

#include "unit.h"

/* The tables found, as "schema.table table …". */
typedef struct Found
{
	char text[512];
	size_t len;
} Found;

static void
found_table(const char *schema, size_t schema_len, const char *table, size_t table_len, void *arg)
{
	Found *found = arg;

	if (found->len + schema_len + table_len + 3 > sizeof(found->text))
		return;
	if (found->len > 0)
		found->text[found->len++] = ' ';
	if (schema_len > 0)
	{
		memcpy(found->text + found->len, schema, schema_len);
		found->len += schema_len;
		found->text[found->len++] = '.';
	}
	memcpy(found->text + found->len, table, table_len);
	found->len += table_len;
}

static const struct
{
	const char *sql;
	unsigned features;
	const char *tables;
} statements[] = {
	{"SELECT * FROM orders", 0, "orders"},
	{"select a, b, f(c, d) from public.orders o where x = 1", 0, "public.orders"},
	{"SELECT * FROM a JOIN b ON a.id = b.id", SQL_JOINS, "a b"},
	{"SELECT * FROM a, b", SQL_JOINS, "a b"},
	{"SELECT * FROM a x, b AS y, \"C d\" z", SQL_JOINS | SQL_JOINS_MANY, "a b C d"},
	{"SELECT * FROM a LEFT JOIN b USING (x, y) JOIN c ON f(1, 2) = c.z", SQL_JOINS | SQL_JOINS_MANY,
	 "a b c"},
	{"SELECT * FROM (a JOIN b USING (id)) WHERE 1 IN (2, 3)", SQL_JOINS, "a b"},
	{"SELECT region, sum(x) FROM t", SQL_AGGREGATES, "t"},
	{"SELECT region FROM t GROUP BY region", SQL_AGGREGATES, "t"},
	{"SELECT Count(*) FROM `d`.`s`.`t`", SQL_AGGREGATES, "s.t"},
	{"SELECT sum FROM t", 0, "t"},
	{"SELECT * FROM (SELECT a, b FROM t) x", SQL_NESTS, "t"},
	{"SELECT * FROM t WHERE x IN (SELECT y FROM u)", SQL_NESTS, "t u"},
	{"SELECT (SELECT 1), 2 FROM t, u", SQL_NESTS | SQL_JOINS, "t u"},
	{"WITH m AS (SELECT * FROM t) SELECT * FROM m", SQL_NAMES_QUERIES, "t"},
	{"WITH m AS NOT MATERIALIZED (SELECT * FROM t), n (a, b) AS (SELECT 1, 2 FROM M)"
	 " SELECT * FROM n JOIN s.m ON true",
	 SQL_NAMES_QUERIES | SQL_JOINS, "t s.m"},
	{"WITH RECURSIVE r AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT * FROM r",
	 SQL_NAMES_QUERIES | SQL_COMBINES, ""},
	{"SELECT rank() OVER (ORDER BY x) FROM t", SQL_WINDOWS, "t"},
	{"SELECT over FROM t", 0, "t"},
	{"SELECT * FROM t QUALIFY row_number() = 1", SQL_WINDOWS, "t"},
	{"(SELECT 1 FROM a) UNION (SELECT 2 FROM b)", SQL_COMBINES, "a b"},
	{"SELECT 1 FROM a EXCEPT SELECT 2 FROM b", SQL_COMBINES, "a b"},
	{"SELECT * EXCEPT (x) FROM a", 0, "a"},
	{"SELECT extract(year FROM x), trim(both 'a' from y) FROM t", 0, "t"},
	{"SELECT a IS DISTINCT FROM b FROM t", 0, "t"},
	{"SELECT * FROM generate_series(1, 3) g, t", SQL_JOINS, "t"},
	{"SELECT * FROM {{ ref('x') }} y WHERE 1 = 1", 0, ""},
	{"SELECT 'FROM a JOIN b' -- FROM c, d\n FROM t", 0, "t"},
	{"CREATE TABLE x AS (SELECT * FROM t)", 0, "t"},
	{"SELECT now() AT TIME ZONE 'x' FROM t ORDER BY 1, 2 LIMIT 1, 2", 0, "t"},
	{"DELETE FROM t", 0, "t"},
	{"SELECT 1; SELECT 2 FROM t", 0, "t"},
	{"", 0, ""},
	{"))) FROM", 0, ""},
	{"SELECT FROM a.", 0, "a"},
	{"\"", 0, ""},
};

static void
test_features(void)
{
	char deep[1000];

	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
	{
		const char *sql = statements[i].sql;
		Found found = {"", 0};
		unsigned features = sql_features(sql, strlen(sql), found_table, &found);

		if (!CHECK(features == statements[i].features))
			fprintf(stderr, "\tfeatures %u of %s\n", features, sql);
		CHECK_STR(found.text, found.len, statements[i].tables, sql);

		/* Cut anywhere, it is read without harm. */
		for (size_t len = 0; len < strlen(sql); len++)
			(void) sql_features(sql, len, NULL, NULL);
	}
	memset(deep, '(', sizeof(deep));
	CHECK(sql_features(deep, sizeof(deep), NULL, NULL) == 0);
	memset(deep, ')', sizeof(deep) / 2);
	memcpy(deep + 990, "SELECT 1 ,", 10);
	(void) sql_features(deep, sizeof(deep), NULL, NULL);
}

static bool
skill_is(const SkillCounts *counts, SkillLevel expected)
{
	SkillLevel level;

	return skill_infer(counts, &level) && level == expected;
}

/* So many of n queries with features, the others plain. */
static SkillCounts
skill(int n, int with, unsigned features)
{
	SkillCounts counts = {0};

	for (int i = 0; i < n; i++)
		skill_add(&counts, i < with ? features : 0);
	counts.asked = n;
	return counts;
}

static void
test_skill(void)
{
	unsigned elaborate = SQL_JOINS | SQL_AGGREGATES | SQL_WINDOWS;
	SkillCounts counts = skill(9, 9, elaborate);
	SkillLevel level;
	char text[EVIDENCE_MAX];

	CHECK(!skill_infer(&counts, &level));
	counts = skill(10, 10, elaborate);
	CHECK(skill_is(&counts, SKILL_ADVANCED));

	/* A quarter is enough, three features used twice each; less is not. */
	counts = skill(20, 5, elaborate);
	CHECK(skill_is(&counts, SKILL_ADVANCED));
	counts = skill(21, 5, elaborate);
	CHECK(skill_is(&counts, SKILL_INTERMEDIATE));
	counts = skill(20, 20, SQL_WINDOWS | SQL_AGGREGATES);
	CHECK(skill_is(&counts, SKILL_INTERMEDIATE));

	/* Three in ten refined are advanced still, more are not. */
	counts = skill(14, 14, elaborate);
	counts.refinements = 6;
	CHECK(skill_is(&counts, SKILL_ADVANCED));
	counts.refinements = 7;
	CHECK(skill_is(&counts, SKILL_INTERMEDIATE));
	counts.refinements = 100;
	CHECK(skill_is(&counts, SKILL_INTERMEDIATE));

	/* Plain ones make a beginner; so does struggling. */
	counts = skill(10, 4, SQL_JOINS | SQL_AGGREGATES);
	CHECK(skill_is(&counts, SKILL_BEGINNER));
	counts = skill(10, 5, SQL_JOINS | SQL_AGGREGATES);
	CHECK(skill_is(&counts, SKILL_INTERMEDIATE));
	counts.refinements = 10;
	CHECK(skill_is(&counts, SKILL_INTERMEDIATE));
	counts.refinements = 11;
	CHECK(skill_is(&counts, SKILL_BEGINNER));

	counts = skill(10, 3, elaborate);
	counts.refinements = 1;
	skill_evidence(&counts, text);
	CHECK_STR(text, strlen(text),
			  "of 10 queries 3 join, 3 aggregate, 3 use window functions, 7 are plain; "
			  "1 refinement",
			  "evidence");
	for (int i = 0; i < SQL_FEATURES; i++)
		counts.uses[i] = counts.queries = counts.plain = counts.refinements = INT32_MAX;
	skill_evidence(&counts, text);
	CHECK(strlen(text) < EVIDENCE_MAX);
	CHECK(refinement_share(0, 0) == 0 && refinement_share(3, 1) == 0.25);
}

static bool
style_is(StyleCounts talk, CommunicationStyle expected)
{
	CommunicationStyle style;

	return style_infer(&talk, &style) && style == expected;
}

static bool
technical(const char *text)
{
	return style_is_technical(text, strlen(text));
}

static void
test_style(void)
{
	StyleCounts talk = {0};
	CommunicationStyle style;
	char text[EVIDENCE_MAX];

	CHECK(!style_infer(&(StyleCounts){9, 90, 9, 0, 0}, &style));
	CHECK(style_is((StyleCounts){10, 300, 0, 0, 0}, STYLE_BRIEF));
	CHECK(style_is((StyleCounts){10, 301, 0, 0, 0}, STYLE_DETAILED));

	/* From a fifth of the messages on a wish beats their length. */
	CHECK(style_is((StyleCounts){10, 900, 2, 0, 0}, STYLE_BRIEF));
	CHECK(style_is((StyleCounts){10, 900, 1, 0, 0}, STYLE_DETAILED));
	CHECK(style_is((StyleCounts){10, 100, 0, 2, 0}, STYLE_DETAILED));
	CHECK(style_is((StyleCounts){10, 100, 0, 0, 2}, STYLE_TECHNICAL));
	CHECK(style_is((StyleCounts){10, 100, 3, 2, 4}, STYLE_TECHNICAL));
	CHECK(style_is((StyleCounts){10, 100, 3, 3, 3}, STYLE_DETAILED));
	CHECK(style_is((StyleCounts){10, 900, 3, 0, 3}, STYLE_TECHNICAL));

	style_add(&talk, 18, false);
	CHECK(talk.messages == 1 && talk.characters == 18 && talk.technical == 0);
	style_add(&talk, 8, true);
	CHECK(talk.messages == 2 && talk.characters == 26 && talk.technical == 1);
	CHECK(!technical("revenue by region?") && technical("sum of order_items"));
	CHECK(technical("count(*) please") && !technical("what (if any) _is_ this_"));
	CHECK(!technical("") && !technical("_"));
	style_evidence(&(StyleCounts){0, 0, 0, 0, 0}, text);
	CHECK(strlen(text) < EVIDENCE_MAX);
	style_evidence(&(StyleCounts){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}, text);
	CHECK(strlen(text) < EVIDENCE_MAX);
}

static void
add_table(Subjects *subjects, const char *schema, size_t schema_len, const char *table,
		  size_t table_len)
{
	char name[SUBJECT_LENGTH];

	subjects_add(subjects, name, subject_of(schema, schema_len, table, table_len, name));
}

static void
add(Subjects *subjects, const char *schema, const char *table)
{
	add_table(subjects, schema, strlen(schema), table, strlen(table));
}

static void
test_subjects(void)
{
	static Subjects subjects;
	char long_name[200];

	/* Four words that are one subject, and the schema where it says something. */
	for (int i = 0; i < 12; i++)
	{
		static const char *const tables[] = {"orders", "order_items", "OrderLines", "dim_order"};

		subjects_next_query(&subjects);
		add(&subjects, "", tables[i % 4]);
		add(&subjects, i % 2 == 0 ? "public" : "", "ORDERS");
		if (i < 5)
			add(&subjects, "Sales", "anything");
		if (i < 4)
			add(&subjects, "", "companies");
	}
	CHECK(subjects.queries == 12);
	CHECK(subjects_infer(&subjects) == 2);
	CHECK(strcmp(subjects.items[0].name, "orders") == 0 && subjects.items[0].queries == 12);
	CHECK(strcmp(subjects.items[1].name, "sales") == 0 && subjects.items[1].queries == 5);
	CHECK(strcmp(subjects.items[2].name, "companies") == 0 && subjects.items[2].queries == 4);

	/* Below a fifth of the queries it is none, however many they are. */
	for (int i = 0; i < 14; i++)
	{
		subjects_next_query(&subjects);
		add(&subjects, "", "other");
	}
	CHECK(subjects_infer(&subjects) == 2 && strcmp(subjects.items[0].name, "other") == 0);
	for (int i = 0; i < 5; i++)
		subjects_next_query(&subjects); /* without tables: not counted */
	CHECK(subjects.queries == 26);

	/* Too few queries; equal ones by name; not more than are shown. */
	memset(&subjects, 0, sizeof(subjects));
	for (int i = 0; i < 10; i++)
	{
		CHECK(subjects_infer(&subjects) == -1);
		subjects_next_query(&subjects);
		for (char name[] = "gx"; name[0] >= 'a'; name[0]--)
			add(&subjects, "", name);
	}
	CHECK(subjects_infer(&subjects) == SUBJECTS_MAX && strcmp(subjects.items[0].name, "ax") == 0);

	/* Names beyond all measure. */
	memset(long_name, 'a', sizeof(long_name));
	add_table(&subjects, long_name, sizeof(long_name), long_name, sizeof(long_name));
	add_table(&subjects, long_name, 63, long_name, 63);
	add_table(&subjects, NULL, 0, "___", 3);
	add_table(&subjects, NULL, 0, "", 0);
	for (int i = 0; i < 100; i++)
	{
		char name[16];

		(void) snprintf(name, sizeof(name), "t%dx", i);
		add(&subjects, "", name);
	}
	CHECK(subjects.n == SUBJECTS_KNOWN);
}

/* The text of an outline, and what is counted by it, are what is expected. */
static void
test_outlines(void)
{
	static Subjects subjects;
	SkillCounts skill = {0};
	StyleCounts talk = {0};
	Outline outline;
	char text[OUTLINE_MAX];
	char long_name[SUBJECT_LENGTH - 1];
	size_t len;
	static const char *const wrong[] = {
		"",	   "-",		"0",		  "05",			"05s",	 "05s1234567",	"80-",			"0A-",
		"--x", "05s3x", "-- 6orders", "-- 6:order", "-- 0:", "-- 64:",		"--  6:orders", "-- :a",
		"- -", "05s3 ", "-- 1:a ",	  "-- 1:a1",	"05u3",	 "-- 9999999:a"};

	outline_begin(&outline);
	len = outline_text(&outline, text);
	CHECK_STR(text, len, "--", "nothing is known");
	CHECK(outline_observe(text, len, &skill, &subjects, &talk));
	CHECK(skill.queries == 0 && talk.messages == 0 && subjects.queries == 0);

	outline.has_features = outline.has_question = true;
	outline.features = SQL_JOINS | SQL_NESTS | SQL_JOINS_MANY;
	outline.characters = 34;
	outline_add_table(&outline, "", 0, "dim_Order", 9);
	outline_add_table(&outline, "Sales, north", 12, "x", 1);
	outline_add_table(&outline, "", 0, "orders", 6);
	len = outline_text(&outline, text);
	CHECK_STR(text, len, "45s34 5:order12:sales, north", "an outline");
	CHECK(outline_observe(text, len, &skill, &subjects, &talk));
	CHECK(skill.queries == 1 && skill.elaborate == 1 && skill.uses[0] == 1 && skill.uses[1] == 0);
	CHECK(talk.messages == 1 && talk.characters == 34 && talk.technical == 0);
	CHECK(subjects.queries == 1 && subjects.n == 2 &&
		  strcmp(subjects.items[1].name, "sales, north") == 0);

	/* A table without a subject is a table; and there are as many as there is room for. */
	outline_begin(&outline);
	outline.has_question = outline.technical = true;
	outline_add_table(&outline, "", 0, "__", 2);
	len = outline_text(&outline, text);
	CHECK_STR(text, len, "-t0 ", "no subject");
	CHECK(outline_observe(text, len, &skill, &subjects, &talk));
	CHECK(subjects.queries == 2 && subjects.n == 2 && talk.technical == 1 && skill.queries == 1);
	memset(long_name, 'a', sizeof(long_name));
	for (char c = 'a'; c < 'z'; c++)
	{
		long_name[0] = c;
		outline_add_table(&outline, long_name, sizeof(long_name), "x", 1);
	}
	outline.has_features = true;
	outline.characters = 999999;
	len = outline_text(&outline, text);
	CHECK(len == strlen(text) && len < OUTLINE_MAX);
	CHECK(outline_observe(text, len, &skill, &subjects, &talk));
	CHECK(subjects.n == 2 + OUTLINE_TABLES - 1);

	/* What is no outline counts nothing. */
	memset(&subjects, 0, sizeof(subjects));
	memset(&skill, 0, sizeof(skill));
	memset(&talk, 0, sizeof(talk));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		bool whole = outline_observe(wrong[i], strlen(wrong[i]), &skill, &subjects, &talk);

		unit_check(!whole || strcmp(wrong[i], "05s3 ") == 0, __FILE__, __LINE__, wrong[i]);
	}
	CHECK(skill.queries == 1 && talk.messages == 1 && subjects.query == 1 && subjects.queries == 1);
}

static void
test_fit(void)
{
	static QueryWords words;
	static const char query[] = "How do the Orders of last week compare, by categories?";
	char many[3 * 200];

	query_words(query, strlen(query), &words);
	CHECK(table_fit(&words, "orders", 6) == 1);
	CHECK(table_fit(&words, "ORDER", 5) == 1);
	CHECK(table_fit(&words, "category", 8) == 1);
	CHECK(table_fit(&words, "orderItems", 10) == 0.5);
	CHECK(table_fit(&words, "order_items", 11) == 0.5);
	/* Its own name says more than its schema's. */
	CHECK(table_fit(&words, "sales.orders", 12) == 0.75);
	CHECK(table_fit(&words, "sales.order_items", 17) == (0.5 + 1.0 / 3.0) / 2);
	CHECK(table_fit(&words, "orders.lines", 12) == 0.25);
	CHECK(table_fit(&words, "orders.", 7) == 0.5);
	CHECK(table_fit(&words, "customers", 9) == 0);
	CHECK(table_fit(&words, "border", 6) == 0);
	CHECK(table_fit(&words, "..", 2) == 0);
	query_words("Adressen für Straßen", strlen("Adressen für Straßen"), &words);
	CHECK(table_fit(&words, "für", strlen("für")) == 1);
	query_words("", 0, &words);
	CHECK(words.n == 0 && table_fit(&words, "orders", 6) == 0);

	/* As many words as there is room for. */
	for (int i = 0; i < 200; i++)
	{
		many[3 * i] = (char) ('a' + i / 26);
		many[3 * i + 1] = (char) ('a' + i % 26);
		many[3 * i + 2] = ' ';
	}
	query_words(many, sizeof(many), &words);
	CHECK(words.n == QUERY_WORDS);
}

static bool
append_word(const char *word, size_t len, void *arg)
{
	Found *found = arg;

	memcpy(found->text + found->len, word, len);
	found->text[found->len + len] = ' ';
	found->len += len + 1;
	return true;
}

static void
test_words(void)
{
	Found found = {"", 0};
	const char *text =
		"Orders addresses boxes companies status bus analysis class HTTPLog v2 x-y is";

	words_of(text, strlen(text), append_word, &found);
	CHECK_STR(found.text, found.len,
			  "order address box company status bus analysis class httplog v2 x y is ", "words");
}

int
main(void)
{
	test_features();
	test_skill();
	test_style();
	test_subjects();
	test_outlines();
	test_fit();
	test_words();
	return unit_result("traits");
}
