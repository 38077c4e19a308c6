/*
 * maintenance.h
 *		Maintenance: expired rows are deleted, tenant by tenant, in batches of
 *		limited size.
 */
#ifndef PERSONALIZATION_UPKEEP_MAINTENANCE_H
#define PERSONALIZATION_UPKEEP_MAINTENANCE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

/* Rows deleted, or taken from the inbox, by table. */
typedef struct PassCounts
{
	int64 inbox;
	int64 queries; /* counted for suggestions */
	int64 preferences;
	int64 interactions;
	int64 rejected_events;
	int64 suggestions;
	int64 statistics;
	int64 catalogue; /* rows of the catalogue written or deleted */
	int64 conversations;
	int64 preference_snapshots;
} PassCounts;

/* Returns the names of all tenants, and names that occur only in rejected events, including ''. */
extern List *maintenance_tenants(void);

/*
 * Deletes rows of one tenant that have expired as of a time, at most limit
 * rows of each table, and adds the numbers to counts.  Returns whether there
 * may be more.  The caller is in SPI.
 */
extern bool maintain_tenant(const char *tenant_id, TimestampTz at, int64 limit, PassCounts *counts);

extern Jsonb *pass_document(const PassCounts *counts);

#endif
