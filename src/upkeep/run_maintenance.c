/*
 * run_maintenance.c
 *		run_maintenance(): all the work of the worker, in the caller's
 *		transaction.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/jsonutil.h"
#include "cache/queue.h"
#include "learning/marks.h"
#include "suggestions/counting.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"
#include "upkeep/maintenance.h"
#include "upkeep/work.h"

PG_FUNCTION_INFO_V1(personalization_run_maintenance);

Datum
personalization_run_maintenance(PG_FUNCTION_ARGS)
{
	TimestampTz at = time_argument(fcinfo, 0, "at");
	PassCounts counts;
	Jsonb *result;

	prevent_if_read_only("run_maintenance()");

	/* A role that sees only one tenant would silently skip the others. */
	if (bound_by_tenancy())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function run_maintenance"),
				 errhint("The function must be called by a superuser or a role with BYPASSRLS.")));
	SPI_connect();
	inbox_counters.since_pass = 0;
	inbox_marks_forget();
	take_all_turns(&inbox_work);
	counting_adopt();
	counting_counters.since_pass = 0;
	take_all_turns(&counting_work);
	pass_begin(at);
	take_all_turns(&pass_work);
	counts = pass.counts;
	counts.inbox = inbox_counters.since_pass;
	counts.queries = counting_counters.since_pass;
	pass_end();
	/* Only the worker connects to the cache; without it, limit the size of the queue. */
	changes_coalesce();
	result = json_keep(pass_document(&counts));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
