/*
 * state.c
 *		The state shared by the launcher, its workers and other sessions.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bgworker/state.h"

#define TRANCHE "personalization"

WorkerShared *worker_shared = NULL;

static shmem_request_hook_type previous_request = NULL;
static shmem_startup_hook_type previous_startup = NULL;
static bool announce_at_commit = false;
static bool wake_at_commit = false;

PG_FUNCTION_INFO_V1(personalization_wake_worker);
PG_FUNCTION_INFO_V1(personalization_worker_pid);
PG_FUNCTION_INFO_V1(personalization_consumer_pid);
PG_FUNCTION_INFO_V1(personalization_cache_state);
PG_FUNCTION_INFO_V1(personalization_worker_waits_for);
PG_FUNCTION_INFO_V1(personalization_worker_start_failures);

static void
request(void)
{
	if (previous_request != NULL)
		previous_request();
	RequestAddinShmemSpace(MAXALIGN(sizeof(WorkerShared)));
	RequestNamedLWLockTranche(TRANCHE, 1);
}

static void
startup(void)
{
	bool found;

	if (previous_startup != NULL)
		previous_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	worker_shared = ShmemInitStruct(TRANCHE, sizeof(WorkerShared), &found);
	if (!found)
	{
		memset(worker_shared, 0, sizeof(*worker_shared));
		worker_shared->lock = &GetNamedLWLockTranche(TRANCHE)->lock;
		worker_shared->launcher_proc = -1;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
worker_state_init(void)
{
	previous_request = shmem_request_hook;
	shmem_request_hook = request;
	previous_startup = shmem_startup_hook;
	shmem_startup_hook = startup;
}

void
worker_announce(void)
{
	int proc;

	if (worker_shared == NULL)
		return;
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	worker_shared->announcements++;
	proc = worker_shared->launcher_proc;
	LWLockRelease(worker_shared->lock);
	if (proc >= 0)
		SetLatch(&ProcGlobal->allProcs[proc].procLatch);
}

static void
wake(pid_t pid)
{
	PGPROC *proc = pid != 0 ? BackendPidGetProc(pid) : NULL;

	if (proc != NULL)
		SetLatch(&proc->procLatch);
}

/* Wakes those of this database. */
static void
wake_workers(void)
{
	pid_t worker = 0;
	pid_t consumer = 0;

	if (worker_shared == NULL)
		return;
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (worker_shared->slots[i].database != MyDatabaseId)
			continue;
		worker = worker_shared->slots[i].pid;
		consumer = worker_shared->slots[i].consumer;
	}
	LWLockRelease(worker_shared->lock);
	wake(worker);
	wake(consumer);
}

/* Nothing here may raise an error. */
static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT && announce_at_commit)
		worker_announce();
	if (event == XACT_EVENT_COMMIT && wake_at_commit)
		wake_workers();

	/*
	 * A prepared transaction is committed by another one: the launcher finds
	 * the database within a minute.
	 */
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
	{
		announce_at_commit = false;
		wake_at_commit = false;
	}
}

static void
watch_transaction(void)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(at_transaction_end, NULL);
	registered = true;
}

void
worker_wake_at_commit(void)
{
	watch_transaction();
	wake_at_commit = true;
}

Datum
personalization_wake_worker(PG_FUNCTION_ARGS)
{
	watch_transaction();
	announce_at_commit = true;
	PG_RETURN_VOID();
}

/* Returns the process ID of the worker of this database, or of its consumer; 0 if there is none. */
static pid_t
pid_of(bool consumer)
{
	pid_t pid = 0;

	if (worker_shared == NULL)
		return 0;
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (worker_shared->slots[i].database == MyDatabaseId && worker_shared->slots[i].pid != 0)
			pid = consumer ? worker_shared->slots[i].consumer : worker_shared->slots[i].pid;
	}
	LWLockRelease(worker_shared->lock);
	return pid;
}

bool
worker_is_working(void)
{
	bool working = false;

	if (worker_shared == NULL)
		return false;
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		const WorkerSlot *slot = &worker_shared->slots[i];

		if (slot->database == MyDatabaseId && slot->pid != 0 && slot->begun)
			working = true;
	}
	LWLockRelease(worker_shared->lock);
	return working;
}

Datum
personalization_worker_pid(PG_FUNCTION_ARGS)
{
	pid_t pid = pid_of(false);

	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}

Datum
personalization_consumer_pid(PG_FUNCTION_ARGS)
{
	pid_t pid = pid_of(true);

	if (pid == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32(pid);
}

Datum
personalization_cache_state(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {
		[CACHE_OFF] = "off", [CACHE_CONNECTED] = "connected", [CACHE_FAILING] = "failing"};
	const char *name = NULL;

	if (worker_shared == NULL)
		PG_RETURN_NULL();
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (worker_shared->slots[i].database == MyDatabaseId && worker_shared->slots[i].pid != 0)
			name = names[worker_shared->slots[i].cache];
	}
	LWLockRelease(worker_shared->lock);
	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

Datum
personalization_worker_waits_for(PG_FUNCTION_ARGS)
{
	char waits_for[WAITS_FOR_SIZE] = "";

	if (worker_shared == NULL)
		PG_RETURN_NULL();
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	for (int i = 0; i < MAX_WORKERS; i++)
	{
		if (worker_shared->slots[i].database == MyDatabaseId && worker_shared->slots[i].pid != 0)
			strlcpy(waits_for, worker_shared->slots[i].waits_for, sizeof(waits_for));
	}
	LWLockRelease(worker_shared->lock);
	if (waits_for[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(waits_for));
}

StartFailures *
worker_start_failures(Oid database, bool make)
{
	StartFailures *place = NULL;

	for (int i = 0; i < MAX_WORKERS; i++)
	{
		StartFailures *failures = &worker_shared->start_failures[i];

		if (failures->database == database)
			return failures;
		if (make && place == NULL && !OidIsValid(failures->database))
			place = failures;
	}
	if (place != NULL)
	{
		memset(place, 0, sizeof(*place));
		place->database = database;
	}
	return place;
}

/* (failures, error, at): of workers that ended before they had begun; null where none did. */
Datum
personalization_worker_start_failures(PG_FUNCTION_ARGS)
{
	TupleDesc columns;
	Datum values[3] = {0};
	bool nulls[3] = {true, true, true};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (worker_shared != NULL)
	{
		StartFailures failures = {0};
		const StartFailures *found;

		LWLockAcquire(worker_shared->lock, LW_SHARED);
		found = worker_start_failures(MyDatabaseId, false);
		if (found != NULL)
			failures = *found;
		LWLockRelease(worker_shared->lock);
		if (failures.n > 0)
		{
			values[0] = Int64GetDatum(failures.n);
			values[1] = CStringGetTextDatum(
				failures.message[0] != '\0' ? failures.message
											: "the worker ended at its start: see the server log");
			values[2] = TimestampTzGetDatum(failures.at);
			memset(nulls, false, sizeof(nulls));
		}
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}
