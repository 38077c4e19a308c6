/*
 * insights.c
 *		A tenant's page: tables, queries, charts, hours and skill, from the
 *		document of tenant_insights().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/jsonutil.h"
#include "base/statement.h"
#include "core/wording.h"
#include "report/organisation.h"
#include "report/page.h"

/* Lines of a list at most. */
#define LINES_SHOWN 12

static Statement select_insights =
	STATEMENT("SELECT personalization.tenant_insights($1, $2)", "text timestamptz");

/* A name with its numbers. */
typedef struct Line
{
	const char *name;
	int64 count;
	int64 other; /* -1 where there is none */
} Line;

typedef struct Lines
{
	int n;
	int64 most;
	Line *items;
} Lines;

/* How the name of a line is said; NULL for a user's text as it is. */
typedef const char *(*Naming)(const char *name);

Jsonb *
insights_read(const char *tenant_id, TimestampTz since)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(since)};

	(void) statement_execute(&select_insights, values, NULL, SNAPSHOT_CALLER);
	return (Jsonb *) PG_DETOAST_DATUM_COPY(result_value(0, ONLY_COLUMN, NULL));
}

static int64
number_of(const JsonbContainer *object, const char *name, int64 otherwise)
{
	JsonbValue space;
	JsonbValue *value = json_member(object, name, &space);
	double number;

	if (value == NULL || value->type != jbvNumeric || !json_number(value, &number))
		return otherwise;
	return (int64) number;
}

bool
insights_number(const Jsonb *insights, const char *name, int64 *number)
{
	*number = number_of(&insights->root, name, -1);
	return *number >= 0;
}

/* Begins to iterate over a member of the document; NULL if there is none. */
static JsonbIterator *
iterate(const Jsonb *insights, const char *name, Lines *lines)
{
	JsonbValue space;
	JsonbValue *member = json_member(&insights->root, name, &space);

	*lines = (Lines){.most = 1};
	if (member == NULL || member->type != jbvBinary)
		return NULL;
	lines->items = palloc((JsonContainerSize(member->val.binary.data) + 1) * sizeof(Line));
	return JsonbIteratorInit(member->val.binary.data);
}

static void
add_line(Lines *lines, const char *name, int64 count, int64 other)
{
	lines->items[lines->n++] = (Line){.name = name, .count = count, .other = other};
	lines->most = Max(lines->most, count);
}

/* Reads an array of objects, by the names of the members for a line's parts. */
static void
read_list(const Jsonb *insights, const char *list, const char *name, const char *count,
		  const char *other, Lines *lines)
{
	JsonbIterator *it = iterate(insights, list, lines);
	JsonbIteratorToken token;
	JsonbValue value;

	while (it != NULL && (token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		char *text;

		if (token == WJB_ELEM && value.type == jbvBinary &&
			json_text_member(value.val.binary.data, name, &text) && text != NULL)
			add_line(lines, text, number_of(value.val.binary.data, count, 0),
					 number_of(value.val.binary.data, other, -1));
	}
}

static int
compare_lines(const void *a, const void *b)
{
	const Line *x = a;
	const Line *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Reads an object of numbers, the largest first. */
static void
read_counts(const Jsonb *insights, const char *name, Lines *lines)
{
	JsonbIterator *it = iterate(insights, name, lines);
	JsonbIteratorToken token;
	JsonbValue value;
	const char *key = "";
	double number;

	while (it != NULL && (token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE && json_number(&value, &number))
			add_line(lines, key, (int64) number, -1);
	}
	qsort(lines->items, lines->n, sizeof(Line), compare_lines);
}

static void
put_line_name(Sheet *page, const Line *line, Naming naming)
{
	const char *words = naming == NULL ? line->name : naming(line->name);

	put(page, "<span class=\"name\">");

	/* Without words of ours it is the user's. */
	if (words == line->name)
		put_text(page, line->name, TEXT_SHOWN);
	else
		put_sentence(page, words);
	if (line->other >= 0)
	{
		put(page, " <span class=\"note\">");
		put_count(page, line->other, "person", "people");
		put(page, "</span>");
	}
	put(page, "</span>");
}

static void
put_lines(Sheet *page, const Lines *lines, Naming naming)
{
	put(page, "<ul class=\"counts\">\n");
	for (int i = 0; i < Min(lines->n, LINES_SHOWN); i++)
	{
		const Line *line = &lines->items[i];

		put(page, "<li>");
		put_line_name(page, line, naming);
		put_bar(page, (double) line->count / (double) lines->most, true, -1.0);
		put(page, "<span class=\"pc\">");
		put_int(page, line->count);
		put(page, "</span></li>\n");
	}
	put(page, "</ul>\n");
}

/* A list under a title, unless it is empty. */
static bool
put_titled_lines(Sheet *page, const char *title, const Lines *lines, Naming naming)
{
	if (lines->n == 0)
		return false;
	if (title != NULL)
	{
		put(page, "<h3>");
		put_words(page, title);
		put(page, "</h3>\n");
	}
	put_lines(page, lines, naming);
	return true;
}

static void
put_rising(Sheet *page, const char *title, const Lines *rising)
{
	if (rising->n == 0)
		return;
	put(page, "<h3>");
	put_words(page, title);
	put(page, "</h3>\n<ul class=\"choices\">\n");
	for (int i = 0; i < rising->n; i++)
	{
		put(page, "<li>");
		put_text(page, rising->items[i].name, NAME_SHOWN);
		put(page, " <span class=\"note\">");
		put_int(page, rising->items[i].count);
		put(page, " requests in the second half of the time, ");
		put_int(page, Max(rising->items[i].other, 0));
		put(page, " in the first</span></li>\n");
	}
	put(page, "</ul>\n");
}

static void
section_tables(Sheet *page, const Jsonb *insights)
{
	Lines tables;
	Lines rising;

	read_list(insights, "tables", "table", "asks", "users", &tables);
	read_list(insights, "rising_tables", "table", "lately", "before", &rising);
	section_begin(page, "tables", "Tables", "What queries read, by the number of requests.");
	if (!put_titled_lines(page, NULL, &tables, NULL))
		put_nothing(page, "No table is used by enough people.");
	put_rising(page, "Rising tables", &rising);
	section_end(page);
}

static void
section_asked(Sheet *page, const Jsonb *insights)
{
	Lines queries;
	Lines rising;

	read_list(insights, "queries", "query", "asks", "users", &queries);
	read_list(insights, "rising_queries", "query", "lately", "before", &rising);
	section_begin(page, "queries", "Queries", "What is asked most, by the number of requests.");
	if (!put_titled_lines(page, NULL, &queries, NULL))
		put_nothing(page, "No query is asked by enough people.");
	put_rising(page, "Rising queries", &rising);
	section_end(page);
}

static void
section_formats(Sheet *page, const Jsonb *insights)
{
	Lines charts;
	Lines formats;
	bool any;

	read_counts(insights, "charts", &charts);
	read_counts(insights, "export_formats", &formats);
	section_begin(page, "charts", "Charts and exports", "How often each is chosen.");
	any = put_titled_lines(page, "Charts", &charts, chart_wording);
	any = put_titled_lines(page, "Exports", &formats, export_wording) || any;
	if (!any)
		put_nothing(page, "No kind of chart or export is chosen by enough people.");
	section_end(page);
}

static void
section_hours(Sheet *page, const Jsonb *insights)
{
	Lines unused;
	JsonbIterator *it = iterate(insights, "by_hour", &unused);
	JsonbIteratorToken token;
	JsonbValue value;
	int64 counts[24] = {0};
	int64 sum = 0;
	int hour = 0;
	double number;

	while (it != NULL && (token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM || hour >= 24)
			continue;
		counts[hour] = json_number(&value, &number) ? (int64) number : 0;
		sum += counts[hour++];
	}
	section_begin(page, "hours", "The day", "Interactions by hour.");
	if (sum == 0)
		put_nothing(page, "In no hour are enough people active.");
	else
		put_hours(page, counts);
	section_end(page);
}

static void
section_skill(Sheet *page, const Jsonb *insights)
{
	Lines skills;

	read_counts(insights, "skill_levels", &skills);
	section_begin(page, "skill", "Skill", "Of the users who were active last.");
	if (!put_titled_lines(page, NULL, &skills, skill_wording))
		put_nothing(page, "No level has enough people.");
	section_end(page);
}

void
section_insights(Sheet *page, const Jsonb *insights)
{
	section_tables(page, insights);
	section_asked(page, insights);
	section_formats(page, insights);
	section_hours(page, insights);
	section_skill(page, insights);
}
