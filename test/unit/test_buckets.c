/*
 * test_buckets.c
 *		Tests of the histogram's buckets and of its median.
 */
#include "core/profile/buckets.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static void
test_bounds(void)
{
	/* Every amount is within the bounds of its bucket, and the buckets grow with it. */
	int previous = 1;

	for (int64_t amount = 0; amount < 100000; amount++)
	{
		int bucket = bucket_of(amount);

		if (bucket < previous || amount < bucket_lowest(bucket) || amount > bucket_highest(bucket))
		{
			CHECK(!"an amount is outside its bucket");
			break;
		}
		previous = bucket;
	}
	for (int b = 2; b < BUCKETS; b++)
	{
		int64_t lowest = bucket_lowest(b);
		int64_t highest = bucket_highest(b);

		CHECK(bucket_lowest(b + 1) == highest + 1);
		if (highest < lowest)
			continue;
		CHECK(bucket_of(lowest) == b && bucket_of(highest) == b);
		CHECK((double) lowest >= 0.7 * (double) highest);
		CHECK(b > 90 || lowest == (int64_t) ceil(pow(2.0, (b - 2) / 2.0)));
	}
	CHECK(bucket_of(0) == 1);
	CHECK(bucket_of(-5) == 1);
	CHECK(bucket_of(INT64_MIN) == 1);
	CHECK(bucket_of(1) == 2);
	CHECK(bucket_lowest(1) == 0 && bucket_highest(1) == 0);
	CHECK(bucket_lowest(2) == 1 && bucket_highest(2) == 1);
	CHECK(bucket_of(INT64_MAX) == BUCKETS);
	CHECK(bucket_highest(BUCKETS) == INT64_MAX);
	CHECK(bucket_lowest(2 + 20) == 1024);
	CHECK(bucket_lowest(2 + 21) == 1449); /* 1024 times the root of two is 1448.15 */
}

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
	int64_t counts[BUCKETS] = {0};
	static int64_t amounts[1001];

	CHECK(buckets_median(counts) == -1.0);
	counts[3] = -7;
	CHECK(buckets_median(counts) == -1.0);
	counts[3] = 0;
	counts[0] = 3;
	CHECK(buckets_median(counts) == 0.0);
	counts[1] = 4;
	CHECK(buckets_median(counts) == 1.0);

	/* Within a fifth of the true one, whatever they are. */
	srand(20260301);
	for (int round = 0; round < 200; round++)
	{
		double scale = pow(10.0, round % 10);
		double got;
		double truth;

		memset(counts, 0, sizeof(counts));
		for (int i = 0; i < 1001; i++)
		{
			amounts[i] = (int64_t) (pow((double) rand() / RAND_MAX, 1.0 + round % 4) * scale);
			counts[bucket_of(amounts[i]) - 1]++;
		}
		qsort(amounts, 1001, sizeof(int64_t), compare);
		got = buckets_median(counts);
		truth = (double) amounts[500];
		CHECK(fabs(got - truth) <= 0.2 * truth + 0.5);
	}
}

int
main(void)
{
	test_bounds();
	test_median();
	return unit_result("test_buckets");
}
