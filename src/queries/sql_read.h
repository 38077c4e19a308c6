/*
 * sql_read.h
 *		What a SQL statement reads: tables, aggregates, filters, grouping.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_READ_H
#define PERSONALIZATION_QUERIES_SQL_READ_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/sql_scan.h"

/* A List of char * for each SqlList, without repetition, in the order of the text. */
typedef struct SqlLists
{
	List *items[SQL_GROUP_BY + 1];
	SqlReading reading; /* what of it was not understood */
} SqlLists;

/*
 * Reads sql with PostgreSQL's parser, and with a tolerant scan what that
 * parser refuses, or takes though another dialect meant it.  Never fails for
 * what the text says.
 */
extern void sql_read(const char *sql, SqlLists *lists);

#endif
