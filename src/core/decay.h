/*
 * decay.h
 *		How confidence fades with time.
 *
 * Confidence at a time is a pure function of what was stored at the last
 * observation: confidence * factor ^ (whole days since).  Nothing has to run
 * to make it true, and the moment at which it falls below a floor is known in
 * advance.
 *
 * Times are microseconds since any fixed epoch.
 */
#ifndef PERSONALIZATION_CORE_DECAY_H
#define PERSONALIZATION_CORE_DECAY_H

#include <stdint.h>

#define DAY_USECS INT64_C(86400000000)

/* A lifetime without end, and the moment that never comes. */
#define LIFETIME_FOREVER INT64_MAX
#define TIME_NEVER INT64_MAX

/* Whole days from since to at; 0 when at is earlier. */
extern int64_t whole_days(int64_t since, int64_t at);

/*
 * Confidence (0..1) as of at, when it was observed last at since; factor is
 * what a day leaves of it (0 < factor <= 1).  A time before since does not
 * raise it.
 */
extern double decayed_confidence(double confidence, int64_t since, int64_t at, double factor);

/*
 * The first whole day, 1 or later, after the last observation at which the
 * confidence is below floor; LIFETIME_FOREVER when it never is.
 */
extern int64_t lifetime_days(double confidence, double factor, double floor);

/* since + days of time, TIME_NEVER when that is out of range. */
extern int64_t time_after_days(int64_t since, int64_t days);

#endif
