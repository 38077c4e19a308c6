/*
 * user_queries.h
 *		The queries of each user, how often and on which days they were asked.
 */
#ifndef PERSONALIZATION_QUERIES_USER_QUERIES_H
#define PERSONALIZATION_QUERIES_USER_QUERIES_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/ranking/statistics.h"
#include "queries/identity.h"

/* Requests, collected in order to be stored together. */
typedef struct AskedQueries AskedQueries;

/* Days are determined in the tenant's time zone. */
extern AskedQueries *asked_queries_begin(const char *time_zone);

/*
 * Adds a request; query was decoded from data, possibly with lists already read from its SQL.
 * words: hashes of its words, if its text is not to be stored; else NULL.
 */
extern void asked_queries_add(AskedQueries *asked, const char *user_id, const QueryText *query,
							  const char *words, const pg_uuid_t *query_id,
							  const pg_uuid_t *interaction_id, const Jsonb *data, TimestampTz at);

/*
 * Stores the requests; counted: they are also to be counted in the tenant's
 * statistics.  Returns the number of different queries of users.
 */
extern int asked_queries_store(AskedQueries *asked, const char *tenant_id, bool counted);

#endif
