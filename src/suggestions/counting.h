/*
 * counting.h
 *		Updating the statistics of queries: the worker's part of suggestions.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_COUNTING_H
#define PERSONALIZATION_SUGGESTIONS_COUNTING_H

#include "postgres.h"

#include "utils/timestamp.h"

/* Maximum number of requests that are counted in one transaction. */
#define COUNTING_BATCH 1000

/*
 * Makes sure that statistics are built for tenants without any, as after a
 * restore.
 */
extern void counting_adopt(void);

/*
 * Returns the next tenant after another one, or the first if previous is NULL,
 * that has requests to be counted or statistics to be rebuilt; NULL if there
 * is none.  The caller is in SPI; the result is in the current memory context.
 */
extern char *counting_next_tenant(const char *previous);

/* The next look at what waits goes through all rows: see base/tenant_queue.h. */
extern void counting_look_at_all(void);

/*
 * Counts up to limit requests of a tenant in this transaction, in the order in
 * which they were learned, and updates the ranking from each before it is
 * counted.  If the tenant's statistics are to be rebuilt, stored interactions
 * come first, in order of time.  Returns whether there may be more.  The
 * caller is in SPI.
 */
extern bool count_queries(const char *tenant_id, int limit, int64 *counted);

/*
 * The same, if it is possible without waiting for a lock on the tenant or its
 * statistics; otherwise nothing is counted.
 */
extern bool count_queries_if_free(const char *tenant_id, int limit, int64 *counted);

/*
 * Skips the tenant's first request without counting it, because it fails by
 * itself.
 */
extern void counting_skip_first(const char *tenant_id);

/*
 * Deletes the statistics of queries that nobody has asked for a time (in
 * microseconds) before the tenant's latest request, at most limit rows of each
 * table; returns the largest of the tables' numbers.  The time is relative to
 * the tenant's latest request, so that nothing is deleted while nobody asks
 * anything.
 */
extern int64 statistics_expire(const char *tenant_id, int64 age, int64 limit);

/*
 * Removes a user's requests from the statistics, before the user's rows are
 * deleted.  The tenant is locked.
 */
extern void statistics_forget(const char *tenant_id, const char *user_id);

#endif
