/*
 * outlines.c
 *		What reading an interaction would say about its user, in a short text
 *		that is stored with it.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "mb/pg_wchar.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"

#include "base/jsonutil.h"
#include "core/sql/features.h"
#include "profiles/outlines.h"

/* The longest chart type that is kept, in bytes. */
#define MAX_CHART (SUBJECT_LENGTH - 1)

/* Returns the number of items of a list in the data, or -1 if it is absent. */
static int
listed_items(const JsonbContainer *data, const char *name, const JsonbContainer **list)
{
	JsonbValue value;
	const JsonbValue *member = json_member(data, name, &value);

	*list = NULL;
	if (member == NULL)
		return -1;
	if (member->type != jbvBinary || !JsonContainerIsArray(member->val.binary.data))
		return 1;
	*list = member->val.binary.data;
	return (int) JsonContainerSize(*list);
}

/* Adds a table as given, with its schema if there is one. */
static void
add_listed_table(Outline *outline, const char *name, size_t len)
{
	const char *dot = NULL;
	const char *schema = NULL;
	const char *before = name;

	for (const char *c = name; c < name + len; c++)
	{
		if (*c != '.')
			continue;
		before = dot == NULL ? name : dot + 1;
		dot = c;
		schema = before;
	}
	if (dot == NULL)
		outline_add_table(outline, NULL, 0, name, len);
	else
		outline_add_table(outline, schema, dot - schema, dot + 1, name + len - dot - 1);
}

static void
add_listed_tables(Outline *outline, const JsonbContainer *list, int n)
{
	for (int i = 0; i < Min(n, OUTLINE_TABLES); i++)
	{
		JsonbValue *item = getIthJsonbValueFromContainer(unconstify(JsonbContainer *, list), i);

		if (item != NULL && item->type == jbvString)
			add_listed_table(outline, item->val.string.val, item->val.string.len);
	}
}

static void
found_table(const char *schema, size_t schema_len, const char *table, size_t table_len, void *arg)
{
	outline_add_table(arg, schema, schema_len, table, table_len);
}

/* Returns how many bytes of a text are used: whole characters, because names are taken from it. */
static size_t
within_reach(const JsonbValue *text)
{
	const char *start = text->val.string.val;
	int len = text->val.string.len;

	return (size_t) (len <= OUTLINE_TEXT_REACH ? len
											   : pg_mbcliplen(start, len, OUTLINE_TEXT_REACH));
}

/* Returns a text that is not empty, or NULL. */
static const JsonbValue *
text_member(const JsonbContainer *data, const char *name, JsonbValue *value)
{
	const JsonbValue *text = json_member(data, name, value);

	return text != NULL && text->type == jbvString && text->val.string.len > 0 ? text : NULL;
}

static void
outline_query(const JsonbContainer *data, Outline *outline)
{
	JsonbValue question_value;
	JsonbValue sql_value;
	const JsonbValue *question = text_member(data, "query", &question_value);
	const JsonbValue *sql = text_member(data, "sql", &sql_value);
	const JsonbContainer *tables;
	const JsonbContainer *ignored;
	int ntables = listed_items(data, "tables_used", &tables);

	if (sql != NULL)
	{
		outline->has_features = true;
		outline->features = sql_features(sql->val.string.val, within_reach(sql),
										 ntables < 0 ? found_table : NULL, outline);
	}
	else
	{
		int naggregations = listed_items(data, "aggregations", &ignored);
		int ngroups = listed_items(data, "group_by", &ignored);

		/* The features are known without the SQL. */
		outline->has_features = ntables >= 0 || naggregations >= 0 || ngroups >= 0;
		outline->features = (ntables >= 2 ? SQL_JOINS : 0) | (ntables >= 3 ? SQL_JOINS_MANY : 0) |
							(naggregations > 0 || ngroups > 0 ? SQL_AGGREGATES : 0);
	}
	if (tables != NULL)
		add_listed_tables(outline, tables, ntables);

	if (question == NULL)
		question = sql;
	if (question != NULL)
	{
		const char *words = question->val.string.val;
		size_t len = within_reach(question);

		outline->has_question = true;
		outline->characters = pg_mbstrlen_with_len(words, (int) len);
		outline->technical = question == sql || style_is_technical(words, len);
	}
}

bool
outline_of(InteractionType type, Datum data, char text[OUTLINE_MAX])
{
	bool is_large;
	Outline outline;
	JsonbValue value;
	const JsonbValue *chart;

	if (type != INTERACTION_QUERY && type != INTERACTION_VISUALIZATION)
		return false;
	is_large = toast_raw_datum_size(data) > OUTLINE_MAX_DATA;
	if (type == INTERACTION_QUERY)
	{
		outline_begin(&outline);
		if (!is_large)
			outline_query(&DatumGetJsonbP(data)->root, &outline);
		(void) outline_text(&outline, text);
		return true;
	}
	if (is_large)
		return false;
	chart = json_member(&DatumGetJsonbP(data)->root, "chart_type", &value);
	text[0] = '\0';
	if (chart == NULL)
		return true;
	if (chart->type != jbvString || chart->val.string.len > MAX_CHART)
		return false;
	memcpy(text, chart->val.string.val, chart->val.string.len);
	text[chart->val.string.len] = '\0';
	return true;
}

bool
outlines_are_stored(void)
{
	Oid relation = get_relname_relid("interactions", extension_objects()->schema);

	return OidIsValid(relation) && get_attnum(relation, "outline") != InvalidAttrNumber;
}
