/*
 * clock.h
 *		A clock for intervals, which nobody sets.
 */
#ifndef PERSONALIZATION_BASE_CLOCK_H
#define PERSONALIZATION_BASE_CLOCK_H

#include "postgres.h"

/*
 * Microseconds since some moment: for how long something took or is to wait, in this
 * process.  Never goes back, whatever happens to the time of day.
 */
extern int64 elapsed_clock(void);

#endif
