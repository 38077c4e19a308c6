/*
 * history.h
 *		Which queries users asked, in order of time.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_HISTORY_H
#define PERSONALIZATION_SUGGESTIONS_HISTORY_H

#include "postgres.h"

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/links.h"
#include "core/statistics.h"

/* A query's id as the core has it, and as SQL has it. */
extern QueryKey query_key(const pg_uuid_t *id);
extern pg_uuid_t *query_uuid(const QueryKey *key);

/* An ask of a user, with what settles the order of those of one moment. */
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
	bool complete; /* holds all there is up to its end, not just the latest */
} History;

/*
 * Reads the latest asks of a user up to a time, limit at most, in the snapshot
 * of the calling query.  The callers of everything here are in SPI.
 */
extern void history_read(const char *tenant_id, TimestampTz until, int64 limit, History *history);

/* The latest asks before another one; in a new snapshot, as learning reads. */
extern void history_read_before(const char *tenant_id, TimestampTz at,
								const pg_uuid_t *interaction_id, int64 limit, History *history);

/* As history_read() in a new snapshot for several users, each up to a time and a limit of its own. */
extern void history_read_many(const char *tenant_id, const TimestampTz *until, const int64 *limits,
							  History *histories, int n);

/*
 * Where the interactions of a user hold few asks, as they are kept for a while
 * only: puts before them an ask of each query that he is known to have asked
 * earlier, when he last did.  Of a user with very many queries not all are looked
 * at.
 */
extern void history_complete(const char *tenant_id, History *history);

/* How many of its entries come before another ask. */
extern int history_before(const History *history, TimestampTz at, const pg_uuid_t *interaction_id);

#endif
