/*
 * document.h
 *		The keys of the cache, and their documents.
 */
#ifndef PERSONALIZATION_REDIS_DOCUMENT_H
#define PERSONALIZATION_REDIS_DOCUMENT_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/timestamp.h"

#include "cache/queue.h"
#include "tenancy/settings.h"

/* The prefix of every key. */
#define CACHE_PREFIX "personalization:"

/* A key and its document; all texts are in UTF-8. */
typedef struct CacheItem
{
	char *key;
	size_t key_len;
	char *document; /* NULL: the key is to be deleted */
	size_t document_len;
	int64 ttl;			   /* milliseconds */
	const char *tenant_id; /* for a conversation, whose key does not contain it; else "" */
} CacheItem;

/*
 * What the documents of one tenant have in common, read with the first of them
 * and valid within the transaction.  Begins as {0}.
 */
typedef struct CacheTenant
{
	bool is_read;
	bool is_here; /* it exists, and is on this node */
	TenantSettings settings;
} CacheTenant;

/*
 * Adds to items the documents to be pushed after a change of a tenant's data, as of a time
 * and in the transaction's snapshot.  If a document cannot be built, its key is
 * deleted, and the error is stored in *fault; if it has no key, because a name
 * cannot be converted to UTF-8, nothing is added.  The caller is in SPI;
 * everything is in the current memory context.
 */
extern void cache_items_add(const CacheChange *change, CacheTenant *tenant, TimestampTz at,
							List **items, ErrorData **fault);

/* The error of a tenant's name that cannot be part of a key; NULL for one that can. */
extern ErrorData *cache_name_fault(const char *tenant_id);

/* Returns the prefixes of the keys of a tenant's users, or of all tenants if tenant_id is NULL. */
extern List *cache_prefixes(const char *tenant_id);

/* Returns a document with the members of cache_head() before its own; palloc'd. */
extern char *cache_document_join(const char *head, const CacheItem *item, size_t *len);

#endif
