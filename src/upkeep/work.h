/*
 * work.h
 *		What the worker and run_maintenance() do tenant by tenant.
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
	int64 learned; /* interactions, not noted yet in worker_state */
} QueueCounters;

extern TenantWork inbox_work;
extern QueueCounters inbox_counters;

extern TenantWork counting_work;
extern QueueCounters counting_counters;

/* Deletes what is dead of the tenants of the pass. */
extern TenantWork pass_work;

typedef struct PassTenant
{
	char *name;
	bool done;
} PassTenant;

/* A pass over all tenants that there were when it began. */
typedef struct Pass
{
	MemoryContext context; /* of its list; NULL: no pass is going on */
	TimestampTz started;
	PassTenant *tenants; /* in the order of their names */
	int ntenants;
	int first; /* that is not done */
	PassCounts counts;
} Pass;

extern Pass pass;

/* Begins a pass as of a time, instead of one that may be going on.  The caller is in SPI. */
extern void pass_begin(TimestampTz at);
extern void pass_end(void);

#endif
