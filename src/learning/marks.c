/*
 * marks.c
 *		How far the inbox of a tenant has been taken.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "base/clock.h"
#include "learning/marks.h"

/* Of more tenants there are none: they are looked for from the first row on. */
#define MAX_MARKS 64

/* The first full look comes so long after a mark was set. */
#define FIRST_LOOK USECS_PER_SEC

/* A full look that takes less is cheap enough to do each time. */
#define CHEAP_LOOK 2000

/* Full looks take so small a part of the time: one in … */
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
