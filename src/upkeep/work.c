/*
 * work.c
 *		The work of the worker and run_maintenance() on one tenant after
 *		another: learning from the inbox, counting requests, deleting expired
 *		rows.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/statement.h"
#include "learning/inbox.h"
#include "suggestions/counting.h"
#include "upkeep/work.h"

/* More would exceed the server's cache of subtransactions. */
#define TENANTS_AT_ONCE 50

/* How many times worker_batch_size a batch of the inbox may have while many rows wait. */
#define INBOX_GROWTH 4

/* Number of rows in a batch of run_maintenance(). */
#define SESSION_ROWS 10000

/*
 * Number of requests that it counts in a batch: more than the worker, because
 * rows that one transaction updates repeatedly leave versions that it has to
 * read each time.
 */
#define SESSION_ASKS 5000

static Statement note_learned =
	STATEMENT("UPDATE personalization.worker_state SET learned = learned + $1, last_learned = $2",
			  "int8 timestamptz");

QueueCounters inbox_counters = {0};
QueueCounters counting_counters = {0};
Pass current_pass = {0};

static bool
learn_inbox(const char *tenant_id, int limit, int *attempted)
{
	InboxResult drained = {0};

	PG_TRY();
	{
		inbox_drain(tenant_id, limit, &drained);
	}
	PG_FINALLY();
	{
		*attempted = drained.attempted;
	}
	PG_END_TRY();
	inbox_counters.since_vacuum += drained.taken;
	inbox_counters.since_pass += drained.taken;
	inbox_counters.learned += drained.learned;
	return drained.more;
}

static void
set_aside_in_inbox(const char *tenant_id, const ErrorData *error)
{
	inbox_set_aside_first(tenant_id, error->sqlerrcode, error->message);
	inbox_counters.since_vacuum++;
	inbox_counters.since_pass++;
}

/* Only learning by the worker is counted in worker_state. */
static void
note_learned_rows(void)
{
	if (inbox_counters.learned > 0 && !inbox_work.in_session)
	{
		Datum values[] = {Int64GetDatum(inbox_counters.learned),
						  TimestampTzGetDatum(GetCurrentTimestamp())};

		(void) statement_execute(&note_learned, values, NULL, SNAPSHOT_NEW);
	}
	inbox_counters.learned = 0;
}

static bool
count_waiting(const char *tenant_id, int limit, int *attempted)
{
	int64 counted;
	bool more;

	*attempted = limit;
	more = count_queries(tenant_id, limit, &counted);
	*attempted = (int) counted;
	counting_counters.since_vacuum += counted;
	counting_counters.since_pass += counted;
	return more;
}

static void
skip_in_counting(const char *tenant_id, const ErrorData *error)
{
	counting_skip_first(tenant_id);
}

/* Returns the position of a name among the tenants of the pass: the first that is not before it. */
static int
find_in_pass(const char *name)
{
	int low = 0;
	int high = current_pass.ntenants;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (strcmp(current_pass.tenants[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static char *
next_in_pass(const char *previous)
{
	int i = previous == NULL ? 0 : find_in_pass(previous);

	while (current_pass.first < current_pass.ntenants &&
		   current_pass.tenants[current_pass.first].done)
		current_pass.first++;
	if (previous != NULL && i < current_pass.ntenants &&
		strcmp(current_pass.tenants[i].name, previous) == 0)
		i++;
	for (i = Max(i, current_pass.first); i < current_pass.ntenants; i++)
	{
		if (!current_pass.tenants[i].done)
			return current_pass.tenants[i].name;
	}
	return NULL;
}

static bool
maintain(const char *tenant_id, int limit, int *attempted)
{
	int i = find_in_pass(tenant_id);

	if (maintain_tenant(tenant_id, current_pass.started, limit, &current_pass.counts))
	{
		*attempted = limit;
		return true;
	}
	if (i < current_pass.ntenants && strcmp(current_pass.tenants[i].name, tenant_id) == 0)
		current_pass.tenants[i].done = true;
	return false;
}

TenantWork inbox_work = {
	.activity = "learning from the inbox",
	.name = "learning from the inbox",
	.next = inbox_next_tenant,
	.batch = learn_inbox,
	.skip = set_aside_in_inbox,
	.finish = note_learned_rows,
	.counters = &inbox_counters,
	.counters_size = sizeof(inbox_counters),
	.growth = INBOX_GROWTH,
	.session_rows = SESSION_ROWS,
	.most_tenants = TENANTS_AT_ONCE,
};

TenantWork counting_work = {
	.activity = "counting queries",
	.name = "counting queries",
	.next = counting_next_tenant,
	.batch = count_waiting,
	.skip = skip_in_counting,
	.counters = &counting_counters,
	.counters_size = sizeof(counting_counters),
	.most_rows = COUNTING_BATCH,
	.session_rows = SESSION_ASKS,
	.most_tenants = TENANTS_AT_ONCE,
};

TenantWork pass_work = {
	.activity = "deleting expired rows",
	.name = "maintenance",
	.next = next_in_pass,
	.batch = maintain,
	.counters = &current_pass.counts,
	.counters_size = sizeof(current_pass.counts),
	.session_rows = SESSION_ROWS,
	.most_tenants = TENANTS_AT_ONCE,
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const PassTenant *) a)->name, ((const PassTenant *) b)->name);
}

void
pass_begin(TimestampTz at)
{
	List *tenants = maintenance_tenants();
	MemoryContext old;
	ListCell *cell;

	pass_end();
	current_pass.context =
		AllocSetContextCreate(TopMemoryContext, "personalization pass", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(current_pass.context);
	current_pass.started = at;
	current_pass.tenants = palloc((list_length(tenants) + 1) * sizeof(PassTenant));
	foreach (cell, tenants)
		current_pass.tenants[current_pass.ntenants++] = (PassTenant){pstrdup(lfirst(cell)), false};
	qsort(current_pass.tenants, current_pass.ntenants, sizeof(PassTenant), compare_names);
	MemoryContextSwitchTo(old);
}

void
pass_end(void)
{
	if (current_pass.context != NULL)
		MemoryContextDelete(current_pass.context);
	memset(&current_pass, 0, sizeof(current_pass));
}
