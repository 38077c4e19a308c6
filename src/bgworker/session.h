/*
 * session.h
 *		The session of a worker: its transactions, and the handling of errors.
 */
#ifndef PERSONALIZATION_BGWORKER_SESSION_H
#define PERSONALIZATION_BGWORKER_SESSION_H

#include "postgres.h"

#include "base/compat.h"
#include "bgworker/state.h"

/* An error that was caught. */
typedef struct Failure
{
	int sqlstate;
	char message[MESSAGE_SIZE];
} Failure;

/* Publishes the state of the cache. */
extern void worker_show_cache(CacheState state);

/*
 * Shows in worker_status what the worker waits for before it begins; NULL:
 * nothing.  After a minute it is also logged.
 */
extern void worker_show_waiting(const char *what);

/* Records that the worker has begun its work, so that earlier failures to start no longer count. */
extern void worker_has_begun(void);

/* Records the error that is being handled as the reason why the worker could not start. */
extern void worker_note_start_failure(void);

/*
 * Lets this process react to signals: to SIGHUP, and to SIGTERM with an error.
 * To be called first; the configuration is read again soon afterwards.
 */
extern void worker_take_signals(void);

/* Takes signals, and connects to the database of the slot that the launcher assigned. */
extern void worker_connect(int slot);

/*
 * The same for the consumer of that slot: a process that the worker started.
 * It exits at the beginning of its next transaction if that worker has ended.
 */
extern void worker_connect_consumer(int slot);

/* The slot of this process, and how its consumer last ended. */
extern int worker_slot(void);
extern WorkerOutcome worker_consumer_outcome(void);

/*
 * The consumer tells of a batch that was as large as it may be, after which there may be more;
 * whether it has done so within a second or since the last call.
 */
extern void worker_note_full_batch(void);
extern bool worker_consumer_is_behind(void);

/* Ends the process and reports the outcome to the launcher. */
pg_noreturn extern void worker_leave(WorkerOutcome outcome);

/*
 * Begins a transaction, with SPI, in which the extension is guaranteed to
 * exist.  Exits the process if the extension does not exist, if the worker
 * blocks another session, or if it is not wanted.  activity is shown in
 * pg_stat_activity, and must remain valid.
 */
extern void worker_begin(const char *activity);

/* Commits it. */
extern void worker_end(void);

/* The same for code that starts its own transactions: without SPI and snapshot. */
extern void worker_begin_bare(const char *activity);
extern void worker_end_bare(void);

/*
 * Calls the function, which may use worker_begin() and worker_end().  An error
 * is logged and its transaction rolled back; the result is then false, and
 * failure is set.
 */
extern bool worker_try(void (*action)(void *arg), void *arg, Failure *failure);

/* Counts a failure in worker_state, with its activity and tenant; to be called in a transaction. */
extern void worker_count_failure(const char *message, const char *activity, const char *tenant_id);

/* Counts a failure in worker_state, with its activity; never fails itself. */
extern void worker_note_failure(const Failure *failure, const char *activity);

/* Counts a failure of the cache in worker_state; between worker_begin() and worker_end(). */
extern void worker_note_cache_failure(const char *message);

#endif
