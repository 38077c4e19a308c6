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
#include "base/statement.h"
#include "base/subxact.h"
#include "bgworker/state.h"
#include "cache/queue.h"
#include "learning/inbox.h"
#include "suggestions/counting.h"
#include "tenancy/access.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"
#include "upkeep/maintenance.h"
#include "upkeep/work.h"

/*
 * Only one session at a time needs to say it.  Neither the worker nor another
 * call waits for the row.
 */
static Statement note_maintained =
	STATEMENT("UPDATE personalization.worker_state SET maintained_at = $1"
			  " WHERE ctid = ANY (ARRAY("
			  "   SELECT ctid FROM personalization.worker_state FOR NO KEY UPDATE SKIP LOCKED))",
			  "timestamptz");

PG_FUNCTION_INFO_V1(personalization_run_maintenance);

static void
note_finished(void *arg)
{
	Datum values[] = {TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&note_maintained, values, NULL, SNAPSHOT_NEW);
}

/*
 * For the view health, where there is no worker.  A role without the privilege,
 * or a snapshot older than another call, is no reason to do the work again.
 */
static void
note_if_alone(void)
{
	if (!worker_is_working())
		(void) run_in_subxact(note_finished, NULL);
}

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
	access_complete_shards();
	inbox_counters.since_pass = 0;
	inbox_look_at_all();
	counting_look_at_all();
	take_all_turns(&inbox_work);
	counting_adopt();
	counting_counters.since_pass = 0;
	take_all_turns(&counting_work);
	pass_begin(at);
	take_all_turns(&pass_work);
	counts = current_pass.counts;
	counts.inbox = inbox_counters.since_pass;
	counts.queries = counting_counters.since_pass;
	pass_end();
	/* Only the worker connects to the cache; without it, limit the size of the queue. */
	changes_coalesce();
	note_if_alone();
	result = json_keep(pass_document(&counts));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
