/*
 * text.h
 *		When two SQL statements are the same query.
 *
 *		Two statements are the same query if they differ only in literals,
 *		white space, comments and the case of what is not quoted.
 */
#ifndef PERSONALIZATION_CORE_SQL_TEXT_H
#define PERSONALIZATION_CORE_SQL_TEXT_H

#include <stddef.h>

/*
 * Writes the canonical form of the statement sql[0..len) to out and returns
 * its length in bytes: the tokens with one space between each two, literals
 * and parameters as '?', without comments, ASCII letters outside quotes in
 * lower case, without trailing semicolons.  The caller has already folded case
 * outside ASCII.  The text may contain any bytes, in any dialect of SQL; an
 * unfinished quote or comment ends with the text.
 *
 * A sign where only an operand is allowed is part of the number after it.
 * TRUE and FALSE are literals except after IS.  There is no space before an
 * operator '#', because it would start a comment.  A canonical form is its own
 * canonical form.
 *
 * out must have space for 2 * len + 1 bytes, is not terminated, and must not
 * overlap sql.
 */
extern size_t sql_normalize(const char *sql, size_t len, char *out);

#endif
