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

int (*arrival_node)(void) = NULL;

/*
 * Distinguishes sessions, of all nodes of a cluster.  Sessions are numbered from the
 * lowest bit up and nodes from the highest bit down, so that two are alike only
 * with more sessions times nodes than there are numbers.
 */
static int64
session_bits(void)
{
	int bits = my_proc_number() & ((1 << POSITION_SESSION_BITS) - 1);
	int node = arrival_node == NULL ? 0 : arrival_node();

	for (int bit = POSITION_SESSION_BITS - 1; bit >= 0 && node != 0; bit--, node >>= 1)
		bits ^= (node & 1) << bit;
	return bits;
}

int64
arrival_position(void)
{
	static int64 last = 0;
	int64 now = GetCurrentTimestamp() - POSITION_EPOCH;

	/* Always later than the previous one, even if the clock goes back. */
	last = Max(now, last + 1);
	return (last << POSITION_SESSION_BITS) | session_bits();
}

Datum
personalization_inbox_arrival(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ((PG_GETARG_INT64(0) >> POSITION_SESSION_BITS) + POSITION_EPOCH);
}
