/*
 * interval.c
 *		How sure a share and a median are, from few observations.
 */
#include <math.h>

#include "core/ranking/interval.h"

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

/* The 0.975 quantile of Student's distribution, with at least one degree of freedom. */
static double
student_quantile(int64_t freedom)
{
	static const double few[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
								 2.262,	 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
								 2.110,	 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
								 2.060,	 2.056, 2.052, 2.048, 2.045, 2.042};

	if (freedom <= (int64_t) (sizeof(few) / sizeof(few[0])))
		return few[freedom - 1];
	return QUANTILE + 2.4 / (double) freedom;
}

/*
 * Wilson's interval for the number of independent trials that would have the
 * variance of the groups: E. L. Korn and B. I. Graubard (1998), Confidence
 * intervals for proportions with small expected number of positive counts
 * estimated from survey data, Survey Methodology 24, 193-201.  Where the
 * groups do not differ at all, there is one such trial in each.
 */
Interval95
grouped_interval(const double *successes, const double *trials, int64_t n)
{
	Interval95 any = {0.0, 1.0};
	double all_successes = 0.0;
	double all = 0.0;
	double squares = 0.0;
	double groups = 0.0;
	double p;
	double variance;
	double effective;
	double ratio;

	for (int64_t i = 0; i < n; i++)
	{
		if (!(trials[i] > 0.0))
			continue;
		all_successes += successes[i];
		all += trials[i];
		groups += 1.0;
	}
	if (!(all > 0.0))
		return any;
	p = all_successes / all;
	for (int64_t i = 0; i < n; i++)
	{
		double difference = trials[i] > 0.0 ? successes[i] - p * trials[i] : 0.0;

		squares += difference * difference;
	}
	if (!(groups > 1.0) || !(squares > 0.0))
		return wilson_interval(p * groups, groups);
	variance = groups / (groups - 1.0) * squares / (all * all);
	ratio = QUANTILE / student_quantile((int64_t) groups - 1);
	effective = fmin(fmax(p * (1.0 - p) / variance, 1.0), all) * ratio * ratio;
	return wilson_interval(p * effective, effective);
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
