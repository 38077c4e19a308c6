/*
 * turns.h
 *		Work on one tenant after another: whose turn it is, by the rule of
 *		core/turns.h, and the handling of batches that fail.
 */
#ifndef PERSONALIZATION_BGWORKER_TURNS_H
#define PERSONALIZATION_BGWORKER_TURNS_H

#include "postgres.h"

#include "base/extension.h"
#include "core/turns.h"

/* A kind of work; a static variable for each.  All functions are called in SPI. */
typedef struct TenantWork
{
	const char *activity; /* in pg_stat_activity and worker_status */
	const char *name;	  /* in the log and table backing_off: "… of tenant … failed" */

	/*
	 * Returns the next tenant with work after another one, or the first if
	 * previous is NULL, in the order of their names by strcmp(); NULL if there
	 * is none.  In the current memory context.
	 */
	char *(*next)(const char *previous);

	/*
	 * Processes a batch of one tenant, with at most limit rows, in a
	 * subtransaction.  Sets *attempted to the number of rows as soon as it is
	 * known.  Returns whether there may be more.
	 */
	bool (*batch)(const char *tenant_id, int limit, int *attempted);

	/*
	 * Skips the first row of the last batch of the tenant, which has failed by
	 * itself with this error, in a subtransaction.  NULL if failures are not
	 * caused by rows.
	 */
	void (*skip)(const char *tenant_id, const ErrorData *error);

	/* Called at the end of a transaction with batches; or NULL. */
	void (*finish)(void);

	/* Counters of the functions, which are restored after a rollback. */
	void *counters;
	Size counters_size;

	int most_rows;	  /* of a batch; 0: worker_batch_size */
	int growth;		  /* how many times as large batches become while many rows wait; 0: once */
	int session_rows; /* the same for run_maintenance() */
	int most_tenants; /* in one transaction */

	/* Private to turns.c. */
	int factor;		 /* by which batches have grown; 0 at first, as 1 */
	bool in_session; /* whether it runs in a session that called run_maintenance() */
	Turns turns;
	uint64 generation;					 /* of the extension's objects; 0 if not started */
	bool begun;							 /* whether any tenant has had a turn: the last one … */
	char last_tenant[MAX_ID_LENGTH + 1]; /* … of those not set aside */
	int failed_rounds; /* consecutive failures that are not caused by one tenant */
	int64 pause;	   /* time until which it therefore waits */
} TenantWork;

/*
 * Runs batches of the worker, in transactions with those of several tenants,
 * for a duration in microseconds, or until nothing is left that may be done
 * now.  To be called outside a transaction.  Returns whether there may be
 * more.  Raises no errors.
 */
extern bool worker_take_turns(TenantWork *work, int64 duration);

/*
 * The same in the caller's transaction, until nothing is left, for
 * run_maintenance().  A failure of a tenant is a WARNING.  No batch waits
 * longer than two seconds for a lock.  The caller is in SPI.
 */
extern void take_all_turns(TenantWork *work);

/*
 * For work that is not done in rounds of batches, such as the push to the
 * cache: records the duration of a tenant's part of it and, if error is not
 * NULL, its failure, as the rounds do for their batches.  To be called in a
 * transaction, in SPI.
 */
extern TurnNext
work_note(TenantWork *work, const char *tenant_id, TurnResult *result, const ErrorData *error);

/* Whether a tenant is set aside and must not be tried now. */
extern bool work_must_wait(TenantWork *work, const char *tenant_id, bool others_wait);

/* To be called before either of these two; in a transaction, in SPI. */
extern void work_begin(TenantWork *work);

/* Returns the tenants that are set aside and must not be tried now, as an array of text. */
extern Datum work_waiting(TenantWork *work, bool others_wait);

/* A tenant is dropped: deletes the record that it was set aside. */
extern void work_forget_tenant(const char *tenant_id);

#endif
