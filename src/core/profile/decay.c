/*
 * decay.c
 *		Fading of confidence over time.
 */
#include "core/profile/decay.h"

#include <math.h>

int64_t
whole_days(int64_t since, int64_t at)
{
	if (at <= since)
		return 0;
	/* The difference of two times may exceed an int64. */
	return (int64_t) (((uint64_t) at - (uint64_t) since) / (uint64_t) DAY_USECS);
}

double
decayed_confidence(double confidence, int64_t since, int64_t at, double factor)
{
	return confidence * pow(factor, (double) whole_days(since, at));
}

int64_t
lifetime_days(double confidence, double factor, double floor)
{
	double estimate;
	int64_t day;

	if (floor <= 0.0)
		return LIFETIME_FOREVER;
	if (factor >= 1.0)
		return confidence >= floor ? LIFETIME_FOREVER : 1;
	if (!(confidence * factor >= floor))
		return 1;

	/*
	 * confidence * factor^day = floor at day = log(floor / confidence) /
	 * log(factor).  The logarithms are rounded, and readers compare with the
	 * power itself, so the estimate is only the starting point of the search
	 * for the day on which that comparison changes.
	 */
	estimate = ceil(log(floor / confidence) / log(factor));
	if (!(estimate < 1e15))
		return LIFETIME_FOREVER;
	day = estimate < 1.0 ? 1 : (int64_t) estimate;
	while (day > 1 && confidence * pow(factor, (double) (day - 1)) < floor)
		day--;
	while (confidence * pow(factor, (double) day) >= floor)
		day++;
	return day;
}

int64_t
time_after_days(int64_t since, int64_t days)
{
	int64_t usecs;
	int64_t at;

	if (days == LIFETIME_FOREVER || __builtin_mul_overflow(days, DAY_USECS, &usecs) ||
		__builtin_add_overflow(since, usecs, &at))
		return TIME_NEVER;
	return at;
}
