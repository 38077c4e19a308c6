/*
 * lookup.c
 *		Queries on the catalogue: which tables are new to a user, and which
 *		must be hidden.
 *
 *		Everyone can read pg_class; which of its tables are shown depends on
 *		the privileges of the current role at the time of the call.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/watch.h"
#include "catalogue/catalogue.h"
#include "catalogue/names.h"

/* Many products keep none; then it is not read. */
#define CATALOGUE "tenant_tables"

static Statement select_any_link = STATEMENT("SELECT FROM personalization.linked_schemas"
											 " WHERE tenant_id = $1"
											 " LIMIT 1",
											 "text");

static Statement select_new = STATEMENT(
	"SELECT schema_name, table_name, description, columns, appeared_at"
	" FROM personalization.tenant_tables"
	" WHERE tenant_id = $1 AND appeared_at > $2 AND appeared_at <= $3 AND dropped_at IS NULL"
	" ORDER BY appeared_at DESC, schema_name, table_name LIMIT $4",
	"text timestamptz timestamptz int8");

enum
{
	NEW_SCHEMA = 1,
	NEW_NAME,
	NEW_DESCRIPTION,
	NEW_COLUMNS,
	NEW_APPEARED_AT
};

/*
 * One probe per name.  With a condition "= ANY" and without statistics of the
 * table, the planner would prefer to read all rows of the tenant.
 */
static Statement select_named =
	STATEMENT("SELECT t.*"
			  " FROM unnest($2) AS name"
			  " CROSS JOIN LATERAL ("
			  "   SELECT schema_name, table_name, dropped_at IS NOT NULL"
			  "   FROM personalization.tenant_tables"
			  "   WHERE tenant_id = $1 AND last_name = name"
			  "   OFFSET 0) AS t",
			  "text text[]");

enum
{
	NAMED_SCHEMA = 1,
	NAMED_NAME,
	NAMED_IS_DROPPED
};

int
catalogue_new_tables(const char *tenant_id, const char *user_id, UsedTables used, int64 window,
					 TimestampTz at, NewTable *out, int max)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(at - window),
					  TimestampTzGetDatum(known_until(at)), Int64GetDatum(NEW_TABLES_REACH)};
	uint64 nrows;
	SPITupleTable *rows;
	char **used_names;
	FoldedName *folded_used;
	int nused;
	int n = 0;

	if (!table_has_pages(CATALOGUE, tenant_id))
		return 0;
	nrows = statement_execute(&select_new, values, NULL, SNAPSHOT_CALLER);
	rows = SPI_tuptable;
	if (nrows == 0)
		return 0;
	used_names = used(tenant_id, user_id, &nused);
	folded_used = palloc(Max(nused, 1) * sizeof(FoldedName));
	for (int i = 0; i < nused; i++)
		folded_used[i] = fold_name(used_names[i]);
	SPI_tuptable = rows;
	for (uint64 row = 0; row < nrows && n < max; row++)
	{
		char *schema = result_text(row, NEW_SCHEMA);
		char *table = result_text(row, NEW_NAME);
		FoldedName folded = fold_stored(schema, table);
		bool isnull;
		Datum columns = result_value(row, NEW_COLUMNS, &isnull);
		bool is_used = false;
		Oid relation;

		for (int i = 0; i < nused && !is_used; i++)
			is_used = same_table(&folded, &folded_used[i]);
		if (is_used || !may_show_table(schema, table, false, &relation))
			continue;
		out[n].name = shown_name(schema, table);
		out[n].schema = schema[0] == '\0' ? NULL : schema;
		out[n].table = table;
		out[n].description = OidIsValid(relation) ? GetComment(relation, RelationRelationId, 0)
												  : result_text(row, NEW_DESCRIPTION);
		out[n].columns = isnull ? NULL : DatumGetArrayTypePCopy(columns);
		out[n].appeared_at = DatumGetTimestampTz(result_value(row, NEW_APPEARED_AT, NULL));
		n++;
	}
	return n;
}

bool
catalogue_is_linked(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	return statement_execute(&select_any_link, values, NULL, SNAPSHOT_CALLER) > 0;
}

bool
catalogue_filter(const char *tenant_id, const char *const *names, int n, bool *hidden)
{
	FoldedName *folded = palloc(n * sizeof(FoldedName) + 1);
	bool *visible = palloc0(n * sizeof(bool) + 1);
	bool any = false;
	Column last_names;
	uint64 nrows;

	memset(hidden, 0, n * sizeof(bool));
	if (n == 0 || !table_has_pages(CATALOGUE, tenant_id))
		return false;
	column_init(&last_names, TEXTOID, n);
	for (int i = 0; i < n; i++)
	{
		folded[i] = fold_name(names[i]);
		column_add_text(&last_names, folded[i].text + folded[i].last);
	}
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), column_array(&last_names)};

		nrows = statement_execute(&select_named, values, NULL, SNAPSHOT_CALLER);
	}
	for (uint64 row = 0; row < nrows; row++)
	{
		char *schema = result_text(row, NAMED_SCHEMA);
		char *table = result_text(row, NAMED_NAME);
		FoldedName stored = fold_stored(schema, table);
		Oid relation;
		bool shown = may_show_table(
			schema, table, DatumGetBool(result_value(row, NAMED_IS_DROPPED, NULL)), &relation);

		for (int i = 0; i < n; i++)
		{
			if (!same_table(&folded[i], &stored))
				continue;
			visible[i] |= shown;
			hidden[i] = !visible[i];
		}
	}
	for (int i = 0; i < n; i++)
		any |= hidden[i];
	return any;
}
