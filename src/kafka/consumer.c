/*
 * consumer.c
 *		The process that reads topics, and starting it from the worker.
 *
 *		It is a background worker in addition to the database's worker, and
 *		ends with it.  README.md describes how the client's threads and
 *		PostgreSQL coexist.
 */
#include "postgres.h"

#include <unistd.h>

#include "catalog/namespace.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/guc.h"
#include "bgworker/owners.h"
#include "bgworker/restore.h"
#include "bgworker/session.h"
#include "kafka/batch.h"
#include "kafka/client.h"
#include "kafka/consumer.h"
#include "kafka/offsets.h"
#include "kafka/topics.h"
#include "kafka/waiting.h"

/* Maximum wait, in milliseconds, until it checks whether it is still wanted. */
#define NAP 1000

/*
 * How often subscriptions are read, progress is measured, and offsets are
 * reported to the brokers.
 */
#define REFRESH_EVERY USECS_PER_SEC
#define MEASURE_EVERY (10 * USECS_PER_SEC)
#define REPORT_EVERY (5 * USECS_PER_SEC)

/* After a failure of a batch or of the client it waits 1 s, 2 s, 4 s, …, at most this. */
#define MAX_PAUSE (60 * USECS_PER_SEC)

#define RETRY_GAVE_WAY (2 * USECS_PER_SEC)

const bool kafka_supported = true;

extern PGDLLEXPORT void personalization_consumer_main(Datum arg);

static bool
is_set(const char *setting)
{
	return setting != NULL && setting[0] != '\0';
}

/* ---------------------------------------------------------------- the worker's part */

static BackgroundWorkerHandle *handle = NULL;
static int64 next_try = 0;
static int failures = 0; /* consecutive */

/* To be called in a transaction. */
static bool
is_our_database(void)
{
	char *name = is_set(kafka_database) ? get_database_name(MyDatabaseId) : NULL;

	return !is_set(kafka_database) || (name != NULL && strcmp(name, kafka_database) == 0);
}

/* Whether there is anything to read; objects of an older script do not have the table. */
static bool
has_subscriptions(void)
{
	bool has;

	worker_begin("looking for topics");
	has = is_our_database() &&
		  OidIsValid(
			  get_relname_relid("topic_subscriptions", get_namespace_oid(SCHEMA_NAME, true))) &&
		  (subscriptions_exist() || waiting_init());
	worker_end();
	return has;
}

static void
start_consumer(void)
{
	static bool complained = false;
	BackgroundWorker worker = {0};
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = Int32GetDatum(worker_slot());
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "personalization", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "personalization_consumer_main",
			sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "personalization consumer for database %u",
			 MyDatabaseId);
	strlcpy(worker.bgw_type, "personalization consumer", sizeof(worker.bgw_type));
	if (RegisterDynamicBackgroundWorker(&worker, &handle))
		complained = false;
	else
	{
		handle = NULL;
		next_try = elapsed_clock() + RETRY_GAVE_WAY;
		if (!complained)
			ereport(
				LOG,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg(
					 "personalization: out of background worker slots for the consumer of database %u",
					 MyDatabaseId),
				 errhint(
					 "You might need to increase max_worker_processes. The worker keeps trying.")));
		complained = true;
	}
	MemoryContextSwitchTo(old);
}

static int64
pause_after(int failed)
{
	return Min(USECS_PER_SEC * (INT64CONST(1) << Min(failed - 1, 6)), MAX_PAUSE);
}

static void
consumer_ended(void)
{
	WorkerOutcome outcome = worker_consumer_outcome();
	int64 now = elapsed_clock();

	pfree(handle);
	handle = NULL;
	failures = outcome == WORKER_FAILED ? failures + 1 : 0;
	if (outcome == WORKER_FAILED)
		next_try = now + pause_after(failures);
	else
		next_try = now + (outcome == WORKER_GAVE_WAY ? RETRY_GAVE_WAY : 0);
}

void
consumer_look_after(void)
{
	int64 now = elapsed_clock();
	pid_t pid;

	if (handle != NULL && GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED)
		consumer_ended();
	if (handle != NULL || !is_set(kafka_brokers) || now < next_try)
		return;
	next_try = now + REFRESH_EVERY;
	if (has_subscriptions())
		start_consumer();
}

/* ---------------------------------------------------------------- the consumer's */

/* The settings of the client; if they change, another client is created. */
typedef struct ClientSettings
{
	char *brokers;
	char *config;
	int buffer;
} ClientSettings;

static ClientSettings made_of;
static bool woken = false; /* a topic has been subscribed to, or the like */
static int64 pause_until = 0;
static int failed = 0; /* consecutive */

/* Its threads still run, so nothing that they use may be freed. */
static void
exit_at_once(int code, Datum arg)
{
	_exit(code);
}

static void
close_at_exit(int code, Datum arg)
{
	if (!client_close())
		on_proc_exit(exit_at_once, 0);
}

static void
copy_setting(char **copy, const char *setting)
{
	if (*copy != NULL)
		pfree(*copy);
	*copy = MemoryContextStrdup(TopMemoryContext, setting != NULL ? setting : "");
}

static bool
settings_changed(void)
{
	return made_of.brokers == NULL || strcmp(made_of.brokers, kafka_brokers) != 0 ||
		   strcmp(made_of.config, kafka_config) != 0 || made_of.buffer != kafka_buffer;
}

static void
pause_now(void)
{
	failed++;
	pause_until = elapsed_clock() + pause_after(failed);
}

/*
 * A name that identifies this database to the brokers, under which they store
 * the reported offsets.
 */
static void
get_group(char *group, size_t size)
{
	char *name;

	worker_begin("opening the Kafka client");
	name = get_database_name(MyDatabaseId);
	snprintf(group, size, "personalization.%s", name != NULL ? name : "");
	worker_end();
}

/* Makes sure that there is a client with the present settings. */
static bool
have_client(void)
{
	char group[NAMEDATALEN + 32];
	const char *error;
	ListCell *cell;

	if (client_is_open() && !settings_changed())
		return true;
	if (client_is_open())
	{
		batch_drop();
		(void) client_close();
		topics_unassigned();
		pause_until = 0;
	}
	if (!settings_changed() && elapsed_clock() < pause_until)
		return false;
	copy_setting(&made_of.brokers, kafka_brokers);
	copy_setting(&made_of.config, kafka_config);
	made_of.buffer = kafka_buffer;
	get_group(group, sizeof(group));
	if (client_open(group, &error))
	{
		failed = 0;
		pause_until = 0;
		topics_unassigned();
		return true;
	}
	pause_now();
	ereport(LOG, (errcode(ERRCODE_SYSTEM_ERROR),
				  errmsg("personalization: could not create a Kafka client: %s", error)));
	foreach (cell, topics_all())
		topic_set_error(lfirst(cell), error);
	return false;
}

/* Waits until something arrives, or a second has passed. */
static void
wait_for_something(void)
{
	int events = WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH;
	int happened;

	pgstat_report_activity(STATE_IDLE, NULL);
	if (client_is_open() && batch_is_empty())
		happened = WaitLatchOrSocket(MyLatch, events | WL_SOCKET_READABLE, client_fd(), NAP,
									 PG_WAIT_EXTENSION);
	else
		happened = WaitLatch(MyLatch, events, NAP, PG_WAIT_EXTENSION);
	if (happened & WL_SOCKET_READABLE)
		client_empty_fd();
	if (happened & WL_LATCH_SET)
	{
		ResetLatch(MyLatch);
		woken = true;
	}
	CHECK_FOR_INTERRUPTS();
}

/* Whether an interval has passed since the last time; if so, records the present time. */
static bool
is_due(int64 *last, int64 every)
{
	int64 now = elapsed_clock();

	if (now < *last + every && now >= *last)
		return false;
	*last = now;
	return true;
}

static void
try_note(void *arg)
{
	const double *seconds = arg;

	topics_note(*seconds > 0, *seconds);
}

static void
try_refresh(void *arg)
{
	bool *ours = arg;

	worker_begin("checking personalization.kafka_database");
	*ours = is_our_database();
	worker_end();
	topics_refresh();
}

/*
 * After a failure: while the extension's objects belong to somebody who is no superuser, all
 * else fails too.  The worker waits then, and starts another consumer once they are given back.
 */
static void
leave_if_not_trusted(void)
{
	if (!owner_is_trusted())
		worker_leave(WORKER_NO_WORK);
}

/* Periodic work. */
static void
do_chores(void)
{
	static int64 refreshed = 0;
	static int64 measured = 0;
	static int64 reported = 0;
	int64 before = measured;
	double seconds = 0;
	bool ours = true;
	Failure failure;

	if (woken)
		refreshed = 0;
	woken = false;
	if (is_due(&refreshed, REFRESH_EVERY))
	{
		if (!worker_try(try_refresh, &ours, &failure))
			leave_if_not_trusted();
		if (!is_set(kafka_brokers) || !ours)
			worker_leave(WORKER_DISMISSED);
		/* What was read before the last topic was unsubscribed from is still moved. */
		if (topics_all() == NIL && !waiting_any())
			worker_leave(WORKER_NO_WORK);
	}
	if (have_client())
		topics_look();
	if (is_due(&measured, MEASURE_EVERY) && before != 0)
		seconds = (double) (measured - before) / USECS_PER_SEC;
	if (!worker_try(try_note, &seconds, &failure))
		leave_if_not_trusted();
	if (client_is_open() && is_due(&reported, REPORT_EVERY))
		topics_report_offsets();
}

/* Learns what there is; returns whether there may be more at once. */
static bool
do_batch(void)
{
	if (!client_is_open() || elapsed_clock() < pause_until)
		return false;
	if (!batch_collect())
		return false;
	if (batch_is_full())
		worker_note_full_batch();
	if (!batch_learn())
	{
		leave_if_not_trusted();
		pause_now();
		return false;
	}
	failed = 0;
	return true;
}

static void
start_up(void *arg)
{
	worker_begin("starting");
	batch_init();
	worker_end();
}

void
personalization_consumer_main(Datum arg)
{
	Failure failure;

	worker_connect_consumer(DatumGetInt32(arg));
	before_shmem_exit(close_at_exit, (Datum) 0);
	while (!worker_is_settled() || !worker_try(start_up, NULL, &failure))
		wait_for_something();
	ereport(DEBUG1, (errmsg("personalization consumer for database %u started", MyDatabaseId)));

	for (;;)
	{
		bool more;

		do_chores();
		more = do_batch();
		if (!batch_move() && !more)
			wait_for_something();
	}
}
