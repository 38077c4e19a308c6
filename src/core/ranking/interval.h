/*
 * interval.h
 *		How sure a share and a median are, from few observations.
 */
#ifndef PERSONALIZATION_CORE_RANKING_INTERVAL_H
#define PERSONALIZATION_CORE_RANKING_INTERVAL_H

#include <stdint.h>

typedef struct Interval95
{
	double low;
	double high;
} Interval95;

/*
 * Returns the interval with a confidence of 95% for the probability of an
 * event that happened in successes of n trials, n > 0; a number of successes
 * below 0 or above n counts as 0 or n.  n need not be a whole number.
 */
extern Interval95 wilson_interval(double successes, double n);

/*
 * The same for the share of successes in trials that come in n > 0 groups, such
 * as the queries of users, whose trials resemble each other: successes[i] of
 * trials[i].  Groups without trials are ignored; without any trial the interval
 * is [0, 1].
 */
extern Interval95 grouped_interval(const double *successes, const double *trials, int64_t n);

/* Returns the median of n values in ascending order, n > 0. */
extern double sorted_median(const double *values, int64_t n);

/*
 * Returns the interval of at least 95% for the median of what n > 0 values in
 * ascending order are a sample of.  With fewer than 6 values it is from the
 * lowest to the highest, of which the confidence is lower.
 */
extern Interval95 median_interval(const double *values, int64_t n);

#endif
