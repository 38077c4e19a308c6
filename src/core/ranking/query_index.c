/*
 * query_index.c
 *		A hash table to find queries in an array by their id.
 */
#include "core/ranking/query_index.h"

#include <string.h>

void
query_index_init(QueryIndex *index, int16_t *slots, size_t nslots, void *items, size_t item_size)
{
	memset(slots, 0, nslots * sizeof(int16_t));
	index->slots = slots;
	index->mask = (uint32_t) (nslots - 1);
	index->items = items;
	index->item_size = item_size;
}

/* Returns the slot of the query, or the free slot where it belongs. */
static int16_t *
slot_of(const QueryIndex *index, const QueryKey *id)
{
	/* Fibonacci hashing (Knuth, vol. 3, 6.4) spreads ids that are consecutive numbers. */
	uint64_t hash = (id->high ^ id->low) * UINT64_C(0x9E3779B97F4A7C15);
	uint32_t i = (uint32_t) (hash >> 40) & index->mask;

	while (index->slots[i] != 0)
	{
		const char *item = index->items + (size_t) (index->slots[i] - 1) * index->item_size;

		if (same_query((const QueryKey *) item, id))
			break;
		i = (i + 1) & index->mask;
	}
	return &index->slots[i];
}

int
query_index_find(const QueryIndex *index, const QueryKey *id)
{
	return *slot_of(index, id) - 1;
}

int
query_index_add(QueryIndex *index, const QueryKey *id, int place)
{
	int16_t *slot = slot_of(index, id);

	if (*slot == 0)
		*slot = (int16_t) (place + 1);
	return *slot - 1;
}
