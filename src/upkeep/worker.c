/*
 * worker.c
 *		The worker of one database: its process and its main loop.  Its work
 *		is in steps.c.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/guc.h"
#include "bgworker/owners.h"
#include "bgworker/restore.h"
#include "bgworker/session.h"
#include "bgworker/state.h"
#include "kafka/consumer.h"
#include "upkeep/steps.h"

/*
 * Maximum time until the worker notices that another session needs the
 * database, in milliseconds; such sessions wait only five seconds.
 */
#define GIVE_WAY_WITHIN 1000

/*
 * How long, at most, until the next look at whether it may work, in milliseconds: to begin takes two
 * looks, and a long nap is meant for the work.
 */
#define LOOK_AGAIN 1000

/* How often memory is returned. */
#define RETURN_EVERY (5 * USECS_PER_SEC)

extern PGDLLEXPORT void personalization_worker_main(Datum arg);

/*
 * Whether the extension's objects match this library: a new library may meet
 * those of the old script until ALTER EXTENSION UPDATE.
 */
static bool
objects_are_ours(void)
{
	return OidIsValid(get_relname_relid("inbox", get_namespace_oid(SCHEMA_NAME, true))) &&
		   OidIsValid(get_relname_relid("worker_state", get_namespace_oid(SCHEMA_NAME, true))) &&
		   OidIsValid(get_relname_relid("backing_off", get_namespace_oid(SCHEMA_NAME, true)));
}

/* What a large batch has freed goes back to the system: malloc() keeps it otherwise. */
static void
return_memory(void)
{
#ifdef __GLIBC__
	static int64 returned = 0;

	if (elapsed_clock() < returned + RETURN_EVERY)
		return;
	returned = elapsed_clock();
	(void) malloc_trim(0);
#endif
}

/* Waits, in milliseconds, and checks every second whether another session needs the database. */
static void
nap(int duration)
{
	int left = duration;

	return_memory();
	while (left > 0)
	{
		int wait = Min(left, GIVE_WAY_WITHIN);

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		left -= wait;
		if (left > 0)
		{
			worker_begin("waiting");
			worker_end();
			consumer_look_after();
		}
	}
}

/* Whether the database is in a state in which the worker may do anything; shows why not. */
static bool
may_work(void)
{
	static bool begun = false;
	volatile bool may = false;

	/* Until it has begun, nothing else tells what it ends with. */
	PG_TRY();
	{
		may = owner_is_trusted() && worker_is_settled();
	}
	PG_CATCH();
	{
		if (!begun)
			worker_note_start_failure();
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (!may)
		return false;
	worker_show_waiting(NULL);
	if (!begun)
		worker_has_begun();
	begun = true;
	return true;
}

void
personalization_worker_main(Datum arg)
{
	volatile bool ours = false;

	/* What goes wrong here ends the process; there is no table yet to tell it. */
	PG_TRY();
	{
		worker_connect(DatumGetInt32(arg));
		worker_begin("starting");
		ours = objects_are_ours();
		worker_end();
	}
	PG_CATCH();
	{
		worker_note_start_failure();
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (!ours)
		worker_leave(WORKER_OUTDATED);
	ereport(LOG, (errmsg("personalization worker for database %u started", MyDatabaseId)));

	for (;;)
	{
		if (!may_work())
		{
			nap(Min(worker_naptime, LOOK_AGAIN));
			continue;
		}
		consumer_look_after();
		if (!worker_do_steps())
			nap(worker_naptime);
	}
}
