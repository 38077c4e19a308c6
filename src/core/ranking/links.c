/*
 * links.c
 *		A limited list of queries with weights, heaviest first.
 */
#include "core/ranking/links.h"

#include <string.h>

int
compare_queries(const QueryKey *a, const QueryKey *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return 0;
}

void
links_init(Links *links)
{
	links->n = 0;
	links->total = 0.0;
}

int
links_find(const Links *links, const QueryKey *id)
{
	for (int i = 0; i < links->n; i++)
	{
		if (same_query(&links->ids[i], id))
			return i;
	}
	return -1;
}

double
links_weight(const Links *links, const QueryKey *id)
{
	int place = links_find(links, id);

	return place < 0 ? 0.0 : links->weights[place];
}

/* Closes the gap of a removed entry. */
static void
take_out(Links *links, int place)
{
	int behind = links->n - place - 1;

	memmove(&links->ids[place], &links->ids[place + 1], (size_t) behind * sizeof(QueryKey));
	memmove(&links->weights[place], &links->weights[place + 1], (size_t) behind * sizeof(double));
	links->n--;
}

/* Inserts an entry before all that are not heavier; there must be space. */
static void
put_in(Links *links, const QueryKey *id, double weight)
{
	int place = links->n;

	while (place > 0 && links->weights[place - 1] <= weight)
	{
		links->ids[place] = links->ids[place - 1];
		links->weights[place] = links->weights[place - 1];
		place--;
	}
	links->ids[place] = *id;
	links->weights[place] = weight;
	links->n++;
}

void
links_add(Links *links, const QueryKey *id, double weight)
{
	int place = links_find(links, id);

	links->total += weight;
	if (place < 0 && links->n == LINKS_MAX)
		place = LINKS_MAX - 1;
	if (place >= 0)
	{
		weight += links->weights[place];
		take_out(links, place);
	}
	put_in(links, id, weight);
}

void
links_set(Links *links, const QueryKey *id, double weight)
{
	int place = links_find(links, id);

	if (place >= 0)
		take_out(links, place);
	else if (links->n == LINKS_MAX)
	{
		if (links->weights[LINKS_MAX - 1] >= weight)
			return;
		take_out(links, LINKS_MAX - 1);
	}
	put_in(links, id, weight);
}

bool
links_touch(Links *links, const QueryKey *id)
{
	int place = links_find(links, id);
	bool found = place >= 0;

	if (found)
		take_out(links, place);
	else if (links->n == LINKS_MAX)
		take_out(links, LINKS_MAX - 1);
	put_in(links, id, 0.0);
	return !found;
}

bool
links_remove(Links *links, const QueryKey *id)
{
	int place = links_find(links, id);

	if (place >= 0)
		take_out(links, place);
	return place >= 0;
}
