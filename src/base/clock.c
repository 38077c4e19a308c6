/*
 * clock.c
 *		A monotonic clock for intervals.
 */
#include "postgres.h"

#include <time.h>

#include "base/clock.h"

int64
elapsed_clock(void)
{
	static int64 last = 0;
	static int64 offset = 0;
	struct timespec reading;
	int64 now;

	(void) clock_gettime(CLOCK_MONOTONIC, &reading);
	now = (int64) reading.tv_sec * 1000000 + reading.tv_nsec / 1000;

	/* A virtual machine that was moved, or a test that plays with the clock. */
	if (now + offset < last)
		offset = last - now;
	last = now + offset;
	return last;
}
