/*
 * usage.h
 *		When and how much a user works: sums over a history.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_USAGE_H
#define PERSONALIZATION_CORE_PROFILE_USAGE_H

#include <stddef.h>
#include <stdint.h>

/* A longer gap than this, in microseconds, starts a new session. */
#define SESSION_GAP (INT64_C(30) * 60 * 1000000)

#define USAGE_TYPES 16 /* maximum number of types of interactions */

/* One interaction. */
typedef struct UsageEvent
{
	int64_t at;	   /* microseconds since any epoch */
	int64_t clock; /* the same on the local clock, since midnight of a Saturday */
	int type;	   /* 0..USAGE_TYPES - 1 */
} UsageEvent;

typedef struct Usage
{
	int64_t events;
	int64_t by_type[USAGE_TYPES];
	int64_t by_hour[24];
	int64_t by_weekday[7]; /* from Monday */

	int64_t sessions;
	double session_events; /* mean number of events of a session */
	double session_length; /* mean time from the first to the last event of a session */

	/* Median time between two events; -1 if there are fewer than two. */
	int64_t typical_gap;
} Usage;

/*
 * Sums up events[0..n), in the order of their times, ascending or descending.
 * gaps has space for n numbers, and is overwritten.
 */
extern void usage_sum(const UsageEvent *events, size_t n, int64_t *gaps, Usage *usage);

/* Returns the lower median of numbers[0..n), n > 0; reorders the numbers. */
extern int64_t lower_median(int64_t *numbers, size_t n);

#endif
