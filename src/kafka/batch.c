/*
 * batch.c
 *		Batches of messages: from the client's queue until they are learned.
 *
 *		A batch is learned, and the offsets are advanced, in one transaction.
 *		Messages stay in memory until it has committed, so a failed batch can
 *		simply be tried again.
 *
 *		A batch that fails is tried a second time with more care: each message
 *		is read, and each tenant processed, in a subtransaction.  A message
 *		that cannot be read is then rejected.  A tenant for whom learning
 *		fails (another session holds their locks, or an event fails in an
 *		unforeseen way) is parked: the events are moved to the inbox, in the
 *		same transaction, where the worker can get past them.  All later
 *		events of the tenant follow until none is left in the inbox, because
 *		they must not overtake them.  So neither the other tenants nor the
 *		partition wait for this tenant.
 *
 *		On a cluster of Citus, tenants of this node are learned here, and all other
 *		events are stored in topic_waiting, from which they are moved to the
 *		inbox of their node (waiting.h): a batch depends on no other node.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/subxact.h"
#include "bgworker/session.h"
#include "cluster/nodes.h"
#include "cluster/route.h"
#include "kafka/batch.h"
#include "kafka/client.h"
#include "kafka/mapping.h"
#include "kafka/offsets.h"
#include "kafka/topics.h"
#include "kafka/waiting.h"
#include "learning/apply.h"
#include "learning/inbox.h"
#include "learning/rejected.h"

/* A batch ends after the message with which it exceeds this size, in bytes. */
#define BATCH_BYTES (16 * 1024 * 1024)

/*
 * Larger batches cost less while messages wait, because several events of a user
 * in one batch change each preference only once.  Batches grow while they take
 * less than BATCH_SHORT microseconds, up to BATCH_GROWTH times worker_batch_size,
 * and shrink when they take longer than BATCH_LONG.  Their users, or with many
 * users their tenants, are locked for that time.
 */
#define BATCH_SHORT (400 * INT64CONST(1000))
#define BATCH_LONG (1000 * INT64CONST(1000))
#define BATCH_GROWTH 16

static int batch_factor = 1;

/* A message of the batch; its source points back to it. */
typedef struct Entry
{
	EventSource source; /* the first member, so that its address is the entry's */
	ClientItem item;
	Partition *partition;
} Entry;

static Entry *entries = NULL;
static int nentries = 0;
static int entries_size = 0;
static int64 entries_bytes = 0;

/* The changes to the offsets of its partitions. */
static OffsetChange *changes = NULL;
static Partition **changed = NULL;
static int nchanges = 0;
static int changes_size = 0;

/* Tenants whose events may be waiting in the inbox. */
static List *parked = NIL;

/* One attempt at a batch. */
typedef struct Attempt
{
	bool careful;
	bool stale; /* the offsets are not those with which it began */
	TimestampTz now;
	EventList list;
} Attempt;

/* ---------------------------------------------------------------- collecting */

static OffsetChange *
change_of(Partition *partition)
{
	if (partition->change >= 0)
		return &changes[partition->change];
	if (nchanges == changes_size)
	{
		changes_size = Max(16, changes_size * 2);
		if (changes == NULL)
		{
			changes = MemoryContextAlloc(TopMemoryContext, changes_size * sizeof(OffsetChange));
			changed = MemoryContextAlloc(TopMemoryContext, changes_size * sizeof(Partition *));
		}
		else
		{
			changes = repalloc(changes, changes_size * sizeof(OffsetChange));
			changed = repalloc(changed, changes_size * sizeof(Partition *));
		}
	}
	partition->change = nchanges;
	changed[nchanges] = partition;
	changes[nchanges] = (OffsetChange){.topic = partition->topic->name,
									   .partition = partition->number,
									   .from = partition->next,
									   .to = partition->next,
									   .end_offset = -1};
	return &changes[nchanges++];
}

static void
add_message(Partition *partition, ClientItem *item)
{
	Entry *entry;
	OffsetChange *change = change_of(partition);

	if (nentries == entries_size)
	{
		entries_size = Max(64, entries_size * 2);
		entries = entries == NULL
					  ? MemoryContextAllocHuge(TopMemoryContext, entries_size * sizeof(Entry))
					  : repalloc_huge(entries, entries_size * sizeof(Entry));
	}
	entry = &entries[nentries++];
	entry->item = *item;
	entry->partition = partition;
	entry->source = (EventSource){partition->topic->name, partition->number, item->offset};
	entries_bytes += (int64) (item->message.value_len + item->message.key_len);
	partition->fetched = item->offset + 1;
	change->to = partition->fetched;
	change->messages++;
}

/* Handles an item that is not a message. */
static void
note_item(Partition *partition, const ClientItem *item)
{
	switch (item->kind)
	{
		case CLIENT_MESSAGE:
			break;
		case CLIENT_END:
			/* After the last message there may be transaction markers, which are not messages. */
			if (item->offset > partition->fetched)
			{
				change_of(partition)->to = item->offset;
				partition->fetched = item->offset;
			}
			break;
		case CLIENT_GAP:
			client_unassign(partition->topic->name, partition->number);
			partition->assigned = false;
			partition->lost = true;
			partition->topic->look_at = 0;
			break;
		case CLIENT_ERROR:
			topic_set_error(partition->topic, item->error);
			break;
	}
}

/* Handles an error of a whole topic, or of the client. */
static void
note_error(const ClientItem *item)
{
	ListCell *cell;

	foreach (cell, topics_all())
	{
		Topic *topic = lfirst(cell);

		if (item->topic == NULL || strcmp(topic->name, item->topic) == 0)
		{
			topic_set_error(topic, item->error);
			topic->look_at = 0;
		}
	}
}

static bool
is_full(void)
{
	return nentries >= (int64) worker_batch_size * batch_factor || entries_bytes >= BATCH_BYTES;
}

bool
batch_collect(void)
{
	ClientItem item;

	while (!is_full() && client_next(&item))
	{
		Partition *partition = topics_find(item.topic, item.partition);

		if (item.kind == CLIENT_MESSAGE && partition != NULL && partition->assigned &&
			item.offset >= partition->fetched)
		{
			add_message(partition, &item);
			continue;
		}
		if (partition != NULL && partition->assigned)
			note_item(partition, &item);
		else if (item.kind == CLIENT_ERROR)
			note_error(&item);
		client_release(&item);
	}
	return nchanges > 0;
}

bool
batch_is_full(void)
{
	return is_full();
}

bool
batch_is_empty(void)
{
	return nchanges == 0;
}

void
batch_drop(void)
{
	for (int i = 0; i < nentries; i++)
		client_release(&entries[i].item);
	for (int i = 0; i < nchanges; i++)
		changed[i]->change = -1;
	nentries = 0;
	entries_bytes = 0;
	nchanges = 0;
}

/* ---------------------------------------------------------------- reading */

/* Reading one message in a subtransaction. */
typedef struct ReadOne
{
	Attempt *attempt;
	Entry *entry;
	MemoryContext context; /* of the result */
} ReadOne;

static void
read_one(void *arg)
{
	ReadOne *one = arg;
	MemoryContext old = MemoryContextSwitchTo(one->context);

	mapping_apply(one->entry->partition->topic->mapping, &one->entry->item.message,
				  one->attempt->now, &one->attempt->list);
	MemoryContextSwitchTo(old);
}

static void
read_messages(Attempt *attempt)
{
	for (int i = 0; i < nentries; i++)
	{
		ReadOne one = {attempt, &entries[i], CurrentMemoryContext};
		int before = attempt->list.n;
		ErrorData *error;

		/* Entries may have moved since. */
		entries[i].item.message.source = &entries[i].source;
		if (!attempt->careful)
		{
			read_one(&one);
			continue;
		}
		error = run_in_subxact(read_one, &one);
		if (error != NULL)
		{
			attempt->list.n = before;
			mapping_reject(one.entry->partition->topic->mapping, &one.entry->item.message,
						   error->sqlerrcode, error->message, &attempt->list);
		}
	}
}

/* ---------------------------------------------------------------- learning */

/* Events of one tenant, in their order. */
typedef struct TenantGroup
{
	const char *tenant_id;
	Event *events;
	int n;
	bool waits; /* they must not be learned at once */
	MemoryContext context;
} TenantGroup;

static char *
find_parked(const char *tenant_id)
{
	ListCell *cell;

	foreach (cell, parked)
	{
		if (strcmp(lfirst(cell), tenant_id) == 0)
			return lfirst(cell);
	}
	return NULL;
}

static void
note_parked(const char *tenant_id)
{
	MemoryContext old;

	if (find_parked(tenant_id) != NULL)
		return;
	old = MemoryContextSwitchTo(TopMemoryContext);
	parked = lappend(parked, pstrdup(tenant_id));
	MemoryContextSwitchTo(old);
}

/*
 * Whether some of a tenant's events wait in the inbox, so that later ones must
 * not overtake them.
 */
static bool
is_parked(const char *tenant_id)
{
	char *name = find_parked(tenant_id);

	if (name == NULL)
		return false;
	if (inbox_has_of_topics(tenant_id))
		return true;
	parked = list_delete_ptr(parked, name);
	pfree(name);
	return false;
}

/* Notes the tenants whose events wait in the inboxes of this node. */
static void
note_all_parked(void)
{
	List *tenants = inbox_tenants_of_topics();
	ListCell *cell;

	foreach (cell, tenants)
		note_parked(lfirst(cell));
}

/*
 * Whether a tenant's events cannot be learned here, or others must be learned first.  The
 * shards of a tenant that is here stay; events may have come to the inbox with them.
 */
static bool
must_wait(const char *tenant_id)
{
	static uint64 placed = 0;

	if (waiting_has(tenant_id) || !route_keep_here(tenant_id))
		return true;
	if (nodes_placed() != placed)
	{
		note_all_parked();
		placed = nodes_placed();
	}
	return is_parked(tenant_id);
}

static void
learn_group(void *arg)
{
	TenantGroup *group = arg;
	MemoryContext old = MemoryContextSwitchTo(group->context);

	group->waits = must_wait(group->tenant_id);
	if (!group->waits)
		(void) learn_events(group->events, group->n, true);
	MemoryContextSwitchTo(old);
}

static void
park(TenantGroup *group)
{
	const Event **waiting = palloc(group->n * sizeof(Event *));
	int n = 0;

	/* The inbox may be on another node, or being moved. */
	if (nodes_are_many() || waiting_has(group->tenant_id))
	{
		for (int i = 0; i < group->n; i++)
		{
			group->events[i].is_new = false;
			group->events[i].fault = NULL;
		}
		waiting_add(group->tenant_id, group->events, group->n);
		return;
	}
	for (int i = 0; i < group->n; i++)
	{
		group->events[i].is_new = false;
		if (group->events[i].fault == NULL)
			waiting[n++] = &group->events[i];
	}
	if (n > 0)
		inbox_add(group->tenant_id, waiting, n);
	note_parked(group->tenant_id);
}

/* Learns for a tenant; with care, if that fails, the events are moved to the inbox. */
static void
learn_for(Attempt *attempt, TenantGroup *group)
{
	ErrorData *error = NULL;

	if (attempt->careful)
		error = run_in_subxact(learn_group, group);
	else
		learn_group(group);
	if (error != NULL)
		ereport(LOG, (errcode(error->sqlerrcode),
					  errmsg("personalization: events of tenant \"%s\" are moved to the inbox: %s",
							 clipped(group->tenant_id, strlen(group->tenant_id)), error->message)));
	if (error != NULL || group->waits)
		park(group);
}

static int
compare_events(const void *a, const void *b)
{
	const Event *x = a;
	const Event *y = b;
	int order;

	/* Rejected ones first. */
	if ((x->fault == NULL) != (y->fault == NULL))
		return x->fault == NULL ? 1 : -1;
	order = x->fault == NULL ? strcmp(x->tenant_id, y->tenant_id) : 0;
	return order != 0 ? order : x->index - y->index;
}

/* Those of no tenant first. */
static int
compare_tenants(const Event *x, const Event *y)
{
	return strcmp(x->tenant_id != NULL ? x->tenant_id : "",
				  y->tenant_id != NULL ? y->tenant_id : "");
}

static int
compare_rejected(const void *a, const void *b)
{
	const Event *x = a;
	const Event *y = b;
	int order = compare_tenants(x, y);

	return order != 0 ? order : x->index - y->index;
}

/*
 * Stores what has been rejected before it could be learned.  On a cluster rejected_events of
 * its tenant, and that of no tenant, may be on another node.
 */
static void
reject(Event *events, int n)
{
	if (!nodes_are_many())
	{
		rejected_store_held(events, n);
		return;
	}
	qsort(events, n, sizeof(Event), compare_rejected);
	for (int i = 0; i < n;)
	{
		const char *tenant_id = events[i].tenant_id != NULL ? events[i].tenant_id : "";
		int same = 1;

		while (i + same < n && compare_tenants(&events[i], &events[i + same]) == 0)
			same++;
		waiting_add(tenant_id, &events[i], same);
		i += same;
	}
}

static void
learn_all(Attempt *attempt)
{
	Event *events = attempt->list.events;
	int n = attempt->list.n;
	int rejected;
	int i = 0;

	if (n == 0)
		return;
	qsort(events, n, sizeof(Event), compare_events);
	while (i < n && events[i].fault != NULL)
		i++;
	reject(events, i);
	for (rejected = i; i < n;)
	{
		TenantGroup group = {events[i].tenant_id, &events[i], 0, false, CurrentMemoryContext};

		while (i < n && strcmp(events[i].tenant_id, group.tenant_id) == 0)
		{
			group.n++;
			i++;
		}
		learn_for(attempt, &group);
	}
	rejected_store_held(&events[rejected], n - rejected);
}

static void
count_events(const Attempt *attempt)
{
	for (int i = 0; i < nchanges; i++)
	{
		changes[i].learned = 0;
		changes[i].rejected = 0;
		changes[i].end_offset = client_end_offset(changes[i].topic, changes[i].partition);
	}
	for (int i = 0; i < attempt->list.n; i++)
	{
		const Event *event = &attempt->list.events[i];
		const Entry *entry = (const Entry *) event->source;
		OffsetChange *change = &changes[entry->partition->change];

		change->rejected += event->fault != NULL;
		change->learned += event->is_new;
	}
}

static void
attempt_batch(void *arg)
{
	Attempt *attempt = arg;

	worker_begin("learning from topics");
	attempt->now = GetCurrentTimestamp();
	memset(&attempt->list, 0, sizeof(attempt->list));
	attempt->stale = !offsets_lock(changes, nchanges);
	if (!attempt->stale)
	{
		read_messages(attempt);
		learn_all(attempt);
		count_events(attempt);
		offsets_advance(changes, nchanges);
	}
	worker_end();
}

/* The offsets have been changed by another session, or the subscription has been deleted. */
static void
start_over(void)
{
	List *affected = NIL;
	ListCell *cell;

	for (int i = 0; i < nchanges; i++)
		affected = list_append_unique_ptr(affected, changed[i]->topic);
	batch_drop();
	foreach (cell, affected)
		topic_drop(lfirst(cell));
	list_free(affected);
	topics_refresh();
}

/* Fits the size of batches to how long one took. */
static void
adapt_size(int64 took)
{
	if (took > BATCH_LONG)
		batch_factor = Max(batch_factor / 2, 1);
	else if (took < BATCH_SHORT && is_full())
		batch_factor = Min(batch_factor * 2, BATCH_GROWTH);
}

static void
settle(void)
{
	for (int i = 0; i < nchanges; i++)
	{
		changed[i]->next = changes[i].to;
		changed[i]->topic->messages += changes[i].messages;
		changed[i]->topic->stuck = false;
	}
	batch_drop();
}

bool
batch_learn(void)
{
	Attempt attempt = {.careful = false};
	int64 begun = elapsed_clock();
	Failure failure;

	if (!worker_try(attempt_batch, &attempt, &failure))
	{
		attempt.careful = true;
		if (!worker_try(attempt_batch, &attempt, &failure))
		{
			for (int i = 0; i < nchanges; i++)
			{
				topic_set_error(changed[i]->topic, failure.message);
				changed[i]->topic->stuck = true;
			}
			return false;
		}
	}
	if (attempt.stale)
	{
		start_over();
		return true;
	}
	adapt_size(elapsed_clock() - begun);
	settle();
	return true;
}

bool
batch_move(void)
{
	List *received;
	const char *failure;
	bool more = waiting_deliver(&received, &failure);
	ListCell *cell;

	foreach (cell, received)
		note_parked(lfirst(cell));
	list_free_deep(received);
	if (failure != NULL)
	{
		foreach (cell, topics_all())
			topic_set_error(lfirst(cell), failure);
	}
	return more;
}

void
batch_init(void)
{
	note_all_parked();
	(void) waiting_init();
}
