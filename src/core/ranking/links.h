/*
 * links.h
 *		A limited list of queries with weights, heaviest first: queries that
 *		followed a query, that the same users ask, that are popular.
 *
 *		In a full list a new query replaces the lightest entry and inherits
 *		its weight: Space-Saving (Metwally, Agrawal and El Abbadi, 2005).  A
 *		query with more than total / LINKS_MAX of the weight is never missed,
 *		and no weight is too low.
 */
#ifndef PERSONALIZATION_CORE_RANKING_LINKS_H
#define PERSONALIZATION_CORE_RANKING_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#define LINKS_MAX 64

/* A query's id. */
typedef struct QueryKey
{
	uint64_t high;
	uint64_t low;
} QueryKey;

static inline bool
same_query(const QueryKey *a, const QueryKey *b)
{
	return a->high == b->high && a->low == b->low;
}

/* <0, 0, >0. */
extern int compare_queries(const QueryKey *a, const QueryKey *b);

typedef struct Links
{
	int n;
	double total; /* sum of all weights ever added, including those of entries that were replaced */
	QueryKey ids[LINKS_MAX];
	double weights[LINKS_MAX]; /* descending; among equals the latest added first */
} Links;

/* Initializes an empty list. */
extern void links_init(Links *links);

/* Returns the position of a query in the list, or -1. */
extern int links_find(const Links *links, const QueryKey *id);

/* Returns the weight of a query, or 0 if it is not in the list. */
extern double links_weight(const Links *links, const QueryKey *id);

/* Adds weight > 0 to a query. */
extern void links_add(Links *links, const QueryKey *id, double weight);

/*
 * Sets the weight of a query; a full list accepts it only if it is above the
 * lightest.  For lists whose weights are stored elsewhere; total does not
 * change.
 */
extern void links_set(Links *links, const QueryKey *id, double weight);

/*
 * Moves a query to the first position, whatever its weight: a list by time.
 * Returns whether it was new to the list.
 */
extern bool links_touch(Links *links, const QueryKey *id);

/* Removes a query; returns false if it was not in the list. */
extern bool links_remove(Links *links, const QueryKey *id);

#endif
