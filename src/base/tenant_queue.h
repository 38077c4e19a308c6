/*
 * tenant_queue.h
 *		A table whose rows wait to be taken: by tenant, in the order of position.
 *
 *		While a session holds an old snapshot, rows that were taken cannot be
 *		removed, and whoever looks for the first row goes through all of them.  So
 *		for tenants of whom many rows have been taken there is a mark, in the memory
 *		of the process: the next look begins behind them.  A row may arrive before
 *		it, from a transaction that took long; so there is a full look now and then,
 *		the longer it takes the less often.
 *
 *		A mark that a transaction or subtransaction has moved goes back when that is
 *		rolled back, because the rows are there again.
 *
 *		The callers are in SPI.
 */
#ifndef PERSONALIZATION_BASE_TENANT_QUEUE_H
#define PERSONALIZATION_BASE_TENANT_QUEUE_H

#include "postgres.h"

#include "base/extension.h"
#include "base/statement.h"

/* Of more tenants there are no marks: they are looked for from the first row on. */
#define QUEUE_MARKS 64

typedef struct QueueMark
{
	char tenant_id[MAX_ID_LENGTH + 1];
	int64 position; /* the last row that was taken */
	int64 look_at;	/* when a full look is due, by elapsed_clock() */

	/* The subtransaction that has moved it last, and where it was before the transaction. */
	SubTransactionId moved_by; /* invalid if the present transaction has not */
	int64 before;
} QueueMark;

typedef struct TenantQueue
{
	Statement first;	/* tenant with rows */
	Statement after;	/* a tenant */
	Statement before;	/* a tenant */
	Statement between;	/* two tenants */
	Statement position; /* of a tenant's first row from a position on */
	QueueMark marks[QUEUE_MARKS];
	int nmarks;
	struct TenantQueue *next; /* of those that had a mark */
	bool linked;
} TenantQueue;

#define QUEUE_TENANT(table, condition, types)                                                      \
	STATEMENT("SELECT tenant_id FROM personalization." table condition                             \
			  " ORDER BY tenant_id LIMIT 1",                                                       \
			  types)

#define TENANT_QUEUE(table)                                                                        \
	{                                                                                              \
		.first = QUEUE_TENANT(table, "", ""),                                                      \
		.after = QUEUE_TENANT(table, " WHERE tenant_id > $1", "text"),                             \
		.before = QUEUE_TENANT(table, " WHERE tenant_id < $1", "text"),                            \
		.between = QUEUE_TENANT(table, " WHERE tenant_id > $1 AND tenant_id < $2", "text text"),   \
		.position = STATEMENT("SELECT position FROM personalization." table                        \
							  " WHERE tenant_id = $1 AND position >= $2"                           \
							  " ORDER BY position LIMIT 1",                                        \
							  "text int8"),                                                        \
	}

/*
 * Returns the first tenant after another one, or of all after NULL, that has rows;
 * NULL if there is none.  The result is in the current memory context.
 */
extern char *tenant_queue_next(TenantQueue *queue, const char *previous);

/*
 * Returns the position from which on the tenant's rows are to be read, itself included; of
 * all rows where a full look is due.
 */
extern int64 tenant_queue_mark(TenantQueue *queue, const char *tenant_id);

/*
 * A batch of a tenant was taken, up to a position.  full: there may be many more; a
 * tenant without a mark gets one then.
 */
extern void
tenant_queue_taken(TenantQueue *queue, const char *tenant_id, int64 position, bool full);

/* Gives up all marks. */
extern void tenant_queue_forget(TenantQueue *queue);

#endif
