/*
 * queries.h
 *		What a query says it is, when two are the same, and how often each user
 *		asks which.
 */
#ifndef QUERIES_H
#define QUERIES_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "arguments.h"
#include "sql_read.h"

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

/* A UUID in the usual notation; false for anything else. */
extern bool uuid_decode(const char *text, pg_uuid_t *uuid);

/* Queries asked, collected to be counted at once. */
typedef struct AskedQueries AskedQueries;

/* The days on which they are asked are those of a tenant's time zone. */
extern AskedQueries *asked_queries_begin(const char *time_zone);

/* One that is asked: query as decoded from data, with what was read of its SQL already. */
extern void asked_queries_add(AskedQueries *asked, const char *user_id, const QueryText *query,
							  const pg_uuid_t *query_id, const pg_uuid_t *interaction_id,
							  const Jsonb *data, TimestampTz at);

/* Stores them; counted: the tenant's statistics shall count them as well. */
extern void asked_queries_store(AskedQueries *asked, const char *tenant_id, bool counted);

#endif
