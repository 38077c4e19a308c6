/*
 * local_time.h
 *		Times on a tenant's wall clock, and the dates of UTC.
 */
#ifndef PERSONALIZATION_BASE_LOCAL_TIME_H
#define PERSONALIZATION_BASE_LOCAL_TIME_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/date.h"

/* How far an event's time may be ahead of the server's clock. */
#define MAX_CLOCK_SKEW (INT64CONST(5) * 60 * USECS_PER_SEC)

/*
 * A time zone, and the last offset from UTC that was looked up in it.  Since
 * there is standard time, offsets change at whole quarters of an hour, so that
 * a quarter needs one look-up.
 */
typedef struct LocalZone
{
	pg_tz *zone; /* NULL for UTC */
	int64 quarter;
	int64 offset; /* microseconds east of UTC */
} LocalZone;

/* The zone of a tenant's setting time_zone, which was checked when it was set. */
extern void local_zone_init(LocalZone *local, const char *time_zone);

/* What the clock shows at a finite time, as microseconds since 2000-01-01 00:00 on it. */
extern int64 local_clock(LocalZone *local, TimestampTz at);

/* The date on the clock at a time. */
extern DateADT local_date(LocalZone *local, TimestampTz at);

/* The date in UTC; of an infinite time one that is far away, on its side. */
extern DateADT utc_date(TimestampTz at);

/*
 * The end of what is read as of a time.  The present, which begins with the
 * transaction, has all that is known: also what was told since, and by clocks
 * that are ahead of this one, as far as learning lets them be.
 */
extern TimestampTz known_until(TimestampTz at);

#endif
