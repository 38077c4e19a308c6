/*
 * invalidation.c
 *		Being told when the server invalidates what it caches of a relation.
 */
#include "postgres.h"

#include "utils/inval.h"
#include "utils/memutils.h"

#include "base/invalidation.h"

typedef struct Listener
{
	InvalidationListener listener;
	void *arg;
	struct Listener *next;
} Listener;

static Listener *listeners = NULL;

static void
tell(Datum arg, Oid relation)
{
	for (const Listener *each = listeners; each != NULL; each = each->next)
		each->listener(relation, each->arg);
}

void
listen_for_invalidation(InvalidationListener listener, void *arg)
{
	Listener *added = MemoryContextAlloc(TopMemoryContext, sizeof(Listener));

	if (listeners == NULL)
		CacheRegisterRelcacheCallback(tell, (Datum) 0);
	added->listener = listener;
	added->arg = arg;
	added->next = listeners;
	listeners = added;
}
