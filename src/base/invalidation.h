/*
 * invalidation.h
 *		Being told when the server invalidates what it caches of a relation.
 *
 *		A server has ten places for this in each process, for all libraries
 *		together; all of ours share one.
 */
#ifndef PERSONALIZATION_BASE_INVALIDATION_H
#define PERSONALIZATION_BASE_INVALIDATION_H

#include "postgres.h"

/*
 * Called with the relation, or InvalidOid for all relations.  It must not read
 * catalogs or raise errors.
 */
typedef void (*InvalidationListener)(Oid relation, void *arg);

/* From now on calls a function, with arg, at each invalidation that this process notices. */
extern void listen_for_invalidation(InvalidationListener listener, void *arg);

#endif
