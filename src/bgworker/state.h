/*
 * state.h
 *		The state shared by the launcher, its workers and other sessions, in
 *		shared memory.  It is only a hint, which may be lost without harm;
 *		persistent state is in tables.
 */
#ifndef PERSONALIZATION_BGWORKER_STATE_H
#define PERSONALIZATION_BGWORKER_STATE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/lwlock.h"

/* Maximum number of databases with a worker. */
#define MAX_WORKERS 64

/* How a worker ended. */
typedef enum WorkerOutcome
{
	WORKER_FAILED,	  /* nothing reported: an error or a kill */
	WORKER_NO_WORK,	  /* the extension is not in that database */
	WORKER_OUTDATED,  /* it is, but its objects are older than this library */
	WORKER_GAVE_WAY,  /* another session needs the database */
	WORKER_DISMISSED, /* switched off, or there is another launcher */
} WorkerOutcome;

/* The state of the cache of a database. */
typedef enum CacheState
{
	CACHE_OFF,		 /* not configured */
	CACHE_CONNECTED, /* the last operation succeeded */
	CACHE_FAILING	 /* it failed, and will be retried */
} CacheState;

/* What a worker waits for, in bytes. */
#define WAITS_FOR_SIZE 128

/* A message, as it is kept, in bytes; cut between characters. */
#define MESSAGE_SIZE 256

/* Workers of a database that ended before they had begun. */
typedef struct StartFailures
{
	Oid database; /* InvalidOid if free */
	int64 n;	  /* in a row */
	TimestampTz at;
	char message[MESSAGE_SIZE]; /* "" where only the log has it */
} StartFailures;

typedef struct WorkerSlot
{
	Oid database; /* InvalidOid if free */
	pid_t pid;	  /* 0 if not running */
	WorkerOutcome outcome;
	bool begun; /* it has come as far as its work */
	CacheState cache;
	char waits_for[WAITS_FOR_SIZE]; /* the worker; "" for nothing */

	/* The consumer that the worker has started, which ends with it. */
	pid_t consumer; /* 0 if not running */
	WorkerOutcome consumer_outcome;
	uint64 full_batches; /* its batches that were as large as they may be */
} WorkerSlot;

typedef struct WorkerShared
{
	LWLock *lock;		  /* protects all of it */
	uint64 launcher;	  /* increases with every launcher, so that old workers exit */
	int launcher_proc;	  /* number of its PGPROC, -1 if there is none */
	uint64 announcements; /* increases when a database may have new work */
	WorkerSlot slots[MAX_WORKERS];
	StartFailures start_failures[MAX_WORKERS];
} WorkerShared;

/*
 * The start failures of a database, NULL where there are none; with make, a free place
 * where there are none, NULL if all are taken.  The lock is held.
 */
extern StartFailures *worker_start_failures(Oid database, bool make);

/* NULL if the library is not preloaded. */
extern WorkerShared *worker_shared;

extern void worker_state_init(void);

/* Whether this database has a worker that has begun its work. */
extern bool worker_is_working(void);

/* Wakes the worker and the consumer of this database when the transaction commits. */
extern void worker_wake_at_commit(void);

/* Wakes the launcher; has no effect if there is none. */
extern void worker_announce(void);

#endif
