/*
 * launcher.c
 *		The launcher: one process per server, which starts a worker in each
 *		database that has the extension.
 *
 *		It is not connected to a database and reads shared catalogs only.
 *		Only a worker in a database can check whether it has the extension; a
 *		worker that finds none exits at once, and is started again after a
 *		while, or when CREATE EXTENSION announces it.
 *
 *		 not running --start--> running --ends--> not running, next start after:
 *		    failed      1 s, 2 s, 4 s, … up to a minute
 *		    no work     a minute, or an announcement
 *		    outdated    the same; logged once
 *		    gave way    2 s
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/guc.h"
#include "bgworker/launcher.h"
#include "bgworker/session.h"
#include "bgworker/state.h"

/* How often the list of databases is read, in milliseconds. */
#define LAUNCHER_NAP 1000

#define RETRY_NO_WORK_MS 60000
#define RETRY_GAVE_WAY_MS 2000
#define RETRY_FAILED_MAX_MS 60000

/* A database, as known to the launcher. */
typedef struct Database
{
	Oid oid;						/* the key */
	BackgroundWorkerHandle *handle; /* NULL if not running */
	int slot;
	int failures;	/* consecutive failures */
	int64 next_try; /* by elapsed_clock() */
	bool has_no_work;
	bool is_outdated;
	bool seen; /* in the latest list of databases */
} Database;

static HTAB *databases;

extern PGDLLEXPORT void personalization_launcher_main(Datum arg);

/* The connection limit of a database whose DROP was interrupted; nobody can connect to it. */
#define INVALID_DATABASE (-2)

/* Records every database that allows connections and is not a template. */
static void
list_databases(void)
{
	Relation relation;
	TableScanDesc scan;
	HeapTuple tuple;
	HASH_SEQ_STATUS status;
	Database *database;

	hash_seq_init(&status, databases);
	while ((database = hash_seq_search(&status)) != NULL)
		database->seen = false;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	relation = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(relation, 0, NULL);
	while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		bool found;

		if (!form->datallowconn || form->datistemplate || form->datconnlimit == INVALID_DATABASE)
			continue;
		database = hash_search(databases, &form->oid, HASH_ENTER, &found);
		if (!found)
		{
			memset(database, 0, sizeof(*database));
			database->oid = form->oid;
		}
		database->seen = true;
	}
	table_endscan(scan);
	table_close(relation, AccessShareLock);
	CommitTransactionCommand();
}

/* Returns a free slot for the database, or -1 if there is none. */
static int
take_slot(Oid database)
{
	int slot = -1;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < MAX_WORKERS && slot < 0; i++)
	{
		if (!OidIsValid(worker_shared->slots[i].database))
			slot = i;
	}
	if (slot >= 0)
	{
		worker_shared->slots[slot].database = database;
		worker_shared->slots[slot].pid = 0;
		worker_shared->slots[slot].outcome = WORKER_FAILED;
		worker_shared->slots[slot].cache = CACHE_OFF;
		worker_shared->slots[slot].begun = false;
		worker_shared->slots[slot].waits_for[0] = '\0';
		worker_shared->slots[slot].consumer = 0;
	}
	LWLockRelease(worker_shared->lock);
	return slot;
}

static WorkerOutcome
free_slot(int slot)
{
	WorkerOutcome outcome;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	outcome = worker_shared->slots[slot].outcome;
	if (outcome == WORKER_FAILED && !worker_shared->slots[slot].begun)
	{
		StartFailures *failures = worker_start_failures(worker_shared->slots[slot].database, true);

		if (failures != NULL)
		{
			failures->n++;
			failures->at = GetCurrentTimestamp();
		}
	}
	if (outcome == WORKER_NO_WORK)
	{
		StartFailures *failures = worker_start_failures(worker_shared->slots[slot].database, false);

		if (failures != NULL)
			failures->database = InvalidOid;
	}
	worker_shared->slots[slot].database = InvalidOid;
	worker_shared->slots[slot].pid = 0;
	LWLockRelease(worker_shared->lock);
	return outcome;
}

#define NO_PLACE "as many databases have a worker as may have one"
#define NO_SLOT "no free worker slot: max_worker_processes is too low"

/* For worker_start_failures(): the log has it only once, and not where somebody looks. */
static void
note_no_place(const Database *database, const char *message)
{
	StartFailures *failures;

	if (database->has_no_work)
		return;
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	failures = worker_start_failures(database->oid, true);
	if (failures != NULL)
	{
		failures->n++;
		failures->at = GetCurrentTimestamp();
		strlcpy(failures->message, message, sizeof(failures->message));
	}
	LWLockRelease(worker_shared->lock);
}

/* A worker that waits for the first tenant has not begun, but there is a place for it. */
static void
note_place(const Database *database)
{
	StartFailures *failures;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	failures = worker_start_failures(database->oid, false);
	if (failures != NULL &&
		(strcmp(failures->message, NO_PLACE) == 0 || strcmp(failures->message, NO_SLOT) == 0))
		failures->database = InvalidOid;
	LWLockRelease(worker_shared->lock);
}

static void
start_worker(Database *database)
{
	static bool complained = false;
	BackgroundWorker worker = {0};
	MemoryContext old;

	database->slot = take_slot(database->oid);
	if (database->slot < 0)
	{
		database->next_try = elapsed_clock() + RETRY_FAILED_MAX_MS * INT64CONST(1000);
		note_no_place(database, NO_PLACE);
		return;
	}
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = Int32GetDatum(database->slot);
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "personalization", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "personalization_worker_main",
			sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "personalization worker for database %u",
			 database->oid);
	strlcpy(worker.bgw_type, "personalization worker", sizeof(worker.bgw_type));

	/* The handle must live as long as the worker. */
	old = MemoryContextSwitchTo(TopMemoryContext);
	if (RegisterDynamicBackgroundWorker(&worker, &database->handle))
	{
		complained = false;
		note_place(database);
	}
	else
	{
		database->handle = NULL;
		worker_shared->slots[database->slot].outcome = WORKER_DISMISSED;
		(void) free_slot(database->slot);
		database->next_try = elapsed_clock() + RETRY_GAVE_WAY_MS * INT64CONST(1000);
		note_no_place(database, NO_SLOT);
		if (!complained)
			ereport(LOG, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
						  errmsg("personalization: out of background worker slots for database %u",
								 database->oid),
						  errhint("You might need to increase max_worker_processes. The launcher "
								  "keeps trying.")));
		complained = true;
	}
	MemoryContextSwitchTo(old);
}

/* Determines when to try again after a worker has ended. */
static void
worker_ended(Database *database)
{
	WorkerOutcome outcome = free_slot(database->slot);
	int64 wait_ms = 0;

	pfree(database->handle);
	database->handle = NULL;
	database->failures = outcome == WORKER_FAILED ? database->failures + 1 : 0;
	database->has_no_work = outcome == WORKER_NO_WORK || outcome == WORKER_OUTDATED;
	if (outcome == WORKER_OUTDATED && !database->is_outdated)
		ereport(LOG, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					  errmsg("personalization: extension in database %u is older than the library, "
							 "so no worker is started",
							 database->oid),
					  errhint("Run ALTER EXTENSION " EXTENSION_NAME " UPDATE in that database.")));
	database->is_outdated = outcome == WORKER_OUTDATED;
	switch (outcome)
	{
		case WORKER_FAILED:
			wait_ms =
				Min(1000 * (INT64CONST(1) << Min(database->failures - 1, 6)), RETRY_FAILED_MAX_MS);
			break;
		case WORKER_NO_WORK:
		case WORKER_OUTDATED:
			wait_ms = RETRY_NO_WORK_MS;
			break;
		case WORKER_GAVE_WAY:
			wait_ms = RETRY_GAVE_WAY_MS;
			break;
		case WORKER_DISMISSED:
			break;
	}
	database->next_try = elapsed_clock() + wait_ms * 1000;
}

/* Starts workers that are due, and records those that have ended. */
static void
supervise_workers(bool announced)
{
	int64 now = elapsed_clock();
	HASH_SEQ_STATUS status;
	Database *database;

	hash_seq_init(&status, databases);
	while ((database = hash_seq_search(&status)) != NULL)
	{
		pid_t pid;

		if (database->handle != NULL &&
			GetBackgroundWorkerPid(database->handle, &pid) == BGWH_STOPPED)
			worker_ended(database);
		if (database->handle != NULL)
			continue;
		if (!database->seen)
			(void) hash_search(databases, &database->oid, HASH_REMOVE, NULL);
		else if (worker_enabled &&
				 (database->next_try <= now || (announced && database->has_no_work)))
			start_worker(database);
	}
}

static void
launcher_onexit(int code, Datum arg)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	worker_shared->launcher_proc = -1;
	LWLockRelease(worker_shared->lock);
}

/* The workers of a previous launcher see the number, and exit. */
static void
launcher_attach(void)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	worker_shared->launcher++;
	worker_shared->launcher_proc = my_proc_number();
	for (int i = 0; i < MAX_WORKERS; i++)
		worker_shared->slots[i].database = InvalidOid;
	LWLockRelease(worker_shared->lock);
	before_shmem_exit(launcher_onexit, (Datum) 0);
}

void
personalization_launcher_main(Datum arg)
{
	HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Database)};
	uint64 announcements = 0;

	worker_take_signals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	launcher_attach();
	databases = hash_create("personalization databases", 32, &control, HASH_ELEM | HASH_BLOBS);

	for (;;)
	{
		bool announced;
		bool reloaded = ConfigReloadPending;

		CHECK_FOR_INTERRUPTS();
		if (reloaded)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		LWLockAcquire(worker_shared->lock, LW_SHARED);
		announced = worker_shared->announcements != announcements;
		announcements = worker_shared->announcements;
		LWLockRelease(worker_shared->lock);

		pgstat_report_activity(STATE_RUNNING, "supervising workers");
		list_databases();
		supervise_workers(announced || reloaded);
		pgstat_report_activity(STATE_IDLE, NULL);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LAUNCHER_NAP,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

void
launcher_register(void)
{
	BackgroundWorker launcher = {0};

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
