/*
 * history.h
 *		The requests of users, in order of time.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_HISTORY_H
#define PERSONALIZATION_SUGGESTIONS_HISTORY_H

#include "postgres.h"

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/ranking/links.h"
#include "core/ranking/statistics.h"

/* Convert the id of a query between the core's and SQL's form. */
extern QueryKey query_key(const pg_uuid_t *id);
extern pg_uuid_t *query_uuid(const QueryKey *key);

/* A request of a user, with the columns that determine the order of requests of the same time. */
typedef struct HistoryEntry
{
	TimestampTz at;
	pg_uuid_t interaction_id;
	QueryKey query;
} HistoryEntry;

typedef struct History
{
	const char *user_id;
	TimestampTz until;
	HistoryEntry *entries; /* oldest first */
	int n;
	bool complete; /* contains everything up to its end, not only the latest */
} History;

/*
 * Reads the latest requests of a user up to a time, at most limit, in the
 * snapshot of the calling query.  The callers of all functions here are in
 * SPI.
 */
extern void history_read(const char *tenant_id, TimestampTz until, int64 limit, History *history);

/* Reads the latest requests before another one, in a new snapshot, as learning does. */
extern void history_read_before(const char *tenant_id, TimestampTz at,
								const pg_uuid_t *interaction_id, int64 limit, History *history);

/* The last request of a history that is to be read, and the number of requests up to it. */
typedef struct HistoryEnd
{
	TimestampTz at;
	pg_uuid_t interaction_id;
	int64 limit;
} HistoryEnd;

/*
 * Like history_read() in a new snapshot, for several users, each up to a
 * request: rows that were copied into a table often have the same time, of which
 * the latest would otherwise be read instead of those before the request.
 */
extern void
history_read_many(const char *tenant_id, const HistoryEnd *ends, History *histories, int n);

/*
 * If a user's stored interactions contain few requests, because interactions
 * are kept for a limited time, puts before them one request for each query
 * that the user is known to have asked earlier, at the time of the last one.
 * For a user with very many queries not all are read.
 */
extern void history_complete(const char *tenant_id, History *history);

/* Returns the number of entries before another request. */
extern int history_before(const History *history, TimestampTz at, const pg_uuid_t *interaction_id);

#endif
