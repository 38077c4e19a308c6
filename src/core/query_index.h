/*
 * query_index.h
 *		Finding queries in an array by their id: a hash table with open
 *		addressing over memory that the caller has.
 */
#ifndef PERSONALIZATION_CORE_QUERY_INDEX_H
#define PERSONALIZATION_CORE_QUERY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "core/links.h"

/* Over an array of structs that begin with a QueryKey. */
typedef struct QueryIndex
{
	int16_t *slots; /* place in the array plus one, 0 for none */
	uint32_t mask;
	const char *items;
	size_t item_size;
} QueryIndex;

/*
 * items need hold nothing yet.  nslots: a power of two, at least twice as many as there
 * will be items, of which there are fewer than 32767.
 */
extern void
query_index_init(QueryIndex *index, int16_t *slots, size_t nslots, void *items, size_t item_size);

/* The place of a query, -1 when it is not there. */
extern int query_index_find(const QueryIndex *index, const QueryKey *id);

/*
 * The place of a query; when it is not there it is from now on, at the place
 * given, into which the caller writes an item with that id at once.
 */
extern int query_index_add(QueryIndex *index, const QueryKey *id, int place);

#endif
