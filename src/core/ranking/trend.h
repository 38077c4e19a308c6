/*
 * trend.h
 *		Rates of queries in a tenant: decaying counts of requests.
 *
 *		A count is stored as log2(count) + time / half-life.  The order of
 *		such numbers does not change as time passes, so they need not be
 *		updated.
 */
#ifndef PERSONALIZATION_CORE_RANKING_TREND_H
#define PERSONALIZATION_CORE_RANKING_TREND_H

#include <stdbool.h>
#include <stdint.h>

/* Half-lives in microseconds, for the recent rate and for the usual rate. */
#define TREND_FAST (INT64_C(2) * 86400 * 1000000)
#define TREND_SLOW (INT64_C(28) * 86400 * 1000000)

/* A query is trending if its recent rate exceeds its usual rate by this factor. */
#define TREND_RISE 1.5

/* The count of a query without requests. */
#define TREND_NONE (-1e300)

/* Adds a request of a weight > 0 at a time to a trend. */
extern double trend_add(double trend, double weight, int64_t at, int64_t half_life);

/* Returns the count as of a time. */
extern double trend_count(double trend, int64_t at, int64_t half_life);

/*
 * Whether a query's rate has risen: the fast count is compared with the slow
 * one, each divided by the time that it covers, in a tenant whose first
 * request was at since.  While the two times do not differ enough, every query
 * counts as rising.
 */
extern bool trend_rises(double fast, double slow, int64_t since, int64_t at);

#endif
