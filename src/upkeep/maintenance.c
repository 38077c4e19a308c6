/*
 * maintenance.c
 *		Upkeep: what is dead is deleted, tenant by tenant, in bounded batches.
 *
 * The worker does this a batch a transaction, run_maintenance() all of it in
 * its caller's; both call the same code.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "cache/queue.h"
#include "catalogue/catalogue.h"
#include "conversations/conversations.h"
#include "learning/inbox.h"
#include "preferences/preferences.h"
#include "preferences/snapshots.h"
#include "suggestions/counting.h"
#include "suggestions/outcomes.h"
#include "tenancy/session.h"
#include "tenancy/settings.h"
#include "tenancy/hold.h"
#include "tenancy/tenancy.h"
#include "upkeep/maintenance.h"

/* Rows of one statement of run_maintenance(). */
#define BATCH 10000

/*
 * Asks counted at a time.  More than the worker takes: what one transaction
 * writes again and again leaves versions that it has to go through each time.
 */
#define ASKS 5000

static Statement select_tenants =
	STATEMENT("SELECT tenant_id FROM personalization.tenants ORDER BY tenant_id", "");

/* Names that rejected events have, by the index from one to the next. */
static Statement select_rejected_name = STATEMENT("SELECT tenant_id"
												  " FROM personalization.rejected_events"
												  " WHERE tenant_id > $1"
												  " ORDER BY tenant_id LIMIT 1",
												  "text");
static Statement find_nameless = STATEMENT("SELECT 1"
										   " FROM personalization.rejected_events"
										   " WHERE tenant_id = $1"
										   " LIMIT 1",
										   "text");

/*
 * The oldest first.  The condition stands outside the sub-select as well, for
 * rows that change between being found and being deleted.
 */
static Statement delete_interactions = STATEMENT("DELETE FROM personalization.interactions"
												 " WHERE tenant_id = $1 AND occurred_at < $2"
												 " AND ctid = ANY (ARRAY("
												 "   SELECT ctid"
												 "   FROM personalization.interactions"
												 "   WHERE tenant_id = $1 AND occurred_at < $2"
												 "   ORDER BY occurred_at LIMIT $3))",
												 "text timestamptz int8");

static Statement delete_rejected = STATEMENT("DELETE FROM personalization.rejected_events"
											 " WHERE tenant_id = $1 AND rejected_at < $2"
											 " AND ctid = ANY (ARRAY("
											 "   SELECT ctid"
											 "   FROM personalization.rejected_events"
											 "   WHERE tenant_id = $1 AND rejected_at < $2"
											 "   ORDER BY rejected_at LIMIT $3))",
											 "text timestamptz int8");

PG_FUNCTION_INFO_V1(personalization_run_maintenance);

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* The names that the rejected events have, and that may be no tenants. */
static List *
rejected_names(void)
{
	Datum values[] = {CStringGetTextDatum("")};
	List *names = NIL;

	if (statement_execute(&find_nameless, values, NULL, SNAPSHOT_NEW) > 0)
		names = lappend(names, pstrdup(""));
	while (statement_execute(&select_rejected_name, values, NULL, SNAPSHOT_NEW) > 0)
	{
		names = lappend(names, result_text(0, ONLY_COLUMN));
		values[0] = CStringGetTextDatum(llast(names));
	}
	return names;
}

List *
maintenance_tenants(void)
{
	uint64 nrows = statement_execute(&select_tenants, NULL, NULL, SNAPSHOT_NEW);
	List *names = NIL;
	List *tenants = NIL;
	ListCell *cell;

	for (uint64 row = 0; row < nrows; row++)
		names = lappend(names, result_text(row, ONLY_COLUMN));
	names = list_concat(names, rejected_names());
	list_sort(names, compare_names);
	foreach (cell, names)
	{
		if (tenants == NIL || strcmp(llast(tenants), lfirst(cell)) != 0)
			tenants = lappend(tenants, lfirst(cell));
	}
	return tenants;
}

/* Adds up; whether a batch was full. */
static bool
tally(int64 n, int64 limit, int64 *count)
{
	*count += n;
	return n >= limit;
}

bool
maintain_tenant(const char *tenant_id, TimestampTz at, int64 limit, PassCounts *counts)
{
	Jsonb *changes = tenant_id[0] == '\0' ? NULL : tenant_changes(tenant_id, SNAPSHOT_NEW);
	bool is_tenant = changes != NULL;
	TenantSettings settings;
	Datum values[3];
	bool more;

	if (tenant_hold(tenant_id, SNAPSHOT_NEW) != HOLD_NONE)
		return false;
	if (!is_tenant)
		changes = json_empty_object();
	settings_decode(changes, &settings);
	values[0] = CStringGetTextDatum(tenant_id);
	values[1] = TimestampTzGetDatum(at - settings.history_retention);
	values[2] = Int64GetDatum(limit);
	more = tally((int64) statement_execute(&delete_rejected, values, NULL, SNAPSHOT_NEW), limit,
				 &counts->rejected_events);

	/*
	 * Dropped meanwhile, or never one.  Where it has rows a dump is being restored,
	 * and how long they are kept is yet to come.
	 */
	if (!is_tenant)
		return more;
	more |= tally(preferences_expire(tenant_id, changes, at, limit), limit, &counts->preferences);
	more |= tally((int64) statement_execute(&delete_interactions, values, NULL, SNAPSHOT_NEW),
				  limit, &counts->interactions);
	more |= tally(outcomes_expire(tenant_id, at, limit), limit, &counts->suggestions);
	more |= tally(statistics_expire(tenant_id, settings.history_retention, limit), limit,
				  &counts->statistics);
	more |= conversations_expire(tenant_id, &settings, at, limit, &counts->conversations);
	more |= catalogue_refresh(tenant_id, at, at - settings.history_retention, limit,
							  &counts->catalogue);
	more |= tally(snapshots_expire(tenant_id, at - settings.history_retention, limit), limit,
				  &counts->preference_snapshots);
	return more;
}

Jsonb *
pass_document(const PassCounts *counts)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "inbox", counts->inbox);
	json_push_int(&state, "queries", counts->queries);
	json_push_int(&state, "preferences", counts->preferences);
	json_push_int(&state, "interactions", counts->interactions);
	json_push_int(&state, "rejected_events", counts->rejected_events);
	json_push_int(&state, "suggestions", counts->suggestions);
	json_push_int(&state, "statistics", counts->statistics);
	json_push_int(&state, "catalogue", counts->catalogue);
	json_push_int(&state, "conversations", counts->conversations);
	json_push_int(&state, "preference_snapshots", counts->preference_snapshots);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

typedef struct TenantWork
{
	const char *tenant_id;
	TimestampTz at;
	PassCounts counts;
} TenantWork;

static void
maintain_all(void *arg)
{
	TenantWork *work = arg;

	while (maintain_tenant(work->tenant_id, work->at, BATCH, &work->counts))
		CHECK_FOR_INTERRUPTS();
}

/* What is wrong with one tenant is said, and does not stop the others' upkeep. */
static void
maintain_apart(const char *tenant_id, TimestampTz at, PassCounts *counts)
{
	TenantWork work = {tenant_id, at, *counts};
	ErrorData *error = do_apart(maintain_all, &work);

	if (error == NULL)
		*counts = work.counts;
	else
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("maintenance of tenant \"%s\" failed: %s", tenant_id, error->message),
				 error->hint ? errhint("%s", error->hint) : 0));
}

typedef struct InboxWork
{
	int limit;
	Drained drained;
} InboxWork;

static void
drain(void *arg)
{
	InboxWork *work = arg;

	work->drained = inbox_drain(work->limit);
}

typedef struct CountingWork
{
	const char *tenant_id;
	int limit;
	bool more;
	int64 counted;
} CountingWork;

static void
count(void *arg)
{
	CountingWork *work = arg;

	work->more = count_queries(work->tenant_id, work->limit, &work->counted);
}

/* Brings the statistics of all tenants up to date; what fails by itself is left out. */
static int64
count_apart(void)
{
	CountingWork work = {"", ASKS, true, 0};
	int64 counted = 0;
	char *tenant_id;

	while ((tenant_id = counting_next_tenant(work.tenant_id)) != NULL)
	{
		work = (CountingWork){tenant_id, ASKS, true, 0};
		while (work.more)
		{
			ErrorData *error = do_apart(count, &work);

			CHECK_FOR_INTERRUPTS();
			if (error == NULL)
				counted += work.counted;
			else if (work.limit > 1)
				work.limit /= 2;
			else if (error_is_of_row(error->sqlerrcode))
				counting_skip_first(tenant_id);
			else
				ReThrowError(error);
		}
	}
	return counted;
}

/* As the worker does: a batch that fails is tried in halves, until the row is found. */
static int64
drain_apart(void)
{
	InboxWork work = {BATCH, {0, 0, false}};
	int64 taken = 0;

	for (;;)
	{
		ErrorData *error = do_apart(drain, &work);

		CHECK_FOR_INTERRUPTS();
		if (error == NULL)
		{
			if (work.drained.taken == 0)
				return taken;
			taken += work.drained.taken;
			work.limit = Min(work.limit * 2, BATCH);
			continue;
		}
		work.limit = Min(work.limit, inbox_attempted);
		if (work.limit > 1)
		{
			work.limit /= 2;
			continue;
		}
		if (!error_is_of_row(error->sqlerrcode))
			ReThrowError(error);
		inbox_set_aside_first(error->sqlerrcode, error->message);
		taken++;
		work.limit = BATCH;
	}
}

Datum
personalization_run_maintenance(PG_FUNCTION_ARGS)
{
	TimestampTz at = time_argument(fcinfo, 0, "at");
	PassCounts counts = {0};
	List *tenants;
	ListCell *cell;
	Jsonb *result;

	prevent_if_read_only("run_maintenance()");

	/* A role that sees one tenant only would leave the others undone, silently. */
	if (bound_by_tenancy())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function run_maintenance"),
				 errhint("The function must be called by a superuser or a role with BYPASSRLS.")));
	SPI_connect();
	counts.inbox = drain_apart();
	counting_adopt();
	counts.queries = count_apart();
	tenants = maintenance_tenants();
	foreach (cell, tenants)
		maintain_apart(lfirst(cell), at, &counts);
	/* Only the worker talks to the cache; without it what waits is kept small. */
	changes_coalesce();
	result = json_keep(pass_document(&counts));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
