/*
 * tenant_stream.c
 *		export_tenant() and import_tenant(): a tenant as a stream of JSON
 *		lines, if rows cannot be replicated.
 *
 *		The first line contains the tenant's name and its own row.  Each of
 *		the following lines contains some rows of one table, and the last line
 *		the number of rows of each table.  The value of a column is its text
 *		as written by PostgreSQL, which is complete; jsonb columns are
 *		included as JSON, and omitted if they are null.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "admin/move.h"
#include "admin/tenant_data.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "tenancy/audit.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

#define STREAM_FORMAT "personalization tenant/1"

/*
 * A line ends after this number of rows, or after the row with which it
 * exceeds this size in bytes.
 */
#define LINE_ROWS 100
#define LINE_BYTES (256 * 1024)

/* The statements of a table, built from its columns. */
typedef struct TableStream
{
	Statement select; /* returns its rows, as objects; $1 the tenant */
	Statement insert; /* $1 the tenant, $2 an array of such objects */
} TableStream;

static Statement select_version = STATEMENT("SELECT extversion"
											" FROM pg_catalog.pg_extension"
											" WHERE extname = '" EXTENSION_NAME "'",
											"");

static Statement select_tenant_row = STATEMENT("SELECT settings, created_at::text, updated_at::text"
											   " FROM personalization.tenants"
											   " WHERE tenant_id = $1",
											   "text");

enum
{
	ROW_SETTINGS = 1,
	ROW_CREATED_AT,
	ROW_UPDATED_AT
};

PG_FUNCTION_INFO_V1(personalization_export_tenant);
PG_FUNCTION_INFO_V1(personalization_import_tenant);

/* ---------------------------------------------------------------- the statements */

static char *
version(ReadAs as)
{
	if (statement_execute(&select_version, NULL, NULL, as) == 0)
		elog(ERROR, "extension " EXTENSION_NAME " does not exist");
	return result_text(0, ONLY_COLUMN);
}

/* Appends a column to the two statements. */
static void
add_column(Form_pg_attribute column, StringInfo names, StringInfo texts, StringInfo documents,
		   StringInfo columns, StringInfo values)
{
	const char *name = NameStr(column->attname);
	char *literal = quote_literal_cstr(name);
	const char *identifier = quote_identifier(name);

	appendStringInfo(columns, ", %s", identifier);
	if (column->atttypid == JSONBOID)
	{
		appendStringInfo(documents,
						 " || CASE WHEN t.%s IS NULL THEN '{}'"
						 " ELSE jsonb_build_object(%s, t.%s) END",
						 identifier, literal, identifier);
		appendStringInfo(values, ", r -> %s", literal);
		return;
	}
	appendStringInfo(names, "%s%s", names->len == 0 ? "" : ", ", literal);
	appendStringInfo(texts, "%st.%s::text", texts->len == 0 ? "" : ", ", identifier);
	appendStringInfo(values, ", (r ->> %s)::%s", literal,
					 format_type_extended(column->atttypid, -1, FORMAT_TYPE_FORCE_QUALIFY));
}

static void
build(const char *table, TableStream *stream)
{
	Relation relation =
		table_open(get_relname_relid(table, extension_objects()->schema), AccessShareLock);
	TupleDesc desc = RelationGetDescr(relation);
	StringInfoData names, texts, documents, columns, values;
	MemoryContext old;

	initStringInfo(&names);
	initStringInfo(&texts);
	initStringInfo(&documents);
	initStringInfo(&columns);
	initStringInfo(&values);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), "tenant_id") != 0)
			add_column(column, &names, &texts, &documents, &columns, &values);
	}
	table_close(relation, NoLock);

	memset(stream, 0, sizeof(*stream));
	old = MemoryContextSwitchTo(TopMemoryContext);
	stream->select.sql = psprintf("SELECT jsonb_object(ARRAY[%s], ARRAY[%s])%s"
								  " FROM personalization.%s t WHERE t.tenant_id = $1",
								  names.data, texts.data, documents.data, table);
	stream->select.parameters = "text";
	stream->insert.sql = psprintf("INSERT INTO personalization.%s (tenant_id%s)"
								  " SELECT $1%s FROM jsonb_array_elements($2) AS r",
								  table, columns.data, values.data);
	stream->insert.parameters = "text jsonb";
	MemoryContextSwitchTo(old);
}

/* Returns the statements of a table, by its index in tenant_tables. */
static TableStream *
stream_of(int table)
{
	static TableStream *streams = NULL;
	static uint64 generation = 0;

	if (streams == NULL)
		streams = MemoryContextAllocZero(TopMemoryContext, tenant_tables_n * sizeof(TableStream));
	if (generation != extension_objects()->generation)
	{
		/*
		 * Build them again for another extension, because the objects of the
		 * old one may not exist any more.
		 */
		for (int i = 0; i < tenant_tables_n; i++)
			streams[i].select.sql = NULL;
		generation = extension_objects()->generation;
	}
	if (streams[table].select.sql == NULL)
		build(tenant_tables[table].name, &streams[table]);
	return &streams[table];
}

/* ---------------------------------------------------------------- out */

typedef struct Output
{
	ReturnSetInfo *result;
	MemoryContext line; /* for one line */
} Output;

static void
put_line(Output *output, JsonbParseState **state)
{
	Datum value = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(state, WJB_END_OBJECT, NULL)));
	bool isnull = false;

	tuplestore_putvalues(output->result->setResult, output->result->setDesc, &value, &isnull);
	MemoryContextReset(output->line);
	*state = NULL;
}

static void
put_header(Output *output, const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "format", STREAM_FORMAT);
	json_push_text(&state, "version", version(SNAPSHOT_CALLER));
	json_push_text(&state, "tenant_id", tenant_id);
	if (statement_execute(&select_tenant_row, values, NULL, SNAPSHOT_CALLER) == 0)
		elog(ERROR, "tenant does not exist any more");
	json_push_jsonb(&state, "settings", result_jsonb(0, ROW_SETTINGS));
	json_push_text(&state, "created_at", result_text(0, ROW_CREATED_AT));
	json_push_text(&state, "updated_at", result_text(0, ROW_UPDATED_AT));
	put_line(output, &state);
}

/* Writes the rows that were fetched to lines. */
static void
put_rows(Output *output, const char *table)
{
	SPITupleTable *rows = SPI_tuptable;
	uint64 nrows = SPI_processed;
	uint64 row = 0;

	while (row < nrows)
	{
		JsonbParseState *state = NULL;
		Size bytes = 0;

		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(&state, "table", table);
		json_push_key(&state, "rows");
		(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		for (; row < nrows && bytes < LINE_BYTES; row++)
		{
			Jsonb *object = result_jsonb(row, ONLY_COLUMN);

			bytes += VARSIZE(object);
			json_push_jsonb(&state, NULL, object);
		}
		(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
		put_line(output, &state);
	}
	SPI_freetuptable(rows);
}

/* Returns the number of rows. */
static int64
put_table(Output *output, int table, const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	Portal cursor = statement_cursor(&stream_of(table)->select, values, NULL, SNAPSHOT_CALLER);
	int64 n = 0;

	do
	{
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(cursor, true, LINE_ROWS);
		n += (int64) SPI_processed;
		if (SPI_processed == 0)
			break;
		old = MemoryContextSwitchTo(output->line);
		put_rows(output, tenant_tables[table].name);
		MemoryContextSwitchTo(old);
	} while (true);
	SPI_cursor_close(cursor);
	return n;
}

Datum
personalization_export_tenant(PG_FUNCTION_ARGS)
{
	Output output = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	char *tenant_id;
	JsonbParseState *state = NULL;
	int64 *counts = palloc(tenant_tables_n * sizeof(int64));

	require_administrator("export_tenant");
	tenant_id = tenant_argument(fcinfo, 0);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	SPI_connect();
	output.line = AllocSetContextCreate(CurrentMemoryContext, "personalization export_tenant",
										ALLOCSET_DEFAULT_SIZES);
	(void) tenant_existing(tenant_id, SNAPSHOT_CALLER);
	put_header(&output, tenant_id);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		if (strcmp(tenant_tables[i].name, "tenants") != 0)
			counts[i] = put_table(&output, i, tenant_id);
	}
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_key(&state, "end");
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		if (strcmp(tenant_tables[i].name, "tenants") != 0)
			json_push_int(&state, tenant_tables[i].name, counts[i]);
	}
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	put_line(&output, &state);
	SPI_finish();
	return (Datum) 0;
}

/* ---------------------------------------------------------------- in */

static void
line_error(const char *message)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid line: %s", message),
			 errhint("Pass each line of personalization.export_tenant() once, in their order.")));
}

static Jsonb *
member(const Jsonb *line, const char *name)
{
	JsonbValue value;
	JsonbValue *found = json_member(&line->root, name, &value);

	return found == NULL ? NULL : json_document(found);
}

static char *
text_member(const Jsonb *line, const char *name)
{
	char *text = NULL;

	if (!json_text_member(&line->root, name, &text))
		line_error("a member that must be text is not");
	return text;
}

/* The first line: creates the tenant, which is on hold until the last one. */
static void
import_header(const char *tenant_id, const Jsonb *line)
{
	char *format = text_member(line, "format");
	char *from = text_member(line, "version");
	char *named = text_member(line, "tenant_id");
	char *created_at = text_member(line, "created_at");
	char *updated_at = text_member(line, "updated_at");
	Jsonb *settings = member(line, "settings");

	if (strcmp(format, STREAM_FORMAT) != 0)
		line_error("unrecognized format");
	if (from == NULL || strcmp(from, version(SNAPSHOT_NEW)) != 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg(
				 "tenant \"%s\" was exported by version %s of the extension, but this is version %s",
				 tenant_id, from == NULL ? "?" : clipped(from, strlen(from)),
				 version(SNAPSHOT_NEW)),
			 errhint("Run ALTER EXTENSION " EXTENSION_NAME " UPDATE where the older one is.")));
	if (named == NULL || strcmp(named, tenant_id) != 0)
		line_error("it belongs to another tenant");
	if (settings == NULL || !JB_ROOT_IS_OBJECT(settings) || created_at == NULL ||
		updated_at == NULL)
		line_error("the row of the tenant is missing");
	if (!hold_receive(tenant_id, settings, created_at, updated_at))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("tenant \"%s\" already exists", tenant_id)));
}

static int64
import_table_rows(const char *tenant_id, const Jsonb *line)
{
	char *name = text_member(line, "table");
	Jsonb *rows = member(line, "rows");
	Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(rows)};

	if (rows == NULL || !JB_ROOT_IS_ARRAY(rows) || JB_ROOT_IS_SCALAR(rows))
		line_error("rows must be an array");
	for (int i = 0; i < tenant_tables_n; i++)
	{
		if (strcmp(tenant_tables[i].name, name) == 0 && strcmp(name, "tenants") != 0)
			return (int64) statement_execute(&stream_of(i)->insert, values, NULL, SNAPSHOT_NEW);
	}
	line_error("unrecognized table");
	return 0;
}

/*
 * The last line: checks that everything has arrived.  The tenant stays frozen,
 * and is at home here.
 */
static void
import_end(const char *tenant_id, const Jsonb *end)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	if (!JB_ROOT_IS_OBJECT(end))
		line_error("end must be an object");
	for (int i = 0; i < tenant_tables_n; i++)
	{
		JsonbValue value;
		JsonbValue *found = json_member(&end->root, tenant_tables[i].name, &value);
		double expected;
		int64 n;

		if (strcmp(tenant_tables[i].name, "tenants") == 0)
			continue;
		if (found == NULL || found->type != jbvNumeric || !json_number(found, &expected))
			line_error("a table is missing");
		(void) statement_execute(&tenant_tables[i].count_tenant, values, NULL, SNAPSHOT_NEW);
		n = DatumGetInt64(result_value(0, ONLY_COLUMN, NULL));
		if ((double) n != expected)
			ereport(
				ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("table %s has " INT64_FORMAT " rows of tenant \"%s\" instead of %.0f",
						tenant_tables[i].name, n, tenant_id, expected),
				 errhint(
					 "Lines are missing or were imported twice. Drop the tenant and import all lines again.")));
	}
	hold_received(tenant_id);
	audit("import_tenant", tenant_id, NULL, NULL, end);
}

Datum
personalization_import_tenant(PG_FUNCTION_ARGS)
{
	char *tenant_id;
	Jsonb *line;
	Jsonb *end;
	int64 nrows = 0;

	prevent_if_read_only("import_tenant()");
	require_administrator("import_tenant");
	tenant_id = tenant_argument(fcinfo, 0);
	require_argument(fcinfo, 1, "line");
	line = PG_GETARG_JSONB_P(1);
	SPI_connect();
	if (!JB_ROOT_IS_OBJECT(line))
		line_error("line must be a JSON object");
	lock_tenant(tenant_id, TENANT_ALONE);
	if (text_member(line, "format") != NULL)
		import_header(tenant_id, line);
	else
	{
		(void) tenant_existing(tenant_id, SNAPSHOT_NEW);
		if (!hold_is_received(tenant_id))
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("tenant \"%s\" is not being imported", tenant_id),
							errhint("Start with the first line of the export.")));
		end = member(line, "end");
		if (end != NULL)
			import_end(tenant_id, end);
		else if (text_member(line, "table") != NULL)
			nrows = import_table_rows(tenant_id, line);
		else
			line_error("it has neither format, table nor end");
	}
	SPI_finish();
	PG_RETURN_INT64(nrows);
}
