/*
 * clock.h
 *		A monotonic clock for intervals.
 */
#ifndef PERSONALIZATION_BASE_CLOCK_H
#define PERSONALIZATION_BASE_CLOCK_H

#include "postgres.h"

/*
 * Returns microseconds since an arbitrary time, to measure durations and waits
 * in this process.  It never goes back, even if the time of day is changed.
 */
extern int64 elapsed_clock(void);

#endif
