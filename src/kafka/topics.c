/*
 * topics.c
 *		The topics that this process reads, with their partitions and
 *		positions.
 *
 *		This process assigns all partitions to itself, from the offsets in the
 *		table.  It is not a member of a consumer group, so partitions are
 *		never taken away from it, and there is no rebalance.  The number of
 *		partitions can change; the client follows changes of their leaders.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "bgworker/session.h"
#include "kafka/offsets.h"
#include "kafka/start.h"
#include "kafka/topics.h"

/* How often the brokers are asked about a topic, and the maximum interval after failures. */
#define LOOK_EVERY (10 * USECS_PER_SEC)
#define LOOK_AFTER_FAILURE_MAX 8

#define STARTING "starting"
#define READING "reading"
#define FAILING "failing"

static List *topics = NIL; /* of Topic, in TopMemoryContext */

static bool hurried = false; /* the brokers were asked about the client's failure */

List *
topics_all(void)
{
	return topics;
}

/* ---------------------------------------------------------------- subscriptions */

static Partition *
add_partition(Topic *topic, int32 number, int64 next)
{
	Partition *partition = MemoryContextAllocZero(topic->context, sizeof(Partition));

	if (number >= topic->npartitions)
	{
		int n = number + 1;
		Partition **grown = MemoryContextAllocZero(topic->context, n * sizeof(Partition *));

		if (topic->npartitions > 0)
			memcpy(grown, topic->partitions, topic->npartitions * sizeof(Partition *));
		topic->partitions = grown;
		topic->npartitions = n;
	}
	partition->topic = topic;
	partition->number = number;
	partition->next = next;
	partition->fetched = next;
	partition->reported = -1;
	partition->change = -1;
	topic->partitions[number] = partition;
	return partition;
}

/* A subscription that becomes a topic. */
typedef struct Adding
{
	const Subscription *subscription;
	Topic *topic;
} Adding;

/* The row may have been changed by hand to an invalid mapping. */
static void
read_subscription(void *arg)
{
	Adding *adding = arg;
	MemoryContext old = MemoryContextSwitchTo(adding->topic->context);
	const Subscription *subscription = adding->subscription;
	Jsonb *mapping = palloc(VARSIZE(subscription->mapping));

	memcpy(mapping, subscription->mapping, VARSIZE(subscription->mapping));
	adding->topic->mapping = mapping_read(
		mapping, subscription->tenant_id != NULL ? pstrdup(subscription->tenant_id) : NULL);
	adding->topic->start = start_time(subscription->start);
	MemoryContextSwitchTo(old);
}

static void
topic_add(const Subscription *subscription)
{
	MemoryContext context =
		AllocSetContextCreate(TopMemoryContext, "personalization topic", ALLOCSET_DEFAULT_SIZES);
	Topic *topic = MemoryContextAllocZero(context, sizeof(Topic));
	Adding adding = {subscription, topic};
	MemoryContext old;
	StoredOffset *offsets;
	ErrorData *error;
	int n;

	topic->context = context;
	topic->name = MemoryContextStrdup(context, subscription->topic);
	topic->subscription = subscription->id;
	topic->first_partitions = subscription->first_partitions;
	error = run_in_subxact(read_subscription, &adding);
	if (error != NULL)
	{
		topic->mapping = NULL;
		topic_set_error(topic, error->message);
	}
	offsets = offsets_read(subscription->topic, &n);
	for (int i = 0; i < n; i++)
	{
		if (offsets[i].partition >= 0)
			(void) add_partition(topic, offsets[i].partition, offsets[i].next_offset);
	}
	old = MemoryContextSwitchTo(TopMemoryContext);
	topics = lappend(topics, topic);
	MemoryContextSwitchTo(old);
}

void
topic_drop(Topic *topic)
{
	for (int i = 0; i < topic->npartitions; i++)
	{
		if (topic->partitions[i] != NULL && topic->partitions[i]->assigned)
			client_unassign(topic->name, i);
	}
	topics = list_delete_ptr(topics, topic);
	MemoryContextDelete(topic->context);
}

static Topic *
find_topic(const char *name)
{
	ListCell *cell;

	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);

		if (strcmp(topic->name, name) == 0)
			return topic;
	}
	return NULL;
}

static bool
is_subscribed(const Topic *topic, const Subscription *subscriptions, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(subscriptions[i].topic, topic->name) == 0)
			return memcmp(&subscriptions[i].id, &topic->subscription, UUID_LEN) == 0;
	}
	return false;
}

void
topics_refresh(void)
{
	Subscription *subscriptions;
	List *before;
	ListCell *cell;
	int n;

	worker_begin("reading subscriptions");
	subscriptions = subscriptions_read(&n);
	before = list_copy(topics);
	foreach (cell, before)
	{
		if (!is_subscribed(lfirst(cell), subscriptions, n))
			topic_drop(lfirst(cell));
	}
	for (int i = 0; i < n; i++)
	{
		if (find_topic(subscriptions[i].topic) == NULL)
			topic_add(&subscriptions[i]);
	}
	worker_end();
}

Partition *
topics_find(const char *name, int32 number)
{
	Topic *topic = name == NULL ? NULL : find_topic(name);

	if (topic == NULL || number < 0 || number >= topic->npartitions)
		return NULL;
	return topic->partitions[number];
}

/* ---------------------------------------------------------------- looking at the brokers */

void
topic_set_error(Topic *topic, const char *error)
{
	if (topic->error != NULL)
		pfree(topic->error);
	topic->error = MemoryContextStrdup(topic->context, error);
}

/* Partitions whose positions are requested together. */
typedef struct Beginning
{
	Topic *topic;
	int npartitions;
	StoredOffset *offsets;
	int n;
	bool stale; /* the subscription does not exist any more */
} Beginning;

static void
store_beginning(void *arg)
{
	Beginning *beginning = arg;
	Topic *topic = beginning->topic;

	worker_begin("noting where partitions begin");
	beginning->stale = !offsets_begin(topic->name, &topic->subscription, beginning->npartitions,
									  beginning->offsets, beginning->n);
	worker_end();
}

/*
 * Requests the positions of partitions at a time, or at one of their ends;
 * partitions without a reply are left for the next time.  Offsets that were
 * found come first.
 */
static int
find_offsets(Topic *topic, ClientOffset *offsets, int n)
{
	const char *error = NULL;
	int found = 0;

	if (n == 0)
		return 0;
	CHECK_FOR_INTERRUPTS();
	if (!client_find_offsets(topic->name, offsets, n, &error))
	{
		topic_set_error(topic, error);
		return 0;
	}
	for (int i = 0; i < n; i++)
	{
		if (offsets[i].error == NULL && offsets[i].offset >= 0)
			offsets[found++] = offsets[i];
		else if (offsets[i].error != NULL)
			topic_set_error(topic, offsets[i].error);
	}
	return found;
}

/* For a time after the last message there is no offset: then it is the end. */
static int
find_start(Topic *topic, ClientOffset *offsets, int n)
{
	ClientOffset *ends;
	int nends = 0;
	int found = 0;
	const char *error;

	if (topic->start < 0)
		return find_offsets(topic, offsets, n);
	ends = palloc(n * sizeof(ClientOffset));
	if (!client_find_offsets(topic->name, offsets, n, &error))
	{
		topic_set_error(topic, error);
		return 0;
	}
	for (int i = 0; i < n; i++)
	{
		if (offsets[i].error != NULL)
			topic_set_error(topic, offsets[i].error);
		else if (offsets[i].offset >= 0)
			offsets[found++] = offsets[i];
		else
			ends[nends++] = (ClientOffset){offsets[i].partition, CLIENT_END_OF_LOG, NULL};
	}
	nends = find_offsets(topic, ends, nends);
	memcpy(&offsets[found], ends, nends * sizeof(ClientOffset));
	return found + nends;
}

/*
 * Determines where new partitions begin.  Partitions that are added to a topic
 * after it was first seen begin at their beginning, wherever the others began:
 * their messages have arrived since.
 */
static void
begin_partitions(Topic *topic, int npartitions)
{
	ClientOffset *first = palloc(npartitions * sizeof(ClientOffset));
	ClientOffset *later = palloc(npartitions * sizeof(ClientOffset));
	StoredOffset *offsets = palloc(npartitions * sizeof(StoredOffset));
	int nfirst = 0;
	int nlater = 0;
	int at_first = topic->first_partitions >= 0 ? topic->first_partitions : npartitions;
	Beginning beginning = {topic, npartitions, offsets, 0, false};
	Failure failure;

	for (int i = 0; i < npartitions; i++)
	{
		if (i < topic->npartitions && topic->partitions[i] != NULL)
			continue;
		if (i < at_first)
			first[nfirst++] = (ClientOffset){i, topic->start, NULL};
		else
			later[nlater++] = (ClientOffset){i, CLIENT_BEGINNING, NULL};
	}
	if (nfirst + nlater == 0)
		return;
	if (nfirst > 0)
		nfirst = find_start(topic, first, nfirst);
	nlater = find_offsets(topic, later, nlater);
	for (int i = 0; i < nfirst; i++)
		offsets[beginning.n++] = (StoredOffset){first[i].partition, first[i].offset};
	for (int i = 0; i < nlater; i++)
		offsets[beginning.n++] = (StoredOffset){later[i].partition, later[i].offset};
	if (!worker_try(store_beginning, &beginning, &failure))
	{
		topic_set_error(topic, failure.message);
		return;
	}
	if (beginning.stale)
		return;
	topic->first_partitions = at_first;
	for (int i = 0; i < beginning.n; i++)
		(void) add_partition(topic, offsets[i].partition, offsets[i].next_offset);
}

/* A position that is changed because the broker does not have the next message. */
typedef struct Moving
{
	Partition *partition;
	int64 to;
	bool stale;
} Moving;

static void
store_move(void *arg)
{
	Moving *moving = arg;
	Partition *partition = moving->partition;
	OffsetChange change = {.topic = partition->topic->name,
						   .partition = partition->number,
						   .from = partition->next,
						   .to = moving->to,
						   .end_offset = -1};

	worker_begin("noting where a partition goes on");
	moving->stale = !offsets_lock(&change, 1);
	if (!moving->stale)
		offsets_advance(&change, 1);
	worker_end();
}

/*
 * The broker does not have the message that is to be learned next: either it
 * has been deleted by the broker's retention before it was read, or the
 * partition ends before it, because it was created again or has lost its end.
 * In both cases reading continues at the beginning: messages have the same ids
 * as before, so those that were learned are not learned again.
 */
static void
go_on_at_beginning(Partition *partition)
{
	Topic *topic = partition->topic;
	ClientOffset begin = {partition->number, CLIENT_BEGINNING, NULL};
	ClientOffset end = {partition->number, CLIENT_END_OF_LOG, NULL};
	Moving moving = {partition, 0, false};
	Failure failure;
	char text[256];

	if (find_offsets(topic, &begin, 1) == 0 || find_offsets(topic, &end, 1) == 0)
		return;
	partition->lost = false;
	if (partition->next >= begin.offset && partition->next <= end.offset)
		return;
	if (partition->next < begin.offset)
		snprintf(text, sizeof(text),
				 "messages " INT64_FORMAT " to " INT64_FORMAT
				 " of partition %d were deleted by the broker before they were read",
				 partition->next, begin.offset - 1, partition->number);
	else
		snprintf(text, sizeof(text),
				 "partition %d ends at offset " INT64_FORMAT ", before " INT64_FORMAT
				 " which was to be read next: it is read from its beginning",
				 partition->number, end.offset, partition->next);
	ereport(WARNING, (errcode(ERRCODE_NO_DATA_FOUND),
					  errmsg("personalization: topic \"%s\": %s", topic->name, text)));
	moving.to = begin.offset;
	topic_set_error(topic, text);
	if (!worker_try(store_move, &moving, &failure))
	{
		partition->lost = true;
		topic_set_error(topic, failure.message);
	}
	else if (!moving.stale)
		partition->next = partition->fetched = moving.to;
}

/* Fetches all partitions that are not fetched yet; returns false if the client refuses. */
static bool
assign_partitions(Topic *topic, int npartitions)
{
	ClientOffset *offsets = palloc(npartitions * sizeof(ClientOffset));
	const char *error;
	int n = 0;

	for (int i = 0; i < npartitions && i < topic->npartitions; i++)
	{
		Partition *partition = topic->partitions[i];

		if (partition == NULL || partition->assigned)
			continue;
		if (partition->lost)
			go_on_at_beginning(partition);
		if (!partition->lost)
			offsets[n++] = (ClientOffset){i, partition->next, NULL};
	}
	if (n == 0)
		return true;
	if (!client_assign(topic->name, offsets, n, &error))
	{
		topic_set_error(topic, error);
		return false;
	}
	for (int i = 0; i < n; i++)
	{
		Partition *partition = topic->partitions[offsets[i].partition];

		partition->assigned = true;
		partition->fetched = partition->next;
	}
	return true;
}

/* Whether the brokers reply; otherwise the topic gets the error. */
static bool
look_at_topic(Topic *topic)
{
	const char *error;
	int npartitions = client_partitions(topic->name, &error);

	CHECK_FOR_INTERRUPTS();
	if (npartitions < 0)
	{
		topic_set_error(topic, client_failure() != NULL ? client_failure() : error);
		return false;
	}
	client_forget_failure();
	hurried = false;
	begin_partitions(topic, npartitions);
	(void) assign_partitions(topic, npartitions);
	return true;
}

/* After a failure of the client, the brokers are asked at once. */
static void
hurry(void)
{
	ListCell *cell;

	if (client_failure() == NULL || hurried)
		return;
	hurried = true;
	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);

		topic->look_at = 0;
	}
}

void
topics_look(void)
{
	int64 now = elapsed_clock();
	MemoryContext context;
	MemoryContext old;
	ListCell *cell;
	Topic *topic = NULL;

	hurry();
	foreach (cell, topics)
	{
		Topic *next = lfirst(cell);

		if (next->mapping != NULL && next->look_at <= now &&
			(topic == NULL || next->look_at < topic->look_at))
			topic = next;
	}
	if (topic == NULL)
		return;
	context = AllocSetContextCreate(TopMemoryContext, "personalization look", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	if (look_at_topic(topic) && topic->error == NULL)
		topic->failures = 0;
	else
		topic->failures = Min(topic->failures + 1, 10);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	topic->look_at =
		elapsed_clock() + (topic->failures == 0 ? LOOK_EVERY
												: Min(USECS_PER_SEC << (topic->failures - 1),
													  LOOK_AFTER_FAILURE_MAX * USECS_PER_SEC));
}

void
topics_unassigned(void)
{
	ListCell *cell;

	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);

		topic->look_at = 0;
		topic->failures = 0;
		topic->stuck = false;
		for (int i = 0; i < topic->npartitions; i++)
		{
			if (topic->partitions[i] != NULL)
				topic->partitions[i]->assigned = false;
		}
	}
}

/* ---------------------------------------------------------------- how it goes */

/* Returns the state of a topic to be stored. */
static const char *
state_of(const Topic *topic)
{
	if (topic->error != NULL || topic->failures > 0 || topic->stuck || topic->mapping == NULL)
		return FAILING;
	for (int i = 0; i < topic->npartitions; i++)
	{
		if (topic->partitions[i] != NULL && topic->partitions[i]->assigned)
			return READING;
	}
	return STARTING;
}

/* Stores ends that the brokers have reported since. */
static void
note_ends(void)
{
	OffsetChange *changes = NULL;
	ListCell *cell;
	int n = 0;

	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);

		changes = changes == NULL
					  ? palloc0((topic->npartitions + 1) * sizeof(OffsetChange))
					  : repalloc(changes, (n + topic->npartitions + 1) * sizeof(OffsetChange));
		for (int i = 0; i < topic->npartitions; i++)
		{
			int64 end = topic->partitions[i] != NULL && topic->partitions[i]->assigned
							? client_end_offset(topic->name, i)
							: -1;

			if (end >= 0)
				changes[n++] =
					(OffsetChange){.topic = topic->name, .partition = i, .end_offset = end};
		}
	}
	if (n > 0)
		offsets_note_ends(changes, n);
}

void
topics_note(bool measure, double seconds)
{
	ListCell *cell;
	bool changed = measure;

	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);

		changed = changed || topic->error != NULL || topic->state != state_of(topic);
	}
	if (!changed)
		return;
	worker_begin("noting how it goes");
	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);
		const char *state = state_of(topic);

		if (topic->error != NULL)
			topic_state_fail(topic->name, state, topic->error);
		else if (topic->state != state)
			topic_state_set(topic->name, state);
		if (measure && (topic->messages > 0 || topic->measured))
			topic_state_measure(topic->name, (double) topic->messages / seconds);
	}
	if (measure && client_is_open())
		note_ends();
	worker_end();
	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);

		topic->state = state_of(topic);
		if (topic->error != NULL)
			pfree(topic->error);
		topic->error = NULL;
		if (measure)
		{
			topic->measured = topic->messages > 0;
			topic->messages = 0;
		}
	}
}

void
topics_report_offsets(void)
{
	ListCell *cell;

	foreach (cell, topics)
	{
		Topic *topic = lfirst(cell);
		ClientOffset *offsets = palloc((topic->npartitions + 1) * sizeof(ClientOffset));
		int n = 0;

		for (int i = 0; i < topic->npartitions; i++)
		{
			Partition *partition = topic->partitions[i];

			if (partition == NULL || !partition->assigned || partition->reported == partition->next)
				continue;
			offsets[n++] = (ClientOffset){i, partition->next, NULL};
			partition->reported = partition->next;
		}
		if (n > 0)
			client_tell(topic->name, offsets, n);
		pfree(offsets);
	}
}
