/*
 * state.h
 *		What the launcher, its workers and the sessions know of each other, in
 *		shared memory.  It is a hint, and the worse for nobody when it is lost:
 *		what has to last is in tables.
 */
#ifndef PERSONALIZATION_BGWORKER_STATE_H
#define PERSONALIZATION_BGWORKER_STATE_H

#include "postgres.h"

#include "storage/lwlock.h"

/* Databases that have a worker at once. */
#define MAX_WORKERS 64

/* How a worker ended. */
typedef enum WorkerOutcome
{
	WORKER_FAILED,	  /* said nothing: an error or a kill */
	WORKER_NO_WORK,	  /* the extension is not in that database */
	WORKER_OUTDATED,  /* it is, but its objects are older than this library */
	WORKER_GAVE_WAY,  /* somebody wants the database for himself */
	WORKER_DISMISSED, /* switched off, or the launcher is another one */
} WorkerOutcome;

/* How the cache of a database is doing. */
typedef enum CacheState
{
	CACHE_OFF,		 /* none is configured */
	CACHE_CONNECTED, /* the last thing that was asked of it was done */
	CACHE_FAILING	 /* it was not; to be tried again */
} CacheState;

typedef struct WorkerSlot
{
	Oid database; /* InvalidOid: free */
	pid_t pid;	  /* 0: not running */
	WorkerOutcome outcome;
	CacheState cache;

	/* The consumer that the worker has started, and that lives no longer than it. */
	pid_t consumer; /* 0: not running */
	WorkerOutcome consumer_outcome;
} WorkerSlot;

typedef struct WorkerShared
{
	LWLock *lock;		  /* for all of it */
	uint64 launcher;	  /* grows with every launcher, so that old workers leave */
	int launcher_proc;	  /* number of its PGPROC, -1 without one */
	uint64 announcements; /* grows when a database may have got work */
	WorkerSlot slots[MAX_WORKERS];
} WorkerShared;

/* NULL when the library is not preloaded. */
extern WorkerShared *worker_shared;

extern void worker_state_init(void);

/* Wakes the worker and the consumer of this database when the transaction commits. */
extern void worker_wake_at_commit(void);

/* Wakes the launcher; without one nothing happens. */
extern void worker_announce(void);

#endif
