/*
 * identity.h
 *		What a query says it is, when two are the same, and how often each user
 *		asks which.
 */
#ifndef PERSONALIZATION_QUERIES_IDENTITY_H
#define PERSONALIZATION_QUERIES_IDENTITY_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/fault.h"
#include "core/sql_scan.h"
#include "core/statistics.h"
#include "queries/sql_read.h"

typedef struct QueryText
{
	const char *question; /* data.query, NULL when absent or empty */
	const char *sql;	  /* data.sql, likewise */

	/* Kept by query_list(). */
	bool sql_was_read;
	SqlLists lists;
} QueryText;

/* Takes a query out of an interaction's data; false, with the fault, where it is not text. */
extern bool query_decode(const JsonbContainer *data, QueryText *query, Fault *fault);

/* What the query's SQL reads, NIL without SQL; read when first asked for. */
extern const List *query_list(QueryText *query, SqlList list);

/* Lower case, as Unicode has it where the server can. */
extern const char *query_fold(const char *text);

/* What identifies the query; false when it says neither question nor SQL. */
extern bool query_identify(const QueryText *query, pg_uuid_t *id);

#endif
