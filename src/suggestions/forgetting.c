/*
 * forgetting.c
 *		Removing the requests of a forgotten user from the statistics of the
 *		tenant.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/rows.h"
#include "base/statement.h"
#include "cache/changes.h"
#include "core/ranking/links.h"
#include "core/ranking/statistics.h"
#include "suggestions/counting.h"
#include "suggestions/history.h"
#include "suggestions/restart.h"
#include "suggestions/store.h"

static Statement delete_events = STATEMENT("DELETE FROM personalization.query_events"
										   " WHERE tenant_id = $1 AND user_id = $2",
										   "text text");

/*
 * The user's queries, with how often each was asked, and how many of its requests are in the
 * statistics: none that waits in query_events, or that a rebuild has still to read ($4, $5: how
 * far it is).  What was asked before the statistics begin ($6) they only have as far as it was
 * still stored when they were rebuilt.
 */
static Statement select_own = STATEMENT(
	"WITH own AS MATERIALIZED ("
	"   SELECT query_id, ask_count, first_asked, " SHORT_QUERY " AS counts"
	"   FROM personalization.user_queries"
	"   WHERE tenant_id = $1 AND user_id = $2"
	"   LIMIT $3),"
	" uncounted AS MATERIALIZED ("
	"   SELECT query_id, count(*) AS n"
	"   FROM ("
	"     SELECT query_id, interaction_id"
	"     FROM personalization.query_events"
	"     WHERE tenant_id = $1 AND user_id = $2"
	"     UNION SELECT query_id, interaction_id"
	"     FROM personalization.interactions"
	"     WHERE tenant_id = $1 AND user_id = $2 AND query_id IS NOT NULL AND occurred_at >= $4"
	"     AND (occurred_at, interaction_id) > ($4, $5)) u"
	"   GROUP BY query_id),"
	" stored AS MATERIALIZED ("
	"   SELECT query_id, count(*) AS n"
	"   FROM personalization.interactions"
	"   WHERE tenant_id = $1 AND user_id = $2 AND query_id IS NOT NULL"
	"   AND EXISTS (SELECT FROM own WHERE first_asked < $6)"
	"   GROUP BY query_id)"
	" SELECT o.query_id, CASE WHEN o.counts THEN greatest(0,"
	"   CASE WHEN o.first_asked < $6 THEN least(o.ask_count, coalesce(s.n, 0)) ELSE o.ask_count END"
	"   - coalesce(u.n, 0)) ELSE 0 END"
	" FROM own o LEFT JOIN uncounted u USING (query_id) LEFT JOIN stored s USING (query_id)",
	"text text int8 timestamptz uuid timestamptz");

enum
{
	OWN_QUERY_ID = 1,
	OWN_COUNTED
};

/* The other users of these queries, the latest first. */
static Statement select_others =
	STATEMENT("SELECT DISTINCT ON (query_id) query_id, coalesce(words, query), tables"
			  " FROM personalization.user_queries"
			  " WHERE tenant_id = $1 AND user_id <> $2 AND query_id = ANY ($3)"
			  " ORDER BY query_id, last_asked DESC",
			  "text text uuid[]");

enum
{
	OTHERS_QUERY_ID = 1,
	OTHERS_QUERY,
	OTHERS_TABLES
};

static Statement delete_queries = STATEMENT("DELETE FROM personalization.query_statistics"
											" WHERE tenant_id = $1 AND query_id = ANY ($2)",
											"text uuid[]");

static Statement delete_lists = STATEMENT("DELETE FROM personalization.query_lists"
										  " WHERE tenant_id = $1 AND list_key = ANY ($2)",
										  "text uuid[]");

static Statement select_lists = STATEMENT("SELECT list_key, kind"
										  " FROM personalization.query_lists"
										  " WHERE tenant_id = $1 AND queries && $2",
										  "text uuid[]");

enum
{
	LISTS_KEY = 1,
	LISTS_KIND
};

/*
 * Suggestions shown to others for queries that only this user asked: a query's
 * id is a hash of its words, which could be guessed.
 */
static Statement delete_shown =
	STATEMENT("DELETE FROM personalization.suggestions s"
			  " WHERE s.tenant_id = $1 AND s.user_id <> $2"
			  " AND EXISTS ("
			  "   SELECT FROM personalization.user_queries q"
			  "   WHERE q.tenant_id = $1 AND q.user_id = $2 AND q.query_id = s.query_id)"
			  " AND NOT EXISTS ("
			  "   SELECT FROM personalization.user_queries o"
			  "   WHERE o.tenant_id = $1 AND o.user_id <> $2 AND o.query_id = s.query_id)",
			  "text text");

/* Lists of terms that occur in no query any more: the key is a hash of the term. */
static Statement delete_empty =
	STATEMENT("DELETE FROM personalization.query_lists"
			  " WHERE tenant_id = $1 AND list_key = ANY ($2) AND kind = 't' AND queries = '{}'"
			  " AND total <= 0",
			  "text uuid[]");

/* Users who may have suggestions in the cache. */
static Statement select_shown_users = STATEMENT("SELECT DISTINCT user_id"
												" FROM personalization.suggestions"
												" WHERE tenant_id = $1 AND user_id <> $2",
												"text text");

/* With more queries than this, rebuilding the tenant's statistics is faster. */
#define MAX_FORGOTTEN 1000

typedef struct OwnQuery
{
	QueryKey id;
	int64 asks;	 /* those that the statistics have */
	bool shared; /* others ask it too */
} OwnQuery;

static OwnQuery *
find_own(OwnQuery *own, int n, const QueryKey *id)
{
	for (int i = 0; i < n; i++)
	{
		if (same_query(&own[i].id, id))
			return &own[i];
	}
	return NULL;
}

static Datum
ids_of(const OwnQuery *own, int n, bool shared)
{
	Column ids;

	column_init(&ids, UUIDOID, Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (own[i].shared == shared)
			column_add(&ids, UUIDPGetDatum(query_uuid(&own[i].id)));
	}
	return column_array(&ids);
}

/*
 * Queries that others ask remain, with the text of another user and without
 * this user's requests.
 */
static void
leave_to_others(QueryStore *store, const char *tenant_id, const char *user_id, OwnQuery *own, int n)
{
	TenantStatistics *tenant = query_store_statistics(store)->tenant;
	Column ids;
	Datum values[3] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	uint64 nrows;
	SPITupleTable *others;

	column_init(&ids, UUIDOID, Max(n, 1));
	for (int i = 0; i < n; i++)
		column_add(&ids, UUIDPGetDatum(query_uuid(&own[i].id)));
	values[2] = column_array(&ids);
	nrows = statement_execute(&select_others, values, NULL, SNAPSHOT_NEW);
	others = SPI_tuptable;
	for (uint64 row = 0; row < nrows; row++)
	{
		bool isnull;
		QueryKey id = query_key(DatumGetUUIDP(
			SPI_getbinval(others->vals[row], others->tupdesc, OTHERS_QUERY_ID, &isnull)));
		OwnQuery *mine = find_own(own, n, &id);
		StoredQuery *stored = query_store_find(store, &id, false);
		double asks;

		mine->shared = true;
		if (stored == NULL)
			continue;
		stored = query_store_find(store, &id, true);
		stored->query = SPI_getvalue(others->vals[row], others->tupdesc, OTHERS_QUERY);
		stored->tables = DatumGetJsonbPCopy(
			SPI_getbinval(others->vals[row], others->tupdesc, OTHERS_TABLES, &isnull));
		stored->terms_known = false;
		stored->content = NULL;
		asks = stored->statistics.ask_count;
		stored->statistics.ask_count = Max(asks - (double) mine->asks, 1.0);
		tenant->popular.total -= asks - stored->statistics.ask_count;
		if (mine->asks > 0)
			stored->statistics.user_count = Max(stored->statistics.user_count - 1, 1);
		stored->statistics.last_user = 0;
		if (links_find(&tenant->popular, &id) >= 0)
			links_set(&tenant->popular, &id, stored->statistics.ask_count);
	}
}

/* Returns the key and kind of a list, from a row of select_lists. */
static QueryKey
list_of(const SPITupleTable *lists, uint64 row, char *kind)
{
	bool isnull;

	*kind = DatumGetChar(SPI_getbinval(lists->vals[row], lists->tupdesc, LISTS_KIND, &isnull));
	return query_key(
		DatumGetUUIDP(SPI_getbinval(lists->vals[row], lists->tupdesc, LISTS_KEY, &isnull)));
}

/* Removes queries that nobody else asks from every list.  Returns the lists that contained them. */
static Datum
erase_own(QueryStore *store, const char *tenant_id, const OwnQuery *own, int n)
{
	Statistics *statistics = query_store_statistics(store);
	Links *popular = &statistics->tenant->popular;
	Datum values[] = {CStringGetTextDatum(tenant_id), ids_of(own, n, false)};
	SPITupleTable *lists;
	uint64 nrows;
	Column keys;
	char kind;

	(void) statement_execute(&delete_queries, values, NULL, SNAPSHOT_NEW);
	(void) statement_execute(&delete_lists, values, NULL, SNAPSHOT_NEW);
	nrows = statement_execute(&select_lists, values, NULL, SNAPSHOT_NEW);
	lists = SPI_tuptable;
	column_init(&keys, UUIDOID, Max((int) nrows, 1));
	for (uint64 row = 0; row < nrows; row++)
	{
		QueryKey key = list_of(lists, row, &kind);

		query_store_want_list(store, &key, kind);
	}
	query_store_fetch(store);
	for (uint64 row = 0; row < nrows; row++)
	{
		QueryKey key = list_of(lists, row, &kind);
		int64 *queries;
		Links *links = query_store_list(store, &key, kind, &queries);

		column_add(&keys, UUIDPGetDatum(query_uuid(&key)));

		for (int i = 0; i < n; i++)
		{
			if (!own[i].shared && links_remove(links, &own[i].id))
				*queries = Max(*queries - 1, 0);
		}
	}
	for (int i = 0; i < n; i++)
	{
		const StoredQuery *stored;

		if (own[i].shared)
			continue;
		stored = query_store_find(store, &own[i].id, false);
		if (stored != NULL)
			popular->total -= stored->statistics.ask_count;
		(void) links_remove(popular, &own[i].id);
		(void) links_remove(&statistics->tenant->trending, &own[i].id);
		(void) links_remove(&statistics->tenant->usual, &own[i].id);
	}
	popular->total = Max(popular->total, 0.0);
	return column_array(&keys);
}

/*
 * Cached suggestions of others may contain this user's queries.  Every user
 * with cached suggestions has been shown some.
 */
static void
make_shown_stale(const char *tenant_id, const char *user_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	SPITupleTable *users;
	uint64 nrows;

	if (!cache_wanted())
		return;
	nrows = statement_execute(&select_shown_users, values, NULL, SNAPSHOT_NEW);
	users = SPI_tuptable;
	for (uint64 row = 0; row < nrows; row++)
		cache_suggestions_stale(tenant_id,
								SPI_getvalue(users->vals[row], users->tupdesc, ONLY_COLUMN));
	SPI_freetuptable(users);
}

void
statistics_forget(const char *tenant_id, const char *user_id)
{
	pg_uuid_t none = {{0}};
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(user_id),
					  Int64GetDatum(MAX_FORGOTTEN + 1),
					  TimestampTzGetDatum(DT_NOEND),
					  UUIDPGetDatum(&none),
					  TimestampTzGetDatum(DT_NOBEGIN)};
	QueryStore *store = query_store_make(tenant_id, SNAPSHOT_NEW);
	TenantStatistics *tenant = query_store_statistics(store)->tenant;
	TimestampTz from;
	pg_uuid_t from_id;
	bool rebuilding = query_store_lock(store, &from, &from_id);
	OwnQuery *own = NULL;
	Datum lists[2] = {values[0]};
	int64 counted = 0;
	int n = 0;

	make_shown_stale(tenant_id, user_id);
	(void) statement_execute(&delete_shown, values, NULL, SNAPSHOT_NEW);
	if (tenant->asks > 0)
	{
		if (rebuilding)
		{
			values[3] = TimestampTzGetDatum(from);
			values[4] = UUIDPGetDatum(&from_id);
		}
		values[5] = TimestampTzGetDatum(tenant->since);
		n = (int) statement_execute(&select_own, values, NULL, SNAPSHOT_NEW);
		own = palloc0(Max(n, 1) * sizeof(OwnQuery));
		for (int i = 0; i < n; i++)
		{
			own[i].id = query_key(DatumGetUUIDP(result_value(i, OWN_QUERY_ID, NULL)));
			own[i].asks = DatumGetInt64(result_value(i, OWN_COUNTED, NULL));
			query_store_want_query(store, &own[i].id);
			counted += Min(own[i].asks, tenant->asks - counted);
		}
	}
	(void) statement_execute(&delete_events, values, NULL, SNAPSHOT_NEW);
	if (n == 0)
		return;
	if (n > MAX_FORGOTTEN)
	{
		statistics_restart(tenant_id);
		return;
	}
	tenant->asks -= counted;

	/* There are no requests of others: delete everything. */
	if (tenant->asks <= 0)
	{
		statistics_restart(tenant_id);
		return;
	}
	if (counted > 0)
		tenant->users = Max(tenant->users - 1, 0);
	query_store_fetch(store);
	leave_to_others(store, tenant_id, user_id, own, n);
	lists[1] = erase_own(store, tenant_id, own, n);
	query_store_save(store, tenant->since, rebuilding ? &from : NULL, &from_id);
	(void) statement_execute(&delete_empty, lists, NULL, SNAPSHOT_NEW);
}
