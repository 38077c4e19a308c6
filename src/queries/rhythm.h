/*
 * rhythm.h
 *		The queries of a user that recur, and those of them that are due.
 *
 * Rhythms are kept with the queries: the latest days on which each was asked, and
 * the day on which it is due next after the last of them.
 */
#ifndef PERSONALIZATION_QUERIES_RHYTHM_H
#define PERSONALIZATION_QUERIES_RHYTHM_H

#include "postgres.h"

#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/cadence.h"
#include "core/statistics.h"

/* A query that is due on the day for which it was asked. */
typedef struct DueQuery
{
	pg_uuid_t query_id;
	Cadence cadence; /* cadence.strength says how regular, 0..1 */
} DueQuery;

/*
 * The queries of a user that are due on the day of a time in a time zone (a
 * tenant's setting) and have not been asked on that day yet, the strongest
 * rhythm first, at most max of them; returns how many.  Days after that day are
 * ignored; a query that had a rhythm then and has none now is not found.  Reads
 * only queries with a rhythm, and of them not more than RHYTHM_REACH, those that
 * have become due last.  The caller is in SPI; what SPI returned last is
 * overwritten.
 */
#define RHYTHM_REACH 200
extern int queries_due(const char *tenant_id, const char *user_id, TimestampTz at,
					   const char *time_zone, DueQuery *out, int max);

/* A query with a rhythm, due or not. */
typedef struct RecurringQuery
{
	pg_uuid_t query_id;
	const char *query; /* as last asked */
	int64 ask_count;
	Cadence cadence;
	DateADT next_due; /* today, where it is due; else after today */
} RecurringQuery;

/* All of them as of a time, likewise; the array is palloc'd where SPI allocates. */
extern int queries_recurring(const char *tenant_id, const char *user_id, TimestampTz at,
							 const char *time_zone, RecurringQuery **out);

/* Days as date[], in order. */
extern Datum days_to_array(const int32 *days, size_t n);

/* The latest of the days in a date[], in order, into days[0..CADENCE_DAYS); how many. */
extern size_t days_of_array(Datum array, int32 *days);

/* When what was asked on these days is due after the last of them; false without a rhythm. */
extern bool days_due_on(const int32 *days, size_t n, DateADT *due_on);

#endif
