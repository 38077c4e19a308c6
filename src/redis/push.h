/*
 * push.h
 *		The worker's part of the push to Redis.
 *
 *		Implemented in push.c, or in push_none.c if the library is built
 *		without hiredis.
 */
#ifndef PERSONALIZATION_REDIS_PUSH_H
#define PERSONALIZATION_REDIS_PUSH_H

/*
 * Updates the cache with one batch of changes, and maintains the connection.
 * Returns whether there is more to do at once.  Called by the worker outside a
 * transaction; it communicates with Redis outside transactions, and never
 * waits longer than personalization.redis_timeout for a reply.  After an
 * error, the next call starts with a new connection.
 */
extern bool cache_push(void);

#endif
