/*
 * read_ahead.h
 *		Reading the rows of many users of a tenant with one statement.
 *
 *		Code that reads about one user can be called for one user after the
 *		other: the first time that it comes to a statement, this is executed for
 *		all of them, and the later ones find their rows in memory.  The rows
 *		are those that the statement itself returns in that snapshot, in its
 *		order.
 */
#ifndef PERSONALIZATION_BASE_READ_AHEAD_H
#define PERSONALIZATION_BASE_READ_AHEAD_H

#include "postgres.h"

#include "base/statement.h"

typedef struct ReadAhead ReadAhead;

/* Maximum number of rows that a statement may return for all users together. */
#define READ_AHEAD_ROWS 4096

/*
 * Begins to read about users of one tenant, all of them different; the first
 * of them is read next.  The caller is in SPI; the result, and what is read, is
 * valid until its SPI_finish().  The memory for rows is limited to as many
 * bytes; where there would be more, or more rows than READ_AHEAD_ROWS, an
 * error is raised, after which the caller reads about fewer users.
 */
extern ReadAhead *read_ahead_begin(const char *const *user_ids, int n, Size most);

/* The next statements are about this one of the users, from 0. */
extern void read_ahead_turn_to(ReadAhead *ahead, int user);

/*
 * Executes a statement whose parameters are a tenant, a user, and others that are the same for all
 * users, like statement_execute() with SNAPSHOT_CALLER.  ahead may be NULL: then it is read for
 * this user alone.
 */
extern uint64 read_ahead_execute(ReadAhead *ahead, Statement *statement, Datum *values);

#endif
