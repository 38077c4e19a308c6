/*
 * counting.h
 *		Brings the statistics of queries up to date: the worker's part in the
 *		suggestions.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_COUNTING_H
#define PERSONALIZATION_SUGGESTIONS_COUNTING_H

#include "postgres.h"

#include "utils/timestamp.h"

/* Asks that are counted in one transaction. */
#define COUNTING_BATCH 500

/*
 * Sees to it that tenants of which nothing is known, as after a restore, have
 * their statistics made.
 */
extern void counting_adopt(void);

/*
 * The next tenant, behind another one or, behind NULL, the first, that has queries
 * to be counted or statistics to be made anew; NULL when there is none.  The caller
 * is in SPI; the result is in the current memory context.
 */
extern char *counting_next_tenant(const char *previous);

/*
 * Counts up to limit asks of a tenant in this transaction, in the order in which
 * they were learned, and learns from each, before it is counted, how to rank.
 * Where the tenant's statistics are to be made anew it first takes what is
 * stored, in order of time.  Returns whether there may be more.  The caller is
 * in SPI.
 */
extern bool count_queries(const char *tenant_id, int limit, int64 *counted);

/*
 * Gets past the first of the tenant's asks without counting it: one that fails
 * by itself.
 */
extern void counting_skip_first(const char *tenant_id);

/*
 * Deletes the statistics of queries that nobody has asked for so long (in
 * microseconds) before the tenant's latest ask, limit rows of each table at
 * most; returns how many, of the table of which most were.  By the tenant's own
 * clock, so that nothing is forgotten while nobody asks anything.
 */
extern int64 statistics_expire(const char *tenant_id, int64 age, int64 limit);

/* Erases what a user's queries left in the statistics; before his own rows go.  The tenant is locked. */
extern void statistics_forget(const char *tenant_id, const char *user_id);

#endif
