/*
 * test_usage.c
 *		Sums over a history: types, hours, sessions, gaps.
 */
#include "core/profile/usage.h"

#include <stdlib.h>

#include "unit.h"

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a;
	int64_t y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

static void
test_median(void)
{
	int64_t one[] = {7};
	int64_t same[] = {3, 3, 3, 3};

	CHECK(lower_median(one, 1) == 7);
	CHECK(lower_median(same, 4) == 3);
	srand(1);
	for (size_t n = 1; n < 200; n++)
	{
		int64_t numbers[200];
		int64_t sorted[200];

		for (size_t i = 0; i < n; i++)
			numbers[i] = sorted[i] = rand() % (n % 2 == 0 ? 10 : 1000000) - 5;
		qsort(sorted, n, sizeof(int64_t), compare);
		CHECK(lower_median(numbers, n) == sorted[(n - 1) / 2]);
	}
}

static void
test_nothing(void)
{
	Usage usage;

	usage_sum(NULL, 0, NULL, &usage);
	CHECK(usage.events == 0 && usage.sessions == 0 && usage.typical_gap == -1);
	CHECK(usage.session_events == 0 && usage.session_length == 0);
}

static void
test_sums(void)
{
	/* Saturday 2000-01-01 10:00, :10 and :40 (a gap of half an hour is none); then Monday 00:00. */
	static const int64_t times[] = {10 * HOUR, 10 * HOUR + 10 * MINUTE, 10 * HOUR + 40 * MINUTE,
									2 * DAY};
	UsageEvent forward[4];
	UsageEvent backward[4];
	int64_t gaps[4];
	Usage usage;

	for (int i = 0; i < 4; i++)
	{
		forward[i].at = times[i] + 12345; /* only differences count */
		forward[i].clock = times[i];
		forward[i].type = i % 2;
		backward[3 - i] = forward[i];
	}
	for (int direction = 0; direction < 2; direction++)
	{
		usage_sum(direction == 0 ? forward : backward, 4, gaps, &usage);
		CHECK(usage.events == 4 && usage.by_type[0] == 2 && usage.by_type[1] == 2);
		CHECK(usage.by_hour[10] == 3 && usage.by_hour[0] == 1);
		CHECK(usage.by_weekday[5] == 3 && usage.by_weekday[0] == 1 && usage.by_weekday[6] == 0);
		CHECK(usage.sessions == 2 && usage.session_events == 2);
		CHECK(usage.session_length == 20 * MINUTE);
		CHECK(usage.typical_gap == 30 * MINUTE);
	}

	/* A microsecond more is another session. */
	forward[2].at++;
	usage_sum(forward, 4, gaps, &usage);
	CHECK(usage.sessions == 3 && usage.typical_gap == 30 * MINUTE + 1);

	usage_sum(forward, 1, gaps, &usage);
	CHECK(usage.sessions == 1 && usage.session_length == 0 && usage.typical_gap == -1);
}

static void
test_before_2000(void)
{
	UsageEvent event = {0, -1, 0}; /* Friday, 23:59:59.999999 */
	int64_t gap;
	Usage usage;

	usage_sum(&event, 1, &gap, &usage);
	CHECK(usage.by_weekday[4] == 1 && usage.by_hour[23] == 1);
	event.clock = -6 * DAY; /* Sunday */
	usage_sum(&event, 1, &gap, &usage);
	CHECK(usage.by_weekday[6] == 1 && usage.by_hour[0] == 1);
	event.clock = INT64_MIN / 2;
	usage_sum(&event, 1, &gap, &usage);
	CHECK(usage.events == 1);
}

int
main(void)
{
	test_median();
	test_nothing();
	test_sums();
	test_before_2000();
	return unit_result("usage");
}
