/*
 * comparison.h
 *		Users who get suggestions, compared with those who are held out.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_COMPARISON_H
#define PERSONALIZATION_SUGGESTIONS_COMPARISON_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "core/ranking/interval.h"
#include "tenancy/settings.h"

/* What the users of one side did. */
typedef struct Side
{
	int64 users;   /* who asked any query */
	int64 queries; /* that they asked */

	/* The median over the users of each one's median time to the next query, in seconds. */
	bool has_next; /* whether anybody asked one after another */
	double next;
	Interval95 next_interval;

	/* The share of the queries that were refined; set if there are queries. */
	double refined;
	Interval95 refined_interval;
} Side;

/*
 * Compares a tenant's users from since on and before until: first those who get
 * suggestions, then those who do not.  The caller is in SPI.
 */
extern void comparison_read(const char *tenant_id, const TenantSettings *settings,
							TimestampTz since, TimestampTz until, Side sides[2]);

#endif
