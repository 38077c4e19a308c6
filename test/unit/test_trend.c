/*
 * test_trend.c
 *		Counts that halve with time, and when a rate has risen.
 */
#include "core/ranking/trend.h"

#include <math.h>

#include "unit.h"

#define DAY (INT64_C(86400) * 1000000)
/* Some day of 2026, so that phases are as large as in use. */
#define NOW (INT64_C(9500) * DAY)

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-6 * fmax(1.0, fabs(b));
}

static void
test_count(void)
{
	double trend = trend_add(TREND_NONE, 1.0, NOW, TREND_FAST);

	CHECK(trend_count(TREND_NONE, NOW, TREND_FAST) == 0.0);
	CHECK(near(trend_count(trend, NOW, TREND_FAST), 1.0));
	CHECK(near(trend_count(trend, NOW + 2 * DAY, TREND_FAST), 0.5));
	CHECK(near(trend_count(trend, NOW + 6 * DAY, TREND_FAST), 0.125));
	/* 1/2 of the first, and the second by half. */
	trend = trend_add(trend, 0.5, NOW + 2 * DAY, TREND_FAST);
	CHECK(near(trend_count(trend, NOW + 2 * DAY, TREND_FAST), 1.0));
	/* One that comes late counts as of its time. */
	trend = trend_add(trend, 1.0, NOW, TREND_FAST);
	CHECK(near(trend_count(trend, NOW + 2 * DAY, TREND_FAST), 1.5));
	/* The order of two does not change while nobody touches them. */
	CHECK(trend_add(TREND_NONE, 1.0, NOW + 1, TREND_FAST) >
		  trend_add(TREND_NONE, 1.0, NOW, TREND_FAST));
}

/* per_day asks on each of some days, spread over the day. */
static void
ask_daily(double *fast, double *slow, int64_t from, int days, int per_day)
{
	for (int64_t i = 0; i < (int64_t) days * per_day; i++)
	{
		int64_t at = from + i * DAY / per_day;

		*fast = trend_add(*fast, 1.0, at, TREND_FAST);
		*slow = trend_add(*slow, 1.0, at, TREND_SLOW);
	}
}

static void
test_rise(void)
{
	double fast, slow;
	int64_t since = NOW - 200 * DAY;

	/* A high level is none, for as long as it may hold. */
	fast = slow = TREND_NONE;
	ask_daily(&fast, &slow, since, 200, 20);
	CHECK(!trend_rises(fast, slow, since, NOW));
	/* Twice as much for four days is one, and over a month later again none. */
	ask_daily(&fast, &slow, NOW, 4, 40);
	CHECK(trend_rises(fast, slow, since, NOW + 4 * DAY));
	ask_daily(&fast, &slow, NOW + 4 * DAY, 150, 40);
	CHECK(!trend_rises(fast, slow, since, NOW + 154 * DAY));
	/* A fall. */
	ask_daily(&fast, &slow, NOW + 154 * DAY, 6, 5);
	CHECK(!trend_rises(fast, slow, since, NOW + 160 * DAY));

	/* New in an old tenant: three in a day. */
	fast = slow = TREND_NONE;
	ask_daily(&fast, &slow, NOW - DAY, 1, 3);
	CHECK(trend_rises(fast, slow, since, NOW));
	/* Nearly forgotten: a fortnight later. */
	CHECK(!trend_rises(fast, slow, since, NOW + 13 * DAY));

	/* In a tenant of ten days a level is a level too. */
	fast = slow = TREND_NONE;
	ask_daily(&fast, &slow, NOW - 10 * DAY, 10, 10);
	CHECK(!trend_rises(fast, slow, NOW - 10 * DAY, NOW));
	/* In one of a day nothing is usual yet. */
	CHECK(trend_rises(fast, slow, NOW - DAY, NOW));
	CHECK(!trend_rises(TREND_NONE, TREND_NONE, NOW, NOW));
}

int
main(void)
{
	test_count();
	test_rise();
	return unit_result("test_trend");
}
