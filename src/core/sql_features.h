/*
 * sql_features.h
 *		Which features of SQL a statement uses, and on which tables.
 *
 * One pass over the tokens, for many statements in a short time: it does not
 * look at expressions, columns or scopes, as sql_scan.h does.
 */
#ifndef PERSONALIZATION_CORE_SQL_FEATURES_H
#define PERSONALIZATION_CORE_SQL_FEATURES_H

#include <stddef.h>

/* The features, as bits. */
#define SQL_JOINS 1u		 /* JOIN, or several tables in FROM */
#define SQL_AGGREGATES 2u	 /* GROUP BY, or a call of an aggregate function */
#define SQL_NESTS 4u		 /* a SELECT in an expression, in FROM, or in INTERSECT and the like */
#define SQL_NAMES_QUERIES 8u /* WITH */
#define SQL_WINDOWS 16u		 /* OVER, QUALIFY */
#define SQL_COMBINES 32u	 /* UNION, INTERSECT, EXCEPT */
#define SQL_JOINS_MANY 64u	 /* three tables or more in one FROM, or two JOINs */
#define SQL_FEATURES 6		 /* those that stand by themselves: all but SQL_JOINS_MANY */

/*
 * Called for each table in FROM and JOIN, in the order of the text, those that
 * WITH defines left out; without quotes, neither terminated.  schema_len is 0
 * where none is written.
 */
typedef void (*SqlTableFound)(const char *schema, size_t schema_len, const char *table,
							  size_t table_len, void *arg);

/* The features of sql[0..len), any bytes, in any dialect; found may be NULL. */
extern unsigned sql_features(const char *sql, size_t len, SqlTableFound found, void *arg);

#endif
