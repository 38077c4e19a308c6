/*
 * due.c
 *		Which queries a user's requests show to have been due at a time.
 */
#include "core/ranking/due.h"

#include <stdbool.h>
#include <string.h>

#include "core/ranking/cadence.h"
#include "core/ranking/query_index.h"

/* A power of two, more than twice the number of requests. */
#define DAY_SLOTS 512

/* A query, and the latest days on which it was asked, the latest first. */
typedef struct AskedDays
{
	QueryKey id;
	int n;
	int32_t days[CADENCE_DAYS];
} AskedDays;

static bool
is_due(const AskedDays *asked, int32_t today, double *strength)
{
	int32_t days[CADENCE_DAYS];
	Cadence cadence;

	for (int i = 0; i < asked->n; i++)
		days[i] = asked->days[asked->n - 1 - i];
	cadence = cadence_of(days, (size_t) asked->n, today);
	*strength = cadence.strength;
	return cadence.kind != CADENCE_NONE && cadence_due(&cadence, days, (size_t) asked->n, today);
}

static void
put_due(Weighed *due, int *n, const Weighed *item)
{
	int place = *n;

	while (place > 0 && (item->weight > due[place - 1].weight ||
						 (item->weight == due[place - 1].weight &&
						  compare_queries(&item->id, &due[place - 1].id) < 0)))
		place--;
	if (place == DUE_MAX)
		return;
	if (*n < DUE_MAX)
		(*n)++;
	memmove(&due[place + 1], &due[place], (size_t) (*n - 1 - place) * sizeof(Weighed));
	due[place] = *item;
}

int
queries_due_after(const Asked *history, const int32_t *days, int n, int32_t today,
				  Weighed due[DUE_MAX])
{
	AskedDays queries[HISTORY_MAX];
	int16_t slots[DAY_SLOTS];
	QueryIndex index;
	int oldest = n > HISTORY_MAX ? n - HISTORY_MAX : 0;
	int nqueries = 0;
	int ndue = 0;

	query_index_init(&index, slots, DAY_SLOTS, queries, sizeof(AskedDays));
	for (int i = n - 1; i >= oldest; i--)
	{
		int place = query_index_add(&index, &history[i].id, nqueries);
		AskedDays *asked = &queries[place];

		if (place == nqueries)
		{
			asked->id = history[i].id;
			asked->n = 0;
			nqueries++;
		}
		if (asked->n < CADENCE_DAYS && (asked->n == 0 || asked->days[asked->n - 1] > days[i]))
			asked->days[asked->n++] = days[i];
	}
	for (int k = 0; k < nqueries; k++)
	{
		Weighed item = {queries[k].id, 0.0};

		if (queries[k].n >= CADENCE_MIN_HITS && is_due(&queries[k], today, &item.weight))
			put_due(due, &ndue, &item);
	}
	return ndue;
}
