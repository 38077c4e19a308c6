/*
 * local_time.c
 *		Times on a tenant's clock, and dates in UTC.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/timestamp.h"

#include "base/local_time.h"

#define QUARTER (15 * USECS_PER_MINUTE)

/* Rounds towards the past, because times before 2000 are negative. */
static int64
floor_divide(int64 number, int64 by)
{
	return number / by - (number % by < 0);
}

void
local_zone_init(LocalZone *local, const char *time_zone)
{
	local->zone = strcmp(time_zone, "UTC") == 0 ? NULL : pg_tzset(time_zone);
	local->quarter = PG_INT64_MIN;
	local->offset = 0;
}

int64
local_clock(LocalZone *local, TimestampTz at)
{
	int64 quarter;

	if (local->zone == NULL)
		return at;
	quarter = floor_divide(at, QUARTER);
	if (quarter != local->quarter)
	{
		pg_time_t seconds = (pg_time_t) floor_divide(at, USECS_PER_SEC) +
							(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
		struct pg_tm *clock = pg_localtime(&seconds, local->zone);

		local->offset = clock != NULL ? clock->tm_gmtoff * USECS_PER_SEC : 0;
		local->quarter = quarter;
	}
	return at + local->offset;
}

DateADT
local_date(LocalZone *local, TimestampTz at)
{
	return (DateADT) floor_divide(local_clock(local, at), USECS_PER_DAY);
}

DateADT
utc_date(TimestampTz at)
{
	return (DateADT) floor_divide(at, USECS_PER_DAY);
}

TimestampTz
known_until(TimestampTz at)
{
	return at < GetCurrentTransactionStartTimestamp()
			   ? at
			   : Max(at, GetCurrentTimestamp()) + MAX_CLOCK_SKEW;
}
