/*
 * steps.c
 *		What a worker does, step by step.
 *
 * Steps of each nap have their turn at once; a pass over all tenants comes when
 * the last one is maintenance_interval old.  Each has a second, then the others
 * have their turn, so that a long pass does not keep the inbox waiting, nor a full
 * inbox the pass.  Each batch is a transaction of its own.
 *
 * All errors are handled here, alike: logged, counted in worker_state, and the
 * step, or the tenant, that fails holds up no other.
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "bgworker/session.h"
#include "cache/queue.h"
#include "learning/inbox.h"
#include "redis/push.h"
#include "suggestions/counting.h"
#include "upkeep/maintenance.h"
#include "upkeep/steps.h"

static Statement note_pass =
	STATEMENT("UPDATE personalization.worker_state"
			  " SET passes = passes + 1, last_started = $1, last_finished = $2, last_counts = $3",
			  "timestamptz timestamptz jsonb");

static Statement note_learned = STATEMENT("UPDATE personalization.worker_state"
										  " SET learned = learned + $1, last_learned = $2",
										  "int8 timestamptz");

/* How long a step has its turn. */
#define TURN USECS_PER_SEC

/* After so many failed batches a step's turn is over. */
#define MAX_FAILURES 30

/* A step that does nothing but fail waits 1 s, 2 s, 4 s, … and so long at most. */
#define MAX_PAUSE (60 * USECS_PER_SEC)

/* A queue is vacuumed after so many rows, and after fewer when it was not for so long. */
#define VACUUM_AFTER 20000
#define VACUUM_EVERY (60 * USECS_PER_SEC)

/* A step of each nap, for all tenants at once. */
typedef struct NapStep
{
	const char *activity; /* shown in pg_stat_activity */

	/* A batch of limit rows at most, in a transaction and in SPI.  Whether there may be more. */
	bool (*batch)(int limit);

	/*
	 * Or NULL, and this: the same outside of a transaction, for what must not be
	 * done within one.  It brings its own by worker_begin() and worker_end().
	 */
	bool (*outside)(int limit);

	/*
	 * A batch that fails is tried again in halves; this gets past what fails by
	 * itself, in a transaction.  NULL: a failure ends the turn.
	 */
	void (*skip)(const Failure *failure);
	const int *attempted; /* rows of the last batch, where it was not full; or NULL */
} NapStep;

/* A step of a pass, for each tenant. */
typedef struct TenantStep
{
	const char *activity;

	/*
	 * A batch, in a transaction and in SPI: limit rows of each table at most, as of
	 * a time; adds up counts.  Whether there may be more.  A failure ends it for this
	 * tenant and pass.
	 */
	bool (*batch)(const char *tenant_id, TimestampTz at, int64 limit, PassCounts *counts);
} TenantStep;

static bool learn_inbox(int limit);
static bool count_waiting(int limit);
static bool push_to_cache(int limit);
static bool vacuum_queues(int limit);
static void skip_in_inbox(const Failure *failure);
static void skip_in_counting(const Failure *failure);

static const NapStep nap_steps[] = {
	{.activity = "learning from the inbox",
	 .batch = learn_inbox,
	 .skip = skip_in_inbox,
	 .attempted = &inbox_attempted},
	{.activity = "counting queries", .batch = count_waiting, .skip = skip_in_counting},
	{.activity = "pushing to the cache", .outside = push_to_cache},
	{.activity = "vacuuming the queues", .outside = vacuum_queues},
};

static const TenantStep tenant_steps[] = {
	{.activity = "deleting expired rows", .batch = maintain_tenant},
};

/* What lasts from one turn of a step to the next. */
typedef struct Progress
{
	int limit; /* of the next batch; smaller while the row that fails is looked for; 0: all */
	int failed_turns;  /* in a row that did nothing but fail */
	TimestampTz pause; /* until when it therefore waits */
} Progress;

static Progress progress[lengthof(nap_steps)];

/* The pass that is going on; in context, which is NULL when there is none. */
static struct
{
	MemoryContext context;
	TimestampTz started;
	char **tenants;
	int ntenants;
	int tenant; /* whose turn it is */
	int step;	/* and the step's */
	PassCounts counts;
} pass;

static TimestampTz last_pass = 0; /* when it ended; 0: none yet */
static int64 taken_since_vacuum = 0;
static int64 taken_since_pass = 0;
static int64 counted_since_vacuum = 0;
static int64 counted_since_pass = 0;

/* ---------------------------------------------------------------- the steps */

static bool
learn_inbox(int limit)
{
	Drained drained = inbox_drain(limit);

	if (drained.taken > 0)
	{
		Datum values[] = {Int64GetDatum(drained.learned),
						  TimestampTzGetDatum(GetCurrentTimestamp())};

		(void) statement_execute(&note_learned, values, NULL, SNAPSHOT_NEW);
	}
	taken_since_vacuum += drained.taken;
	taken_since_pass += drained.taken;
	return drained.more;
}

static void
skip_in_inbox(const Failure *failure)
{
	if (error_is_of_row(failure->sqlstate))
		inbox_set_aside_first(failure->sqlstate, failure->message);
	else
		inbox_skip_tenant();
}

/* The tenant whose queries are counted, and the one before whose batch was done. */
static char counting_tenant[MAX_ID_LENGTH + 1] = "";
static char counted_tenant[MAX_ID_LENGTH + 1] = "";

/* A batch of one tenant; then the next has its turn. */
static bool
count_waiting(int limit)
{
	char *tenant_id = counting_next_tenant(counted_tenant);
	int64 counted;

	if (tenant_id == NULL && counted_tenant[0] != '\0')
		tenant_id = counting_next_tenant("");
	if (tenant_id == NULL)
		return false;
	strlcpy(counting_tenant, tenant_id, sizeof(counting_tenant));
	(void) count_queries(tenant_id, Min(limit, COUNTING_BATCH), &counted);
	counted_since_vacuum += counted;
	counted_since_pass += counted;

	/* One that fails is tried again, in halves, before others have their turn. */
	strlcpy(counted_tenant, tenant_id, sizeof(counted_tenant));
	return true;
}

static void
skip_in_counting(const Failure *failure)
{
	if (error_is_of_row(failure->sqlstate))
		counting_skip_first(counting_tenant);

	/* There may be more of them: the others have their turn first. */
	strlcpy(counted_tenant, counting_tenant, sizeof(counted_tenant));
}

static bool
push_to_cache(int limit)
{
	return cache_push();
}

/* What passed through a table leaves room, that of rows that are no more. */
static void
vacuum_table(const char *name, MemoryContext context)
{
	VacuumStmt *vacuum;

	/* It commits the transaction and begins others, so the statement must last. */
	worker_begin_bare("vacuuming the queues");
	MemoryContextReset(context);
	MemoryContextSwitchTo(context);
	vacuum = makeNode(VacuumStmt);
	vacuum->is_vacuumcmd = true;
	vacuum->rels = list_make1(
		makeVacuumRelation(makeRangeVar(SCHEMA_NAME, pstrdup(name), -1), InvalidOid, NIL));
	ExecVacuum(make_parsestate(NULL), vacuum, true);
	worker_end_bare();
}

/* A table through which rows pass, and how many have left it since it was vacuumed. */
typedef struct Queue
{
	const char *name;
	int64 *left;
	TimestampTz vacuumed;
} Queue;

/*
 * Here, as autovacuum's naptime is long against the worker's.  Many rows leave
 * room for those that come; the last of them leave a file that can be cut.
 */
static bool
vacuum_queues(int limit)
{
	static MemoryContext context = NULL;
	static Queue queues[] = {{"inbox", &taken_since_vacuum, 0},
							 {"query_events", &counted_since_vacuum, 0},
							 {"cache_changes", &changes_since_vacuum, 0}};

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "personalization vacuum",
										ALLOCSET_DEFAULT_SIZES);
	for (size_t i = 0; i < lengthof(queues); i++)
	{
		Queue *queue = &queues[i];
		TimestampTz now = GetCurrentTimestamp();

		if (*queue->left < VACUUM_AFTER &&
			(*queue->left == 0 || now < queue->vacuumed + VACUUM_EVERY))
			continue;
		*queue->left = 0;
		queue->vacuumed = now;
		vacuum_table(queue->name, context);
	}
	return false;
}

/* ---------------------------------------------------------------- their turns */

/* One batch of one of the two. */
typedef struct Batch
{
	const NapStep *nap_step;
	const TenantStep *tenant_step;
	int limit;
	bool more;
	Failure failure;
} Batch;

/* Where in the work it is: for worker_state and the log; in memory of the caller's context. */
static char *
batch_name(const Batch *batch)
{
	return batch->nap_step != NULL ? pstrdup(batch->nap_step->activity)
								   : psprintf("%s, tenant \"%s\"", batch->tenant_step->activity,
											  pass.tenants[pass.tenant]);
}

static void
tell_batch(void *arg)
{
	errcontext("personalization worker, %s", batch_name(arg));
}

static void
do_batch(void *arg)
{
	Batch *batch = arg;
	ErrorContextCallback context = {error_context_stack, tell_batch, batch};

	/* An error takes it off by itself: whoever catches it has the stack of before. */
	error_context_stack = &context;
	if (batch->nap_step != NULL && batch->nap_step->outside != NULL)
		batch->more = batch->nap_step->outside(batch->limit);
	else if (batch->nap_step != NULL)
	{
		worker_begin(batch->nap_step->activity);
		batch->more = batch->nap_step->batch(batch->limit);
		worker_end();
	}
	else
	{
		PassCounts counts = pass.counts;

		worker_begin(batch->tenant_step->activity);
		batch->more = batch->tenant_step->batch(pass.tenants[pass.tenant], pass.started,
												batch->limit, &counts);
		worker_end();

		/* What is rolled back does not count. */
		pass.counts = counts;
	}
	error_context_stack = context.previous;
}

static void
do_skip(void *arg)
{
	Batch *batch = arg;

	worker_begin("skipping a failing row");
	batch->nap_step->skip(&batch->failure);
	worker_end();
}

/*
 * After a batch that failed: the next is half of it, or, where that was one row,
 * goes on behind it.  Returns whether there is a way to go on.
 */
static bool
get_past_failure(const NapStep *step, Batch *batch)
{
	int attempted = batch->limit;
	bool found;
	bool row = error_is_of_row(batch->failure.sqlstate);

	if (step->skip == NULL)
		return false;
	if (step->attempted != NULL)
		attempted = Min(attempted, *step->attempted);
	found = attempted == 1;
	if (found && !worker_try(do_skip, batch, &batch->failure))
		return false;

	/* What keeps apart those who fail may go on in full with the others. */
	if (found && row && step->attempted != NULL)
		batch->limit = worker_batch_size;
	else
		batch->limit = Max(attempted / 2, 1);
	return !found || row;
}

/* Gives a step its turn; returns whether it has more to do. */
static bool
do_nap_step(const NapStep *step, Progress *mine)
{
	TimestampTz until = GetCurrentTimestamp() + TURN;
	Batch batch = {.nap_step = step, .limit = worker_batch_size, .more = true};
	bool got_on = false;
	bool worth_a_pause = false;
	int failures = 0;

	if (mine->pause > GetCurrentTimestamp())
		return false;
	if (mine->limit > 0)
		batch.limit = Min(mine->limit, batch.limit);
	do
	{
		if (worker_try(do_batch, &batch, &batch.failure))
		{
			/* A smaller batch that was full may have left the rest of a larger one. */
			batch.limit = Min(batch.limit * 2, worker_batch_size);
			got_on = true;
			continue;
		}
		failures++;
		if (batch.failure.sqlstate != ERRCODE_LOCK_NOT_AVAILABLE)
			worth_a_pause = true;
		worker_note_failure(&batch.failure, step->activity);
		if (get_past_failure(step, &batch))
			got_on = true;
		else if (step->skip == NULL)
			break;
	} while (batch.more && failures < MAX_FAILURES && GetCurrentTimestamp() < until);
	mine->limit = batch.limit;

	/* Spare the log what would be said each second. */
	mine->failed_turns = got_on || !worth_a_pause ? 0 : mine->failed_turns + 1;
	if (mine->failed_turns == 0)
		return batch.more && failures < MAX_FAILURES;
	mine->pause = GetCurrentTimestamp() +
				  Min(USECS_PER_SEC * (INT64CONST(1) << Min(mine->failed_turns - 1, 6)), MAX_PAUSE);
	return false;
}

static void
begin_pass(void *arg)
{
	MemoryContext old;
	List *tenants;
	ListCell *cell;

	worker_begin("listing tenants");
	counting_adopt();
	tenants = maintenance_tenants();
	pass.context =
		AllocSetContextCreate(TopMemoryContext, "personalization pass", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(pass.context);
	pass.started = GetCurrentTimestamp();
	pass.tenants = palloc((list_length(tenants) + 1) * sizeof(char *));
	pass.ntenants = 0;
	foreach (cell, tenants)
		pass.tenants[pass.ntenants++] = pstrdup(lfirst(cell));
	pass.tenant = 0;
	pass.step = 0;
	memset(&pass.counts, 0, sizeof(pass.counts));
	MemoryContextSwitchTo(old);
	worker_end();
}

static void
note_end_of_pass(void *arg)
{
	Datum values[3];

	worker_begin("recording the pass");
	pass.counts.inbox = taken_since_pass;
	pass.counts.queries = counted_since_pass;
	values[0] = TimestampTzGetDatum(pass.started);
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[2] = JsonbPGetDatum(pass_document(&pass.counts));
	(void) statement_execute(&note_pass, values, NULL, SNAPSHOT_NEW);
	worker_end();
	taken_since_pass = 0;
	counted_since_pass = 0;
}

static void
end_pass(void)
{
	if (pass.context != NULL)
		MemoryContextDelete(pass.context);
	pass.context = NULL;
	last_pass = GetCurrentTimestamp();
}

/* All steps of a tenant, then the next one's. */
static void
next_in_pass(void)
{
	if (++pass.step < (int) lengthof(tenant_steps))
		return;
	pass.step = 0;
	pass.tenant++;
}

/* Begins a pass that is due, or goes on with it; returns whether it has more to do. */
static bool
do_pass(void)
{
	TimestampTz until = GetCurrentTimestamp() + TURN;
	Failure failure;

	/* By the interval of now: a shorter one holds from its reload on. */
	if (pass.context == NULL &&
		GetCurrentTimestamp() < last_pass + maintenance_interval * USECS_PER_SEC)
		return false;
	if (pass.context == NULL && !worker_try(begin_pass, NULL, &failure))
	{
		worker_note_failure(&failure, "listing tenants");
		end_pass();
		return false;
	}
	while (pass.tenant < pass.ntenants)
	{
		Batch batch = {.tenant_step = &tenant_steps[pass.step], .limit = worker_batch_size};

		if (GetCurrentTimestamp() >= until)
			return true;
		if (!worker_try(do_batch, &batch, &batch.failure))
		{
			char *where = batch_name(&batch);

			worker_note_failure(&batch.failure, where);
			pfree(where);
		}
		if (!batch.more)
			next_in_pass();
	}
	if (!worker_try(note_end_of_pass, NULL, &failure))
		worker_note_failure(&failure, "recording the pass");
	end_pass();
	return false;
}

bool
worker_do_steps(void)
{
	bool more = false;

	for (int i = 0; i < (int) lengthof(nap_steps); i++)
		more = do_nap_step(&nap_steps[i], &progress[i]) || more;
	return do_pass() || more;
}
