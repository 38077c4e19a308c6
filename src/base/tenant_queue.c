/*
 * tenant_queue.c
 *		A table whose rows wait to be taken: the tenants that have some, and how
 *		far each has been taken.
 */
#include "postgres.h"

#include "access/xact.h"
#include "datatype/timestamp.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/tenant_queue.h"

/* The first full look comes so long after a mark was set. */
#define FIRST_LOOK USECS_PER_SEC

/* A full look that takes less is cheap enough to do each time. */
#define CHEAP_LOOK 2000

/* Full looks take so small a part of the time: one in … */
#define LOOK_SHARE 20

/* All queues that had a mark. */
static TenantQueue *queues = NULL;

/* Moves the marks back that a transaction, or a subtransaction and those in it, has moved. */
static void
move_back(SubTransactionId from)
{
	for (TenantQueue *queue = queues; queue != NULL; queue = queue->next)
	{
		for (int i = 0; i < queue->nmarks; i++)
		{
			QueueMark *mark = &queue->marks[i];

			if (mark->moved_by == InvalidSubTransactionId || mark->moved_by < from)
				continue;
			mark->position = mark->before;
			mark->moved_by = InvalidSubTransactionId;
		}
	}
}

/* Lets what a subtransaction has moved be moved by another one, or by none. */
static void
hand_over(SubTransactionId from, SubTransactionId to)
{
	for (TenantQueue *queue = queues; queue != NULL; queue = queue->next)
	{
		for (int i = 0; i < queue->nmarks; i++)
		{
			if (queue->marks[i].moved_by != InvalidSubTransactionId &&
				queue->marks[i].moved_by >= from)
				queue->marks[i].moved_by = to;
		}
	}
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT)
		hand_over(TopSubTransactionId, InvalidSubTransactionId);
	else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		move_back(TopSubTransactionId);
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId me, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		hand_over(me, parent);
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		move_back(me);
}

static void
link_queue(TenantQueue *queue)
{
	if (queue->linked)
		return;
	if (queues == NULL)
	{
		RegisterXactCallback(at_transaction_end, NULL);
		RegisterSubXactCallback(at_subtransaction_end, NULL);
	}
	queue->next = queues;
	queue->linked = true;
	queues = queue;
}

static QueueMark *
find_mark(const TenantQueue *queue, const char *tenant_id)
{
	for (int i = 0; i < queue->nmarks; i++)
	{
		if (strcmp(queue->marks[i].tenant_id, tenant_id) == 0)
			return unconstify(QueueMark *, &queue->marks[i]);
	}
	return NULL;
}

/* The first of the tenants with a mark that sort after another one, or of all after NULL. */
static QueueMark *
mark_after(TenantQueue *queue, const char *previous)
{
	QueueMark *next = NULL;

	for (int i = 0; i < queue->nmarks; i++)
	{
		QueueMark *mark = &queue->marks[i];

		if ((previous == NULL || strcmp(mark->tenant_id, previous) > 0) &&
			(next == NULL || strcmp(mark->tenant_id, next->tenant_id) < 0))
			next = mark;
	}
	return next;
}

/* The first tenant between two others, each of which may be NULL, that has rows; NULL for none. */
static char *
tenant_between(TenantQueue *queue, const char *previous, const char *next)
{
	Datum lower = previous == NULL ? (Datum) 0 : CStringGetTextDatum(previous);
	Datum upper = next == NULL ? (Datum) 0 : CStringGetTextDatum(next);
	Datum values[] = {previous == NULL ? upper : lower, upper};
	Statement *statement = previous == NULL && next == NULL ? &queue->first
						   : previous == NULL				? &queue->before
						   : next == NULL					? &queue->after
															: &queue->between;
	char *tenant_id = NULL;

	if (statement_execute(statement, values, NULL, SNAPSHOT_NEW) > 0)
		tenant_id = result_text(0, ONLY_COLUMN);
	SPI_freetuptable(SPI_tuptable);
	return tenant_id;
}

/* The position of a tenant's first row from a position on; false where there is none. */
static bool
first_from(TenantQueue *queue, const char *tenant_id, int64 position, int64 *found)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), Int64GetDatum(position)};
	bool any = statement_execute(&queue->position, values, NULL, SNAPSHOT_NEW) > 0;

	if (any)
		*found = DatumGetInt64(result_value(0, ONLY_COLUMN, NULL));
	SPI_freetuptable(SPI_tuptable);
	return any;
}

/*
 * Whether a tenant with a mark has rows: from it on, or, where that is due, anywhere.  A
 * mark that saves no time is given up.
 */
static bool
has_rows(TenantQueue *queue, QueueMark *mark)
{
	int64 start = elapsed_clock();
	int64 took;
	int64 position = 0;
	bool found;

	if (start < mark->look_at)
		return first_from(queue, mark->tenant_id, mark->position, &position);
	found = first_from(queue, mark->tenant_id, PG_INT64_MIN, &position);
	took = elapsed_clock() - start;
	if (!found && took < CHEAP_LOOK)
	{
		*mark = queue->marks[--queue->nmarks];
		return false;
	}
	if (found)
		mark->position = position;
	mark->look_at = elapsed_clock() + LOOK_SHARE * took;
	return found;
}

char *
tenant_queue_next(TenantQueue *queue, const char *previous)
{
	for (;;)
	{
		QueueMark *mark = mark_after(queue, previous);
		char *tenant_id = tenant_between(queue, previous, mark != NULL ? mark->tenant_id : NULL);

		if (tenant_id != NULL || mark == NULL)
			return tenant_id;
		tenant_id = pstrdup(mark->tenant_id);
		if (has_rows(queue, mark))
			return tenant_id;
		previous = tenant_id;
	}
}

int64
tenant_queue_mark(TenantQueue *queue, const char *tenant_id)
{
	QueueMark *mark = find_mark(queue, tenant_id);

	/* Who counts for one tenant only never asks for the next. */
	if (mark != NULL && elapsed_clock() >= mark->look_at)
	{
		(void) has_rows(queue, mark);
		mark = find_mark(queue, tenant_id);
	}
	return mark != NULL ? mark->position : PG_INT64_MIN;
}

void
tenant_queue_taken(TenantQueue *queue, const char *tenant_id, int64 position, bool full)
{
	QueueMark *mark = find_mark(queue, tenant_id);

	if (mark == NULL &&
		(!full || queue->nmarks == QUEUE_MARKS || strlen(tenant_id) > MAX_ID_LENGTH))
		return;
	if (mark == NULL)
	{
		link_queue(queue);
		mark = &queue->marks[queue->nmarks++];
		strlcpy(mark->tenant_id, tenant_id, sizeof(mark->tenant_id));
		mark->position = PG_INT64_MIN;
		mark->look_at = elapsed_clock() + FIRST_LOOK;
		mark->moved_by = InvalidSubTransactionId;
	}
	if (mark->moved_by == InvalidSubTransactionId)
		mark->before = mark->position;
	mark->moved_by = GetCurrentSubTransactionId();
	mark->position = position;
}

void
tenant_queue_forget(TenantQueue *queue)
{
	queue->nmarks = 0;
}
