/*
 * tenant_queue.c
 *		A table whose rows wait to be taken: the tenants that have some, and how
 *		far each has been taken.
 */
#include "postgres.h"

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
tenant_queue_mark(const TenantQueue *queue, const char *tenant_id)
{
	const QueueMark *mark = find_mark(queue, tenant_id);

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
		mark = &queue->marks[queue->nmarks++];
		strlcpy(mark->tenant_id, tenant_id, sizeof(mark->tenant_id));
		mark->look_at = elapsed_clock() + FIRST_LOOK;
	}
	mark->position = position;
}

void
tenant_queue_forget(TenantQueue *queue)
{
	queue->nmarks = 0;
}
