/*
 * store.h
 *		The statistics of one tenant's queries, as far as they are needed, in
 *		memory: what core/statistics.h works on.
 *
 * What is going to be needed is asked for beforehand, and read in one statement
 * a table; what turns out to be needed besides is read one by one.  A store
 * that belongs to no table begins empty, for a replay.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_STORE_H
#define PERSONALIZATION_SUGGESTIONS_STORE_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/statement.h"
#include "core/links.h"
#include "core/statistics.h"

/* Kinds of lists, as in table query_lists. */
#define LIST_NEXT 'n'
#define LIST_AFTER_NEXT 'o'
#define LIST_BEFORE 'b'
#define LIST_USERS 'u'
#define LIST_TERM 't'
#define LIST_POPULAR 'p'
#define LIST_TRENDING 'f'
#define LIST_USUAL 's'

/*
 * A query of more bytes, or with more tables, is not counted: nobody would be
 * offered it, and a batch of them would not fit into memory.  Looked at without
 * being read.
 */
#define SHORT_QUERY "octet_length(query) <= 65536 AND pg_column_size(tables) <= 8192"

/* A query as stored, with what it is offered as. */
typedef struct StoredQuery
{
	QueryStatistics statistics;
	const char *query; /* the text as last asked by anyone; NULL where that is not kept */
	const Jsonb *tables;
	bool terms_known;			 /* statistics.terms is filled */
	const QueryContent *content; /* NULL until it is asked for */
	bool found;					 /* is, or is to be, in the table */
	bool changed;
} StoredQuery;

typedef struct QueryStore QueryStore;

/*
 * A store of a tenant, which reads in one kind of snapshot; NULL for one that
 * belongs to no table.  All is allocated in the current memory context.  The
 * callers of everything here are in SPI.
 */
extern QueryStore *query_store_make(const char *tenant_id, ReadAs as);

extern Statistics *query_store_statistics(QueryStore *store);

/* Asks for rows, and reads those that were asked for and are not there. */
extern void query_store_want_query(QueryStore *store, const QueryKey *id);
extern void query_store_want_list(QueryStore *store, const QueryKey *key, char kind);
extern void query_store_want_term(QueryStore *store, const char *term);
extern void query_store_fetch(QueryStore *store);

/*
 * Reads the tenant's own row and asks for its own lists.  lock: the row is
 * locked, and made if it is missing; then true says that it is to be filled from
 * the interactions, beginning behind *from.
 */
extern void query_store_open(QueryStore *store);
extern bool query_store_lock(QueryStore *store, TimestampTz *from, pg_uuid_t *from_id);

/* A query; NULL when there is none, or change: made. */
extern StoredQuery *query_store_find(QueryStore *store, const QueryKey *id, bool change);

/*
 * A list to be changed, made if it is missing; *queries is the number of queries
 * of a term.
 */
extern Links *query_store_list(QueryStore *store, const QueryKey *key, char kind, int64 **queries);

/* What tells a tenant's users apart in its statistics. */
extern uint32 query_user_hash(const char *user_id);

/*
 * What could be asked next, as the store's statistics rank it: reads the rows of
 * the likeliest in one statement.  Returns how many; offers has room for
 * OFFERS_MAX.
 */
extern int query_store_offers(QueryStore *store, const Situation *situation, Offer *offers);

/* Its terms: filled in when first asked for. */
extern void query_store_terms(QueryStore *store, StoredQuery *query);

/* The terms of a query: of its tables and of its words. */
extern int query_terms(const char *query, const Jsonb *tables, const char *const **terms);

/*
 * Writes back what was changed on a day, and the tenant's own row.  from, unless
 * NULL, is how far the statistics have been made anew; NULL: they are complete.
 */
extern void query_store_save(QueryStore *store, TimestampTz day, const TimestampTz *from,
							 const pg_uuid_t *from_id);

#endif
