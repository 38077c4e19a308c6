/*
 * new_tables.c
 *		The tables that are new to a user: those of the catalogue that they
 *		have not used.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "preferences/used_tables.h"
#include "suggestions/new_tables.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_new_tables);

int
new_tables(const char *tenant_id, const char *user_id, int64 window, TimestampTz at, NewTable *out,
		   int max)
{
	return catalogue_new_tables(tenant_id, user_id, used_tables, window, at, out, max);
}

Datum
personalization_new_tables(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TimestampTz at = time_argument(fcinfo, 2, "at");
	TenantSettings settings;
	NewTable tables[NEW_TABLES_REACH];
	int n;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	tenant_require(tenant_id, &settings);
	n = new_tables(tenant_id, user_id, settings.new_table_window, at, tables, NEW_TABLES_REACH);
	for (int i = 0; i < n; i++)
	{
		const NewTable *table = &tables[i];
		bool nulls[5] = {false, false, table->description == NULL, table->columns == NULL, false};
		Datum values[] = {
			CStringGetTextDatum(table->name),
			CStringGetTextDatum(table->schema != NULL ? "linked" : "registered"),
			nulls[2] ? (Datum) 0 : CStringGetTextDatum(table->description),
			PointerGetDatum(table->columns),
			TimestampTzGetDatum(table->appeared_at),
		};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}
