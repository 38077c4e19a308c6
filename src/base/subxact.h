/*
 * subxact.h
 *		Running a function in a subtransaction, so that its failure affects
 *		nothing else.
 */
#ifndef PERSONALIZATION_BASE_SUBXACT_H
#define PERSONALIZATION_BASE_SUBXACT_H

#include "postgres.h"

/*
 * A function to run in a subtransaction, connected to SPI.  What it allocates
 * is freed, except in a memory context that it was given.
 */
typedef void (*SubxactFunction)(void *arg);

/*
 * Calls it; if it fails, rolls it back and returns the error.  Errors that end
 * the session or the command are raised nevertheless.
 */
extern ErrorData *run_in_subxact(SubxactFunction action, void *arg);

/* The same for a callback that is called before a commit (XACT_EVENT_PRE_COMMIT). */
extern ErrorData *run_in_subxact_at_commit(SubxactFunction action, void *arg);

/*
 * Whether an error may be caused by the row being processed, unlike a
 * deadlock, lack of memory, or a missing column.
 */
extern bool error_is_of_row(int sqlstate);

#endif
