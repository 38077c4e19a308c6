/*
 * features.h
 *		The features of SQL that a statement uses, and its tables.
 *
 *		A single pass over the tokens, fast enough for many statements: unlike
 *		scan.h it does not examine expressions, columns or scopes.
 */
#ifndef PERSONALIZATION_CORE_SQL_FEATURES_H
#define PERSONALIZATION_CORE_SQL_FEATURES_H

#include <stddef.h>

/* The features, as bits. */
#define SQL_JOINS 1u		 /* JOIN, or several tables in FROM */
#define SQL_AGGREGATES 2u	 /* GROUP BY, or a call of an aggregate function */
#define SQL_NESTS 4u		 /* a SELECT in an expression, in FROM, or in INTERSECT and similar */
#define SQL_NAMES_QUERIES 8u /* WITH */
#define SQL_WINDOWS 16u		 /* OVER, QUALIFY */
#define SQL_COMBINES 32u	 /* UNION, INTERSECT, EXCEPT */
#define SQL_JOINS_MANY 64u	 /* three tables or more in one FROM, or two JOINs */
#define SQL_FEATURES 6		 /* number of independent features: all but SQL_JOINS_MANY */

/*
 * Called for each table in FROM and JOIN, in the order of the text, except
 * names defined by WITH; without quotes, not terminated.  schema_len is 0 if
 * there is no schema.
 */
typedef void (*SqlTableFound)(const char *schema, size_t schema_len, const char *table,
							  size_t table_len, void *arg);

/*
 * Returns the features of sql[0..len), which may contain any bytes, in any
 * dialect; found may be NULL.
 */
extern unsigned sql_features(const char *sql, size_t len, SqlTableFound found, void *arg);

#endif
