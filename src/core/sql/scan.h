/*
 * scan.h
 *		A tolerant scanner that finds what an SQL statement reads.
 *
 *		PostgreSQL's own parser is exact, and is tried first.  This scanner is
 *		for statements that the parser refuses: other dialects, fragments,
 *		templates.  It finds what it can and never fails.
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
 * Called for each result, in the order of the text; the same result may occur
 * more than once.  item is not terminated and is valid during the call.  The
 * callee may leave by longjmp, because the scanner holds no resources.
 */
typedef void (*SqlFound)(SqlList list, const char *item, size_t len, void *arg);

/* The kind of a part that was not understood. */
typedef enum SqlUnread
{
	SQL_ALL_READ,
	SQL_NO_STATEMENT,  /* the text does not start like a statement */
	SQL_UNFINISHED,	   /* a quote or comment without end */
	SQL_UNBALANCED,	   /* an unmatched parenthesis */
	SQL_NO_TABLE,	   /* something else where a table's name should be */
	SQL_UNKNOWN_TABLE, /* a table whose name is filled in by a template */
	SQL_NO_OPERAND,	   /* a comparison without an operand */
	SQL_NO_OPERATOR,   /* a value directly after another, or one name too many */
	SQL_UNKNOWN_TOKEN, /* unknown in all dialects */
	SQL_TOO_MUCH	   /* too deep, too long or too many */
} SqlUnread;

typedef struct SqlReading
{
	/* The text has something that PostgreSQL's parser might accept, but interpret differently. */
	bool foreign;
	SqlUnread unread; /* the first part that was not understood, */
	size_t place;	  /* and where it starts */
} SqlReading;

/* Scans sql[0..len), which may contain any bytes, and reports the results. */
extern SqlReading sql_scan(const char *sql, size_t len, SqlFound found, void *arg);

/*
 * Whether name[0..len), in lower case, is the name of an aggregate function in
 * PostgreSQL or in a dialect that is common in analytics.
 */
extern bool sql_is_aggregate(const char *name, size_t len);

/*
 * Whether a star is all columns to the function name[0..len), in any case, and
 * not all rows: hash(*), struct(*), …
 */
extern bool sql_takes_star(const char *name, size_t len);

/*
 * Whether the operator op[0..len) compares its operands, so that "column op"
 * can be a filter.  False for operators that compute a value: +, ||, ->, …  An
 * unknown operator is assumed to compare.
 */
extern bool sql_operator_compares(const char *op, size_t len);

#endif
