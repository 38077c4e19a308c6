/*
 * import_rows.c
 *		Inserting rows of a document into a table: only into columns that it
 *		has, never for another tenant or user, and with the privileges of the
 *		caller.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "admin/import.h"
#include "admin/tenant_data.h"
#include "base/arrival.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/owner.h"
#include "base/statement.h"

/* A statement that inserts one row, and its parameters. */
typedef struct Inserter
{
	TupleDesc columns;
	int n;
	int parameters[MaxTupleAttributeNumber]; /* attribute number of each, from 0 */
	SPIPlanPtr plan;
	bool has_user;
	bool is_inbox;
	const TenantTable *table;
	const Rows *rows;
	const char *missing; /* a required column that no row has, or NULL */
} Inserter;

static int
find_column(TupleDesc columns, const JsonbValue *name)
{
	for (int i = 0; i < columns->natts; i++)
	{
		const char *column = NameStr(TupleDescAttr(columns, i)->attname);

		if (!TupleDescAttr(columns, i)->attisdropped &&
			strlen(column) == (size_t) name->val.string.len &&
			memcmp(column, name->val.string.val, name->val.string.len) == 0)
			return i;
	}
	return -1;
}

/* tenant_id and user_id are not taken from the document. */
static bool
is_owner_column(const char *column)
{
	return strcmp(column, "tenant_id") == 0 || strcmp(column, "user_id") == 0;
}

/* Finds the columns that any row names; the others get their defaults. */
static void
collect_columns(const Rows *rows, TupleDesc columns, bool *given)
{
	for (int row = 0; row < rows->n; row++)
	{
		JsonbIterator *it;
		JsonbIteratorToken token;
		JsonbValue name;

		if (!JB_ROOT_IS_OBJECT(rows->items[row]))
			import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an object",
						 rows->paths[row]);
		it = JsonbIteratorInit(&rows->items[row]->root);
		while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
		{
			int column;

			if (token != WJB_KEY)
				continue;
			column = find_column(columns, &name);
			if (column < 0 || is_owner_column(NameStr(TupleDescAttr(columns, column)->attname)))
				import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL,
							 "%s has an unrecognized column %s", rows->paths[row],
							 private_name(name.val.string.val, name.val.string.len));
			given[column] = true;
		}
	}
}

static void
prepare_inserter(const TenantTable *table, const Rows *rows, TupleDesc columns, Inserter *inserter)
{
	bool *given = palloc0(columns->natts);
	Oid *types = palloc((columns->natts + 2) * sizeof(Oid));
	StringInfoData names;
	StringInfoData places;
	int first;

	inserter->columns = columns;
	inserter->n = 0;
	inserter->has_user = false;
	inserter->is_inbox = strcmp(table->name, "inbox") == 0;
	inserter->table = table;
	inserter->rows = rows;
	inserter->missing = NULL;
	for (int i = 0; i < columns->natts; i++)
		inserter->has_user = inserter->has_user ||
							 (!TupleDescAttr(columns, i)->attisdropped &&
							  strcmp(NameStr(TupleDescAttr(columns, i)->attname), "user_id") == 0);
	collect_columns(rows, columns, given);

	initStringInfo(&names);
	initStringInfo(&places);
	appendStringInfoString(&names, inserter->has_user ? "tenant_id, user_id" : "tenant_id");
	appendStringInfoString(&places, inserter->has_user ? "$1, $2" : "$1");
	types[0] = types[1] = TEXTOID;
	first = inserter->has_user ? 2 : 1;
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		if (!given[i] && !column->attisdropped && column->attnotnull && !column->atthasdef &&
			!is_owner_column(NameStr(column->attname)))
			inserter->missing = NameStr(column->attname);
		if (!given[i])
			continue;
		types[first + inserter->n] = column->atttypid;
		inserter->parameters[inserter->n++] = i;
		appendStringInfo(&names, ", %s", quote_identifier(NameStr(column->attname)));
		appendStringInfo(&places, ", $%d", first + inserter->n);
	}
	inserter->plan = SPI_prepare(psprintf("INSERT INTO personalization.%s (%s) VALUES (%s)"
										  " ON CONFLICT DO NOTHING",
										  table->name, names.data, places.data),
								 first + inserter->n, types);
	if (inserter->plan == NULL)
		elog(ERROR, "could not prepare to insert into %s: %s", table->name,
			 SPI_result_code_string(SPI_result));
}

/* Returns the name of a column in the document. */
static const char *
name_in_document(const Rows *rows, const char *column)
{
	for (int i = 0; i < rows->nnames; i++)
	{
		if (strcmp(rows->names[i].to, column) == 0)
			return rows->names[i].from;
	}
	return column;
}

/* Returns a member of a row for a column, or NULL if it is absent or null. */
static JsonbValue *
column_value(const TenantTable *table, const Jsonb *row, const char *column, JsonbValue *space)
{
	for (size_t i = 0; i < lengthof(table->null_columns); i++)
	{
		if (table->null_columns[i] != NULL && strcmp(table->null_columns[i], column) == 0)
			return getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &row->root), column,
												(int) strlen(column), space);
	}
	return json_member(&row->root, column, space);
}

/* Converts the row's values; *path becomes the place of the present one. */
static void
insert_row(const Import *import, const Import *checks, const Inserter *inserter, const Jsonb *row,
		   const char *row_path, const char **path)
{
	int first = inserter->has_user ? 2 : 1;
	Datum *values = palloc((inserter->n + 2) * sizeof(Datum));
	char *nulls = palloc(inserter->n + 2);
	OwnerScope scope;
	int result;

	values[0] = CStringGetTextDatum(import->tenant_id);
	values[1] = CStringGetTextDatum(import->user_id);
	nulls[0] = nulls[1] = ' ';
	if (inserter->missing != NULL)
		import_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s.%s is missing", row_path,
					 name_in_document(inserter->rows, inserter->missing));
	for (int i = 0; i < inserter->n; i++)
	{
		Form_pg_attribute column = TupleDescAttr(inserter->columns, inserter->parameters[i]);
		const char *name = NameStr(column->attname);
		JsonbValue space;
		JsonbValue *found = column_value(inserter->table, row, name, &space);
		Oid element = get_element_type(column->atttypid);

		*path = psprintf("%s.%s", row_path, name_in_document(inserter->rows, name));
		nulls[first + i] = found == NULL ? 'n' : ' ';
		values[first + i] = (Datum) 0;
		if (found == NULL)
		{
			if (column->attnotnull)
				import_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s is missing", *path);
		}
		else if (OidIsValid(element))
			values[first + i] = import_array(checks, name, found, element, *path);
		else
			values[first + i] = import_scalar(checks, name, found, column->atttypid, *path);

		/* Nothing has arrived before the first position, nor in the future. */
		if (inserter->is_inbox && strcmp(name, "position") == 0 && found != NULL &&
			(DatumGetInt64(values[first + i]) < 0 ||
			 DatumGetInt64(values[first + i]) > arrival_position()))
			values[first + i] = Int64GetDatum(arrival_position());
	}
	*path = row_path;

	/* The order of arrival in the inbox is not the caller's to choose, but is kept. */
	if (inserter->is_inbox)
		owner_begin(&scope);
	result = SPI_execute_plan(inserter->plan, values, nulls, false, 0);
	if (inserter->is_inbox)
		owner_end(&scope);
	if (result < 0)
		elog(ERROR, "could not insert a row: %s", SPI_result_code_string(SPI_result));
	if (SPI_processed == 0)
		import_error(ERRCODE_UNIQUE_VIOLATION, "Identifiers must be unique within a tenant.",
					 "%s duplicates an existing key", row_path);
}

/* Whether a message begins with a place in the document, whose private part is in the detail. */
static bool
has_place(const char *message, const char *path)
{
	Fault place;

	(void) fault_set(&place, 0, NULL, "%s", path);
	if (place.summary == NULL)
		place.summary = place.message;
	return strncmp(message, place.summary, strlen(place.summary)) == 0;
}

/*
 * Inserts a row.  The error of a type or a constraint does not contain the
 * place in the document, and shows the row, so it is replaced.
 */
static void
insert_row_with_path(const Import *import, const Import *checks, const Inserter *inserter,
					 const Jsonb *row, const char *row_path)
{
	MemoryContext context = CurrentMemoryContext;
	const char **path = palloc(sizeof(char *));

	*path = row_path;
	PG_TRY();
	{
		insert_row(import, checks, inserter, row, row_path, path);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION ||
			has_place(error->message, row_path))
			PG_RE_THROW();
		FlushErrorState();
		import_error(error->sqlerrcode, error->hint, "%s: %.*s", *path,
					 pg_mbcliplen(error->message, (int) strlen(error->message), 200),
					 error->message);
	}
	PG_END_TRY();
}

uint64
import_count(const Import *import, TenantTable *table)
{
	Datum values[] = {CStringGetTextDatum(import->tenant_id), CStringGetTextDatum(import->user_id)};

	return statement_execute(&table->select_user, values, NULL, SNAPSHOT_NEW);
}

void
import_rows(const Import *import, TenantTable *table, const Rows *rows)
{
	Relation relation;
	Inserter inserter;
	MemoryContext row_context;

	if (rows->n == 0)
		return;
	relation =
		table_open(get_relname_relid(table->name, extension_objects()->schema), AccessShareLock);
	prepare_inserter(table, rows, RelationGetDescr(relation), &inserter);
	row_context =
		AllocSetContextCreate(CurrentMemoryContext, "row of a document", ALLOCSET_DEFAULT_SIZES);
	for (int row = 0; row < rows->n; row++)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);

		CHECK_FOR_INTERRUPTS();
		insert_row_with_path(import, table->unchecked ? NULL : import, &inserter, rows->items[row],
							 rows->paths[row]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	table_close(relation, NoLock);
	SPI_freeplan(inserter.plan);
}

TenantTable *
import_table(const JsonbValue *name)
{
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];

		if (table->of_users && table->carried &&
			strlen(table->name) == (size_t) name->val.string.len &&
			memcmp(table->name, name->val.string.val, name->val.string.len) == 0)
			return table;
	}
	import_error(ERRCODE_INVALID_PARAMETER_VALUE,
				 "The document may have been exported by a later version of the extension.",
				 "unrecognized table %s in data",
				 private_name(name->val.string.val, name->val.string.len));
}
