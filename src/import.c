/*
 * import.c
 *		import_user(): a user's data out of a document.
 *
 * The document may come from anywhere.  It names tables and columns only among
 * those that we know, never a tenant or a user to write for, and every value
 * goes through its column's type and through the checks that learning makes.
 * The rows are written with the rights of the caller.
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "arguments.h"
#include "audit.h"
#include "cache.h"
#include "jsonutil.h"
#include "preferences.h"
#include "privacy.h"
#include "queries.h"
#include "tenancy.h"
#include "tenant_data.h"

PG_FUNCTION_INFO_V1(personalization_import_user);

/* A member under another name. */
typedef struct Renamed
{
	const char *from;
	const char *to;
} Renamed;

/* Rows for a table, each with its place in the document. */
typedef struct Rows
{
	int n;
	Jsonb **items;
	const char **paths;

	/* The document's names of columns that it calls otherwise than the table does. */
	const Renamed *names;
	int nnames;
} Rows;

/* Whose rows they are. */
typedef struct Import
{
	const char *tenant_id;
	const char *user_id;
	TimestampTz now;
	const char *time_zone; /* the tenant's */
} Import;

static void wrong(int sqlstate, const char *hint, const char *format, ...) pg_attribute_printf(3, 4)
	pg_attribute_noreturn();

static void
wrong(int sqlstate, const char *hint, const char *format, ...)
{
	va_list args;
	char text[2048];

	va_start(args, format);
	(void) vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ereport(ERROR, (errcode(sqlstate), errmsg("%s", text), hint != NULL ? errhint("%s", hint) : 0));
}

/* ---------------------------------------------------------------- a value */

/* What learning would not have stored. */
static void
check_value(const Import *import, const char *column, Oid type, Datum value, const char *path)
{
	Fault fault;

	switch (type)
	{
		case FLOAT8OID:
			if (!(DatumGetFloat8(value) >= 0 && DatumGetFloat8(value) <= 1))
				wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be between 0 and 1", path);
			return;
		case INT4OID:
			if (DatumGetInt32(value) < 0)
				wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must not be negative", path);
			return;
		case INT8OID:
			if (DatumGetInt64(value) < 0)
				wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must not be negative", path);
			return;
		case TIMESTAMPTZOID:
			if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
				wrong(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, NULL, "%s must be finite", path);
			if (strncmp(column, "expires", 7) != 0 &&
				DatumGetTimestampTz(value) > import->now + MAX_CLOCK_SKEW)
				wrong(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
					  "It may be at most five minutes ahead of the server's clock.",
					  "%s is in the future", path);
			return;
		case TEXTOID:
			if (strcmp(column, "key") == 0 || strcmp(column, "keys") == 0)
			{
				int len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));

				if (len == 0 || len > MAX_KEY_LENGTH)
					wrong(ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "%s must have 1 to %d bytes", path,
						  MAX_KEY_LENGTH);
			}
			else if (strcmp(column, "domain_expertise") == 0 &&
					 !check_id(path, VARDATA_ANY(DatumGetPointer(value)),
							   VARSIZE_ANY_EXHDR(DatumGetPointer(value)), &fault))
				fault_raise(&fault, -1);
			return;
		case JSONBOID:
			if (strcmp(column, "value") == 0 && VARSIZE(DatumGetPointer(value)) > MAX_VALUE_SIZE)
				wrong(ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "%s is too large: %zu bytes", path,
					  (size_t) VARSIZE(DatumGetPointer(value)));
			return;
		default:
			return;
	}
}

/* A scalar as the text that its type's input function reads. */
static char *
scalar_text(const JsonbValue *value, const char *path)
{
	switch (value->type)
	{
		case jbvString:
			if (value->val.string.len > max_payload)
				wrong(ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL, "%s is too large: %d bytes", path,
					  value->val.string.len);
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be a single value", path);
	}
}

static Datum
scalar_datum(const Import *import, const char *column, const JsonbValue *value, Oid type,
			 const char *path)
{
	Datum datum;

	if (type == JSONBOID)
	{
		Jsonb *document = JsonbValueToJsonb(unconstify(JsonbValue *, value));
		Fault fault;

		if (!check_payload(path, document, &fault))
			fault_raise(&fault, -1);
		datum = JsonbPGetDatum(document);
	}
	else
	{
		Oid input;
		Oid parameter;

		getTypeInputInfo(type, &input, &parameter);
		datum = OidInputFunctionCall(input, scalar_text(value, path), parameter, -1);
	}
	if (import != NULL)
		check_value(import, column, type, datum, path);
	return datum;
}

static Datum
array_datum(const Import *import, const char *column, const JsonbValue *value, Oid element,
			const char *path)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue item;
	Datum *items;
	bool *nulls;
	int dims[1];
	int lower[1] = {1};
	int n = 0;
	int16 length;
	bool by_value;
	char align;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an array", path);
	items = palloc((JsonContainerSize(value->val.binary.data) + 1) * sizeof(Datum));
	nulls = palloc(JsonContainerSize(value->val.binary.data) + 1);
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		nulls[n] = item.type == jbvNull;
		if (nulls[n] && element != JSONBOID)
			wrong(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s[%d] must not be null", path, n);
		items[n] = nulls[n]
					   ? (Datum) 0
					   : scalar_datum(import, column, &item, element, psprintf("%s[%d]", path, n));
		n++;
	}
	if (n == 0)
		return PointerGetDatum(construct_empty_array(element));
	get_typlenbyvalalign(element, &length, &by_value, &align);
	dims[0] = n;
	return PointerGetDatum(
		construct_md_array(items, nulls, 1, dims, lower, element, length, by_value, align));
}

/* ---------------------------------------------------------------- a table */

/* A statement that inserts one row, and what its parameters are. */
typedef struct Inserter
{
	TupleDesc columns;
	int n;
	int parameters[MaxTupleAttributeNumber]; /* attribute of each, from 0 */
	SPIPlanPtr plan;
	bool has_user;
	const Rows *rows;
	const char *missing; /* a column that no row has and that has to be there, or NULL */
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

/* tenant_id and user_id are ours to say. */
static bool
is_owner_column(const char *column)
{
	return strcmp(column, "tenant_id") == 0 || strcmp(column, "user_id") == 0;
}

/* The columns that any row names; the others get their defaults. */
static void
collect_columns(const Rows *rows, TupleDesc columns, bool *given)
{
	for (int row = 0; row < rows->n; row++)
	{
		JsonbIterator *it;
		JsonbIteratorToken token;
		JsonbValue name;

		if (!JB_ROOT_IS_OBJECT(rows->items[row]))
			wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an object", rows->paths[row]);
		it = JsonbIteratorInit(&rows->items[row]->root);
		while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
		{
			int column;

			if (token != WJB_KEY)
				continue;
			column = find_column(columns, &name);
			if (column < 0 || is_owner_column(NameStr(TupleDescAttr(columns, column)->attname)))
				wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s has an unknown column \"%s\"",
					  rows->paths[row], clipped(name.val.string.val, name.val.string.len));
			given[column] = true;
		}
	}
}

static void
prepare_inserter(const char *table, const Rows *rows, TupleDesc columns, Inserter *inserter)
{
	bool *given = palloc0(columns->natts);
	Oid *types = palloc((columns->natts + 2) * sizeof(Oid));
	StringInfoData names;
	StringInfoData places;
	int first;

	inserter->columns = columns;
	inserter->n = 0;
	inserter->has_user = false;
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
										  table, names.data, places.data),
								 first + inserter->n, types);
	if (inserter->plan == NULL)
		elog(ERROR, "could not prepare the insertion into %s: %s", table,
			 SPI_result_code_string(SPI_result));
}

/* What the document calls a column. */
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

/* The row's values; *path becomes the place of the one at hand. */
static void
insert_row(const Import *import, const Import *checks, const Inserter *inserter, const Jsonb *row,
		   const char *row_path, const char **path)
{
	int first = inserter->has_user ? 2 : 1;
	Datum *values = palloc((inserter->n + 2) * sizeof(Datum));
	char *nulls = palloc(inserter->n + 2);

	values[0] = CStringGetTextDatum(import->tenant_id);
	values[1] = CStringGetTextDatum(import->user_id);
	nulls[0] = nulls[1] = ' ';
	if (inserter->missing != NULL)
		wrong(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s.%s is missing", row_path,
			  name_in_document(inserter->rows, inserter->missing));
	for (int i = 0; i < inserter->n; i++)
	{
		Form_pg_attribute column = TupleDescAttr(inserter->columns, inserter->parameters[i]);
		const char *name = NameStr(column->attname);
		JsonbValue space;
		JsonbValue *found = json_member(&row->root, name, &space);
		Oid element = get_element_type(column->atttypid);

		*path = psprintf("%s.%s", row_path, name_in_document(inserter->rows, name));
		nulls[first + i] = found == NULL ? 'n' : ' ';
		values[first + i] = (Datum) 0;
		if (found == NULL)
		{
			if (column->attnotnull)
				wrong(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s is missing", *path);
		}
		else if (OidIsValid(element))
			values[first + i] = array_datum(checks, name, found, element, *path);
		else
			values[first + i] = scalar_datum(checks, name, found, column->atttypid, *path);
	}
	*path = row_path;
	if (SPI_execute_plan(inserter->plan, values, nulls, false, 0) < 0)
		elog(ERROR, "could not insert: %s", SPI_result_code_string(SPI_result));
	if (SPI_processed == 0)
		wrong(ERRCODE_UNIQUE_VIOLATION, "Identifiers may be used once in a tenant.",
			  "%s has a key that is taken", row_path);
}

/*
 * Inserts a row.  An error of a type or a constraint does not say where in the
 * document it is, and shows the row: so it is told anew.
 */
static void
insert_row_telling(const Import *import, const Import *checks, const Inserter *inserter,
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
			strncmp(error->message, row_path, strlen(row_path)) == 0)
			PG_RE_THROW();
		FlushErrorState();
		ereport(ERROR, (errcode(error->sqlerrcode),
						errmsg("%s: %.*s", *path,
							   pg_mbcliplen(error->message, (int) strlen(error->message), 200),
							   error->message),
						error->hint != NULL ? errhint("%s", error->hint) : 0));
	}
	PG_END_TRY();
}

/* The rows of a table that are the user's now. */
static uint64
count_rows(const Import *import, TenantTable *table)
{
	Datum values[] = {CStringGetTextDatum(import->tenant_id), CStringGetTextDatum(import->user_id)};

	return statement_run(&table->select_user, values, NULL);
}

static void
insert_rows(const Import *import, TenantTable *table, const Rows *rows)
{
	Relation relation;
	Inserter inserter;
	MemoryContext row_context;

	if (rows->n == 0)
		return;
	relation =
		table_open(get_relname_relid(table->name, extension_objects()->schema), AccessShareLock);
	prepare_inserter(table->name, rows, RelationGetDescr(relation), &inserter);
	row_context =
		AllocSetContextCreate(CurrentMemoryContext, "row of a document", ALLOCSET_DEFAULT_SIZES);
	for (int row = 0; row < rows->n; row++)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);

		CHECK_FOR_INTERRUPTS();
		insert_row_telling(import, table->unchecked ? NULL : import, &inserter, rows->items[row],
						   rows->paths[row]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	table_close(relation, NoLock);
	SPI_freeplan(inserter.plan);
}

/* ---------------------------------------------------------------- our own documents */

static TenantTable *
find_table(const JsonbValue *name)
{
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];

		if (table->of_users && table->carried &&
			strlen(table->name) == (size_t) name->val.string.len &&
			memcmp(table->name, name->val.string.val, name->val.string.len) == 0)
			return table;
	}
	wrong(ERRCODE_INVALID_PARAMETER_VALUE,
		  "The document may be of a later version of the extension.",
		  "unknown table \"%s\" in data", clipped(name->val.string.val, name->val.string.len));
}

static Rows
rows_of(const char *table, const JsonbValue *value)
{
	Rows rows = {0};
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue item;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "data.%s must be an array", table);
	rows.items = palloc((JsonContainerSize(value->val.binary.data) + 1) * sizeof(Jsonb *));
	rows.paths = palloc((JsonContainerSize(value->val.binary.data) + 1) * sizeof(char *));
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		rows.items[rows.n] = JsonbValueToJsonb(&item);
		rows.paths[rows.n] = psprintf("data.%s[%d]", table, rows.n);
		rows.n++;
	}
	return rows;
}

/* Inserts what the document holds, and returns the number of rows by table. */
static Jsonb *
import_tables(const Import *import, const JsonbContainer *data)
{
	int64 *counts = palloc0(tenant_tables_n * sizeof(int64));
	JsonbParseState *state = NULL;
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, data));
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		TenantTable *table;
		Rows rows;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		table = find_table(&name);
		rows = rows_of(table->name, &value);
		insert_rows(import, table, &rows);
		counts[table - tenant_tables] = rows.n;
	}

	/* A row may belong to a user by what it refers to: then that must be his. */
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];

		if (!table->of_users || !table->carried)
			continue;
		if (counts[i] > 0 && (int64) count_rows(import, table) != counts[i])
			wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL,
				  "data.%s has rows that are not of user_id \"%s\"", table->name, import->user_id);
		json_push_int(&state, table->name, counts[i]);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* ---------------------------------------------------------------- profile documents */

/*
 * A profile as the service before kept it, and as get_profile() returns it:
 * without what was asked apart from the history, and with one value for a
 * preference.  A document of get_profile() says in trait_sources which traits
 * were set; in one that does not, a trait with the service's default counts as
 * not set.
 */

static Jsonb *
renamed_members(const JsonbContainer *object, const Renamed *names, int n)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue value;
		JsonbValue *found = json_member(object, names[i].from, &value);

		if (found == NULL)
			continue;
		json_push_key(&state, names[i].to);
		(void) pushJsonbValue(&state, WJB_VALUE, found);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* The member name of the document, an object or array; NULL where it is absent. */
static JsonbContainer *
container_member(const Jsonb *document, const char *name, bool array)
{
	JsonbValue value;
	JsonbValue *found = json_member(&document->root, name, &value);

	if (found == NULL)
		return NULL;
	if (found->type != jbvBinary || JsonContainerIsArray(found->val.binary.data) != array)
		wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an %s", name,
			  array ? "array" : "object");
	return found->val.binary.data;
}

static Rows
rows_for(const JsonbContainer *container, const Renamed *names, int nnames)
{
	Rows rows = {0};
	size_t size = container == NULL ? 1 : JsonContainerSize(container) + 1;

	rows.items = palloc(size * sizeof(Jsonb *));
	rows.paths = palloc(size * sizeof(char *));
	rows.names = names;
	rows.nnames = nnames;
	return rows;
}

/* A number member; 1, which is in every range, where there is none. */
static double
number_member(const JsonbContainer *object, const char *name)
{
	JsonbValue value;
	JsonbValue *found = json_member(object, name, &value);
	double number;

	return found != NULL && found->type == jbvNumeric && json_number(found, &number) ? number : 1;
}

static Rows
profile_preferences(const Jsonb *document)
{
	static const Renamed names[] = {{"category", "category"},
									{"key", "key"},
									{"value", "value"},
									{"confidence", "confidence"},
									{"observation_count", "observation_count"},
									{"last_updated", "last_updated"}};
	JsonbContainer *preferences = container_member(document, "preferences", false);
	Rows rows = rows_for(preferences, names, lengthof(names));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;
	JsonbValue ignored;

	if (preferences == NULL)
		return rows;
	it = JsonbIteratorInit(preferences);
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		const char *path;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		path = psprintf("preferences.\"%s\"", clipped(name.val.string.val, name.val.string.len));
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an object", path);

		/* No value, no confidence: that prefers nothing. */
		if (json_member(value.val.binary.data, "value", &ignored) == NULL ||
			number_member(value.val.binary.data, "confidence") == 0)
			continue;
		rows.paths[rows.n] = path;
		rows.items[rows.n++] = renamed_members(value.val.binary.data, names, lengthof(names));
	}
	return rows;
}

static Rows
profile_interactions(const Jsonb *document)
{
	static const Renamed names[] = {{"id", "interaction_id"},
									{"interaction_type", "interaction_type"},
									{"timestamp", "occurred_at"},
									{"data", "data"},
									{"feedback", "feedback"}};
	JsonbContainer *history = container_member(document, "interaction_history", true);
	Rows rows = rows_for(history, names, lengthof(names));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;
	int n = 0;

	if (history == NULL)
		return rows;
	it = JsonbIteratorInit(history);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		rows.paths[rows.n] = psprintf("interaction_history[%d]", n++);
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an object",
				  rows.paths[rows.n]);
		rows.items[rows.n++] = renamed_members(value.val.binary.data, names, lengthof(names));
	}
	return rows;
}

/* Whether a trait is one that somebody set. */
static bool
trait_is_set(const Jsonb *document, const char *trait, const JsonbValue *value)
{
	JsonbContainer *sources = container_member(document, "trait_sources", false);

	if (sources != NULL)
	{
		char *source;

		return json_text_member(sources, trait, &source) && source != NULL &&
			   strcmp(source, "set") == 0;
	}
	if (strcmp(trait, "domain_expertise") == 0)
		return value->type != jbvBinary || JsonContainerSize(value->val.binary.data) > 0;
	return value->type != jbvString ||
		   find_name((const char *const[]){"intermediate", "detailed"}, 2, value->val.string.val,
					 value->val.string.len) < 0;
}

static Rows
profile_traits(const Import *import, const Jsonb *document)
{
	static const char *const traits[] = {"skill_level", "domain_expertise", "communication_style"};
	static const char *const times[] = {"created_at", "updated_at"};
	Rows rows = rows_for(NULL, NULL, 0);
	JsonbParseState *state = NULL;
	JsonbValue value;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < lengthof(traits); i++)
	{
		JsonbValue *found = json_member(&document->root, traits[i], &value);

		if (found == NULL || !trait_is_set(document, traits[i], found))
			continue;
		json_push_key(&state, traits[i]);
		(void) pushJsonbValue(&state, WJB_VALUE, found);
	}
	for (size_t i = 0; i < lengthof(times); i++)
	{
		JsonbValue *found = json_member(&document->root, times[i], &value);

		if (found == NULL)
			json_push_time(&state, times[i], import->now);
		else
		{
			json_push_key(&state, times[i]);
			(void) pushJsonbValue(&state, WJB_VALUE, found);
		}
	}
	rows.items[0] = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	rows.paths[0] = "document";
	rows.n = 1;
	return rows;
}

/* Counts the queries of an imported history, as learning them would have. */
static Statement select_queries =
	STATEMENT("SELECT data, occurred_at, interaction_id FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND interaction_type = 'query'"
			  " ORDER BY occurred_at, interaction_id",
			  "text text");

/* Documents of others do not say which query an interaction is. */
static Statement identify_queries =
	STATEMENT("UPDATE personalization.interactions SET query_id = personalization.query_id(data)"
			  " WHERE tenant_id = $1 AND user_id = $2 AND interaction_type = 'query'",
			  "text text");

/* The tenant's statistics count what came in, like what is learned. */
static Statement queue_queries =
	STATEMENT("INSERT INTO personalization.query_events"
			  " (tenant_id, user_id, query_id, interaction_id, occurred_at, is_first)"
			  " SELECT tenant_id, user_id, query_id, interaction_id, occurred_at, row_number() OVER"
			  "  (PARTITION BY query_id ORDER BY occurred_at, interaction_id) = 1"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND query_id IS NOT NULL"
			  " ORDER BY occurred_at, interaction_id",
			  "text text");

static uint64
count_queries(const Import *import)
{
	Datum values[] = {CStringGetTextDatum(import->tenant_id), CStringGetTextDatum(import->user_id)};
	AskedQueries *asked = asked_queries_begin(import->time_zone);
	uint64 nrows = statement_run(&select_queries, values, NULL);

	for (uint64 row = 0; row < nrows; row++)
	{
		Jsonb *data = DatumGetJsonbP(result_value(row, 1, NULL));
		QueryText query;
		pg_uuid_t id;
		Fault fault;

		if (!query_decode(&data->root, &query, &fault))
			wrong(fault.sqlstate, fault.hint, "interaction_history: %s", fault.message);
		if (query_identify(&query, &id))
			asked_queries_add(asked, import->user_id, &query, &id,
							  DatumGetUUIDP(result_value(row, 3, NULL)), data,
							  DatumGetTimestampTz(result_value(row, 2, NULL)));
	}
	(void) statement_run(&identify_queries, values, NULL);
	asked_queries_store(asked, import->tenant_id, false);
	return nrows == 0 ? 0 : SPI_processed;
}

static Jsonb *
import_profile(const Import *import, const Jsonb *document)
{
	const struct
	{
		const char *table;
		Rows rows;
	} parts[] = {{"preferences", profile_preferences(document)},
				 {"interactions", profile_interactions(document)},
				 {"profiles", profile_traits(import, document)}};
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < lengthof(parts); i++)
	{
		JsonbValue name;

		name.type = jbvString;
		name.val.string.val = unconstify(char *, parts[i].table);
		name.val.string.len = strlen(parts[i].table);
		insert_rows(import, find_table(&name), &parts[i].rows);
		json_push_int(&state, parts[i].table, parts[i].rows.n);
	}
	json_push_int(&state, "user_queries", (int64) count_queries(import));
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* ---------------------------------------------------------------- the document */

static char *
text_of(const Jsonb *document, const char *name)
{
	char *text;

	if (!json_text_member(&document->root, name, &text))
		wrong(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s of the document must be text", name);
	return text;
}

/* Checks what the document says it is; whether it is one of ours. */
static bool
check_document(const Jsonb *document, Import *import)
{
	char *format;
	char *tenant_id;
	char *user_id;
	Fault fault;

	if (!JB_ROOT_IS_OBJECT(document))
		wrong(ERRCODE_INVALID_PARAMETER_VALUE, "Pass what personalization.export_user() returned.",
			  "document must be a JSON object");
	format = text_of(document, "format");
	if (format != NULL && strcmp(format, EXPORT_FORMAT) != 0)
		wrong(ERRCODE_INVALID_PARAMETER_VALUE,
			  "Documents are read that say \"" EXPORT_FORMAT "\", and profile documents, which say "
			  "nothing.",
			  "unknown format \"%s\"", clipped(format, strlen(format)));
	tenant_id = text_of(document, "tenant_id");
	if (tenant_id == NULL)
		wrong(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "tenant_id of the document is missing");
	if (strcmp(tenant_id, import->tenant_id) != 0)
		wrong(ERRCODE_INVALID_PARAMETER_VALUE,
			  "Change tenant_id in the document if the user is to move to another tenant.",
			  "the document is of another tenant");
	user_id = text_of(document, "user_id");
	if (user_id == NULL)
		wrong(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "user_id of the document is missing");
	if (!check_id("user_id of the document", user_id, strlen(user_id), &fault))
		fault_raise(&fault, -1);
	import->user_id = user_id;
	return format != NULL;
}

Datum
personalization_import_user(PG_FUNCTION_ARGS)
{
	Import import = {.tenant_id = tenant_argument(fcinfo, 0), .now = GetCurrentTimestamp()};
	Jsonb *document;
	bool ours;
	TenantSettings settings;
	uint32 key;
	JsonbContainer *data;
	OwnerScope scope;
	Jsonb *counts;

	/* Not by max_payload: it holds many payloads, each of which is. */
	require_argument(fcinfo, 1, "document");
	document = PG_GETARG_JSONB_P(1);
	prevent_if_read_only("import_user()");
	ours = check_document(document, &import);

	SPI_connect();
	key = user_lock_key(import.tenant_id, import.user_id);
	lock_users(import.tenant_id, &key, 1);
	tenant_check_current(import.tenant_id);
	tenant_require(import.tenant_id, &settings, true);
	import.time_zone = settings.time_zone;
	if (tenant_data_knows_user(import.tenant_id, import.user_id, true))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("user \"%s\" is known already", import.user_id),
				 errhint("A user is imported as a whole. Call personalization.forget_user() first "
						 "to replace him.")));
	if (!ours)
		counts = import_profile(&import, document);
	else
	{
		data = container_member(document, "data", false);
		if (data == NULL)
			wrong(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "data of the document is missing");
		counts = import_tables(&import, data);
	}

	/* When evidence expires is as the settings here have it: whatever the caller wrote. */
	owner_begin(&scope);
	preferences_reschedule(import.tenant_id, import.user_id,
						   tenant_existing(import.tenant_id, true));
	owner_end(&scope);
	if (settings.suggestions)
	{
		Datum values[] = {CStringGetTextDatum(import.tenant_id),
						  CStringGetTextDatum(import.user_id)};

		(void) statement_run(&queue_queries, values, NULL);
	}
	cache_profile_changed(import.tenant_id, import.user_id);
	audit("import_user", import.tenant_id, import.user_id, NULL, NULL);
	counts = json_keep(counts);
	SPI_finish();
	PG_RETURN_JSONB_P(counts);
}
