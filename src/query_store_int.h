/*
 * query_store_int.h
 *		What the parts of the store of statistics share: its rows in memory.
 */
#ifndef QUERY_STORE_INT_H
#define QUERY_STORE_INT_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/hsearch.h"

#include "query_store.h"

typedef struct ListKey
{
	QueryKey key;
	int64 kind; /* wide, so that no byte of it is padding */
} ListKey;

typedef struct StoredList
{
	ListKey key;
	bool sought; /* the table has been asked */
	bool found;
	bool changed;
	TermStatistics list; /* of what is no term only latest is used */
} StoredList;

typedef struct QueryEntry
{
	StoredQuery stored; /* its key, the query's id, first */
	bool sought;
} QueryEntry;

struct QueryStore
{
	Statistics statistics; /* first: the core knows no more */
	TenantStatistics tenant;
	const char *tenant_id; /* NULL: no table */
	bool write;
	MemoryContext context;
	HTAB *queries;
	HTAB *lists;
	List *wanted_queries;
	List *wanted_lists;
};

/* The key of the tenant's own lists. */
extern const QueryKey store_nil_key;

/* The entry of a row, made if it is missing; it need not have been sought in the table. */
extern QueryEntry *store_query_entry(QueryStore *store, const QueryKey *id);
extern StoredList *store_list_entry(QueryStore *store, const QueryKey *key, char kind);

/* A list, read if need be; NULL when there is none, or change: made. */
extern StoredList *store_find_list(QueryStore *store, const QueryKey *key, char kind, bool change);

/* The tenant's own lists stand in its statistics while the store is used; NULL for other kinds. */
extern Links *store_tenant_list(QueryStore *store, char kind);

#endif
