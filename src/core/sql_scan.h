/*
 * sql_scan.h
 *		What a SQL statement reads, found by a tolerant scan.
 *
 * PostgreSQL's own parser says it exactly, and is asked first.  This scan is
 * for what that parser refuses: other dialects, fragments, templates.  It
 * finds what it can and never fails.
 */
#ifndef PERSONALIZATION_CORE_SQL_SCAN_H
#define PERSONALIZATION_CORE_SQL_SCAN_H

#include <stdbool.h>
#include <stddef.h>

typedef enum SqlList
{
	SQL_TABLES,		  /* a table, as written: name, schema.name, … */
	SQL_AGGREGATIONS, /* an aggregate function's name, lower case */
	SQL_FILTERS,	  /* "column operator", the literal left out */
	SQL_GROUP_BY	  /* a column's name */
} SqlList;

/*
 * Called for each finding, in the order of the text; the same finding may
 * come more than once.  item is not terminated and is valid during the call.
 * The callee may leave by longjmp: the scan holds no resources.
 */
typedef void (*SqlFound)(SqlList list, const char *item, size_t len, void *arg);

/* Scans sql[0..len), any bytes, and reports what it finds. */
extern void sql_scan(const char *sql, size_t len, SqlFound found, void *arg);

/*
 * Whether name[0..len), in lower case, is an aggregate function's name in
 * PostgreSQL or in a dialect that is common in analytics.
 */
extern bool sql_is_aggregate(const char *name, size_t len);

/*
 * Whether the operator op[0..len) compares its sides, so that "column op" can
 * be a filter.  False of those that make a value: +, ||, ->, …  Of an unknown
 * operator it is assumed.
 */
extern bool sql_operator_compares(const char *op, size_t len);

#endif
