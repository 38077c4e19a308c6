/*
 * steps.c
 *		The steps of a worker.
 *
 *		The steps of each nap run at once; a pass over all tenants runs when
 *		maintenance_interval has passed since the last one.  Each step runs
 *		for a second before the next one, so that a long pass does not delay
 *		the inbox, nor a full inbox the pass; counting requests runs for a
 *		quarter of that while the inbox has more, or the consumer of topics.  Within a step the tenants take
 *		turns: bgworker/turns.h.
 *
 *		All errors are handled in the same way: they are logged and counted in
 *		worker_state, and the step, or the tenant, that fails does not delay
 *		others.
 */
#include "postgres.h"

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
#include "cluster/route.h"
#include "redis/push.h"
#include "suggestions/counting.h"
#include "tenancy/access.h"
#include "upkeep/maintenance.h"
#include "upkeep/steps.h"
#include "upkeep/vacuum.h"
#include "upkeep/work.h"

static Statement note_pass =
	STATEMENT("UPDATE personalization.worker_state"
			  " SET passes = passes + 1, last_started = $1, last_finished = $2, last_counts = $3",
			  "timestamptz timestamptz jsonb");

/* How long a step runs before the next one. */
#define TURN USECS_PER_SEC

/*
 * How long a step runs that gives way to those before it, while these have more
 * to do: what waits to be learned is missing in profiles, and what waits to be
 * counted only makes suggestions a little less good.
 */
#define SHORT_TURN (USECS_PER_SEC / 4)

/* A step that fails, other than for one tenant, waits 1 s, 2 s, 4 s, …, at most this. */
#define MAX_PAUSE (60 * USECS_PER_SEC)

/* A step of each nap: work on one tenant after another, or something else. */
typedef struct NapStep
{
	const char *activity; /* shown in pg_stat_activity */
	TenantWork *work;
	bool gives_way;

	/*
	 * Or this function, which is called outside a transaction and uses
	 * worker_begin() and worker_end().  Returns whether there may be more.
	 */
	bool (*outside)(void);
} NapStep;

static bool follow_shards(void);

static const NapStep nap_steps[] = {
	{.activity = "learning from the inbox", .work = &inbox_work},
	{.activity = "counting queries", .work = &counting_work, .gives_way = true},
	{.activity = "pushing to the cache", .outside = cache_push},
	{.activity = "vacuuming the queues", .outside = vacuum_queues},
	{.activity = "following shards", .outside = follow_shards},
};

/* State that is kept between the turns of a step. */
typedef struct Progress
{
	int64 rest;		  /* time until which it gives way to the consumer, by elapsed_clock() */
	int failed_turns; /* consecutive failures */
	int64 pause;	  /* time until which it therefore waits, by elapsed_clock() */
} Progress;

static Progress progress[lengthof(nap_steps)];

static int64 last_pass = 0; /* when it ended, by elapsed_clock() */
static bool had_pass = false;

/* ---------------------------------------------------------------- the steps */

/* On a cluster: shards that have been moved here, or are just being moved. */
static bool
follow_shards(void)
{
	if (statement_router == NULL)
		return false;
	worker_begin("following shards");
	access_complete_shards();
	worker_end();
	return false;
}

/* ---------------------------------------------------------------- running the steps */

/* Argument and result of a step that does not process tenants. */
typedef struct Outside
{
	const NapStep *step;
	bool more;
} Outside;

static void
step_error_callback(void *arg)
{
	errcontext("personalization worker, %s", ((const Outside *) arg)->step->activity);
}

static void
do_outside(void *arg)
{
	Outside *outside = arg;
	ErrorContextCallback context = {error_context_stack, step_error_callback, outside};

	/* An error removes it: the code that catches the error restores the stack. */
	error_context_stack = &context;
	outside->more = outside->step->outside();
	error_context_stack = context.previous;
}

/* Runs a step for a time; returns whether it has more to do. */
static bool
do_nap_step(const NapStep *step, Progress *mine, int64 turn)
{
	int64 until = elapsed_clock() + turn;
	Outside outside = {step, true};
	Failure failure;

	if (step->work != NULL)
		return worker_take_turns(step->work, turn);
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
	current_pass.counts.inbox = inbox_counters.since_pass;
	current_pass.counts.queries = counting_counters.since_pass;
	values[0] = TimestampTzGetDatum(current_pass.started);
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[2] = JsonbPGetDatum(pass_document(&current_pass.counts));
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

/* Begins a pass that is due, or continues it; returns whether it has more to do. */
static bool
do_pass(void)
{
	Failure failure;

	/* Use the present interval, so that a shorter one takes effect with its reload. */
	if (current_pass.context == NULL && had_pass &&
		elapsed_clock() < last_pass + maintenance_interval * USECS_PER_SEC)
		return false;
	if (current_pass.context == NULL && !worker_try(begin_pass, NULL, &failure))
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

/* How long a step may run now; 0 if it is to wait.  more: a step before it has more to do. */
static int64
next_turn(const NapStep *step, Progress *mine, bool more)
{
	int64 now = elapsed_clock();

	if (!step->gives_way)
		return TURN;
	if (!worker_consumer_is_behind())
		return more ? SHORT_TURN : TURN;
	/* The consumer learns in a process of its own, so that this one waits meanwhile. */
	if (now < mine->rest)
		return 0;
	mine->rest = now + TURN;
	return SHORT_TURN;
}

bool
worker_do_steps(void)
{
	bool more = false;

	for (int i = 0; i < (int) lengthof(nap_steps); i++)
	{
		int64 turn = next_turn(&nap_steps[i], &progress[i], more);

		if (turn > 0)
			more = do_nap_step(&nap_steps[i], &progress[i], turn) || more;
	}
	return do_pass() || more;
}
