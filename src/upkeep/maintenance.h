/*
 * maintenance.h
 *		Upkeep: what is dead is deleted, tenant by tenant, in bounded batches.
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
	int64 catalogue; /* rows written, not only deleted, in the catalogue */
	int64 conversations;
	int64 preference_snapshots;
} PassCounts;

/* The names of all tenants, and of those that only rejected events name, '' among them. */
extern List *maintenance_tenants(void);

/*
 * Deletes what is dead of one tenant as of a time, limit rows of each table at
 * most, and adds the numbers to counts.  Returns whether there may be more.
 * The caller is in SPI.
 */
extern bool maintain_tenant(const char *tenant_id, TimestampTz at, int64 limit, PassCounts *counts);

extern Jsonb *pass_document(const PassCounts *counts);

#endif
