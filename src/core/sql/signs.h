/*
 * signs.h
 *		A quick look at an SQL text, to determine how it should be read.
 */
#ifndef PERSONALIZATION_CORE_SQL_SIGNS_H
#define PERSONALIZATION_CORE_SQL_SIGNS_H

#include <stddef.h>

/*
 * PostgreSQL's parser must not read it: a long run of operators would take too
 * much time, or a name of max_name bytes or more would be truncated with a
 * message.
 */
#define SQL_UNFIT 1

/*
 * It may contain something that the parser accepts although another dialect
 * was meant; sql_scan() determines that.  Without this sign it does not.
 */
#define SQL_ODD 2

/* Examines each byte of sql[0..len) once. */
extern unsigned sql_signs(const char *sql, size_t len, size_t max_name);

#endif
