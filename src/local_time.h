/*
 * local_time.h
 *		Times on a tenant's wall clock, and the dates of UTC.
 */
#ifndef LOCAL_TIME_H
#define LOCAL_TIME_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/date.h"

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

#endif
