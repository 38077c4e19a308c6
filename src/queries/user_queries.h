/*
 * user_queries.h
 *		Which queries each user asks, how often and on which days.
 */
#ifndef PERSONALIZATION_QUERIES_USER_QUERIES_H
#define PERSONALIZATION_QUERIES_USER_QUERIES_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/statistics.h"
#include "queries/identity.h"

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
