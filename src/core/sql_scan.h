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

/* What was not understood. */
typedef enum SqlUnread
{
	SQL_ALL_READ,
	SQL_NO_STATEMENT,  /* what begins as no statement does */
	SQL_UNFINISHED,	   /* a quote or comment without end */
	SQL_UNBALANCED,	   /* a parenthesis without its other */
	SQL_NO_TABLE,	   /* something else where a table's name should be */
	SQL_UNKNOWN_TABLE, /* a table whose name a template fills in */
	SQL_NO_OPERAND,	   /* a comparison with nothing */
	SQL_NO_OPERATOR,   /* a value directly after another, or a name too many */
	SQL_UNKNOWN_TOKEN, /* what no dialect knows */
	SQL_TOO_MUCH	   /* too deep, too long or too many */
} SqlUnread;

typedef struct SqlReading
{
	/* It has something that PostgreSQL's parser might take, and read otherwise. */
	bool foreign;
	SqlUnread unread; /* the first of what was not understood, */
	size_t place;	  /* and where it begins */
} SqlReading;

/* Scans sql[0..len), any bytes, and reports what it finds. */
extern SqlReading sql_scan(const char *sql, size_t len, SqlFound found, void *arg);

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
