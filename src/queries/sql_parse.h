/*
 * sql_parse.h
 *		What an SQL statement reads, using PostgreSQL's parser.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_PARSE_H
#define PERSONALIZATION_QUERIES_SQL_PARSE_H

#include "postgres.h"

#include "queries/sql_lists.h"

typedef enum SqlParsed
{
	SQL_REFUSED, /* it is not PostgreSQL's SQL */
	SQL_PARSED,
	SQL_MEANT_OTHERWISE /* it is, but another dialect was meant */
} SqlParsed;

/*
 * Fills lists from sql[0..strlen) with PostgreSQL's parser, appending to them
 * in the caller's memory context.  Unless the result is SQL_PARSED, the lists
 * are meaningless.  The message of an error is dropped; an interrupt or a lack
 * of resources is raised.
 */
extern SqlParsed sql_parse(const char *sql, SqlLists *lists);

#endif
