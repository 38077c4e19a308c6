/*
 * waiting.h
 *		Events that were read here and wait in topic_waiting to be moved to the inbox of
 *		their tenant, which on a cluster may be on another node.
 *
 *		Elsewhere the table is empty, except where a cluster's dump was restored.
 */
#ifndef PERSONALIZATION_KAFKA_WAITING_H
#define PERSONALIZATION_KAFKA_WAITING_H

#include "postgres.h"

#include "learning/events.h"

/* Whether any are waiting since an earlier consumer; to be called in a transaction, in SPI. */
extern bool waiting_init(void);

/* Whether any may be waiting, as far as this process knows. */
extern bool waiting_any(void);

/* Whether events of a tenant wait, which later ones must not overtake; in SPI. */
extern bool waiting_has(const char *tenant_id);

/*
 * Stores events of a tenant, in their order, also rejected ones; '' for rejected ones that name
 * none.  In SPI.
 */
extern void waiting_add(const char *tenant_id, const Event *events, int n);

/*
 * Moves some of them, for about a second, those of some tenants of a node in a transaction,
 * which deletes them here; a node that fails waits for a while, and so does a tenant whose
 * events are refused.  Returns whether there may be more at once, and in *received the tenants
 * of this node who have got some, a list in TopMemoryContext, and in *failure the last error,
 * in static memory, or NULL.  To be called outside a transaction.
 */
extern bool waiting_deliver(struct List **received, const char **failure);

#endif
