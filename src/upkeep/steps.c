/*
 * steps.c
 *		What a worker does, step by step.
 *
 * Steps of each nap have their turn at once; a pass over all tenants comes when
 * the last one is maintenance_interval old.  Each has a second, then the others
 * have their turn, so that a long pass does not keep the inbox waiting, nor a full
 * inbox the pass.  Within a step the tenants take turns: bgworker/turns.h.
 *
 * All errors are handled alike: logged, counted in worker_state, and the step, or
 * the tenant, that fails holds up no other.
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/session.h"
#include "bgworker/turns.h"
#include "cache/queue.h"
#include "redis/push.h"
#include "suggestions/counting.h"
#include "upkeep/maintenance.h"
#include "upkeep/steps.h"
#include "upkeep/work.h"

static Statement note_pass =
	STATEMENT("UPDATE personalization.worker_state"
			  " SET passes = passes + 1, last_started = $1, last_finished = $2, last_counts = $3",
			  "timestamptz timestamptz jsonb");

/* How long a step has its turn. */
#define TURN USECS_PER_SEC

/* A step that fails, other than for one tenant, waits 1 s, 2 s, 4 s, … and so long at most. */
#define MAX_PAUSE (60 * USECS_PER_SEC)

/* A queue is vacuumed after so many rows, and after fewer when it was not for so long. */
#define VACUUM_AFTER 20000
#define VACUUM_EVERY (60 * USECS_PER_SEC)

/* A step of each nap: work that is done tenant by tenant, or something else. */
typedef struct NapStep
{
	const char *activity; /* shown in pg_stat_activity */
	TenantWork *work;

	/*
	 * Or this: outside of a transaction; it brings its own by worker_begin() and
	 * worker_end().  Whether there may be more.
	 */
	bool (*outside)(void);
} NapStep;

static bool vacuum_queues(void);

static const NapStep nap_steps[] = {
	{.activity = "learning from the inbox", .work = &inbox_work},
	{.activity = "counting queries", .work = &counting_work},
	{.activity = "pushing to the cache", .outside = cache_push},
	{.activity = "vacuuming the queues", .outside = vacuum_queues},
};

/* What lasts from one turn of a step to the next. */
typedef struct Progress
{
	int failed_turns; /* in a row */
	int64 pause;	  /* until when it therefore waits, by elapsed_clock() */
} Progress;

static Progress progress[lengthof(nap_steps)];

static int64 last_pass = 0; /* when it ended, by elapsed_clock() */
static bool had_pass = false;

/* ---------------------------------------------------------------- the steps */

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
	int64 vacuumed; /* by elapsed_clock() */
} Queue;

/*
 * Here, as autovacuum's naptime is long against the worker's.  Many rows leave
 * room for those that come; the last of them leave a file that can be cut.
 */
static bool
vacuum_queues(void)
{
	static MemoryContext context = NULL;
	static Queue queues[] = {{"inbox", &inbox_counters.since_vacuum, 0},
							 {"query_events", &counting_counters.since_vacuum, 0},
							 {"cache_changes", &changes_since_vacuum, 0}};

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "personalization vacuum",
										ALLOCSET_DEFAULT_SIZES);
	for (size_t i = 0; i < lengthof(queues); i++)
	{
		Queue *queue = &queues[i];
		int64 now = elapsed_clock();

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

/* What a step that is not done tenant by tenant is called with, and gives. */
typedef struct Outside
{
	const NapStep *step;
	bool more;
} Outside;

static void
tell_step(void *arg)
{
	errcontext("personalization worker, %s", ((const Outside *) arg)->step->activity);
}

static void
do_outside(void *arg)
{
	Outside *outside = arg;
	ErrorContextCallback context = {error_context_stack, tell_step, outside};

	/* An error takes it off by itself: whoever catches it has the stack of before. */
	error_context_stack = &context;
	outside->more = outside->step->outside();
	error_context_stack = context.previous;
}

/* Gives a step its turn; returns whether it has more to do. */
static bool
do_nap_step(const NapStep *step, Progress *mine)
{
	int64 until = elapsed_clock() + TURN;
	Outside outside = {step, true};
	Failure failure;

	if (step->work != NULL)
		return worker_take_turns(step->work, TURN);
	if (mine->pause > elapsed_clock())
		return false;
	do
	{
		if (!worker_try(do_outside, &outside, &failure))
		{
			worker_note_failure(&failure, step->activity);
			mine->failed_turns++;
			mine->pause =
				elapsed_clock() +
				Min(USECS_PER_SEC * (INT64CONST(1) << Min(mine->failed_turns - 1, 6)), MAX_PAUSE);
			return false;
		}
	} while (outside.more && elapsed_clock() < until);
	mine->failed_turns = 0;
	return outside.more;
}

static void
begin_pass(void *arg)
{
	worker_begin("listing tenants");
	counting_adopt();
	pass_begin(GetCurrentTimestamp());
	worker_end();
}

static void
note_end_of_pass(void *arg)
{
	Datum values[3];

	worker_begin("recording the pass");
	pass.counts.inbox = inbox_counters.since_pass;
	pass.counts.queries = counting_counters.since_pass;
	values[0] = TimestampTzGetDatum(pass.started);
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[2] = JsonbPGetDatum(pass_document(&pass.counts));
	(void) statement_execute(&note_pass, values, NULL, SNAPSHOT_NEW);
	worker_end();
	inbox_counters.since_pass = 0;
	counting_counters.since_pass = 0;
}

static void
end_pass(void)
{
	pass_end();
	last_pass = elapsed_clock();
	had_pass = true;
}

/* Begins a pass that is due, or goes on with it; returns whether it has more to do. */
static bool
do_pass(void)
{
	Failure failure;

	/* By the interval of now: a shorter one holds from its reload on. */
	if (pass.context == NULL && had_pass &&
		elapsed_clock() < last_pass + maintenance_interval * USECS_PER_SEC)
		return false;
	if (pass.context == NULL && !worker_try(begin_pass, NULL, &failure))
	{
		worker_note_failure(&failure, "listing tenants");
		end_pass();
		return false;
	}
	if (worker_take_turns(&pass_work, TURN))
		return true;
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
