/*
 * document.h
 *		The keys of the cache, and the documents that belong under them.
 */
#ifndef PERSONALIZATION_REDIS_DOCUMENT_H
#define PERSONALIZATION_REDIS_DOCUMENT_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "cache/queue.h"

/* Before every key. */
#define CACHE_PREFIX "personalization:"

/* A key, and what belongs there; all texts in UTF-8. */
typedef struct CacheItem
{
	char *key;
	size_t key_len;
	char *document; /* NULL: nothing, the key is to be deleted */
	size_t document_len;
	int64 ttl;			   /* milliseconds */
	const char *tenant_id; /* of a conversation, as its key does not say; else "" */
} CacheItem;

/*
 * Adds to items what belongs into the cache after a change, as of a time and
 * by the transaction's snapshot.  What cannot be built is deleted, and the
 * error is in *fault.  The caller is in SPI; all is in the current context.
 */
extern void cache_items_add(const CacheChange *change, TimestampTz at, List **items, char **fault);

/* The beginnings that keys of a tenant's users have; of all tenants where tenant_id is NULL. */
extern List *cache_prefixes(const char *tenant_id);

/* A document with the members of cache_head() before its own; palloc'd. */
extern char *cache_document_join(const char *head, const CacheItem *item, size_t *len);

#endif
