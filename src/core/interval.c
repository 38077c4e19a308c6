/*
 * interval.c
 *		How sure a share and a median are, from few observations.
 */
#include <math.h>

#include "core/interval.h"

/* The 0.975 quantile of the normal distribution. */
#define QUANTILE 1.959963984540054

/* Up to this number of values the binomial distribution is added up exactly. */
#define FEW_VALUES 1000

/*
 * E. B. Wilson (1927), Probable inference, the law of succession, and
 * statistical inference, Journal of the American Statistical Association 22,
 * 209-212.  Unlike the usual p +- z sqrt(p(1-p)/n), it is within [0, 1], and
 * not empty for 0 or n successes.
 */
Interval95
wilson_interval(double successes, double n)
{
	double p = fmin(fmax(successes / n, 0.0), 1.0);
	double z2 = QUANTILE * QUANTILE;
	double middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
	double half = QUANTILE / (1.0 + z2 / n) * sqrt(p * (1.0 - p) / n + z2 / (4.0 * n * n));
	Interval95 interval = {fmax(middle - half, 0.0), fmin(middle + half, 1.0)};

	/* Exact where rounding would leave a remainder. */
	if (p == 0.0)
		interval.low = 0.0;
	if (p == 1.0)
		interval.high = 1.0;
	return interval;
}

double
sorted_median(const double *values, int64_t n)
{
	return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

/*
 * Returns the largest rank k, from 1, such that fewer than k of n values are
 * below the median with a probability of at most 2.5%.
 */
static int64_t
median_rank(int64_t n)
{
	double probability;
	double sum = 0.0;
	int64_t k = 0;

	if (n > FEW_VALUES)
		return (int64_t) floor((double) n / 2.0 - QUANTILE * sqrt((double) n) / 2.0);
	probability = pow(0.5, (double) n);
	while (k < n && sum + probability <= 0.025)
	{
		sum += probability;
		probability *= (double) (n - k) / (double) (k + 1);
		k++;
	}
	return k < 1 ? 1 : k;
}

/*
 * The k-th value from below and from above, because the number of values
 * below the median is binomial: W. J. Conover (1999), Practical nonparametric
 * statistics, 3rd edition, section 3.2.
 */
Interval95
median_interval(const double *values, int64_t n)
{
	int64_t k = median_rank(n);
	Interval95 interval = {values[k - 1], values[n - k]};

	return interval;
}
