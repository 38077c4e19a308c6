/*
 * turns.c
 *		Work on one tenant after another: whose turn it is, and the handling
 *		of batches that fail.
 *
 *		The rule is in core/turns.h.  Each batch is a subtransaction, so that
 *		a tenant that fails does not affect the others; a transaction contains
 *		several.  The tenants that are set aside are stored in this process's
 *		memory, and in table backing_off for other sessions and for the next
 *		worker.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "bgworker/session.h"
#include "bgworker/turns.h"
#include "cluster/route.h"

/* Maximum number of tenants that can be set aside; beyond it, the latest. */
#define MAX_RECORDS 512

/* After this time a transaction gets no further batches. */
#define ROUND (USECS_PER_SEC / 5)

/*
 * Larger batches cost less a row while many wait, because several events of a
 * user in one batch change each preference only once.  They grow while
 * transactions are shorter than the first of these, and shrink when they are
 * longer than the second: a session that learns for one of their users waits
 * that long.
 */
#define TRANSACTION_SHORT (USECS_PER_SEC / 20)
#define TRANSACTION_LONG (USECS_PER_SEC / 5)

/* How long a batch waits for a lock outside the worker, in milliseconds. */
#define PATIENCE_OF_SESSIONS 2000

/* Waits for locks are logged from the fourth on, because they are usual. */
#define WAITS_UNLOGGED 3

static const char *const trouble_names[] = {[TURN_WELL] = "",
											[TURN_FAILING] = "failed",
											[TURN_LOCKED] = "locked",
											[TURN_SLOW] = "slow",
											[TURN_SEARCHING] = "searching"};

static Statement select_backing_off =
	STATEMENT("SELECT tenant_id, trouble, failures, waits, retry_at"
			  " FROM personalization.backing_off"
			  " WHERE step = $1",
			  "text");
enum
{
	TENANT = 1,
	TROUBLE,
	FAILURES,
	WAITS,
	RETRY_AT
};

static Statement write_backing_off =
	STATEMENT("INSERT INTO personalization.backing_off AS b"
			  " (tenant_id, step, trouble, since, failures, waits, retry_at, reason)"
			  " SELECT $1, $2, $3, $4, $5, $6, $7, $8"
			  " WHERE EXISTS (SELECT FROM personalization.tenants t WHERE t.tenant_id = $1)"
			  " ON CONFLICT (tenant_id, step) DO UPDATE SET trouble = excluded.trouble,"
			  " failures = excluded.failures, waits = excluded.waits, retry_at = excluded.retry_at,"
			  " reason = excluded.reason",
			  "text text text timestamptz int4 int4 timestamptz text");

static Statement delete_backing_off = STATEMENT(
	"DELETE FROM personalization.backing_off WHERE tenant_id = $1 AND step = $2", "text text");

static Statement delete_of_tenant =
	STATEMENT("DELETE FROM personalization.backing_off WHERE tenant_id = $1", "text");

static Statement delete_others =
	STATEMENT("DELETE FROM personalization.backing_off WHERE step = $1 AND tenant_id <> ALL ($2)",
			  "text text[]");

/* ---------------------------------------------------------------- tenants set aside */

static TurnTrouble
trouble_of(const char *name)
{
	for (size_t i = 0; i < lengthof(trouble_names); i++)
	{
		if (strcmp(trouble_names[i], name) == 0)
			return (TurnTrouble) i;
	}
	return TURN_FAILING;
}

/* Loads what an earlier worker has stored. */
static void
read_backing_off(TenantWork *work)
{
	Datum values[] = {CStringGetTextDatum(work->name)};
	uint64 nrows = statement_execute(&select_backing_off, values, NULL, SNAPSHOT_NEW);
	TimestampTz now = GetCurrentTimestamp();

	for (uint64 row = 0; row < nrows; row++)
	{
		TimestampTz retry_at = DatumGetTimestampTz(result_value(row, RETRY_AT, NULL));

		turns_restore(&work->turns, result_text(row, TENANT), trouble_of(result_text(row, TROUBLE)),
					  DatumGetInt32(result_value(row, FAILURES, NULL)),
					  DatumGetInt32(result_value(row, WAITS, NULL)), retry_at - now,
					  elapsed_clock());
	}
}

static void
begin(TenantWork *work, bool known)
{
	if (work->generation == extension_objects()->generation)
		return;
	if (work->turns.records == NULL)
		work->turns.records =
			MemoryContextAlloc(TopMemoryContext, MAX_RECORDS * sizeof(TurnRecord));
	turns_init(&work->turns, work->turns.records, MAX_RECORDS);
	work->begun = false;
	work->generation = extension_objects()->generation;
	if (known)
		read_backing_off(work);
}

void
work_begin(TenantWork *work)
{
	MemoryContext context = CurrentMemoryContext;

	/* SPI changes it. */
	begin(work, true);
	MemoryContextSwitchTo(context);
}

/* Describes why a tenant is set aside. */
static char *
reason_of(const TurnRecord *record, const TurnResult *result, const ErrorData *error)
{
	switch (record->trouble)
	{
		case TURN_LOCKED:
			return pstrdup("waiting for a lock");
		case TURN_SLOW:
			return psprintf("slow: %d rows took %.1f s", result->attempted,
							(double) result->took / USECS_PER_SEC);
		default:
			if (error == NULL || error->message == NULL)
				return pstrdup("searching for the row that fails");
			return pnstrdup(
				error->message,
				pg_mbcliplen(error->message, (int) strlen(error->message), MESSAGE_SIZE - 1));
	}
}

/* Stores that a tenant is set aside, or no longer is. */
static void
show(const TenantWork *work, const TurnRecord *record, const TurnResult *result,
	 const ErrorData *error)
{
	TimestampTz now = GetCurrentTimestamp();
	int64 clock = elapsed_clock();
	Datum values[8] = {CStringGetTextDatum(record->tenant), CStringGetTextDatum(work->name)};

	if (record->trouble == TURN_WELL)
	{
		(void) statement_execute(&delete_backing_off, values, NULL, SNAPSHOT_NEW);
		return;
	}
	values[2] = CStringGetTextDatum(trouble_names[record->trouble]);
	values[3] = TimestampTzGetDatum(now - (clock - record->since));
	values[4] = Int32GetDatum(record->failures);
	values[5] = Int32GetDatum(record->waits);
	values[6] = TimestampTzGetDatum(now + (record->until - clock));
	values[7] = CStringGetTextDatum(reason_of(record, result, error));
	(void) statement_execute(&write_backing_off, values, NULL, SNAPSHOT_NEW);
}

/*
 * Reports it in the log, or to the caller of run_maintenance(); returns
 * whether it did.  It is not reported each time; not if the row is found and
 * skipped while a session waits for the result; and not for a wait for a lock,
 * which is usual, unless it happens repeatedly.
 */
static bool
report(TenantWork *work, const TurnRecord *record, const ErrorData *error)
{
	int unlogged;

	if (record->trouble == TURN_SEARCHING && work->in_session)
		return false;
	if (record->trouble == TURN_LOCKED && record->waits <= WAITS_UNLOGGED && !work->in_session)
		return false;
	if (!turns_log(&work->turns, record->tenant, elapsed_clock(), &unlogged))
		return false;
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s of tenant \"%s\" failed: %s", work->name, record->tenant, error->message),
			 unlogged > 0
				 ? errdetail_log("It has failed %d times since this was last logged.", unlogged)
				 : 0,
			 error->hint ? errhint("%s", error->hint) : 0,
			 error->context && !work->in_session ? errcontext("%s", error->context) : 0));
	return true;
}

static int
full_batch(const TenantWork *work)
{
	if (work->in_session)
		return work->session_rows;
	return Max(work->factor, 1) *
		   (work->most_rows > 0 ? Min(work->most_rows, worker_batch_size) : worker_batch_size);
}

/* Fits the size of batches to how long a transaction took, and whether there is more to do. */
static void
adapt_size(TenantWork *work, bool more, int64 took)
{
	if (!more)
		work->factor = 1;
	else if (took > TRANSACTION_LONG)
		work->factor /= 2;
	else if (took < TRANSACTION_SHORT)
		work->factor = Min(2 * Max(work->factor, 1), Max(work->growth, 1));
}

static TurnOutcome
outcome_of(const TenantWork *work, const ErrorData *error)
{
	if (error == NULL)
		return OUTCOME_DONE;
	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TRANSACTION_ROLLBACK)
		return OUTCOME_LOCKED;
	return work->skip != NULL && error_is_of_row(error->sqlerrcode) ? OUTCOME_ROW_FAILED
																	: OUTCOME_FAILED;
}

TurnNext
work_note(TenantWork *work, const char *tenant_id, TurnResult *result, const ErrorData *error)
{
	MemoryContext context = CurrentMemoryContext;
	int64 now = elapsed_clock();
	bool was_aside = turns_is_aside(&work->turns, tenant_id);
	TurnRecord *record;
	TurnNext next;
	bool is_reported = false;

	result->outcome = outcome_of(work, error);
	next = turns_note(&work->turns, tenant_id, result, full_batch(work), now);
	record = turns_find(&work->turns, tenant_id);
	if (record == NULL || (!was_aside && record->trouble == TURN_WELL))
		return next;

	/* A row that fails is in rejected_events, with its tenant. */
	if (error != NULL && !work->in_session)
		worker_count_failure(error->message, work->activity, work->skip == NULL ? tenant_id : NULL);
	if (error != NULL)
		is_reported = report(work, record, error);

	/* While searching for a row, report the first failure, and later ones occasionally. */
	if (record->trouble != TURN_SEARCHING || !was_aside || is_reported)
		show(work, record, result, error);
	MemoryContextSwitchTo(context);
	return next;
}

bool
work_must_wait(TenantWork *work, const char *tenant_id, bool others_wait)
{
	const TurnRecord *record = turns_find(&work->turns, tenant_id);

	return record != NULL && record->trouble != TURN_WELL && record->until > elapsed_clock() &&
		   (others_wait || record->trouble != TURN_SLOW);
}

Datum
work_waiting(TenantWork *work, bool others_wait)
{
	Column waiting;

	column_init(&waiting, TEXTOID, Max(work->turns.n, 1));
	for (int i = 0; i < work->turns.n; i++)
	{
		if (work_must_wait(work, work->turns.records[i].tenant, others_wait))
			column_add_text(&waiting, work->turns.records[i].tenant);
	}
	return column_array(&waiting);
}

void
work_forget_tenant(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	(void) statement_execute(&delete_of_tenant, values, NULL, SNAPSHOT_NEW);
}

/* ---------------------------------------------------------------- batches */

/* A batch of one tenant, or skipping its first row. */
typedef struct Attempt
{
	TenantWork *work;
	const char *tenant_id;
	int limit;
	TurnResult result;
	const ErrorData *error; /* the error of the batch, for skipping */
} Attempt;

static void
attempt_error_callback(void *arg)
{
	const Attempt *attempt = arg;

	errcontext("personalization worker, %s, tenant \"%s\"", attempt->work->activity,
			   attempt->tenant_id);
}

static void
do_batch(void *arg)
{
	Attempt *attempt = arg;

	attempt->result.more =
		attempt->work->batch(attempt->tenant_id, attempt->limit, &attempt->result.attempted);
}

static void
do_skip(void *arg)
{
	Attempt *attempt = arg;

	attempt->work->skip(attempt->tenant_id, attempt->error);
}

/*
 * Runs it in a subtransaction, with a limited wait for locks; if it fails,
 * restores the counters.
 */
static ErrorData *
attempt_apart(SubxactFunction action, Attempt *attempt, int patience_ms)
{
	TenantWork *work = attempt->work;
	ErrorContextCallback context = {error_context_stack, attempt_error_callback, attempt};
	int patience = LockTimeout;
	char *saved = palloc(Max(work->counters_size, 1));
	ErrorData *error;

	if (work->counters_size > 0)
		memcpy(saved, work->counters, work->counters_size);
	error_context_stack = &context;
	LockTimeout = patience_ms;
	PG_TRY();
	{
		error = run_in_subxact(action, attempt);
	}
	PG_FINALLY();
	{
		LockTimeout = patience;
	}
	PG_END_TRY();
	error_context_stack = context.previous;
	if (error != NULL && work->counters_size > 0)
		memcpy(work->counters, saved, work->counters_size);
	pfree(saved);
	return error;
}

/* Runs a tenant's turn; returns whether it succeeded.  *attempted: number of rows in its batch. */
static bool
take_turn(TenantWork *work, const char *tenant_id, int most, int patience_ms, TurnResult *result)
{
	Attempt attempt = {.work = work, .tenant_id = tenant_id};
	int64 start = elapsed_clock();
	ErrorData *error;
	TurnNext next;

	attempt.limit = Min(turns_limit(&work->turns, tenant_id, full_batch(work)), Max(most, 1));
	error = attempt_apart(do_batch, &attempt, patience_ms);
	attempt.result.took = elapsed_clock() - start;
	if (error != NULL && attempt.result.attempted == 0)
		attempt.result.attempted = attempt.limit;
	next = work_note(work, tenant_id, &attempt.result, error);
	*result = attempt.result;
	if (next == NEXT_GET_PAST)
	{
		ErrorData *again;

		attempt.error = error;
		start = elapsed_clock();
		again = attempt_apart(do_skip, &attempt, patience_ms);
		turns_got_past(&work->turns, tenant_id, again == NULL, elapsed_clock() - start,
					   elapsed_clock());
		if (again != NULL)
			show(work, turns_find(&work->turns, tenant_id), &attempt.result, again);
	}
	return error == NULL;
}

/* ---------------------------------------------------------------- rounds */

/*
 * Returns the next tenant that is not set aside, after another one and then
 * from the first on; NULL if there is none.
 */
static char *
next_well(TenantWork *work, const char *previous)
{
	char *tenant_id = work->next(previous);
	bool from_first = false;

	for (;;)
	{
		if (tenant_id == NULL)
		{
			if (from_first || previous == NULL)
				return NULL;
			from_first = true;
			tenant_id = work->next(NULL);
			continue;
		}
		if (from_first && strcmp(tenant_id, previous) > 0)
			return NULL;
		if (!turns_is_aside(&work->turns, tenant_id))
			return tenant_id;
		CHECK_FOR_INTERRUPTS();
		tenant_id = work->next(tenant_id);
	}
}

/* The batches of one transaction. */
typedef struct Round
{
	TenantWork *work;
	bool more; /* there may be more to do at once */
} Round;

static void
take_round(Round *round)
{
	TenantWork *work = round->work;
	int64 until = elapsed_clock() + ROUND;
	char first[MAX_ID_LENGTH + 1];
	bool has_first = false;
	int left = full_batch(work);
	bool wrapped = false;

	round->more = false;
	for (int n = 0; n < work->most_tenants; n++)
	{
		char *well = next_well(work, work->begun ? work->last_tenant : NULL);
		TurnRecord *due = turns_due(&work->turns, elapsed_clock(), well != NULL);
		TurnResult result;
		char *tenant_id;
		bool done;

		/* A tenant that is set aside gets a transaction of its own. */
		if (due != NULL && n > 0)
		{
			round->more = true;
			return;
		}
		tenant_id = due != NULL ? pstrdup(due->tenant) : well;
		if (tenant_id == NULL)
			return;
		if (due == NULL)
		{
			/* All tenants have had a turn, and those with more to do are known. */
			wrapped = wrapped || (has_first && strcmp(tenant_id, work->last_tenant) <= 0);
			if (wrapped && strcmp(tenant_id, first) >= 0)
				return;
			if (!has_first)
				strlcpy(first, tenant_id, sizeof(first));
			has_first = true;
			work->begun = true;
			strlcpy(work->last_tenant, tenant_id, sizeof(work->last_tenant));
		}
		done = take_turn(work, tenant_id, left,
						 work->in_session ? PATIENCE_OF_SESSIONS
										  : (int) (turns_patience(&work->turns, tenant_id) / 1000),
						 &result);
		left -= result.attempted;
		round->more |= !done || result.more || due != NULL;
		if (due != NULL || !done)
			return;
		if (left <= 0 || elapsed_clock() >= until)
		{
			round->more = true;
			return;
		}
	}
	round->more = true;
}

static void
do_round(void *arg)
{
	Round *round = arg;
	TenantWork *work = round->work;

	worker_begin(work->activity);
	begin(work, true);
	take_round(round);
	if (work->finish != NULL)
		work->finish();
	worker_end();
}

/* A round failed as a whole, which is not the fault of one tenant, and may affect all. */
static void
note_failed_round(TenantWork *work, const Failure *failure)
{
	worker_note_failure(failure, work->activity);

	/* A cancelled round should not wait. */
	if (ERRCODE_TO_CATEGORY(failure->sqlstate) == ERRCODE_OPERATOR_INTERVENTION)
		return;
	work->failed_rounds++;
	work->pause = elapsed_clock() +
				  Min(TURNS_FIRST_WAIT << Min(work->failed_rounds - 1, 6), TURNS_LONGEST_WAIT);
}

bool
worker_take_turns(TenantWork *work, int64 duration)
{
	int64 until = elapsed_clock() + duration;
	Round round = {.work = work};

	if (elapsed_clock() < work->pause)
		return false;
	do
	{
		char last_tenant[MAX_ID_LENGTH + 1];
		char *saved = MemoryContextAlloc(TopMemoryContext, Max(work->counters_size, 1));
		int64 begun = elapsed_clock();
		Failure failure;
		bool done;

		strlcpy(last_tenant, work->last_tenant, sizeof(last_tenant));
		if (work->counters_size > 0)
			memcpy(saved, work->counters, work->counters_size);
		done = worker_try(do_round, &round, &failure);
		if (!done && work->counters_size > 0)
			memcpy(work->counters, saved, work->counters_size);
		pfree(saved);
		if (!done)
		{
			strlcpy(work->last_tenant, last_tenant, sizeof(work->last_tenant));
			note_failed_round(work, &failure);
			return false;
		}
		work->failed_rounds = 0;
		adapt_size(work, round.more, elapsed_clock() - begun);
	} while (round.more && elapsed_clock() < until);
	turns_tidy(&work->turns, elapsed_clock());
	return round.more;
}

void
take_all_turns(TenantWork *work)
{
	Round round = {.work = work, .more = true};
	Datum values[2];

	/* The state of an earlier call is out of date. */
	work->generation = 0;
	work->in_session = true;
	begin(work, false);
	while (round.more)
	{
		CHECK_FOR_INTERRUPTS();
		take_round(&round);
	}
	if (work->finish != NULL)
		work->finish();

	/* A tenant whose turn succeeded is no longer set aside. */
	values[0] = CStringGetTextDatum(work->name);
	values[1] = work_waiting(work, true);
	for (int group = 0; group < route_groups(); group++)
	{
		route_to_group(group);
		(void) statement_execute(&delete_others, values, NULL, SNAPSHOT_NEW);
	}
	route_to_group(-1);
}
