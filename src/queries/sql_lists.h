/*
 * sql_lists.h
 *		The lists of what an SQL statement reads.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_LISTS_H
#define PERSONALIZATION_QUERIES_SQL_LISTS_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/sql/scan.h"

/* A List of char * for each SqlList, without duplicates, in the order of the text. */
typedef struct SqlLists
{
	List *items[SQL_GROUP_BY + 1];
	SqlReading reading; /* the first part that was not understood */
} SqlLists;

/* Appends an item to one of the lists, unless it is already there or there are too many. */
extern void
sql_lists_add(SqlLists *lists, MemoryContext context, SqlList list, const char *item, size_t len);

#endif
