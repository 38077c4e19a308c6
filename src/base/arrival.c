/*
 * arrival.c
 *		Numbers in order of arrival, for queues: the inbox and the changes for
 *		the cache.
 */
#include "postgres.h"

#include "fmgr.h"
#include "storage/proc.h"
#include "utils/timestamp.h"

#include "base/arrival.h"
#include "base/compat.h"

/*
 * A position consists of 51 bits of microseconds since 2020, which last for 71
 * years, and 12 bits that distinguish sessions.
 */
#define POSITION_SESSION_BITS 12
#define POSITION_EPOCH INT64CONST(631152000000000) /* 2020-01-01, from 2000-01-01 */

PG_FUNCTION_INFO_V1(personalization_inbox_arrival);

int64
arrival_position(void)
{
	static int64 last = 0;
	int64 now = GetCurrentTimestamp() - POSITION_EPOCH;

	/* Always later than the previous one, even if the clock goes back. */
	last = Max(now, last + 1);
	return (last << POSITION_SESSION_BITS) |
		   (my_proc_number() & ((1 << POSITION_SESSION_BITS) - 1));
}

Datum
personalization_inbox_arrival(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ((PG_GETARG_INT64(0) >> POSITION_SESSION_BITS) + POSITION_EPOCH);
}
