/*
 * worker.c
 *		The worker of one database: its process, its naps, and the settings.
 *
 * What it does stands in worker_steps.c.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "module.h"
#include "worker.h"
#include "worker_restore.h"
#include "worker_session.h"
#include "worker_settings.h"
#include "worker_state.h"
#include "worker_steps.h"

bool worker_enabled = true;
int worker_naptime = 1000;
int worker_batch_size = 1000;
int maintenance_interval = 60;

/* How long somebody who wants the database waits at most, in milliseconds; five seconds is all they do. */
#define GIVE_WAY_WITHIN 1000

extern PGDLLEXPORT void personalization_worker_main(Datum arg);

/*
 * Whether the extension's objects are those that this library works with: a
 * new library may meet the old script's until ALTER EXTENSION UPDATE.
 */
static bool
objects_are_ours(void)
{
	return OidIsValid(get_relname_relid("inbox", get_namespace_oid(SCHEMA_NAME, true))) &&
		   OidIsValid(get_relname_relid("worker_state", get_namespace_oid(SCHEMA_NAME, true)));
}

/* Waits, and looks every second whether somebody wants the database. */
static void
nap(void)
{
	int left = worker_naptime;

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
		}
	}
}

void
personalization_worker_main(Datum arg)
{
	bool ours;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	worker_connect(DatumGetInt32(arg));

	worker_begin("starting");
	ours = objects_are_ours();
	worker_end();
	if (!ours)
		worker_leave(WORKER_OUTDATED);
	ereport(LOG, (errmsg("personalization worker for database %u started", MyDatabaseId)));

	for (;;)
	{
		if (!worker_is_settled() || !worker_do_steps())
			nap();
	}
}

void
worker_init(void)
{
	BackgroundWorker launcher = {0};

	DefineCustomBoolVariable("personalization.worker",
							 "Lets the background worker work, where the library is preloaded.",
							 NULL, &worker_enabled, true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"personalization.worker_naptime", "Time between two looks of the worker at the inbox.",
		NULL, &worker_naptime, 1000, 10, 3600 * 1000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.worker_batch_size",
							"Rows at most that the worker handles in one transaction.", NULL,
							&worker_batch_size, 1000, 1, 100000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"personalization.maintenance_interval", "Time between two passes of the worker's upkeep.",
		NULL, &maintenance_interval, 60, 1, 24 * 3600, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);

	if (!process_shared_preload_libraries_in_progress)
		return;
	worker_state_init();
	launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	launcher.bgw_start_time = BgWorkerStart_RecoveryFinished;
	launcher.bgw_restart_time = 5;
	strlcpy(launcher.bgw_library_name, "personalization", sizeof(launcher.bgw_library_name));
	strlcpy(launcher.bgw_function_name, "personalization_launcher_main",
			sizeof(launcher.bgw_function_name));
	strlcpy(launcher.bgw_name, "personalization launcher", sizeof(launcher.bgw_name));
	strlcpy(launcher.bgw_type, "personalization launcher", sizeof(launcher.bgw_type));
	RegisterBackgroundWorker(&launcher);
}
