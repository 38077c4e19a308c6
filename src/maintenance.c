/*
 * maintenance.c
 *		Upkeep: deleting what is dead.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "arguments.h"
#include "jsonutil.h"
#include "preferences.h"
#include "tenancy.h"

PG_FUNCTION_INFO_V1(personalization_run_maintenance);

Datum
personalization_run_maintenance(PG_FUNCTION_ARGS)
{
	TimestampTz at = time_argument(fcinfo, 0, "at");
	JsonbParseState *state = NULL;
	Jsonb *result;

	prevent_if_read_only("run_maintenance()");

	/* A role that sees one tenant only would leave the others undone, silently. */
	if (bound_by_tenancy())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("run_maintenance() is for all tenants"),
						errhint("Call it as a superuser or as a role with BYPASSRLS.")));
	SPI_connect();
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "preferences", preferences_expire(at));
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
