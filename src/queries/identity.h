/*
 * identity.h
 *		The identity of queries: when two queries are the same.
 */
#ifndef PERSONALIZATION_QUERIES_IDENTITY_H
#define PERSONALIZATION_QUERIES_IDENTITY_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/fault.h"
#include "core/sql/scan.h"
#include "core/ranking/statistics.h"
#include "queries/sql_read.h"

typedef struct QueryText
{
	const char *question; /* data.query, NULL when absent or empty */
	const char *sql;	  /* data.sql, likewise */

	/* Private to query_list(). */
	bool sql_was_read;
	SqlLists lists;
} QueryText;

/* Reads a query from an interaction's data; returns false and sets fault if it is not text. */
extern bool query_decode(const JsonbContainer *data, QueryText *query, Fault *fault);

/*
 * Returns a list read from the query's SQL, or NIL without SQL; the SQL is
 * read on the first call.
 */
extern const List *query_list(QueryText *query, SqlList list);

/*
 * Returns what of the query's SQL was not understood: NULL if all was, or if
 * query_list() did not read it.
 */
extern const SqlReading *query_unread(const QueryText *query);

/* Converts to lower case, by Unicode's rules if the server supports them. */
extern const char *query_fold(const char *text);

/* The same, without ASCII letters, whose capitals show where the parts of a name begin. */
extern const char *query_fold_beyond_ascii(const char *text);

/* Computes the id of a query; returns false if it has neither question nor SQL. */
extern bool query_identify(const QueryText *query, pg_uuid_t *id);

#endif
