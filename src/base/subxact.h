/*
 * subxact.h
 *		Something done in a subtransaction of its own, so that its failure ends with
 *		it.
 */
#ifndef PERSONALIZATION_BASE_SUBXACT_H
#define PERSONALIZATION_BASE_SUBXACT_H

#include "postgres.h"

/*
 * Something to be done in a subtransaction of its own, in SPI.  Nothing outlasts it
 * that it allocates, except in a memory context that it has been given.
 */
typedef void (*Apart)(void *arg);

/*
 * Does it; where it fails undoes it, and returns the error.  What ends the
 * session or the command is raised all the same.
 */
extern ErrorData *do_apart(Apart action, void *arg);

/*
 * Whether an error may be the fault of the row at hand; not so a deadlock, a
 * want of memory, a missing column.
 */
extern bool error_is_of_row(int sqlstate);

#endif
