/*
 * worker.c
 *		The worker of one database: learns the inbox within about a second, and
 *		does the upkeep once a minute.
 *
 * Each batch is a transaction of its own.  Between two batches, and while it
 * waits, the worker looks whether it is in anybody's way: CREATE DATABASE …
 * TEMPLATE, DROP and ALTER DATABASE wait for other sessions to leave, but do
 * not tell them so; their lock on the database does.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "commands/vacuum.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_node.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "cache_push.h"
#include "inbox.h"
#include "maintenance.h"
#include "module.h"
#include "statement.h"
#include "worker.h"
#include "worker_settings.h"
#include "worker_state.h"

bool worker_enabled = true;
int worker_naptime = 1000;
int worker_batch_size = 1000;
int maintenance_interval = 60;

static Statement note_pass =
	STATEMENT("UPDATE personalization.worker_state SET passes = passes + 1, last_started = $1,"
			  " last_finished = $2, last_counts = $3",
			  "timestamptz timestamptz jsonb");

/*
 * A dump that is being restored brings rows that are older than this
 * database's extension, the inbox and the tenants among them, and last, as its
 * name sorts behind the others', a row of worker_restores.  Until then hands
 * off: what the worker learned or deleted now would meet what is still to come.
 */
static Statement look_for_restore =
	STATEMENT("SELECT s.settled, (SELECT count(*) FROM personalization.worker_restores) > 1,"
			  " EXISTS (SELECT FROM personalization.tenants),"
			  " EXISTS (SELECT FROM personalization.tenants t WHERE t.created_at < s.created_at)"
			  " OR EXISTS (SELECT FROM personalization.inbox i"
			  "  WHERE personalization.inbox_arrival(i.position) < s.created_at)"
			  " FROM personalization.worker_state s WHERE NOT s.settled",
			  "");

static Statement settle = STATEMENT("UPDATE personalization.worker_state SET settled = true", "");

static Statement note_learned =
	STATEMENT("UPDATE personalization.worker_state SET learned = learned + $1, last_learned = $2",
			  "int8 timestamptz");

static Statement note_failure =
	STATEMENT("UPDATE personalization.worker_state SET failures = failures + 1, last_error = $1,"
			  " last_error_at = $2",
			  "text timestamptz");

/* How long somebody who wants the database waits at most, in milliseconds; five seconds is all they do. */
#define GIVE_WAY_WITHIN 1000

/*
 * A session that holds a user's lock, or a table's, keeps the worker so long;
 * then others have their turn first.
 */
#define LOCK_TIMEOUT "500ms"

/* After so many failed batches the worker takes its nap. */
#define MAX_FAILURES 30

/* After so many rows the inbox is vacuumed. */
#define VACUUM_AFTER 20000

static WorkerSlot *my_slot;
static int64 taken_since_vacuum = 0;
static int64 taken_since_pass = 0;
static uint64 my_launcher;

extern PGDLLEXPORT void personalization_worker_main(Datum arg);

static void
leave(WorkerOutcome outcome)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->outcome = outcome;
	LWLockRelease(worker_shared->lock);
	proc_exit(0);
}

static void
take_name_off(int code, Datum arg)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (my_slot->pid == MyProcPid)
		my_slot->pid = 0;
	LWLockRelease(worker_shared->lock);
}

/* Whether somebody wants the database for himself; in a transaction. */
static bool
database_wanted(void)
{
	LOCKTAG tag;

	/* What they hold conflicts with this, what other sessions hold does not. */
	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	(void) LockRelease(&tag, RowExclusiveLock, false);
	return false;
}

/*
 * Begins a transaction in which the extension is there and stays; leaves for
 * good when it is not, or when the worker is not wanted.
 */
static void
begin_work(const char *activity)
{
	Oid extension;
	bool dismissed;

	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	LWLockAcquire(worker_shared->lock, LW_SHARED);
	dismissed = !worker_enabled || worker_shared->launcher != my_launcher;
	LWLockRelease(worker_shared->lock);
	if (dismissed)
		leave(WORKER_DISMISSED);

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (database_wanted())
		leave(WORKER_GAVE_WAY);
	extension = get_extension_oid(EXTENSION_NAME, true);
	if (OidIsValid(extension))
	{
		/* DROP EXTENSION waits for us now, or we find it gone. */
		LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
		extension = get_extension_oid(EXTENSION_NAME, true);
	}
	if (!OidIsValid(extension))
		leave(WORKER_NO_WORK);

	pgstat_report_activity(STATE_RUNNING, activity);
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
}

static void
end_work(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

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

void
worker_begin(const char *activity)
{
	begin_work(activity);
}

void
worker_end(void)
{
	end_work();
}

void
worker_look_around(void)
{
	begin_work("waiting");
	end_work();
}

void
worker_show_cache(CacheState state)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot->cache = state;
	LWLockRelease(worker_shared->lock);
}

/*
 * Rows pass through the inbox and the cache's queue; what they leave behind is
 * taken away here, as autovacuum's naptime is long against the worker's.
 */
void
worker_vacuum(const char *table)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "personalization vacuum", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	VacuumStmt *vacuum;

	begin_work(psprintf("vacuuming %s", table));
	SPI_finish();
	PopActiveSnapshot();

	/* It commits the transaction and begins others. */
	old = MemoryContextSwitchTo(context);
	vacuum = makeNode(VacuumStmt);
	vacuum->is_vacuumcmd = true;
	vacuum->rels = list_make1(
		makeVacuumRelation(makeRangeVar(SCHEMA_NAME, pstrdup(table), -1), InvalidOid, NIL));
	ExecVacuum(make_parsestate(NULL), vacuum, true);
	MemoryContextSwitchTo(old);
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextDelete(context);
}

/* Learns one batch of the inbox; returns whether there may be more. */
static bool
learn_batch_of_inbox(int limit)
{
	Drained drained;

	begin_work("learning from the inbox");
	drained = inbox_drain(limit);
	if (drained.taken > 0)
	{
		Datum values[] = {Int64GetDatum(drained.learned),
						  TimestampTzGetDatum(GetCurrentTimestamp())};

		(void) statement_run(&note_learned, values, NULL);
	}
	end_work();
	taken_since_vacuum += drained.taken;
	taken_since_pass += drained.taken;
	if (taken_since_vacuum >= VACUUM_AFTER)
	{
		taken_since_vacuum = 0;
		worker_vacuum("inbox");
	}
	return drained.taken == limit;
}

/* Everything in one tenant that is dead, a batch a transaction. */
static void
maintain(const char *tenant_id, TimestampTz at, PassCounts *counts)
{
	bool more;

	do
	{
		begin_work("deleting what is dead");
		more = maintain_tenant(tenant_id, at, worker_batch_size, counts);
		end_work();
	} while (more);
}

/* The error that is being handled, noted and cleaned up after. */
static int
recover(char *message, size_t size)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData *error = CopyErrorData();
	int sqlstate = error->sqlerrcode;

	strlcpy(message, error->message,
			pg_mbcliplen(error->message, (int) strlen(error->message), (int) size - 1) + 1);
	HOLD_INTERRUPTS();
	if (sqlstate != ERRCODE_LOCK_NOT_AVAILABLE)
		EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	FreeErrorData(error);
	RESUME_INTERRUPTS();
	MemoryContextSwitchTo(old);
	return sqlstate;
}

static void
write_error(const char *message)
{
	Datum values[2];

	begin_work("noting an error");
	values[0] = CStringGetTextDatum(message);
	values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
	(void) statement_run(&note_failure, values, NULL);
	end_work();
}

/* What cannot be noted is in the log all the same. */
static void
note_error(const char *message)
{
	char ignored[256];

	PG_TRY();
	{
		write_error(message);
	}
	PG_CATCH();
	{
		(void) recover(ignored, sizeof(ignored));
	}
	PG_END_TRY();
}

/* Whether the data is all there. */
static bool
is_settled(void)
{
	static bool settled = false;
	bool restored;
	bool used;
	bool old;

	if (settled)
		return true;
	begin_work("looking whether a dump is being restored");
	if (statement_run(&look_for_restore, NULL, NULL) == 0)
	{
		settled = true;
		end_work();
		return true;
	}
	restored = DatumGetBool(result_value(0, 2, NULL));
	used = DatumGetBool(result_value(0, 3, NULL));
	old = DatumGetBool(result_value(0, 4, NULL));
	if (restored || (used && !old))
	{
		(void) statement_run(&settle, NULL, NULL);
		settled = true;
	}
	end_work();
	return settled || !old;
}

/* What went wrong in an attempt. */
typedef struct Failure
{
	int sqlstate;
	char message[256];
} Failure;

/* One batch; false, with the failure, where it failed. */
static bool
try_inbox(int limit, bool *more, Failure *failure)
{
	volatile bool done = false;

	PG_TRY();
	{
		*more = learn_batch_of_inbox(limit);
		done = true;
	}
	PG_CATCH();
	{
		failure->sqlstate = recover(failure->message, sizeof(failure->message));
	}
	PG_END_TRY();
	return done;
}

static bool
try_tenant(const char *tenant_id, TimestampTz at, PassCounts *counts, Failure *failure)
{
	volatile bool done = false;

	PG_TRY();
	{
		maintain(tenant_id, at, counts);
		done = true;
	}
	PG_CATCH();
	{
		failure->sqlstate = recover(failure->message, sizeof(failure->message));
	}
	PG_END_TRY();
	return done;
}

/*
 * Learns all of the inbox.  A batch that fails is tried again in halves, until
 * the one row is found that fails by itself; that one is set aside.  Returns
 * whether it stopped, at the given time, with more to do.
 */
static bool
learn_inbox(TimestampTz until)
{
	int limit = worker_batch_size;
	bool more = true;
	int failures = 0;

	/* The upkeep has its turn however much comes in, and the log its rest. */
	while (more && failures < MAX_FAILURES && GetCurrentTimestamp() < until)
	{
		Failure failure;

		if (try_inbox(limit, &more, &failure))
		{
			/* A smaller batch that was full may have left the rest of a larger one. */
			limit = Min(limit * 2, worker_batch_size);
			continue;
		}
		failures++;
		note_error(failure.message);
		if (limit == 1)
		{
			begin_work("setting aside what cannot be learned");
			if (error_is_of_row(failure.sqlstate))
				inbox_set_aside_first(failure.sqlstate, failure.message);
			else
				inbox_skip_tenant();
			end_work();
		}
		limit = Max(Min(limit, inbox_attempted) / 2, 1);
	}
	return more && failures < MAX_FAILURES;
}

/* How long the cache has its turn at a time, in microseconds. */
#define CACHE_TURN USECS_PER_SEC

/* Brings the cache up to date; returns whether it stopped with more to do. */
static bool
push_to_cache(void)
{
	TimestampTz until = GetCurrentTimestamp() + CACHE_TURN;
	volatile bool more = true;
	char message[256];

	while (more && GetCurrentTimestamp() < until)
	{
		volatile bool failed = true;

		PG_TRY();
		{
			more = cache_push();
			failed = false;
		}
		PG_CATCH();
		{
			(void) recover(message, sizeof(message));
		}
		PG_END_TRY();
		if (failed)
		{
			cache_push_recover();
			note_error(message);
			more = false;
		}
	}
	return more;
}

/* One pass over all tenants; one that fails does not stop the others'. */
static void
do_upkeep(void)
{
	TimestampTz started = GetCurrentTimestamp();
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "personalization pass", ALLOCSET_DEFAULT_SIZES);
	PassCounts counts = {0};
	List *tenants = NIL;
	ListCell *cell;

	begin_work("listing tenants");
	{
		List *listed = maintenance_tenants();
		MemoryContext old = MemoryContextSwitchTo(context);

		foreach (cell, listed)
			tenants = lappend(tenants, pstrdup(lfirst(cell)));
		MemoryContextSwitchTo(old);
	}
	end_work();

	foreach (cell, tenants)
	{
		Failure failure;

		if (!try_tenant(lfirst(cell), started, &counts, &failure))
			note_error(failure.message);
	}

	begin_work("noting the pass");
	counts.inbox = taken_since_pass;
	taken_since_pass = 0;
	{
		Datum values[] = {TimestampTzGetDatum(started), TimestampTzGetDatum(GetCurrentTimestamp()),
						  JsonbPGetDatum(pass_document(&counts))};

		(void) statement_run(&note_pass, values, NULL);
	}
	end_work();
	MemoryContextDelete(context);
}

static void
connect_to_database(int slot)
{
	Oid database;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot = &worker_shared->slots[slot];
	my_launcher = worker_shared->launcher;
	database = my_slot->database;
	my_slot->pid = MyProcPid;
	LWLockRelease(worker_shared->lock);
	before_shmem_exit(take_name_off, (Datum) 0);
	if (!OidIsValid(database))
		leave(WORKER_DISMISSED);

	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);

	/* A superuser's session: nothing but our own statements, over indexes, with our names. */
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("enable_seqscan", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("application_name", "personalization worker", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("statement_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", LOCK_TIMEOUT, PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("row_security", "off", PGC_SUSET, PGC_S_OVERRIDE);
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
			begin_work("waiting");
			end_work();
		}
	}
}

void
personalization_worker_main(Datum arg)
{
	TimestampTz next_pass = 0;
	bool more;
	bool ours;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	connect_to_database(DatumGetInt32(arg));

	begin_work("starting");
	ours = objects_are_ours();
	end_work();
	if (!ours)
		leave(WORKER_NO_WORK);
	ereport(LOG, (errmsg("personalization worker for database %u started", MyDatabaseId)));

	for (;;)
	{
		if (!is_settled())
		{
			nap();
			continue;
		}
		more = learn_inbox(Max(next_pass, GetCurrentTimestamp() + USECS_PER_SEC));
		if (push_to_cache())
			more = true;
		if (GetCurrentTimestamp() >= next_pass)
		{
			do_upkeep();
			next_pass = GetCurrentTimestamp() + maintenance_interval * USECS_PER_SEC;
		}
		if (!more)
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
