/*
 * trend.c
 *		Rates of queries in a tenant: decaying counts of requests.
 */
#include "core/ranking/trend.h"

#include <math.h>

static double
phase(int64_t at, int64_t half_life)
{
	return (double) at / (double) half_life;
}

double
trend_add(double trend, double weight, int64_t at, int64_t half_life)
{
	double one = log2(weight) + phase(at, half_life);
	double high = fmax(trend, one);
	double low = fmin(trend, one);

	return high + log2(1.0 + exp2(low - high));
}

double
trend_count(double trend, int64_t at, int64_t half_life)
{
	return exp2(trend - phase(at, half_life));
}

/*
 * The time that a count covers: the mean lifetime of a request in it, or less
 * if the tenant is younger.
 */
static double
span(int64_t since, int64_t at, int64_t half_life)
{
	double age = fmax((double) at - (double) since, 1.0) / (double) half_life;

	return (double) half_life / M_LN2 * (1.0 - exp2(-age));
}

bool
trend_rises(double fast, double slow, int64_t since, int64_t at)
{
	double short_span = span(since, at, TREND_FAST);
	double long_span = span(since, at, TREND_SLOW);
	double now = trend_count(fast, at, TREND_FAST);
	double usual = trend_count(slow, at, TREND_SLOW);

	if (now < 0.5)
		return false;
	if (long_span < TREND_RISE * short_span)
		return true;
	return now / short_span > TREND_RISE * usual / long_span;
}
