/*
 * cache_push.h
 *		The worker's part of the push to Redis.
 *
 * In cache_push.c, or in cache_push_none.c where the library is built without
 * hiredis.
 */
#ifndef CACHE_PUSH_H
#define CACHE_PUSH_H

/*
 * Brings the cache up to date with one batch of what has changed; looks after
 * the connection.  Returns whether there is more to do at once.  Called by the
 * worker outside of transactions; it talks to Redis outside of them, and never
 * waits for it longer than personalization.redis_timeout a reply.
 */
extern bool cache_push(void);

/* After an error that was raised: lets go of the connection, and waits before the next. */
extern void cache_push_recover(void);

#endif
