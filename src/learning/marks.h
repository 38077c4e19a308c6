/*
 * marks.h
 *		How far the inbox of a tenant has been taken, for tenants of whom many rows
 *		have been.
 *
 *		While a session holds an old snapshot, rows that were taken cannot be
 *		removed, and whoever looks for the first row goes through all of them.  With
 *		a mark the next look begins behind them.  A row may arrive before it, from a
 *		transaction that took long; so there is a full look now and then, the longer
 *		it takes the less often.
 */
#ifndef PERSONALIZATION_LEARNING_MARKS_H
#define PERSONALIZATION_LEARNING_MARKS_H

#include "postgres.h"

#include "base/extension.h"

typedef struct InboxMark
{
	char tenant_id[MAX_ID_LENGTH + 1];
	int64 position; /* the last row that was taken */
	int64 look_at;	/* when a full look is due, by elapsed_clock() */
} InboxMark;

/* The mark of a tenant; NULL where there is none. */
extern InboxMark *inbox_mark(const char *tenant_id);

/* The first of the tenants with a mark that sort after another one, or of all after NULL. */
extern InboxMark *inbox_mark_after(const char *previous);

/*
 * A batch of a tenant was taken, up to a position.  full: there may be many more; a
 * tenant without a mark gets one then.
 */
extern void inbox_mark_taken(const char *tenant_id, int64 position, bool full);

/*
 * A full look took so many microseconds; found: there was a row, the first, with this
 * position.  A mark that saves no time is given up.
 */
extern void inbox_mark_looked(InboxMark *mark, int64 took, bool found, int64 position);

/* Gives up all of them. */
extern void inbox_marks_forget(void);

#endif
