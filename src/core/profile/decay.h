/*
 * decay.h
 *		Fading of confidence over time.
 *
 *		Confidence at a time is a pure function of the values stored at the
 *		last observation: confidence * factor ^ (whole days since).  No
 *		process has to update it, and the time at which it falls below a floor
 *		is known in advance.
 *
 *		Times are microseconds since any fixed epoch.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_DECAY_H
#define PERSONALIZATION_CORE_PROFILE_DECAY_H

#include <stdint.h>

#define DAY_USECS INT64_C(86400000000)

/* An infinite lifetime, and a time that never comes. */
#define LIFETIME_FOREVER INT64_MAX
#define TIME_NEVER INT64_MAX

/* Returns the whole days from since to at; 0 if at is earlier. */
extern int64_t whole_days(int64_t since, int64_t at);

/*
 * Returns a confidence (0..1) as of at that was last observed at since.
 * factor is the factor for one day (0 < factor <= 1).  A time before since
 * does not raise it.
 */
extern double decayed_confidence(double confidence, int64_t since, int64_t at, double factor);

/*
 * Returns the first whole day, 1 or later, after the last observation on which
 * the confidence is below floor, or LIFETIME_FOREVER.
 */
extern int64_t lifetime_days(double confidence, double factor, double floor);

/* Returns since + days, or TIME_NEVER if that is out of range. */
extern int64_t time_after_days(int64_t since, int64_t days);

#endif
