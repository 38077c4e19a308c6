/*
 * push.h
 *		The worker's part of the push to Redis.
 *
 * In cache_push.c, or in cache_push_none.c where the library is built without
 * hiredis.
 */
#ifndef PERSONALIZATION_REDIS_PUSH_H
#define PERSONALIZATION_REDIS_PUSH_H

/*
 * Brings the cache up to date with one batch of what has changed; looks after
 * the connection.  Returns whether there is more to do at once.  Called by the
 * worker outside of transactions; it talks to Redis outside of them, and never
 * waits for it longer than personalization.redis_timeout a reply.  After an
 * error that it raised, the next call begins with a new connection.
 */
extern bool cache_push(void);

#endif
