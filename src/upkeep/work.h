/*
 * work.h
 *		The work of the worker and run_maintenance() on one tenant after
 *		another.
 */
#ifndef PERSONALIZATION_UPKEEP_WORK_H
#define PERSONALIZATION_UPKEEP_WORK_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "bgworker/turns.h"
#include "upkeep/maintenance.h"

/* Rows that have left a queue. */
typedef struct QueueCounters
{
	int64 since_vacuum;
	int64 since_pass;
	int64 learned; /* interactions that are not recorded in worker_state yet */
} QueueCounters;

extern TenantWork inbox_work;
extern QueueCounters inbox_counters;

extern TenantWork counting_work;
extern QueueCounters counting_counters;

/* Deletes expired rows of the tenants of the pass. */
extern TenantWork pass_work;

typedef struct PassTenant
{
	char *name;
	bool done;
} PassTenant;

/* A pass over all tenants that existed when it began. */
typedef struct Pass
{
	MemoryContext context; /* of its list; NULL if there is no pass */
	TimestampTz started;
	PassTenant *tenants; /* in the order of their names */
	int ntenants;
	int first; /* the first that is not done */
	PassCounts counts;
} Pass;

extern Pass current_pass;

/* Begins a pass as of a time, replacing one in progress.  The caller is in SPI. */
extern void pass_begin(TimestampTz at);
extern void pass_end(void);

#endif
