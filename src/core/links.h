/*
 * links.h
 *		A bounded list of queries with weights, heaviest first: what followed a
 *		query, what is asked by the same users, what is popular.
 *
 * A list that is full takes a newcomer in the place of its lightest entry and
 * lets it inherit that weight: Space-Saving (Metwally, Agrawal and El Abbadi,
 * 2005).  A query with more than total / LINKS_MAX of the weight is never
 * missed, and no weight is too low.
 */
#ifndef PERSONALIZATION_CORE_LINKS_H
#define PERSONALIZATION_CORE_LINKS_H

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
	double total; /* of all that was ever added, that of entries that have left too */
	QueryKey ids[LINKS_MAX];
	double weights[LINKS_MAX]; /* descending; of equals the latest added first */
} Links;

/* An empty list. */
extern void links_init(Links *links);

/* The place of a query in the list, -1 when it is not there. */
extern int links_find(const Links *links, const QueryKey *id);

/* Its weight, 0 when it is not there. */
extern double links_weight(const Links *links, const QueryKey *id);

/* Adds weight > 0 to a query. */
extern void links_add(Links *links, const QueryKey *id, double weight);

/*
 * Sets the weight of a query: a full list takes it only above its lightest.
 * For lists whose weights are kept elsewhere; total is left alone.
 */
extern void links_set(Links *links, const QueryKey *id, double weight);

/* Puts a query first, weights aside: a list by time.  Returns whether it was new to the list. */
extern bool links_touch(Links *links, const QueryKey *id);

/* Removes a query; false when it was not there. */
extern bool links_remove(Links *links, const QueryKey *id);

#endif
