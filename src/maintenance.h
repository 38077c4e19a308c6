/*
 * maintenance.h
 *		Upkeep: what is dead is deleted, tenant by tenant, in bounded batches.
 */
#ifndef MAINTENANCE_H
#define MAINTENANCE_H

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

/*
 * Something to be done in a subtransaction of its own, in SPI.  Nothing outlasts it
 * that it allocates, except in a memory context that it has been given.
 */
typedef void (*Apart)(void *arg);

/*
 * Does it; where it fails undoes it, and returns the error.  What ends the
 * session or the command is raised all the same.
 */
extern ErrorData *do_apart(Apart action, void *arg);

/*
 * Whether an error may be the fault of the row at hand; not so a deadlock, a
 * want of memory, a missing column.
 */
extern bool error_is_of_row(int sqlstate);

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
