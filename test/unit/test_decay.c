/*
 * test_decay.c
 *		Whole days, decay, and the day on which confidence falls below a floor.
 */
#include "core/profile/decay.h"

#include <math.h>

#include "unit.h"

/* lifetime_days() by trying one day after the other, as the specification has it. */
static int64_t
lifetime_by_search(double confidence, double factor, double floor)
{
	int64_t day = 1;

	while (confidence * pow(factor, (double) day) >= floor)
		day++;
	return day;
}

static void
test_whole_days(void)
{
	CHECK(whole_days(0, 0) == 0);
	CHECK(whole_days(0, DAY_USECS - 1) == 0);
	CHECK(whole_days(0, DAY_USECS) == 1);
	CHECK(whole_days(0, 2 * DAY_USECS - 1) == 1);
	CHECK(whole_days(-DAY_USECS, 0) == 1);
	CHECK(whole_days(DAY_USECS, 0) == 0);
	CHECK(whole_days(INT64_MIN, INT64_MAX) == (int64_t) (UINT64_MAX / (uint64_t) DAY_USECS));
	CHECK(whole_days(INT64_MAX, INT64_MIN) == 0);
}

static void
test_decay(void)
{
	CHECK(decayed_confidence(0.8, 0, DAY_USECS - 1, 0.95) == 0.8);
	CHECK(decayed_confidence(0.8, 0, DAY_USECS, 0.95) == 0.8 * 0.95);
	CHECK(fabs(decayed_confidence(0.8, 0, 14 * DAY_USECS, 0.95) - 0.8 * pow(0.95, 14)) < 1e-15);
	CHECK(decayed_confidence(0.8, 0, -5 * DAY_USECS, 0.95) == 0.8);
	CHECK(decayed_confidence(0.8, 0, INT64_MAX, 0.95) == 0.0);
	CHECK(decayed_confidence(0.8, 0, INT64_MAX, 1.0) == 0.8);
}

static void
test_lifetime(void)
{
	static const double factors[] = {0.5, 0.9, 0.95, 0.99, 0.999};
	static const double floors[] = {0.01, 0.05, 0.3, 0.5, 0.7};

	/* Below the floor from the start: gone on the first whole day. */
	CHECK(lifetime_days(0.07, 0.95, 0.3) == 1);
	CHECK(lifetime_days(0.0, 0.95, 0.3) == 1);
	CHECK(lifetime_days(0.3, 0.95, 0.3) == 1);
	/* 0.6 * 0.95^13 = 0.308, 0.6 * 0.95^14 = 0.293 */
	CHECK(lifetime_days(0.6, 0.95, 0.3) == 14);

	CHECK(lifetime_days(0.6, 0.95, 0.0) == LIFETIME_FOREVER);
	CHECK(lifetime_days(0.6, 1.0, 0.3) == LIFETIME_FOREVER);
	CHECK(lifetime_days(0.2, 1.0, 0.3) == 1);
	CHECK(lifetime_days(1.0, 1e-6, 0.3) == 1);

	/* On the edge, where confidence was made to reach the floor exactly on a day. */
	for (int day = 1; day < 400; day++)
	{
		double edge = 0.3 / pow(0.99, day);

		CHECK(lifetime_days(edge, 0.99, 0.3) == lifetime_by_search(edge, 0.99, 0.3));
	}
	/* Just not on that day, by the last bit: the logarithms say a day too many. */
	for (int day = 1; day < 130; day++)
	{
		double floor = nextafter(0.001 * pow(0.5, day), 1.0);

		CHECK(lifetime_days(0.001, 0.5, floor) == lifetime_by_search(0.001, 0.5, floor));
	}
	for (size_t f = 0; f < sizeof(factors) / sizeof(factors[0]); f++)
	{
		for (size_t l = 0; l < sizeof(floors) / sizeof(floors[0]); l++)
		{
			for (int c = 1; c <= 1000; c++)
			{
				double confidence = c / 1000.0;

				if (lifetime_days(confidence, factors[f], floors[l]) !=
					lifetime_by_search(confidence, factors[f], floors[l]))
					CHECK(!"lifetime_days() and the search agree");
			}
			CHECK(lifetime_days(1.0, factors[f], floors[l]) ==
				  lifetime_by_search(1.0, factors[f], floors[l]));
		}
	}
}

static void
test_time(void)
{
	CHECK(time_after_days(5, 2) == 5 + 2 * DAY_USECS);
	CHECK(time_after_days(5, LIFETIME_FOREVER) == TIME_NEVER);
	CHECK(time_after_days(INT64_MAX - 1, 1) == TIME_NEVER);
	CHECK(time_after_days(0, INT64_MAX / 2) == TIME_NEVER);
}

int
main(void)
{
	test_whole_days();
	test_decay();
	test_lifetime();
	test_time();
	return unit_result("test_decay");
}
