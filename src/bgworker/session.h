/*
 * session.h
 *		The session of a worker: its transactions, and what becomes of errors.
 */
#ifndef PERSONALIZATION_BGWORKER_SESSION_H
#define PERSONALIZATION_BGWORKER_SESSION_H

#include "postgres.h"

#include "base/compat.h"
#include "bgworker/state.h"

/* A message as it is kept, in bytes; cut between characters. */
#define MESSAGE_SIZE 256

/* An error that was caught. */
typedef struct Failure
{
	int sqlstate;
	char message[MESSAGE_SIZE];
} Failure;

/* Shows others how the cache is doing. */
extern void worker_show_cache(CacheState state);

/* Connects to the database of the slot that the launcher chose. */
extern void worker_connect(int slot);

/*
 * The same for the consumer of that slot: a process beside the worker, which started
 * it.  It leaves, at the beginning of its next transaction, when that worker is gone.
 */
extern void worker_connect_consumer(int slot);

/* The slot of this process, and how its consumer last ended. */
extern int worker_slot(void);
extern WorkerOutcome worker_consumer_outcome(void);

/* Ends the process and tells the launcher why. */
pg_noreturn extern void worker_leave(WorkerOutcome outcome);

/*
 * Begins a transaction, with SPI, in which the extension is there and stays;
 * leaves for good when it is not, or when the worker is in somebody's way or not
 * wanted.  What it is at is shown in pg_stat_activity; the text stays the caller's.
 */
extern void worker_begin(const char *activity);

/* Commits it. */
extern void worker_end(void);

/* The same for what brings transactions of its own: without SPI and snapshot. */
extern void worker_begin_bare(const char *activity);
extern void worker_end_bare(void);

/*
 * Calls the function, which may use worker_begin() and worker_end().  An error
 * is written to the log, its transaction rolled back; false then, with the
 * failure.
 */
extern bool worker_try(void (*action)(void *arg), void *arg, Failure *failure);

/* Counts a failure in worker_state, with what it happened in and for whom; in a transaction. */
extern void worker_count_failure(const char *message, const char *activity, const char *tenant_id);

/* Counts a failure in worker_state, with what it happened in; never fails itself. */
extern void worker_note_failure(const Failure *failure, const char *activity);

/* Counts a failure of the cache in worker_state; between worker_begin() and worker_end(). */
extern void worker_note_cache_failure(const char *message);

#endif
