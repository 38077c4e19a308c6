/*
 * buckets.c
 *		A histogram of amounts from 0 to millions, in a few numbers.
 */
#include "core/profile/buckets.h"

/* ceil(2^(k/2)) for k >= 0, within the range of int64. */
static int64_t
power_of_half(int k)
{
	int64_t whole;
	int64_t low;
	int64_t high;

	if (k >= 126)
		return INT64_MAX;
	whole = INT64_C(1) << (k / 2);
	if (k % 2 == 0)
		return whole;

	/* The smallest n with n^2 >= 2 whole^2. */
	low = whole;
	high = k / 2 < 62 ? 2 * whole : INT64_MAX;
	while (low < high)
	{
		int64_t middle = low + (high - low) / 2;

		if ((unsigned __int128) middle * (unsigned __int128) middle >=
			(unsigned __int128) whole * (unsigned __int128) whole * 2)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

int
bucket_of(int64_t amount)
{
	int low = 2;
	int high = BUCKETS;

	if (amount <= 0)
		return 1;

	/* The last bucket whose lowest amount is not above it. */
	while (low < high)
	{
		int middle = (low + high + 1) / 2;

		if (bucket_lowest(middle) <= amount)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

int64_t
bucket_lowest(int bucket)
{
	return bucket <= 1 ? 0 : power_of_half(bucket - 2);
}

int64_t
bucket_highest(int bucket)
{
	if (bucket <= 1)
		return 0;
	return bucket >= BUCKETS ? INT64_MAX : power_of_half(bucket - 1) - 1;
}

double
buckets_median(const int64_t *counts)
{
	double total = 0.0;
	double below = 0.0;
	double half;

	for (int b = 1; b <= BUCKETS; b++)
		total += counts[b - 1] > 0 ? (double) counts[b - 1] : 0.0;
	if (!(total > 0.0))
		return -1.0;
	half = total / 2.0;
	for (int b = 1; b <= BUCKETS; b++)
	{
		double here = counts[b - 1] > 0 ? (double) counts[b - 1] : 0.0;
		double lowest = (double) bucket_lowest(b);
		double highest = (double) bucket_highest(b);

		if (here > 0.0 && below + here >= half)
			return lowest + (highest - lowest) * ((half - below) / here);
		below += here;
	}
	return -1.0;
}
