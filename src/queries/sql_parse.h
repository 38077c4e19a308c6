/*
 * sql_parse.h
 *		What a SQL statement reads, by PostgreSQL's parser.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_PARSE_H
#define PERSONALIZATION_QUERIES_SQL_PARSE_H

#include "postgres.h"

#include "queries/sql_read.h"

typedef enum SqlParsed
{
	SQL_REFUSED, /* it is no SQL of PostgreSQL's */
	SQL_PARSED,
	SQL_MEANT_OTHERWISE /* it is, but another dialect was meant */
} SqlParsed;

/*
 * Fills lists from sql[0..strlen) as PostgreSQL's parser reads it, appending to
 * what is there in the caller's memory context.  Of anything but SQL_PARSED the
 * lists are of no use.  The message of an error is dropped; an interrupt or a
 * lack of resources is raised.
 */
extern SqlParsed sql_parse(const char *sql, SqlLists *lists);

/* Appends an item to one of the lists, unless it is there or there are too many. */
extern void
sql_lists_add(SqlLists *lists, MemoryContext context, SqlList list, const char *item, size_t len);

#endif
