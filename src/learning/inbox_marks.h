/*
 * inbox_marks.h
 *		Up to where the inbox of a tenant has been emptied.
 *
 *		While a session holds an old snapshot, rows that were taken cannot be
 *		removed from the index, and each search for a tenant's first row reads
 *		all of them.  With a mark, the search begins after the last row that
 *		was taken.  A transaction that takes long may still commit a row that
 *		is before the mark.  So a full search is made now and then: the more
 *		rarely, the longer it takes.
 */
#ifndef PERSONALIZATION_LEARNING_INBOX_MARKS_H
#define PERSONALIZATION_LEARNING_INBOX_MARKS_H

#include "postgres.h"

#include "base/extension.h"

typedef struct InboxMark
{
	char tenant_id[MAX_ID_LENGTH + 1];
	int64 position; /* position of the last row that was taken */
	int64 look_at;	/* when the next full search is due, by elapsed_clock() */
} InboxMark;

/* Returns the mark of a tenant, or NULL if there is none. */
extern InboxMark *inbox_mark(const char *tenant_id);

/*
 * Returns the mark of the next tenant after another one, by name, or the first
 * if previous is NULL.
 */
extern InboxMark *inbox_mark_after(const char *previous);

/*
 * Records that rows of a tenant were taken, up to a position. full: the batch
 * was full, so there may be many more; then a tenant without a mark gets one.
 */
extern void inbox_mark_taken(const char *tenant_id, int64 position, bool full);

/*
 * Records a full search and how many microseconds it took. found: it found a
 * row; position is that of the first. A mark that saves no time is removed.
 */
extern void inbox_mark_looked(InboxMark *mark, int64 took, bool found, int64 position);

/* Removes all marks. */
extern void inbox_marks_forget(void);

#endif
