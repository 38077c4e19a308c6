/*
 * inbox_marks.c
 *		Up to where the inbox of a tenant has been emptied.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "base/clock.h"
#include "learning/inbox_marks.h"

/* Maximum number of marks. For further tenants every search is a full one. */
#define MAX_MARKS 64

/* The first full search is due this long after a mark was set. */
#define FIRST_LOOK USECS_PER_SEC

/* A full search that takes less, in microseconds, needs no mark. */
#define CHEAP_LOOK 2000

/* Full searches take at most one part in LOOK_SHARE of the time. */
#define LOOK_SHARE 20

static InboxMark marks[MAX_MARKS];
static int nmarks = 0;

InboxMark *
inbox_mark(const char *tenant_id)
{
	for (int i = 0; i < nmarks; i++)
	{
		if (strcmp(marks[i].tenant_id, tenant_id) == 0)
			return &marks[i];
	}
	return NULL;
}

InboxMark *
inbox_mark_after(const char *previous)
{
	InboxMark *next = NULL;

	for (int i = 0; i < nmarks; i++)
	{
		if ((previous == NULL || strcmp(marks[i].tenant_id, previous) > 0) &&
			(next == NULL || strcmp(marks[i].tenant_id, next->tenant_id) < 0))
			next = &marks[i];
	}
	return next;
}

void
inbox_mark_taken(const char *tenant_id, int64 position, bool full)
{
	InboxMark *mark = inbox_mark(tenant_id);

	if (mark == NULL && (!full || nmarks == MAX_MARKS || strlen(tenant_id) > MAX_ID_LENGTH))
		return;
	if (mark == NULL)
	{
		mark = &marks[nmarks++];
		strlcpy(mark->tenant_id, tenant_id, sizeof(mark->tenant_id));
		mark->look_at = elapsed_clock() + FIRST_LOOK;
	}
	mark->position = position;
}

void
inbox_mark_looked(InboxMark *mark, int64 took, bool found, int64 position)
{
	if (!found && took < CHEAP_LOOK)
	{
		*mark = marks[--nmarks];
		return;
	}
	if (found)
		mark->position = position - 1;
	mark->look_at = elapsed_clock() + LOOK_SHARE * took;
}

void
inbox_marks_forget(void)
{
	nmarks = 0;
}
