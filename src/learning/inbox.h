/*
 * inbox.h
 *		The asynchronous way in: rows of the inbox are learned in batches.
 */
#ifndef PERSONALIZATION_LEARNING_INBOX_H
#define PERSONALIZATION_LEARNING_INBOX_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "learning/events.h"

/* What inbox_drain() has done. */
typedef struct Drained
{
	int attempted; /* rows that it took, be it in vain */
	int64 taken;   /* rows that left the inbox */
	int64 learned; /* of those, new interactions */
	bool more;	   /* it stopped at a limit: there may be more rows */
} Drained;

/*
 * The next tenant that has rows in the inbox, behind another one by its name or,
 * behind NULL, the first; NULL when there is none.  In the current memory context;
 * the caller is in SPI.
 */
extern char *inbox_next_tenant(const char *previous);

/*
 * Puts well-formed events of a tenant into the inbox, in their order: what was read
 * from a topic and cannot be learned at the moment.  The caller is in SPI.
 */
extern void inbox_add(const char *tenant_id, const Event *const *events, int n);

/* The tenants of whom such events wait, as text; and whether any of one tenant's does. */
extern List *inbox_tenants_of_topics(void);
extern bool inbox_has_of_topics(const char *tenant_id);

/*
 * Learns rows of a tenant, up to limit or some 16 MB of them, in this transaction, in
 * the order of their arrival, and takes them out; what cannot be learned goes to
 * rejected_events.  Takes nothing while another session drains.  attempted is set
 * before anything can fail that a row is to blame for.  The caller is in SPI.
 */
extern void inbox_drain(const char *tenant_id, int limit, Drained *drained);

/*
 * Puts the first row that the last inbox_drain() took, of this tenant, and that has
 * been rolled back into the inbox since, aside, with the error that learning it
 * raised.  For a row that fails in a way that nobody foresaw.
 */
extern void inbox_set_aside_first(const char *tenant_id, int sqlstate, const char *message);

#endif
