/*
 * test_due.c
 *		What a user's requests show to have been due.
 */
#include "core/ranking/due.h"

#include "unit.h"

/* A Monday: 2026-01-05, in days since 2000-01-01. */
#define MONDAY 9501

static const QueryKey weekly = {0, 1};
static const QueryKey daily = {0, 2};
static const QueryKey once = {0, 3};

static Asked history[3 * HISTORY_MAX];
static int32_t days[3 * HISTORY_MAX];
static int n;

static void
ask(QueryKey id, int32_t day)
{
	history[n] = (Asked){id, n, 1.0};
	days[n++] = day;
}

static void
test_weekly(void)
{
	Weighed due[DUE_MAX];

	n = 0;
	CHECK(queries_due_after(history, days, n, MONDAY, due) == 0);
	for (int week = 0; week < 3; week++)
	{
		ask(weekly, MONDAY + 7 * week);
		ask(weekly, MONDAY + 7 * week);
		ask(once, MONDAY + 7 * week + 1);
		/* Three are a rhythm, and not on its own day. */
		CHECK(queries_due_after(history, days, n, MONDAY + 7 * week, due) == 0);
	}
	CHECK(queries_due_after(history, days, n, MONDAY + 20, due) == 0);
	CHECK(queries_due_after(history, days, n, MONDAY + 21, due) == 1);
	CHECK(same_query(&due[0].id, &weekly));
	CHECK(due[0].weight > 0.7 && due[0].weight < 0.8);

	/* Once asked on the day it is due no more. */
	ask(weekly, MONDAY + 21);
	CHECK(queries_due_after(history, days, n, MONDAY + 21, due) == 0);
	CHECK(queries_due_after(history, days, n, MONDAY + 28, due) == 1);
}

/* The strongest first, at most so many, and only of the latest requests. */
static void
test_limits(void)
{
	Weighed due[DUE_MAX];

	n = 0;
	for (int day = 0; day < 15; day++)
	{
		if (day % 7 == 0)
			ask(weekly, MONDAY + day);
		ask(daily, MONDAY + day);
	}
	CHECK(queries_due_after(history, days, n, MONDAY + 21, due) == 1);
	for (int day = 15; day < 21; day++)
		ask(daily, MONDAY + day);
	CHECK(queries_due_after(history, days, n, MONDAY + 21, due) == 2);
	CHECK(same_query(&due[0].id, &daily) && same_query(&due[1].id, &weekly));
	CHECK(due[0].weight > due[1].weight);

	/* Equally strong ones by their ids. */
	n = 0;
	for (int day = 0; day < 5; day++)
	{
		for (int i = 0; i < 30; i++)
			ask((QueryKey){1, (uint64_t) (29 - i)}, MONDAY + day);
	}
	CHECK(queries_due_after(history, days, n, MONDAY + 5, due) == 0 ||
		  queries_due_after(history, days, n, MONDAY + 7, due) == DUE_MAX);
	CHECK(queries_due_after(history, days, n, MONDAY + 7, due) == DUE_MAX);
	for (int i = 0; i < DUE_MAX; i++)
		CHECK(due[i].id.low == (uint64_t) i);

	/* Too long ago. */
	for (int i = 0; i < HISTORY_MAX - 2; i++)
		ask(once, MONDAY + 5);
	CHECK(queries_due_after(history, days, n, MONDAY + 7, due) == 0);
}

int
main(void)
{
	test_weekly();
	test_limits();
	return unit_result("test_due");
}
