/*
 * health.c
 *		What the view health shows of tenants.
 *
 *		On a cluster these are the tenants of this node, so that it answers whichever other
 *		node is down.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"

#include "base/compat.h"
#include "base/statement.h"

PG_FUNCTION_INFO_V1(personalization_tenants_in_trouble);

static Statement select_backing_off =
	STATEMENT("SELECT count(DISTINCT tenant_id) FROM personalization.backing_off", "");

/* By the index rejected_events_unknown. */
static Statement select_unknown =
	STATEMENT("SELECT count(*), min(u.tenant_id)"
			  " FROM (SELECT r.tenant_id FROM personalization.rejected_events r"
			  "   WHERE r.sqlstate = '42704' AND NOT EXISTS ("
			  "     SELECT FROM personalization.tenants t WHERE t.tenant_id = r.tenant_id)"
			  "   LIMIT 1001) u",
			  "");

enum
{
	UNKNOWN_ROWS = 1,
	UNKNOWN_EXAMPLE
};

Datum
personalization_tenants_in_trouble(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	Datum values[3];
	bool nulls[3] = {false};
	HeapTuple tuple;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	SPI_connect();
	(void) statement_execute(&select_backing_off, NULL, NULL, SNAPSHOT_CALLER);
	values[0] = result_value(0, ONLY_COLUMN, NULL);
	(void) statement_execute(&select_unknown, NULL, NULL, SNAPSHOT_CALLER);
	values[1] = result_value(0, UNKNOWN_ROWS, NULL);
	values[2] = result_value(0, UNKNOWN_EXAMPLE, &nulls[2]);
	desc = BlessTupleDesc(desc);
	tuple = SPI_copytuple(heap_form_tuple(desc, values, nulls));
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}
