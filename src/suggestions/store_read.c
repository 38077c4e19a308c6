/*
 * store_read.c
 *		Reading the rows of a store from their tables.  An application role
 *		may have written a row of its tenant: impossible values are read as
 *		absent.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/rows.h"
#include "base/statement.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/trend.h"
#include "suggestions/history.h"
#include "suggestions/restart.h"
#include "suggestions/store.h"
#include "suggestions/store_int.h"

/*
 * One probe of the key for each query.  With query_id = ANY ($2), a plan that was made
 * while the table was small reads all queries of the tenant, and compares each.
 */
static Statement select_queries =
	STATEMENT("SELECT k.id, q.*"
			  " FROM unnest($2) AS k (id), LATERAL ("
			  "   SELECT query, tables, ask_count, user_count, fast, slow, last_user,"
			  "    other_asked, last_asked"
			  "   FROM personalization.query_statistics"
			  "   WHERE tenant_id = $1 AND query_id = k.id AND " SHORT_QUERY "   OFFSET 0) q",
			  "text uuid[]");

enum
{
	QUERY_ID = 1,
	QUERY_TEXT,
	QUERY_TABLES,
	QUERY_ASK_COUNT,
	QUERY_USER_COUNT,
	QUERY_FAST,
	QUERY_SLOW,
	QUERY_LAST_USER,
	QUERY_OTHER_ASKED,
	QUERY_LAST_ASKED
};

static Statement select_lists =
	STATEMENT("SELECT k.key, k.kind, l.*"
			  " FROM unnest($2, $3) AS k (key, kind), LATERAL ("
			  "   SELECT total, queries, weights"
			  "   FROM personalization.query_lists"
			  "   WHERE tenant_id = $1 AND list_key = k.key AND kind = k.kind"
			  "   OFFSET 0) l",
			  "text uuid[] \"char\"[]");

enum
{
	LISTS_KEY = 1,
	LISTS_KIND,
	LISTS_TOTAL,
	LISTS_QUERIES,
	LISTS_WEIGHTS
};

#define RANKING_COLUMNS                                                                            \
	"since, asks, users, weights, gradients, asked, covered, shifts, shift_gradients, grades,"     \
	" rebuild_from, rebuild_id"

enum
{
	RANKING_SINCE = 1,
	RANKING_ASKS,
	RANKING_USERS,
	RANKING_WEIGHTS,
	RANKING_GRADIENTS,
	RANKING_ASKED,
	RANKING_COVERED,
	RANKING_SHIFTS,
	RANKING_SHIFT_GRADIENTS,
	RANKING_GRADES,
	RANKING_REBUILD_FROM,
	RANKING_REBUILD_ID
};

static Statement select_ranking = STATEMENT(
	"SELECT " RANKING_COLUMNS " FROM personalization.rankings WHERE tenant_id = $1", "text");

static Statement lock_ranking = STATEMENT("SELECT " RANKING_COLUMNS " FROM personalization.rankings"
										  " WHERE tenant_id = $1"
										  " FOR NO KEY UPDATE",
										  "text");

static Statement lock_free_ranking =
	STATEMENT("SELECT " RANKING_COLUMNS " FROM personalization.rankings"
			  " WHERE tenant_id = $1"
			  " FOR NO KEY UPDATE SKIP LOCKED",
			  "text");

static Statement insert_ranking =
	STATEMENT("INSERT INTO personalization.rankings (tenant_id, rebuild_from)"
			  " VALUES ($1, '-infinity')"
			  " ON CONFLICT (tenant_id) DO NOTHING",
			  "text");

static uint64
read_rows(QueryStore *store, Statement *statement, Datum *values)
{
	return statement_execute(statement, values, NULL, store->as);
}

/*
 * An application role may have written a row of its tenant; impossible values
 * are read as absent.  Counts and trends are limited to these.
 */
#define MOST_COUNTED 1e15
#define HIGHEST_TREND 1e9

static bool
is_count(double number)
{
	return number >= 0.0 && number <= MOST_COUNTED;
}

static double
count_value(uint64 row, int column)
{
	double number = DatumGetFloat8(result_value(row, column, NULL));

	return is_count(number) ? number : 0.0;
}

static double
trend_value(uint64 row, int column)
{
	double number = DatumGetFloat8(result_value(row, column, NULL));

	return number >= TREND_NONE && number <= HIGHEST_TREND ? number : TREND_NONE;
}

/* Reads a time; returns false if it is infinite. */
static bool
time_value(uint64 row, int column, TimestampTz *at)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	if (isnull || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
		return false;
	*at = DatumGetTimestampTz(value);
	return true;
}

static void
read_query(uint64 row, StoredQuery *stored)
{
	QueryStatistics *statistics = &stored->statistics;

	/* A query without requests is ignored. */
	if (!time_value(row, QUERY_LAST_ASKED, &statistics->last_asked))
		return;
	stored->query = TextDatumGetCString(result_value(row, QUERY_TEXT, NULL));
	stored->tables = DatumGetJsonbPCopy(result_value(row, QUERY_TABLES, NULL));
	statistics->ask_count = count_value(row, QUERY_ASK_COUNT);
	statistics->user_count = Max(DatumGetInt64(result_value(row, QUERY_USER_COUNT, NULL)), 0);
	statistics->fast = trend_value(row, QUERY_FAST);
	statistics->slow = trend_value(row, QUERY_SLOW);
	statistics->last_user = DatumGetUInt32(result_value(row, QUERY_LAST_USER, NULL));
	(void) time_value(row, QUERY_OTHER_ASKED, &statistics->other_asked);
	stored->found = true;
}

static void
fetch_queries(QueryStore *store)
{
	Column ids;
	Datum values[2];
	uint64 nrows;
	ListCell *cell;

	column_init(&ids, UUIDOID, list_length(store->wanted_queries));
	foreach (cell, store->wanted_queries)
	{
		QueryEntry *entry = lfirst(cell);

		if (!entry->sought)
			column_add(&ids, UUIDPGetDatum(query_uuid(&entry->stored.statistics.id)));
		entry->sought = true;
	}
	store->wanted_queries = NIL;
	values[0] = CStringGetTextDatum(store->tenant_id);
	values[1] = column_array(&ids);
	nrows = read_rows(store, &select_queries, values);
	for (uint64 row = 0; row < nrows; row++)
	{
		QueryKey id = query_key(DatumGetUUIDP(result_value(row, QUERY_ID, NULL)));
		MemoryContext old = MemoryContextSwitchTo(store->context);

		read_query(row, &store_query_entry(store, &id)->stored);
		MemoryContextSwitchTo(old);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Returns the elements of an array of a row; 0 if it is not as we write it. */
static int
array_elements(Datum array, Oid type, int len, bool by_value, char align, Datum **elements)
{
	ArrayType *decoded = DatumGetArrayTypeP(array);
	int n;

	if (ARR_NDIM(decoded) > 1 || ARR_HASNULL(decoded))
		return 0;
	deconstruct_array(decoded, type, len, by_value, align, elements, NULL, &n);
	return n;
}

/* Stored rows are not trusted: weights must be descending, and as many as the queries. */
static void
read_links(uint64 row, char kind, Links *links)
{
	bool trends = kind == LIST_TRENDING || kind == LIST_USUAL;
	Datum *ids;
	Datum *weights;
	int n = array_elements(result_value(row, LISTS_QUERIES, NULL), UUIDOID, UUID_LEN, false,
						   TYPALIGN_CHAR, &ids);

	if (array_elements(result_value(row, LISTS_WEIGHTS, NULL), FLOAT8OID, sizeof(float8),
					   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &weights) != n ||
		n > LINKS_MAX)
		n = 0;
	links->total = count_value(row, LISTS_TOTAL);
	links->n = 0;
	for (int i = 0; i < n; i++)
	{
		double weight = DatumGetFloat8(weights[i]);

		if (!(trends ? weight >= TREND_NONE && weight <= HIGHEST_TREND : is_count(weight)) ||
			(i > 0 && weight > links->weights[i - 1]))
			break;
		links->ids[i] = query_key(DatumGetUUIDP(ids[i]));
		links->weights[i] = weight;
		links->n++;
	}
}

static void
fetch_lists(QueryStore *store)
{
	Column keys;
	Column kinds;
	Datum values[3];
	uint64 nrows;
	ListCell *cell;

	column_init(&keys, UUIDOID, list_length(store->wanted_lists));
	column_init(&kinds, CHAROID, list_length(store->wanted_lists));
	foreach (cell, store->wanted_lists)
	{
		StoredList *entry = lfirst(cell);

		if (entry->sought)
			continue;
		entry->sought = true;
		column_add(&keys, UUIDPGetDatum(query_uuid(&entry->key.key)));
		column_add(&kinds, CharGetDatum((char) entry->key.kind));
	}
	store->wanted_lists = NIL;
	values[0] = CStringGetTextDatum(store->tenant_id);
	values[1] = column_array(&keys);
	values[2] = column_array(&kinds);
	nrows = read_rows(store, &select_lists, values);
	for (uint64 row = 0; row < nrows; row++)
	{
		QueryKey key = query_key(DatumGetUUIDP(result_value(row, LISTS_KEY, NULL)));
		StoredList *entry =
			store_list_entry(store, &key, DatumGetChar(result_value(row, LISTS_KIND, NULL)));

		read_links(row, (char) entry->key.kind, &entry->list.latest);
		if (store_tenant_list(store, (char) entry->key.kind) != NULL)
			*store_tenant_list(store, (char) entry->key.kind) = entry->list.latest;
		if (entry->key.kind == LIST_TERM)
			entry->list.queries = (int64) entry->list.latest.total;
		entry->found = true;
	}
	SPI_freetuptable(SPI_tuptable);
}

void
query_store_fetch(QueryStore *store)
{
	if (store->wanted_queries != NIL)
		fetch_queries(store);
	if (store->wanted_lists != NIL)
		fetch_lists(store);
}

/* Reads an array of n float8 or float4 of the first row; returns false if it is not one. */
static bool
read_numbers(int column, Oid type, void *numbers, int n)
{
	ArrayType *decoded = DatumGetArrayTypeP(result_value(0, column, NULL));
	Size size = (type == FLOAT4OID ? sizeof(float4) : sizeof(float8)) * n;

	if (ARR_NDIM(decoded) != 1 || ARR_HASNULL(decoded) || ARR_ELEMTYPE(decoded) != type ||
		ARR_DIMS(decoded)[0] != n)
		return false;
	memcpy(numbers, ARR_DATA_PTR(decoded), size);
	return true;
}

/* The grades of newcomers follow; versions before 1.1 had none for them. */
static bool
read_grades(Ranking *ranking)
{
	memset(ranking->grades, 0, sizeof(ranking->grades));
	return read_numbers(RANKING_GRADES, FLOAT8OID, ranking->grades, STANDINGS * 2 * GRADES) ||
		   read_numbers(RANKING_GRADES, FLOAT8OID, ranking->grades, 2 * GRADES);
}

/* Reads the tenant's row from the last result, if there is one. */
static void
read_ranking(TenantStatistics *tenant)
{
	Ranking ranking;

	(void) time_value(0, RANKING_SINCE, &tenant->since);
	tenant->asks = Max(DatumGetInt64(result_value(0, RANKING_ASKS, NULL)), 0);
	tenant->users = Max(DatumGetInt64(result_value(0, RANKING_USERS, NULL)), 0);

	/* Invalid arrays are reset: they must have the right length, be finite, and within bounds. */
	if (!read_numbers(RANKING_WEIGHTS, FLOAT8OID, ranking.weights, FEATURES) ||
		!read_numbers(RANKING_GRADIENTS, FLOAT8OID, ranking.gradients, FEATURES) ||
		!read_numbers(RANKING_SHIFTS, FLOAT4OID, ranking.shifts, SHIFTS * FEATURES) ||
		!read_numbers(RANKING_SHIFT_GRADIENTS, FLOAT8OID, ranking.shift_gradients, SHIFTS) ||
		!read_grades(&ranking))
		return;
	ranking.asked = DatumGetFloat8(result_value(0, RANKING_ASKED, NULL));
	ranking.covered = DatumGetFloat8(result_value(0, RANKING_COVERED, NULL));
	if (ranking_valid(&ranking))
		tenant->ranking = ranking;
}

static void
want_tenant_lists(QueryStore *store)
{
	query_store_want_list(store, &store_tenant_key, LIST_POPULAR);
	query_store_want_list(store, &store_tenant_key, LIST_TRENDING);
	query_store_want_list(store, &store_tenant_key, LIST_USUAL);
}

void
query_store_open(QueryStore *store)
{
	Datum values[] = {CStringGetTextDatum(store->tenant_id)};

	if (read_rows(store, &select_ranking, values) > 0)
		read_ranking(&store->tenant);
	want_tenant_lists(store);
}

/* Creates the tenant's row, and locks it with a statement; returns whether it is locked. */
static bool
insert_and_lock(const QueryStore *store, Datum *values, Statement *lock)
{
	if (statement_execute(&insert_ranking, values, NULL, SNAPSHOT_NEW) > 0)
		statistics_erase(store->tenant_id);
	return statement_execute(lock, values, NULL, SNAPSHOT_NEW) > 0;
}

/* Reads the row that was locked; returns whether it is to be filled from the interactions. */
static bool
read_locked(QueryStore *store, TimestampTz *from, pg_uuid_t *from_id)
{
	bool complete;
	bool isnull;
	Datum id;

	read_ranking(&store->tenant);
	*from = DatumGetTimestampTz(result_value(0, RANKING_REBUILD_FROM, &complete));
	id = result_value(0, RANKING_REBUILD_ID, &isnull);
	memset(from_id, 0, sizeof(*from_id));
	if (!isnull)
		*from_id = *DatumGetUUIDP(id);
	want_tenant_lists(store);
	return !complete;
}

bool
query_store_lock(QueryStore *store, TimestampTz *from, pg_uuid_t *from_id)
{
	Datum values[] = {CStringGetTextDatum(store->tenant_id)};

	if (statement_execute(&lock_ranking, values, NULL, SNAPSHOT_NEW) == 0)
		(void) insert_and_lock(store, values, &lock_ranking);
	return read_locked(store, from, from_id);
}

bool
query_store_lock_if_free(QueryStore *store, bool *rebuilding, TimestampTz *from, pg_uuid_t *from_id)
{
	Datum values[] = {CStringGetTextDatum(store->tenant_id)};

	/* Inserting a row that another session is changing would wait for it. */
	if (statement_execute(&lock_free_ranking, values, NULL, SNAPSHOT_NEW) == 0 &&
		(statement_execute(&select_ranking, values, NULL, SNAPSHOT_NEW) > 0 ||
		 !insert_and_lock(store, values, &lock_free_ranking)))
		return false;
	*rebuilding = read_locked(store, from, from_id);
	return true;
}
