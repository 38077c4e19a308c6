/*
 * sql_read.h
 *		What an SQL statement reads: tables, aggregates, filters, grouping.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_READ_H
#define PERSONALIZATION_QUERIES_SQL_READ_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/sql_scan.h"

/* A List of char * for each SqlList, without duplicates, in the order of the text. */
typedef struct SqlLists
{
	List *items[SQL_GROUP_BY + 1];
	SqlReading reading; /* the first part that was not understood */
} SqlLists;

/*
 * Reads sql with PostgreSQL's parser, and with the tolerant scanner if that
 * parser refuses it, or if another dialect was meant.  Never fails because of
 * the text.
 */
extern void sql_read(const char *sql, SqlLists *lists);

#endif
