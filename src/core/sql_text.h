/*
 * sql_text.h
 *		When two SQL statements are the same query.
 *
 * Two statements are the same query when they agree but for literals, white
 * space, comments and the case of what is not quoted.
 */
#ifndef PERSONALIZATION_CORE_SQL_TEXT_H
#define PERSONALIZATION_CORE_SQL_TEXT_H

#include <stddef.h>

/*
 * Writes the canonical form of the statement sql[0..len) to out and returns
 * its length in bytes: the tokens with one space between any two, literals
 * and parameters as '?', comments left out, ASCII letters outside quotes in
 * lower case, trailing semicolons dropped.  Case outside ASCII is the caller's
 * to fold beforehand.  Any bytes are taken, in any dialect of SQL; an
 * unfinished quote or comment ends with the text.
 *
 * A sign where only an operand can be is part of the number after it.  TRUE
 * and FALSE are literals but after IS.  No space is before an operator '#'
 * that stands alone: after a space it would begin a comment.  A canonical form
 * is its own canonical form.
 *
 * out must have room for 2 * len + 1 bytes, is not terminated, and must not
 * overlap sql.
 */
extern size_t sql_normalize(const char *sql, size_t len, char *out);

#endif
