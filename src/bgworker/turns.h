/*
 * turns.h
 *		Work that is done tenant by tenant: whose turn it is, by the rule of
 *		core/turns.h, and what becomes of a batch that fails.
 */
#ifndef PERSONALIZATION_BGWORKER_TURNS_H
#define PERSONALIZATION_BGWORKER_TURNS_H

#include "postgres.h"

#include "base/extension.h"
#include "core/turns.h"

/* A kind of work: static, one for each.  All functions are called in SPI. */
typedef struct TenantWork
{
	const char *activity; /* in pg_stat_activity and worker_status */
	const char *name;	  /* in the log and table backing_off: "… of tenant … failed" */

	/*
	 * The next tenant with work behind another one, or the first behind NULL, in the
	 * order of their names by strcmp(); NULL for none.  In the current memory context.
	 */
	char *(*next)(const char *previous);

	/*
	 * A batch of one tenant, of limit rows at most; in a subtransaction.  Sets
	 * *attempted to the rows that it takes, as soon as it knows.  Returns whether
	 * there may be more.
	 */
	bool (*batch)(const char *tenant_id, int limit, int *attempted);

	/*
	 * Gets past the first row of the last batch of the tenant, which has failed by
	 * itself with this error; in a subtransaction.  NULL: no row is to blame.
	 */
	void (*skip)(const char *tenant_id, const ErrorData *error);

	/* Ends a transaction in which batches were done; or NULL. */
	void (*finish)(void);

	/* What the functions count; put back as it was where it is rolled back. */
	void *counters;
	Size counters_size;

	int most_rows;	  /* of a batch; 0: as many as worker_batch_size says */
	int session_rows; /* the same for run_maintenance() */
	int most_tenants; /* in one transaction */

	/* Kept by this module. */
	bool in_session; /* of a session that called run_maintenance(), not of the worker */
	Turns turns;
	uint64 generation;					 /* of the extension's objects; 0: not begun */
	bool begun;							 /* whether any tenant had a turn: the last … */
	char last_tenant[MAX_ID_LENGTH + 1]; /* … of those not set aside */
	int failed_rounds;					 /* in a row: not because of one tenant */
	int64 pause;						 /* until when it therefore waits */
} TenantWork;

/*
 * The worker's turns: batches, each transaction with those of several tenants, for
 * so many microseconds, or until nothing is left that may be done now.  Outside of a
 * transaction.  Returns whether there may be more.  Raises nothing.
 */
extern bool worker_take_turns(TenantWork *work, int64 duration);

/*
 * The same in the caller's transaction, until nothing is left, for
 * run_maintenance().  What goes wrong with a tenant is a WARNING.  No batch waits
 * longer for a lock than two seconds.  The caller is in SPI.
 */
extern void take_all_turns(TenantWork *work);

/*
 * For work that is not done in rounds of batches, such as the push to the cache:
 * takes note of what a tenant's part of it took and, where error is not NULL, of its
 * failure, as the rounds do for their batches.  In a transaction and SPI.
 */
extern TurnNext
work_note(TenantWork *work, const char *tenant_id, TurnResult *result, const ErrorData *error);

/* Whether a tenant is set aside and not to be tried now. */
extern bool work_must_wait(TenantWork *work, const char *tenant_id, bool others_wait);

/* To be called before any of these two; in a transaction and SPI. */
extern void work_begin(TenantWork *work);

/* The tenants that are set aside and not to be tried now, as an array of text. */
extern Datum work_waiting(TenantWork *work, bool others_wait);

/* A tenant is dropped: nobody is to read any more that it was set aside. */
extern void work_forget_tenant(const char *tenant_id);

#endif
