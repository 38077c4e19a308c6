/*
 * catalogue.c
 *		The catalogue of a tenant: functions that register tables, link
 *		schemas, and list them.
 *
 *		Tables are registered by hand (register_table()), or found in linked
 *		schemas of this database.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/rows.h"
#include "base/statement.h"
#include "catalogue/catalogue.h"
#include "catalogue/names.h"
#include "tenancy/locks.h"
#include "tenancy/session.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

static Statement upsert_registered =
	STATEMENT("INSERT INTO personalization.tenant_tables AS t"
			  "  (tenant_id, schema_name, table_name, last_name, description, columns, appeared_at)"
			  " VALUES ($1, '', $2, $3, $4, $5, $6)"
			  " ON CONFLICT (tenant_id, schema_name, table_name) DO UPDATE"
			  " SET description = coalesce(excluded.description, t.description),"
			  "  columns = coalesce(excluded.columns, t.columns), dropped_at = NULL",
			  "text text text text text[] timestamptz");

static Statement drop_registered = STATEMENT(
	"UPDATE personalization.tenant_tables"
	" SET dropped_at = $3"
	" WHERE tenant_id = $1 AND schema_name = '' AND table_name = $2 AND dropped_at IS NULL",
	"text text timestamptz");

static Statement select_all =
	STATEMENT("SELECT schema_name, table_name, description, columns, appeared_at, dropped_at"
			  " FROM personalization.tenant_tables"
			  " WHERE tenant_id = $1"
			  " ORDER BY schema_name, table_name",
			  "text");

enum
{
	TABLE_SCHEMA = 1,
	TABLE_NAME,
	TABLE_DESCRIPTION,
	TABLE_COLUMNS,
	TABLE_APPEARED_AT,
	TABLE_DROPPED_AT
};

PG_FUNCTION_INFO_V1(personalization_register_table);
PG_FUNCTION_INFO_V1(personalization_unregister_table);
PG_FUNCTION_INFO_V1(personalization_link_schema);
PG_FUNCTION_INFO_V1(personalization_unlink_schema);
PG_FUNCTION_INFO_V1(personalization_tenant_tables);
PG_FUNCTION_INFO_V1(personalization_hidden_tables);

static void
check_description(const text *description)
{
	if (VARSIZE_ANY_EXHDR(description) > MAX_VALUE_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("description is too large: %zu bytes",
							   (size_t) VARSIZE_ANY_EXHDR(description)),
						errhint("The maximum is %d bytes.", MAX_VALUE_SIZE)));
}

static void
check_columns(ArrayType *columns)
{
	Datum *items;
	bool *nulls;
	int n;

	if (ARR_NDIM(columns) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("columns must be a one-dimensional array")));
	if (VARSIZE(columns) > MAX_VALUE_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("columns is too large: %zu bytes", (size_t) VARSIZE(columns)),
						errhint("The maximum is %d bytes.", MAX_VALUE_SIZE)));
	deconstruct_array(columns, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		Fault fault;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("columns must not contain nulls")));
		if (!check_id("an element of columns", VARDATA_ANY(DatumGetPointer(items[i])),
					  VARSIZE_ANY_EXHDR(DatumGetPointer(items[i])), &fault))
			fault_raise(&fault, -1);
	}
}

/* Checks that the tenant exists, and locks it until the end of the transaction. */
static void
begin_change(const char *tenant_id)
{
	TenantSettings settings;

	SPI_connect();
	lock_tenant(tenant_id, TENANT_LEARNING);
	tenant_check_current(tenant_id);
	tenant_require_prepared(tenant_id, &settings);
}

Datum
personalization_register_table(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *table = id_argument(fcinfo, 1, "table_name");
	FoldedName folded = fold_name(table);
	char nulls[] = "      ";
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(table),
					  CStringGetTextDatum(folded.text + folded.last),
					  0,
					  0,
					  TimestampTzGetDatum(GetCurrentTimestamp())};

	prevent_if_read_only("register_table()");
	if (folded.last == folded.len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for table_name: \"%s\"", clipped(table, strlen(table)))));
	for (int i = 3; i <= 4; i++)
	{
		/* In the statement the folded name precedes these parameters. */
		if (PG_ARGISNULL(i - 1))
			nulls[i] = 'n';
		else
			values[i] = PG_GETARG_DATUM(i - 1);
	}
	if (!PG_ARGISNULL(2))
		check_description(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		check_columns(PG_GETARG_ARRAYTYPE_P(3));

	begin_change(tenant_id);
	(void) statement_execute(&upsert_registered, values, nulls, SNAPSHOT_NEW);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_unregister_table(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *table = id_argument(fcinfo, 1, "table_name");
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(table),
					  TimestampTzGetDatum(GetCurrentTimestamp())};
	bool was_there;

	prevent_if_read_only("unregister_table()");
	begin_change(tenant_id);
	was_there = statement_execute(&drop_registered, values, NULL, SNAPSHOT_NEW) > 0;
	SPI_finish();
	PG_RETURN_BOOL(was_there);
}

Datum
personalization_link_schema(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	TimestampTz now = GetCurrentTimestamp();
	Oid namespace;
	const char *schema;

	require_argument(fcinfo, 1, "schema_name");
	schema = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	prevent_if_read_only("link_schema()");
	if (is_reserved_schema(schema))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("schema \"%s\" cannot be linked", schema),
						errhint("Link a schema that contains your own tables.")));
	namespace = get_namespace_oid(schema, false);
	if (bound_by_tenancy() && !may_use_schema(namespace))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for schema %s", schema),
						errhint("Linking a schema requires the USAGE privilege on it.")));

	begin_change(tenant_id);
	catalogue_link(tenant_id, schema, namespace, now);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_unlink_schema(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	bool was_linked;

	require_argument(fcinfo, 1, "schema_name");
	prevent_if_read_only("unlink_schema()");
	begin_change(tenant_id);
	was_linked = catalogue_unlink(tenant_id, NameStr(*PG_GETARG_NAME(1)));
	SPI_finish();
	PG_RETURN_BOOL(was_linked);
}

Datum
personalization_tenant_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	Datum arguments[] = {CStringGetTextDatum(tenant_id)};
	TenantSettings settings;
	SPITupleTable *rows;
	uint64 nrows;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	tenant_require(tenant_id, &settings);
	nrows = statement_execute(&select_all, arguments, NULL, SNAPSHOT_CALLER);
	rows = SPI_tuptable;
	for (uint64 row = 0; row < nrows; row++)
	{
		char *schema = result_text(row, TABLE_SCHEMA);
		char *table = result_text(row, TABLE_NAME);
		bool linked = schema[0] != '\0';
		bool nulls[6] = {false};
		Datum values[6];
		Oid relation;
		bool visible = may_show_table(schema, table, false, &relation);
		char *description;

		if (!visible && bound_by_tenancy())
			continue;
		description = OidIsValid(relation) ? GetComment(relation, RelationRelationId, 0)
										   : result_text(row, TABLE_DESCRIPTION);
		values[0] = CStringGetTextDatum(shown_name(schema, table));
		values[1] = CStringGetTextDatum(linked ? "linked" : "registered");
		nulls[2] = description == NULL;
		values[2] = nulls[2] ? (Datum) 0 : CStringGetTextDatum(description);
		for (int i = 3; i < 6; i++)
			values[i] = result_value(row, TABLE_COLUMNS + (i - 3), &nulls[i]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		SPI_tuptable = rows;
	}
	SPI_finish();
	return (Datum) 0;
}

Datum
personalization_hidden_tables(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	ArrayType *given;
	TenantSettings settings;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext spi;
	Datum *items;
	bool *nulls;
	int n;
	int nnames = 0;
	const char **names;
	bool *hidden;
	Column result;
	Datum array;

	require_argument(fcinfo, 1, "table_names");
	given = PG_GETARG_ARRAYTYPE_P(1);
	deconstruct_array(given, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	names = palloc(n * sizeof(char *) + 1);
	hidden = palloc(n * sizeof(bool) + 1);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			names[nnames++] = TextDatumGetCString(items[i]);
	}
	SPI_connect();
	tenant_require(tenant_id, &settings);
	(void) catalogue_filter(tenant_id, names, nnames, hidden);
	spi = MemoryContextSwitchTo(context);
	column_init(&result, TEXTOID, nnames + 1);
	for (int i = 0; i < nnames; i++)
	{
		if (hidden[i])
			column_add_text(&result, names[i]);
	}
	array = result.n > 0 ? column_array(&result) : PointerGetDatum(construct_empty_array(TEXTOID));
	MemoryContextSwitchTo(spi);
	SPI_finish();
	PG_RETURN_DATUM(array);
}
