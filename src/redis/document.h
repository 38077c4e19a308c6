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
 * and in the transaction's snapshot.  profile is NULL, or what cache_profiles_build() built of
 * it.  If a document cannot be built, its key is deleted, and the error is stored in *fault; if
 * it has no key, because a name cannot be converted to UTF-8, nothing is added.  The caller is in
 * SPI; everything is in the current memory context.
 */
extern void cache_items_add(const CacheChange *change, CacheTenant *tenant, TimestampTz at,
							const CacheItem *profile, List **items, ErrorData **fault);

/* Maximum number of profiles that are built together. */
#define CACHE_PROFILES 32

/* What building several documents takes at most; the last one may exceed it. */
typedef struct CacheLimits
{
	Size bytes;	 /* of documents */
	int64 until; /* by elapsed_clock() */
} CacheLimits;

/*
 * Builds the profiles of the users of changes, which are all of profiles of one tenant;
 * n is at most CACHE_PROFILES.  What is needed for them is read together, with one statement for
 * each kind of rows.  Stores the documents in items, without their keys, and returns their
 * number.  It may be smaller than n, or 0: because of the limits, because there is too much to
 * be read together, or after an error, which is then stored in *fault.  Those that are left are
 * to be built one at a time.  Memory and the caller are as for cache_items_add().
 */
extern int
cache_profiles_build(const CacheChange *const *changes, int n, CacheTenant *tenant, TimestampTz at,
					 const CacheLimits *limits, CacheItem *items, ErrorData **fault);

/* The error of a tenant's name that cannot be part of a key; NULL for one that can. */
extern ErrorData *cache_name_fault(const char *tenant_id);

/* Returns the prefixes of the keys of a tenant's users, or of all tenants if tenant_id is NULL. */
extern List *cache_prefixes(const char *tenant_id);

/* Returns a document with the members of cache_head() before its own; palloc'd. */
extern char *cache_document_join(const char *head, const CacheItem *item, size_t *len);

#endif
