/*
 * test_interval.c
 *		Intervals of shares and of medians.
 */
#include "core/ranking/interval.h"

#include <math.h>
#include <stdlib.h>

#include "unit.h"

static bool
near(double a, double b)
{
	return fabs(a - b) <= 1e-9;
}

static void
test_wilson(void)
{
	/* Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: to four places. */
	static const struct
	{
		double successes;
		double n;
		double low;
		double high;
	} published[] = {{81, 263, 0.2553, 0.3662},
					 {15, 148, 0.0624, 0.1605},
					 {0, 20, 0.0, 0.1611},
					 {1, 29, 0.0061, 0.1718}};
	Interval95 interval;

	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++)
	{
		interval = wilson_interval(published[i].successes, published[i].n);
		CHECK(fabs(interval.low - published[i].low) <= 0.00005);
		CHECK(fabs(interval.high - published[i].high) <= 0.00005);
	}

	/* Turned around, it is the interval of the failures. */
	for (int n = 1; n <= 40; n++)
	{
		for (int k = 0; k <= n; k++)
		{
			Interval95 other = wilson_interval(n - k, n);

			interval = wilson_interval(k, n);
			CHECK(near(interval.low, 1.0 - other.high) && near(interval.high, 1.0 - other.low));
			CHECK(interval.low >= 0.0 && interval.high <= 1.0);
			CHECK(interval.low <= (double) k / n && interval.high >= (double) k / n);
			CHECK(interval.high > interval.low);
		}
	}
	CHECK(wilson_interval(0, 7).low == 0.0);
	CHECK(wilson_interval(7, 7).high == 1.0);

	/* Numbers that cannot be. */
	CHECK(near(wilson_interval(9, 7).low, wilson_interval(7, 7).low));
	CHECK(near(wilson_interval(-1, 7).high, wilson_interval(0, 7).high));

	/* Many trials: the usual one. */
	interval = wilson_interval(250000, 1000000);
	CHECK(fabs(interval.high - (0.25 + 1.959963984540054 * sqrt(0.25 * 0.75 / 1e6))) < 1e-6);
}

static void
test_grouped(void)
{
	static const double ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
	static const double some[] = {1, 0, 1, 0, 0, 1, 0, 0, 0, 0};
	static const double all_or_none[] = {100, 0, 100, 0, 0, 100, 0, 0, 0, 0};
	static const double hundreds[] = {100, 100, 100, 100, 100, 100, 100, 100, 100, 100};
	static const double alike[] = {30, 30, 30, 30, 30, 30, 30, 30, 30, 30};
	static const double none[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	double two_successes[] = {10, 30};
	double two[] = {100, 100};
	Interval95 single;
	Interval95 interval;

	/* Of groups that are all or nothing only their number counts. */
	single = grouped_interval(some, ones, 10);
	interval = grouped_interval(all_or_none, hundreds, 10);
	CHECK(near(single.low, interval.low) && near(single.high, interval.high));

	/* It is Wilson's, for fewer trials because the variance is estimated. */
	interval = wilson_interval(3, 10);
	CHECK(single.low < interval.low && single.high > interval.high);
	CHECK(interval.low - single.low < 0.06 && single.high - interval.high < 0.06);

	/* Groups that do not differ tell as much as one trial each, none more than all trials. */
	interval = grouped_interval(alike, hundreds, 10);
	single = wilson_interval(3, 10);
	CHECK(near(single.low, interval.low) && near(single.high, interval.high));
	interval = grouped_interval(none, hundreds, 10);
	CHECK(interval.low == 0.0 && near(interval.high, wilson_interval(0, 10).high));

	/* Two users who differ tell next to nothing. */
	interval = grouped_interval(two_successes, two, 2);
	CHECK(interval.low < 0.05 && interval.high > 0.8);
	CHECK(grouped_interval(two_successes, two, 1).high == wilson_interval(0.1, 1).high);

	/* With many groups of one trial each it approaches Wilson's, from outside. */
	for (int groups = 30; groups <= 480; groups *= 2)
	{
		double halves[480];
		double trials[480];
		double widened;

		for (int i = 0; i < groups; i++)
		{
			halves[i] = i % 2;
			trials[i] = 1;
		}
		interval = grouped_interval(halves, trials, groups);
		single = wilson_interval(groups / 2, groups);
		widened = (interval.high - interval.low) / (single.high - single.low);
		CHECK(widened > 1.0 && widened < 1.0 + 2.0 / groups);
	}

	/* Empty groups. */
	interval = grouped_interval(none, none, 10);
	CHECK(interval.low == 0.0 && interval.high == 1.0);
	CHECK(near(grouped_interval(some, some, 10).high, wilson_interval(3, 3).high));
}

static double
binomial_below(int n, int k)
{
	double probability = pow(0.5, n);
	double sum = 0.0;

	for (int i = 0; i < k; i++)
	{
		sum += probability;
		probability *= (double) (n - i) / (i + 1);
	}
	return sum;
}

static void
test_median(void)
{
	static const double values[] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89};
	double many[2000];
	Interval95 interval;

	CHECK(sorted_median(values, 1) == 1.0);
	CHECK(sorted_median(values, 2) == 1.5);
	CHECK(sorted_median(values, 9) == 8.0);
	CHECK(sorted_median(values, 10) == 10.5);

	/* Too few: all of them. */
	for (int n = 1; n <= 6; n++)
	{
		interval = median_interval(values, n);
		CHECK(interval.low == values[0] && interval.high == values[n - 1]);
	}
	/* Tables of the sign test: ranks 2 and 9 of 10. */
	interval = median_interval(values, 10);
	CHECK(interval.low == 2.0 && interval.high == 55.0);

	/* The narrowest with 95%, whatever the number. */
	for (int i = 0; i < 2000; i++)
		many[i] = i + 1;
	for (int n = 6; n <= 1000; n++)
	{
		int k;

		interval = median_interval(many, n);
		k = (int) interval.low;
		CHECK((int) interval.high == n + 1 - k);
		CHECK(binomial_below(n, k) <= 0.025 && binomial_below(n, k + 1) > 0.025);
	}
	/* The approximation continues what was exact. */
	CHECK(fabs(median_interval(many, 1001).low - median_interval(many, 1000).low) <= 2.0);
	CHECK(median_interval(many, 2000).low ==
		  floor(1000.0 - 1.959963984540054 * sqrt(2000.0) / 2.0));
}

int
main(void)
{
	test_wilson();
	test_grouped();
	test_median();
	return unit_result("interval");
}
