/*
 * store_int.h
 *		Declarations shared by the parts of the store: store.c, store_read.c
 *		and store_save.c.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_STORE_INT_H
#define PERSONALIZATION_SUGGESTIONS_STORE_INT_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/hsearch.h"

#include "base/statement.h"
#include "core/ranking/links.h"
#include "core/ranking/statistics.h"
#include "suggestions/store.h"

typedef struct ListKey
{
	QueryKey key;
	int64 kind; /* 64 bits, so that there is no padding */
} ListKey;

typedef struct StoredList
{
	ListKey key;
	bool sought; /* the table has been read */
	bool found;
	bool changed;
	TermStatistics list; /* for lists other than terms, only latest is used */
} StoredList;

typedef struct QueryEntry
{
	StoredQuery stored; /* its key, the query's id, must be first */
	bool sought;
} QueryEntry;

struct QueryStore
{
	Statistics statistics; /* must be first: the core knows only this */
	TenantStatistics tenant;
	const char *tenant_id; /* NULL if there is no table */
	ReadAs as;
	MemoryContext context;
	HTAB *queries;
	HTAB *lists;
	List *wanted_queries;
	List *wanted_lists;
};

/* The key of the lists that belong to no query, but to the tenant. */
extern const QueryKey store_tenant_key;

/* Return the entry in memory, which is created if it is missing; nothing is read. */
extern QueryEntry *store_query_entry(QueryStore *store, const QueryKey *id);
extern StoredList *store_list_entry(QueryStore *store, const QueryKey *key, char kind);

/*
 * Returns a list, reading it if necessary; NULL if there is none, unless
 * change: then it is created.
 */
extern StoredList *store_find_list(QueryStore *store, const QueryKey *key, char kind, bool change);

/* Returns the tenant's own list of a kind; NULL for other kinds. */
extern Links *store_tenant_list(QueryStore *store, char kind);

#endif
