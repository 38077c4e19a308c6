/*
 * trend.h
 *		Rates of queries in a tenant: counts in which each ask halves with time.
 *
 * A count is kept as log2(count) + time / half-life.  That number keeps its
 * order among others of its kind without being touched as time passes.
 */
#ifndef PERSONALIZATION_CORE_TREND_H
#define PERSONALIZATION_CORE_TREND_H

#include <stdbool.h>
#include <stdint.h>

/* Half-lives, in microseconds: what is asked these days, and what is usual. */
#define TREND_FAST (INT64_C(2) * 86400 * 1000000)
#define TREND_SLOW (INT64_C(28) * 86400 * 1000000)

/* A query is on the rise when its rate is above its usual one by this factor. */
#define TREND_RISE 1.5

/* The count of nothing. */
#define TREND_NONE (-1e300)

/* trend with an ask of a weight > 0 at a time. */
extern double trend_add(double trend, double weight, int64_t at, int64_t half_life);

/* The count as of a time. */
extern double trend_count(double trend, int64_t at, int64_t half_life);

/*
 * Whether a query's rate has risen: the fast count against the slow one, each
 * over the time that it looks back on, in a tenant whose first ask was at
 * since.  Before the two spans differ enough to tell, what is asked at all
 * counts as rising.
 */
extern bool trend_rises(double fast, double slow, int64_t since, int64_t at);

#endif
