/*
 * connection.h
 *		The worker's connection to the cache: which server it is, our claim
 *		to it, and how its failures are recorded.
 *
 *		Only the latest connection may change the cache: its token is in
 *		Redis under OWNER_KEY, and scripts compare it before they do anything.
 *		push.c tells what else keeps the content valid.
 *
 *		There is one connection.  All functions are called by the worker
 *		outside a transaction, and start their own where they need one.
 */
#ifndef PERSONALIZATION_REDIS_CONNECTION_H
#define PERSONALIZATION_REDIS_CONNECTION_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/redis_url.h"
#include "redis/client.h"
#include "redis/document.h"

/* The key that holds the token of the latest connection: the first key of every script. */
#define OWNER_KEY CACHE_PREFIX "cache:owner"

/* Number of settings that identify the cache and its certificates. */
#define CACHE_SETTINGS 4

/* The SHA-1 of a script in Redis. */
typedef char Sha[41];

typedef struct CacheConnection
{
	RedisClient client;
	char token[128];
	Sha push; /* the script that writes and deletes keys */
	Sha finish;
	int64 version; /* the latest version given to a document */
	bool on;	   /* the state in worker_state has been read */

	/* Only connection.c uses these. */
	char *settings[CACHE_SETTINGS]; /* of the connection, or of the attempt */
	RedisUrl place;					/* the parsed URL */
	uint64 extension;				/* the generation of the objects when the state was read */
	char database[64];
	int64 generation;
	uint64 placed;	/* the shards of this node when the state was read: nodes_placed() */
	int failures;	/* consecutive failures */
	bool greeted;	/* it was logged that there is a cache */
	int64 next_try; /* by elapsed_clock(), as the next two */
	int64 heard;	/* when the latest reply arrived */
	int64 off_at;	/* when the absence of a cache was last recorded; 0: not yet */
} CacheConnection;

extern CacheConnection cache_connection;

/*
 * Makes sure that there is a connection with the present settings.  Returns
 * false if there is no cache, or if it cannot be reached at present; this is
 * recorded.
 */
extern bool connection_ready(void);

/* After a while without changes, checks that the connection is alive and still accepted. */
extern void connection_keep_alive(void);

/* Closes the connection; the next one reads its state again. */
extern void connection_forget(void);

/*
 * Whether the extension was dropped and created again since the state was
 * read, which then belongs to the old one, or whether shards have been moved
 * to this node or away from it: documents of their tenants in this cache are
 * no longer changed by this node, or were not for a while.  Called in a
 * transaction.
 */
extern bool connection_is_outdated(void);

/* Record the end of an attempt.  The first failure is logged, and the first success after it. */
extern void connection_failed(const char *fault);
extern void connection_worked(void);

/* Sends the command that ends a batch, or a heartbeat, with the version. */
extern bool connection_send_finish(void);

/*
 * Deletes all keys that match a pattern and begin with one of the prefixes, by
 * scanning all keys.
 */
extern bool connection_delete_matching(const char *pattern, const List *prefixes);

#endif
