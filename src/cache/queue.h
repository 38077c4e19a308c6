/*
 * queue.h
 *		The rows of cache_changes, which the worker reads, and deletes once
 *		the cache has the documents.  The callers are in SPI.
 */
#ifndef PERSONALIZATION_CACHE_QUEUE_H
#define PERSONALIZATION_CACHE_QUEUE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "storage/itemptr.h"

/* The place of a row, and its identity. */
typedef struct ChangePlace
{
	ItemPointerData place;
	int64 position;
} ChangePlace;

/* All rows that were read about one user, one conversation or one tenant. */
typedef struct CacheChange
{
	const char *tenant_id;
	const char *id;
	int what; /* a sum of CacheWhat; of the two about suggestions, the later one */
	ChangePlace *rows;
	int nrows;
	int first; /* order of arrival among the rows read */
} CacheChange;

/*
 * Reads up to limit rows of the transaction's snapshot, and returns the
 * resulting changes, ordered by tenant; not those of the tenants that are in
 * without, an array of text.  If there are more than most, the most that arrived
 * first are returned.  The result is in the current memory context.
 */
extern CacheChange *changes_read(int64 limit, int most, Datum without, int *n);

/* Deletes the rows of changes that have been pushed. */
extern void changes_delete(const CacheChange *changes, int n);

/*
 * Deletes rows that are superseded by a later one, once the table has doubled
 * since the last time, so that its size is limited by the number of users and
 * conversations.
 */
extern void changes_coalesce(void);

/* Deletes all rows. */
extern void changes_discard(void);

/* Number of rows deleted by this process. The code that vacuums the table resets it to 0. */
extern int64 changes_since_vacuum;

#endif
