/*
 * query_index.h
 *		A hash table to find queries in an array by their id, with open
 *		addressing in memory of the caller.
 */
#ifndef PERSONALIZATION_CORE_RANKING_QUERY_INDEX_H
#define PERSONALIZATION_CORE_RANKING_QUERY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "core/ranking/links.h"

/* For an array of structs that begin with a QueryKey. */
typedef struct QueryIndex
{
	int16_t *slots; /* position in the array plus one, 0 for none */
	uint32_t mask;
	const char *items;
	size_t item_size;
} QueryIndex;

/*
 * items need not be initialized.  nslots: a power of two, at least twice the
 * number of items, which is less than 32767.
 */
extern void
query_index_init(QueryIndex *index, int16_t *slots, size_t nslots, void *items, size_t item_size);

/* Returns the position of a query, or -1. */
extern int query_index_find(const QueryIndex *index, const QueryKey *id);

/*
 * Returns the position of a query.  If it is not in the table, it is added
 * with the given position, where the caller must then store an item with that
 * id.
 */
extern int query_index_add(QueryIndex *index, const QueryKey *id, int place);

#endif
