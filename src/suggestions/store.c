/*
 * store.c
 *		The statistics of one tenant's queries in memory, as far as they are
 *		needed: rows, and the callbacks of the core.  store_read.c reads rows
 *		from their tables, store_save.c writes back changed ones.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "core/ranking/ranking.h"
#include "queries/identity.h"
#include "suggestions/query_terms.h"
#include "suggestions/store.h"
#include "suggestions/store_int.h"

const QueryKey store_tenant_key = {0, 0};

static QueryStatistics *find_query(Statistics *statistics, const QueryKey *id, bool change);
static Links *find_links(Statistics *statistics, const QueryKey *id, LinkKind kind, bool change);
static TermStatistics *find_term(Statistics *statistics, const char *term, bool change);
static const QueryContent *find_content(Statistics *statistics, const QueryKey *id);

QueryStore *
query_store_make(const char *tenant_id, ReadAs as)
{
	QueryStore *store = palloc0(sizeof(QueryStore));
	HASHCTL control = {0};

	store->statistics.query = find_query;
	store->statistics.links = find_links;
	store->statistics.term = find_term;
	store->statistics.content = find_content;
	store->statistics.tenant = &store->tenant;
	store->tenant_id = tenant_id;
	store->as = as;
	store->context = CurrentMemoryContext;
	control.hcxt = CurrentMemoryContext;
	control.keysize = sizeof(QueryKey);
	control.entrysize = sizeof(QueryEntry);
	store->queries =
		hash_create("personalization queries", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	control.keysize = sizeof(ListKey);
	control.entrysize = sizeof(StoredList);
	store->lists =
		hash_create("personalization lists", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	tenant_statistics_init(&store->tenant);
	return store;
}

Statistics *
query_store_statistics(QueryStore *store)
{
	return &store->statistics;
}

QueryEntry *
store_query_entry(QueryStore *store, const QueryKey *id)
{
	bool found;
	QueryEntry *entry = hash_search(store->queries, id, HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) entry + sizeof(QueryKey), 0, sizeof(QueryEntry) - sizeof(QueryKey));
		query_statistics_init(&entry->stored.statistics, id);
		entry->sought = store->tenant_id == NULL;
	}
	return entry;
}

StoredList *
store_list_entry(QueryStore *store, const QueryKey *key, char kind)
{
	ListKey list_key = {*key, kind};
	bool found;
	StoredList *entry = hash_search(store->lists, &list_key, HASH_ENTER, &found);

	if (!found)
	{
		entry->sought = store->tenant_id == NULL;
		entry->found = entry->changed = false;
		term_statistics_init(&entry->list);
	}
	return entry;
}

/*
 * Returns the key of a term in the table: only a hash of its text, so that
 * nothing has to be forgotten.
 */
static QueryKey
term_key(const char *term)
{
	const unsigned char *bytes = (const unsigned char *) term;
	int len = (int) strlen(term);
	QueryKey key = {hash_bytes_extended(bytes, len, 1), hash_bytes_extended(bytes, len, 2)};

	return key;
}

void
query_store_want_query(QueryStore *store, const QueryKey *id)
{
	QueryEntry *entry = store_query_entry(store, id);
	MemoryContext old = MemoryContextSwitchTo(store->context);

	if (!entry->sought)
		store->wanted_queries = lappend(store->wanted_queries, entry);
	MemoryContextSwitchTo(old);
}

void
query_store_want_list(QueryStore *store, const QueryKey *key, char kind)
{
	StoredList *entry = store_list_entry(store, key, kind);
	MemoryContext old = MemoryContextSwitchTo(store->context);

	if (!entry->sought)
		store->wanted_lists = lappend(store->wanted_lists, entry);
	MemoryContextSwitchTo(old);
}

void
query_store_want_term(QueryStore *store, const char *term)
{
	QueryKey key = term_key(term);

	query_store_want_list(store, &key, LIST_TERM);
}

Links *
store_tenant_list(QueryStore *store, char kind)
{
	switch (kind)
	{
		case LIST_POPULAR:
			return &store->tenant.popular;
		case LIST_TRENDING:
			return &store->tenant.trending;
		case LIST_USUAL:
			return &store->tenant.usual;
		default:
			return NULL;
	}
}

StoredQuery *
query_store_find(QueryStore *store, const QueryKey *id, bool change)
{
	QueryEntry *entry = store_query_entry(store, id);

	if (!entry->sought && store->statistics.only_read)
		return NULL;
	if (!entry->sought)
	{
		query_store_want_query(store, id);
		query_store_fetch(store);
	}
	if (!entry->stored.found && !change)
		return NULL;
	entry->stored.found = true;
	entry->stored.changed = entry->stored.changed || change;
	return &entry->stored;
}

static QueryStatistics *
find_query(Statistics *statistics, const QueryKey *id, bool change)
{
	StoredQuery *stored = query_store_find((QueryStore *) statistics, id, change);

	return stored == NULL ? NULL : &stored->statistics;
}

StoredList *
store_find_list(QueryStore *store, const QueryKey *key, char kind, bool change)
{
	StoredList *entry = store_list_entry(store, key, kind);

	if (!entry->sought && store->statistics.only_read)
		return NULL;
	if (!entry->sought)
	{
		query_store_want_list(store, key, kind);
		query_store_fetch(store);
	}
	if (!entry->found && !change)
		return NULL;
	entry->found = true;
	entry->changed = entry->changed || change;
	return entry;
}

Links *
query_store_list(QueryStore *store, const QueryKey *key, char kind, int64 **queries)
{
	StoredList *entry = store_find_list(store, key, kind, true);

	*queries = &entry->list.queries;
	return &entry->list.latest;
}

static Links *
find_links(Statistics *statistics, const QueryKey *id, LinkKind kind, bool change)
{
	StoredList *entry = store_find_list((QueryStore *) statistics, id, (char) kind, change);

	return entry == NULL ? NULL : &entry->list.latest;
}

static TermStatistics *
find_term(Statistics *statistics, const char *term, bool change)
{
	QueryKey key = term_key(term);
	StoredList *entry = store_find_list((QueryStore *) statistics, &key, LIST_TERM, change);

	return entry == NULL ? NULL : &entry->list;
}

static const QueryContent *
find_content(Statistics *statistics, const QueryKey *id)
{
	QueryStore *store = (QueryStore *) statistics;
	StoredQuery *stored = query_store_find(store, id, false);
	QueryContent *content;
	MemoryContext old;
	const char *text;

	if (stored == NULL || stored->query == NULL)
		return NULL;
	if (stored->content != NULL)
		return stored->content;
	old = MemoryContextSwitchTo(store->context);
	content = palloc(sizeof(QueryContent));
	content_init(content);
	text = query_fold_beyond_ascii(stored->query);
	content_add_text(content, text, strlen(text));
	query_content_tables(content, stored->tables);
	stored->content = content;
	MemoryContextSwitchTo(old);
	return content;
}

uint32
query_user_hash(const char *user_id)
{
	return hash_bytes((const unsigned char *) user_id, (int) strlen(user_id));
}

int
query_store_offers(QueryStore *store, const Situation *situation, Offer *offers)
{
	int n = statistics_offers(&store->statistics, situation, offers);

	for (int i = 0; i < offers_kept(n); i++)
		query_store_want_query(store, &offers[i].id);
	query_store_fetch(store);
	statistics_describe(&store->statistics, situation, offers, n);
	return n;
}

void
query_store_terms(QueryStore *store, StoredQuery *query)
{
	MemoryContext old;

	if (query->terms_known)
		return;
	old = MemoryContextSwitchTo(store->context);
	query->statistics.nterms = query_terms(query->query, query->tables, &query->statistics.terms);
	query->terms_known = true;
	MemoryContextSwitchTo(old);
}
