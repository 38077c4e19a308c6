/*
 * session.c
 *		The session of a worker: its transactions, and the handling of errors.
 *
 *		Before each transaction the worker checks whether it blocks another
 *		session: CREATE DATABASE … TEMPLATE, DROP and ALTER DATABASE wait for
 *		other sessions to disconnect.  They do not signal this, but their lock
 *		on the database shows it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "base/trusted.h"
#include "bgworker/session.h"

static Statement note_failure = STATEMENT(
	"UPDATE personalization.worker_state"
	" SET failures = failures + 1, last_error = $1, last_error_in = $2, last_error_at = $3",
	"text text timestamptz");

static Statement note_cache_failure = STATEMENT(
	"UPDATE personalization.worker_state"
	" SET cache_failures = cache_failures + 1, cache_last_error = $1, cache_last_error_at = $2",
	"text timestamptz");

/*
 * How long the worker waits for a lock of another session, such as a user's;
 * then other tenants are processed first.
 */
#define LOCK_TIMEOUT "500ms"

/* After waiting this long, a line is logged. */
#define TELL_AFTER (60 * USECS_PER_SEC)

/* Its slot, and the part of it that belongs to this process: the worker's or the consumer's. */
static WorkerSlot *my_slot;
static pid_t *my_pid;
static WorkerOutcome *my_outcome;

static uint64 my_launcher;
static pid_t my_parent = 0; /* for a consumer, the worker; 0 for a worker */

/*
 * Whether the slot still belongs to this process: a new launcher may have
 * given it to another worker.  The lock is held.
 */
static bool
slot_is_mine(void)
{
	return *my_pid == MyProcPid;
}

/*
 * A background worker starts with SIGHUP ignored, so a reload between its fork
 * and here is lost: it is as if there had been one.
 */
void
worker_take_signals(void)
{
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	ConfigReloadPending = true;
	BackgroundWorkerUnblockSignals();
}

void
worker_leave(WorkerOutcome outcome)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot_is_mine())
		*my_outcome = outcome;
	LWLockRelease(worker_shared->lock);
	proc_exit(0);
}

static void
worker_onexit(int code, Datum arg)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot_is_mine())
		*my_pid = 0;
	LWLockRelease(worker_shared->lock);
}

/*
 * Settings that ALTER DATABASE or ALTER ROLE may have changed, and the values
 * that the worker needs.  It runs with a superuser's rights, so a name must not
 * lead to another object; it relies on indexes; and it must produce the same
 * documents as any other session.
 */
static const struct
{
	const char *name;
	const char *value;
} own_settings[] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"enable_seqscan", "off"},
	{"enable_indexscan", "on"},
	{"enable_indexonlyscan", "on"},
	{"enable_bitmapscan", "on"},
	{"enable_tidscan", "on"},
	{"enable_nestloop", "on"},
	{"enable_hashjoin", "on"},
	{"enable_mergejoin", "on"},
	{"enable_sort", "on"},
	{"enable_partition_pruning", "on"},
	{"jit", "off"},
	{"statement_timeout", "0"},
	{"idle_in_transaction_session_timeout", "0"},
	{"idle_session_timeout", "0"},
	{"lock_timeout", LOCK_TIMEOUT},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"row_security", "off"},
	{"session_replication_role", "origin"},
	{"temp_file_limit", "-1"},
	{"transform_null_equals", "off"},
	{"array_nulls", "on"},
	{"standard_conforming_strings", "on"},
	{"quote_all_identifiers", "off"},
	{"intervalstyle", "postgres"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	{"plan_cache_mode", "auto"},
	{"zero_damaged_pages", "off"},
};

/* Whatever role they name, the session is that of the bootstrap superuser again. */
static void
act_as_itself(void)
{
	StartTransactionCommand();
	SetSessionAuthorization(BOOTSTRAP_SUPERUSERID, true);
	SetConfigOption("session_authorization", GetUserNameFromId(BOOTSTRAP_SUPERUSERID, false),
					PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("role", "none", PGC_SUSET, PGC_S_OVERRIDE);
	for (size_t i = 0; i < lengthof(own_settings); i++)
		SetConfigOption(own_settings[i].name, own_settings[i].value, PGC_SUSET, PGC_S_OVERRIDE);
	no_transaction_timeout();
	CommitTransactionCommand();
}

/* Connects to a database, as the worker or the consumer of its slot. */
static void
connect_as(int slot, bool consumer, const char *name)
{
	Oid database;

	worker_take_signals();
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	my_slot = &worker_shared->slots[slot];
	my_pid = consumer ? &my_slot->consumer : &my_slot->pid;
	my_outcome = consumer ? &my_slot->consumer_outcome : &my_slot->outcome;
	my_launcher = worker_shared->launcher;
	my_parent = consumer ? my_slot->pid : 0;
	database = consumer && my_parent == 0 ? InvalidOid : my_slot->database;
	*my_pid = MyProcPid;
	*my_outcome = WORKER_FAILED;
	LWLockRelease(worker_shared->lock);
	before_shmem_exit(worker_onexit, (Datum) 0);
	if (!OidIsValid(database))
		worker_leave(WORKER_DISMISSED);

	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	trust_superusers_only();

	/*
	 * Switched off with ALTER DATABASE; for the server it is on, or we would
	 * not have been started.
	 */
	if (!worker_enabled)
		worker_leave(WORKER_NO_WORK);

	act_as_itself();
	SetConfigOption("application_name", name, PGC_SUSET, PGC_S_OVERRIDE);
}

void
worker_connect(int slot)
{
	connect_as(slot, false, "personalization worker");
}

void
worker_connect_consumer(int slot)
{
	connect_as(slot, true, "personalization consumer");
}

int
worker_slot(void)
{
	return (int) (my_slot - worker_shared->slots);
}

WorkerOutcome
worker_consumer_outcome(void)
{
	WorkerOutcome outcome;

	LWLockAcquire(worker_shared->lock, LW_SHARED);
	outcome = my_slot->consumer_outcome;
	LWLockRelease(worker_shared->lock);
	return outcome;
}

void
worker_note_full_batch(void)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot_is_mine())
		my_slot->full_batches++;
	LWLockRelease(worker_shared->lock);
}

bool
worker_consumer_is_behind(void)
{
	static uint64 seen = 0;
	static int64 seen_at = 0;
	int64 now = elapsed_clock();
	uint64 full_batches;

	LWLockAcquire(worker_shared->lock, LW_SHARED);
	full_batches = my_slot->full_batches;
	LWLockRelease(worker_shared->lock);
	if (seen != full_batches)
		seen_at = now;
	seen = full_batches;
	return seen_at != 0 && now < seen_at + USECS_PER_SEC;
}

void
worker_show_cache(CacheState state)
{
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot_is_mine())
		my_slot->cache = state;
	LWLockRelease(worker_shared->lock);
}

void
worker_show_waiting(const char *what)
{
	static int64 since = 0;
	static char shown[WAITS_FOR_SIZE] = "";
	static bool told = false;

	if (what == NULL)
		what = "";
	if (what[0] == '\0' && shown[0] == '\0')
		return;
	if (strcmp(what, shown) != 0)
	{
		since = elapsed_clock();
		told = false;
		strlcpy(shown, what, sizeof(shown));
	}
	if (my_parent == 0)
	{
		LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
		if (slot_is_mine())
			strlcpy(my_slot->waits_for, what, sizeof(my_slot->waits_for));
		LWLockRelease(worker_shared->lock);
	}

	if (shown[0] == '\0' || told || my_parent != 0 || elapsed_clock() < since + TELL_AFTER)
		return;
	told = true;
	ereport(LOG, (errmsg("personalization worker for database %u is waiting for %s", MyDatabaseId,
						 shown)));
}

void
worker_has_begun(void)
{
	StartFailures *failures;

	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	if (slot_is_mine())
		my_slot->begun = true;
	failures = worker_start_failures(MyDatabaseId, false);
	if (failures != NULL)
		failures->database = InvalidOid;
	LWLockRelease(worker_shared->lock);
}

void
worker_note_start_failure(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData *error = CopyErrorData();
	StartFailures *failures;

	MemoryContextSwitchTo(old);
	LWLockAcquire(worker_shared->lock, LW_EXCLUSIVE);
	failures = worker_start_failures(my_slot->database, true);
	if (failures != NULL)
		strlcpy(failures->message, error->message,
				pg_mbcliplen(error->message, (int) strlen(error->message), MESSAGE_SIZE - 1) + 1);
	LWLockRelease(worker_shared->lock);
}

/* Whether another session needs the database exclusively; in a transaction. */
static bool
database_wanted(void)
{
	LOCKTAG tag;

	/* Their locks conflict with this one, those of other sessions do not. */
	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	if (LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	(void) LockRelease(&tag, RowExclusiveLock, false);
	return false;
}

void
worker_begin_bare(const char *activity)
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
	dismissed = !worker_enabled || worker_shared->launcher != my_launcher ||
				(my_parent != 0 && my_slot->pid != my_parent);
	LWLockRelease(worker_shared->lock);
	if (dismissed)
		worker_leave(WORKER_DISMISSED);

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (database_wanted())
		worker_leave(WORKER_GAVE_WAY);
	extension = get_extension_oid(EXTENSION_NAME, true);
	if (OidIsValid(extension))
	{
		/* Now DROP EXTENSION waits for us, or the extension is already gone. */
		LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
		extension = get_extension_oid(EXTENSION_NAME, true);
	}
	if (!OidIsValid(extension))
		worker_leave(WORKER_NO_WORK);
	pgstat_report_activity(STATE_RUNNING, activity);
}

void
worker_end_bare(void)
{
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

void
worker_begin(const char *activity)
{
	worker_begin_bare(activity);
	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
}

void
worker_end(void)
{
	SPI_finish();
	PopActiveSnapshot();
	worker_end_bare();
}

/* Logs and cleans up after the error that is being handled. */
static void
recover(Failure *failure)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	ErrorData *error = CopyErrorData();

	failure->sqlstate = error->sqlerrcode;
	strlcpy(failure->message, error->message,
			pg_mbcliplen(error->message, (int) strlen(error->message),
						 (int) sizeof(failure->message) - 1) +
				1);
	HOLD_INTERRUPTS();

	/* A lock held by another session is not logged; the batch is tried again. */
	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
		EmitErrorReport();
	AbortCurrentTransaction();
	FlushErrorState();
	FreeErrorData(error);
	RESUME_INTERRUPTS();
	MemoryContextSwitchTo(old);
	pgstat_report_activity(STATE_IDLE, NULL);
}

bool
worker_try(void (*action)(void *arg), void *arg, Failure *failure)
{
	volatile bool done = false;

	PG_TRY();
	{
		action(arg);
		done = true;
	}
	PG_CATCH();
	{
		recover(failure);
	}
	PG_END_TRY();
	return done;
}

void
worker_count_failure(const char *message, const char *activity, const char *tenant_id)
{
	int len = pg_mbcliplen(message, (int) strlen(message), MESSAGE_SIZE - 1);
	Datum values[] = {CStringGetTextDatum(pnstrdup(message, len)),
					  CStringGetTextDatum(tenant_id == NULL
											  ? activity
											  : psprintf("%s, tenant \"%s\"", activity, tenant_id)),
					  TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&note_failure, values, NULL, SNAPSHOT_NEW);
}

/* The arguments of write_note(). */
typedef struct FailureNote
{
	const Failure *failure;
	const char *activity;
} FailureNote;

static void
write_note(void *arg)
{
	FailureNote *note = arg;

	worker_begin("recording an error");
	worker_count_failure(note->failure->message, note->activity, NULL);
	worker_end();
}

void
worker_note_failure(const Failure *failure, const char *activity)
{
	FailureNote note = {failure, activity};
	Failure ignored;

	/* If recording fails, the error is still in the log. */
	(void) worker_try(write_note, &note, &ignored);
}

void
worker_note_cache_failure(const char *message)
{
	Datum values[] = {CStringGetTextDatum(message), TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&note_cache_failure, values, NULL, SNAPSHOT_NEW);
}
