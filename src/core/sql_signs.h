/*
 * sql_signs.h
 *		What a glance at a SQL text says of how it should be read.
 */
#ifndef CORE_SQL_SIGNS_H
#define CORE_SQL_SIGNS_H

#include <stddef.h>

/*
 * PostgreSQL's parser should not get it: it would be kept busy by a long run of
 * operators, or cut a name of max_name bytes and more short and say so.
 */
#define SQL_UNFIT 1

/*
 * It may have something that the parser would take, though another dialect
 * meant it: sql_scan() says whether it has.  Without this sign it has not.
 */
#define SQL_ODD 2

/* Looks at each byte of sql[0..len) once. */
extern unsigned sql_signs(const char *sql, size_t len, size_t max_name);

#endif
