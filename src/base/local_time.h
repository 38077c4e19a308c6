/*
 * local_time.h
 *		Times on a tenant's clock, and dates in UTC.
 */
#ifndef PERSONALIZATION_BASE_LOCAL_TIME_H
#define PERSONALIZATION_BASE_LOCAL_TIME_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/date.h"

/* How far an event's time may be ahead of the server's clock, in microseconds. */
#define MAX_CLOCK_SKEW (INT64CONST(5) * 60 * USECS_PER_SEC)

/*
 * In SQL: whether a time has one on every clock.  An infinite one has no hour, and at the
 * ends of what PostgreSQL can store AT TIME ZONE fails, as adding an interval does.
 */
#define HAS_LOCAL_TIME(at)                                                                         \
	"(" at " > '4714-11-26 00:00:00+00 BC' AND " at " < '294276-12-30 00:00:00+00')"

/*
 * A time zone, and the last UTC offset that was looked up.  Since the
 * introduction of standard time, offsets change only at quarters of an hour,
 * so one lookup per quarter is sufficient.
 */
typedef struct LocalZone
{
	pg_tz *zone; /* NULL for UTC */
	int64 quarter;
	int64 offset; /* microseconds east of UTC */
} LocalZone;

/* Initializes local with a tenant's time_zone, which was checked when it was set. */
extern void local_zone_init(LocalZone *local, const char *time_zone);

/* Returns the local time at a finite time, in microseconds since 2000-01-01 00:00 local time. */
extern int64 local_clock(LocalZone *local, TimestampTz at);

/* Returns the local date at a time. */
extern DateADT local_date(LocalZone *local, TimestampTz at);

/* Returns the date in UTC; for an infinite time, a date far in the past or future. */
extern DateADT utc_date(TimestampTz at);

/*
 * Returns the end of the data to read as of a time.  The present, which begins
 * with the transaction, includes everything known: rows recorded since, and
 * events of clocks that are ahead, as far as learning accepts them.
 */
extern TimestampTz known_until(TimestampTz at);

#endif
