/*
 * inbox.h
 *		The inbox: rows are learned in batches.
 */
#ifndef PERSONALIZATION_LEARNING_INBOX_H
#define PERSONALIZATION_LEARNING_INBOX_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "learning/events.h"

/* The result of inbox_drain(). */
typedef struct InboxResult
{
	int attempted; /* rows that were taken, even if learning them failed */
	int64 taken;   /* rows that left the inbox */
	int64 learned; /* of those, new interactions */
	bool more;	   /* a limit was reached: there may be more rows */
} InboxResult;

/* The next look at the inbox goes through all rows: see base/tenant_queue.h. */
extern void inbox_look_at_all(void);

/*
 * Returns the next tenant with rows in the inbox after another one in the
 * order of names, or the first if previous is NULL; NULL if there is none.  In
 * the current memory context; the caller is in SPI.
 */
extern char *inbox_next_tenant(const char *previous);

/*
 * Inserts well-formed events of a tenant into the inbox, in their order:
 * events that were read from a topic and cannot be learned at present.  The
 * caller is in SPI.
 */
extern void inbox_add(const char *tenant_id, const Event *const *events, int n);

/*
 * The same on a node of a cluster, for events that are added one transaction after another,
 * each of which may stay in doubt: none is learned while an earlier one may still arrive.
 */
extern void inbox_receive(const char *tenant_id, const Event *const *events, int n);

/* The tenants for whom such events wait, as text; and whether there are any for one tenant. */
extern List *inbox_tenants_of_topics(void);
extern bool inbox_has_of_topics(const char *tenant_id);

/*
 * Learns rows of a tenant, at most limit, about 16 MB or 20,000 signals, in this transaction,
 * in order of arrival, and deletes them; rows that cannot be learned are moved
 * to rejected_events.  Does nothing while another session empties the inbox.
 * attempted is set before anything that could fail because of a row.  The
 * caller is in SPI.
 */
extern void inbox_drain(const char *tenant_id, int limit, InboxResult *drained);

/*
 * Sets aside the first row that the last inbox_drain() took for this tenant,
 * and that has been rolled back into the inbox, with the error that learning
 * it raised.  For a row that fails in an unforeseen way.
 */
extern void inbox_set_aside_first(const char *tenant_id, int sqlstate, const char *message);

#endif
