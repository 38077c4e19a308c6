/*
 * store.h
 *		The statistics of one tenant's queries in memory, as far as they are
 *		needed, for core/ranking/statistics.h.
 *
 *		Rows that will be needed are requested beforehand and read with one
 *		statement per table; other rows are read one by one.  A store without
 *		tables starts empty, for a replay.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_STORE_H
#define PERSONALIZATION_SUGGESTIONS_STORE_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/statement.h"
#include "core/ranking/links.h"
#include "core/ranking/statistics.h"

/* The kinds of lists in table query_lists are those of LinkKind, and of a term, and of the tenant: */
#define LIST_TERM 't'
#define LIST_POPULAR 'p'
#define LIST_TRENDING 'f'
#define LIST_USUAL 's'

/*
 * A query with more bytes or tables is not counted: it would not be offered,
 * and a batch of them would not fit into memory.  The sizes are checked
 * without reading the values.
 */
#define SHORT_QUERY "octet_length(query) <= 65536 AND pg_column_size(tables) <= 8192"

/* A stored query, with its text. */
typedef struct StoredQuery
{
	QueryStatistics statistics;
	const char *query; /* the text as last asked by anyone; NULL if it is not stored */
	const Jsonb *tables;
	bool terms_known;			 /* statistics.terms is filled */
	const QueryContent *content; /* NULL until it is requested */
	bool found;					 /* is in the table, or will be */
	bool changed;
} StoredQuery;

typedef struct QueryStore QueryStore;

/*
 * Creates a store for a tenant, which reads with one kind of snapshot; for
 * NULL, a store without tables.  Everything is allocated in the current memory
 * context.  The callers of all functions here are in SPI.
 */
extern QueryStore *query_store_make(const char *tenant_id, ReadAs as);

extern Statistics *query_store_statistics(QueryStore *store);

/* Request rows, and read those that were requested and are not in memory. */
extern void query_store_want_query(QueryStore *store, const QueryKey *id);
extern void query_store_want_list(QueryStore *store, const QueryKey *key, char kind);
extern void query_store_want_term(QueryStore *store, const char *term);
extern void query_store_fetch(QueryStore *store);

/*
 * Reads the tenant's own row and requests its own lists.  lock: the row is
 * locked, and created if it is missing; the result is then true if it is to be
 * filled from the interactions after *from.
 */
extern void query_store_open(QueryStore *store);
extern bool query_store_lock(QueryStore *store, TimestampTz *from, pg_uuid_t *from_id);

/* The same without waiting; returns false if another session has locked the row. */
extern bool query_store_lock_if_free(QueryStore *store, bool *rebuilding, TimestampTz *from,
									 pg_uuid_t *from_id);

/* Returns a query; NULL if there is none, unless change: then it is created. */
extern StoredQuery *query_store_find(QueryStore *store, const QueryKey *id, bool change);

/*
 * Returns a list to be changed, created if it is missing; *queries is the
 * number of queries of a term.
 */
extern Links *query_store_list(QueryStore *store, const QueryKey *key, char kind, int64 **queries);

/* Returns the hash that distinguishes a tenant's users in its statistics. */
extern uint32 query_user_hash(const char *user_id);

/*
 * Makes the offers, ranked by the store's statistics; reads the rows of the
 * most likely with one statement.  Returns their number; offers must have
 * space for OFFERS_MAX.
 */
extern int query_store_offers(QueryStore *store, const Situation *situation, Offer *offers);

/* Sets its terms, when they are first needed. */
extern void query_store_terms(QueryStore *store, StoredQuery *query);

/*
 * Writes back changed rows, with a day, and the tenant's own row.  from is how
 * far the statistics have been rebuilt; NULL: they are complete.
 */
extern void query_store_save(QueryStore *store, TimestampTz day, const TimestampTz *from,
							 const pg_uuid_t *from_id);

#endif
