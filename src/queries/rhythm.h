/*
 * rhythm.h
 *		Queries of a user that recur, and those that are due.
 *
 *		Rhythms are stored with the queries: the latest days on which each was
 *		asked, and the next day on which it is due after the last of them.
 */
#ifndef PERSONALIZATION_QUERIES_RHYTHM_H
#define PERSONALIZATION_QUERIES_RHYTHM_H

#include "postgres.h"

#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/ranking/cadence.h"
#include "core/ranking/statistics.h"

/* A query that is due on a given day. */
typedef struct DueQuery
{
	pg_uuid_t query_id;
	Cadence cadence; /* cadence.strength is its regularity, 0..1 */
} DueQuery;

/*
 * Finds the queries of a user that are due on the day of a time in a time zone
 * (a tenant's setting) and have not been asked on that day yet, the strongest
 * rhythm first, at most max; returns their number.  Days after that day are
 * ignored; a query that had a rhythm then and has none now is not found.
 * Reads only queries with a rhythm, at most the RHYTHM_REACH that became due
 * last.  The caller is in SPI; the last result of SPI is overwritten.
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
	DateADT next_due; /* today, if it is due; else after today */
} RecurringQuery;

/*
 * The same for all queries with a rhythm as of a time; the array is palloc'd
 * in SPI's memory context.
 */
extern int queries_recurring(const char *tenant_id, const char *user_id, TimestampTz at,
							 const char *time_zone, RecurringQuery **out);

/* Converts days to date[], in order. */
extern Datum days_to_array(const int32 *days, size_t n);

/* Stores the latest days of a date[], in order, in days[0..CADENCE_DAYS); returns their number. */
extern size_t days_of_array(Datum array, int32 *days);

/*
 * Computes when a query asked on these days is due after the last of them;
 * returns false without a rhythm.
 */
extern bool days_due_on(const int32 *days, size_t n, DateADT *due_on);

#endif
