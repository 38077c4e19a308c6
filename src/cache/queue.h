/*
 * queue.h
 *		The rows of cache_changes: taken by the worker, deleted once the cache
 *		has what they ask for.  The callers are in SPI.
 */
#ifndef PERSONALIZATION_CACHE_QUEUE_H
#define PERSONALIZATION_CACHE_QUEUE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "storage/itemptr.h"

/* Where a row stands, and which it is. */
typedef struct ChangePlace
{
	ItemPointerData place;
	int64 position;
} ChangePlace;

/* All that was read about one user, one conversation or one tenant. */
typedef struct CacheChange
{
	const char *tenant_id;
	const char *id;
	int what; /* a sum of CacheWhat; of the two about suggestions the later one */
	ChangePlace *rows;
	int nrows;
	int first; /* order of arrival among those read */
} CacheChange;

/*
 * Reads up to limit rows, and returns what they come to, by tenant; most
 * changes first come first when there are more than most.  Sees what the
 * transaction's snapshot shows.  In the current memory context.
 */
extern CacheChange *changes_read(int64 limit, int most, int *n);

/* Deletes the rows of changes that are done. */
extern void changes_delete(const CacheChange *changes, int n);

/*
 * Of several rows that ask for the same keeps one, once the table has doubled
 * since the last time; so that it stays bounded by the number of users and
 * conversations.
 */
extern void changes_coalesce(void);

/* Deletes all rows. */
extern void changes_discard(void);

/* Rows deleted by this process; for whoever vacuums the table, and then starts anew from 0. */
extern int64 changes_since_vacuum;

#endif
