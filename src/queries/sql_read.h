/*
 * sql_read.h
 *		What an SQL statement reads: tables, aggregates, filters, grouping.
 */
#ifndef PERSONALIZATION_QUERIES_SQL_READ_H
#define PERSONALIZATION_QUERIES_SQL_READ_H

#include "postgres.h"

#include "queries/sql_lists.h"

/*
 * Reads sql with PostgreSQL's parser, and with the tolerant scanner if that
 * parser refuses it, or if another dialect was meant.  Never fails because of
 * the text.
 */
extern void sql_read(const char *sql, SqlLists *lists);

#endif
