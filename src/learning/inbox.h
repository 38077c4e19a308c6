/*
 * inbox.h
 *		The asynchronous way in: rows of the inbox are learned in batches.
 */
#ifndef PERSONALIZATION_LEARNING_INBOX_H
#define PERSONALIZATION_LEARNING_INBOX_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "learning/events.h"

typedef struct Drained
{
	int64 taken;   /* rows that left the inbox */
	int64 learned; /* of those, new interactions */
	bool more;	   /* it stopped at a limit: there may be more rows */
} Drained;

/*
 * Learns up to limit rows, or some 16 MB of them, in this transaction, in the order of their arrival
 * within each tenant, and takes them out; what cannot be learned goes to
 * rejected_events.  Tenants take turns: a batch goes on behind the one that
 * the last batch of this backend ended with.  Takes nothing while another
 * session drains.  The caller is in SPI.
 */
extern Drained inbox_drain(int limit);

/*
 * Puts well-formed events of a tenant into the inbox, in their order: what was read
 * from a topic and cannot be learned at the moment.  The caller is in SPI.
 */
extern void inbox_add(const char *tenant_id, const Event *const *events, int n);

/* The tenants of whom such events wait, as text; and whether any of one tenant's does. */
extern List *inbox_tenants_of_topics(void);
extern bool inbox_has_of_topics(const char *tenant_id);

/* How many rows the last inbox_drain() took, whether or not it succeeded. */
extern int inbox_attempted;

/*
 * Puts the first row that the last inbox_drain() took, and that has been rolled
 * back into the inbox since, aside, with the error that learning it raised.
 * For a row that fails in a way that nobody foresaw.  The next tenant has its
 * turn then, and this one's rows come one at a time until one is learned.
 */
extern void inbox_set_aside_first(int sqlstate, const char *message);

/* Lets the tenant whose turn it is wait for its next turn. */
extern void inbox_skip_tenant(void);

#endif
