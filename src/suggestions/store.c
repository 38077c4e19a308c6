/*
 * store.c
 *		The statistics of one tenant's queries in memory, as far as they are
 *		needed: rows, the callbacks of the core, reading rows from their
 *		tables, and writing back changed ones.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "core/links.h"
#include "core/ranking.h"
#include "core/terms.h"
#include "core/trend.h"
#include "queries/identity.h"
#include "suggestions/history.h"
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

static const QueryKey nil_key = {0, 0};

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

static QueryEntry *
query_entry(QueryStore *store, const QueryKey *id)
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

static StoredList *
list_entry(QueryStore *store, const QueryKey *key, char kind)
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
	QueryEntry *entry = query_entry(store, id);
	MemoryContext old = MemoryContextSwitchTo(store->context);

	if (!entry->sought)
		store->wanted_queries = lappend(store->wanted_queries, entry);
	MemoryContextSwitchTo(old);
}

void
query_store_want_list(QueryStore *store, const QueryKey *key, char kind)
{
	StoredList *entry = list_entry(store, key, kind);
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

static Links *
tenant_list(QueryStore *store, char kind)
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
	QueryEntry *entry = query_entry(store, id);

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

static StoredList *
find_list(QueryStore *store, const QueryKey *key, char kind, bool change)
{
	StoredList *entry = list_entry(store, key, kind);

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
	StoredList *entry = find_list(store, key, kind, true);

	*queries = &entry->list.queries;
	return &entry->list.latest;
}

static Links *
find_links(Statistics *statistics, const QueryKey *id, LinkKind kind, bool change)
{
	StoredList *entry = find_list((QueryStore *) statistics, id, (char) kind, change);

	return entry == NULL ? NULL : &entry->list.latest;
}

static TermStatistics *
find_term(Statistics *statistics, const char *term, bool change)
{
	QueryKey key = term_key(term);
	StoredList *entry = find_list((QueryStore *) statistics, &key, LIST_TERM, change);

	return entry == NULL ? NULL : &entry->list;
}

/* Returns the next text of an array's elements; false at its end. */
static bool
next_text(JsonbIterator **it, JsonbValue *value)
{
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(it, value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && value->type == jbvString)
			return true;
	}
	return false;
}

static JsonbIterator *
tables_begin(const Jsonb *tables)
{
	return tables == NULL || !JB_ROOT_IS_ARRAY(tables)
			   ? NULL
			   : JsonbIteratorInit(unconstify(JsonbContainer *, &tables->root));
}

void
query_content_tables(QueryContent *content, const Jsonb *tables)
{
	JsonbIterator *it = tables_begin(tables);
	JsonbValue value;

	while (it != NULL && content->ntables < CONTENT_MAX && next_text(&it, &value))
		content_add_table(content, value.val.string.val, (size_t) value.val.string.len);
}

static const QueryContent *
find_content(Statistics *statistics, const QueryKey *id)
{
	QueryStore *store = (QueryStore *) statistics;
	StoredQuery *stored = query_store_find(store, id, false);
	QueryContent *content;

	if (stored == NULL || stored->query == NULL)
		return NULL;
	if (stored->content != NULL)
		return stored->content;
	content = MemoryContextAlloc(store->context, sizeof(QueryContent));
	content_init(content);
	content_add_text(content, stored->query, strlen(stored->query));
	query_content_tables(content, stored->tables);
	stored->content = content;
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

/* Adds a term that is not there yet, if there is space. */
static void
add_term(const char **terms, int *n, const Term *term)
{
	for (int i = 0; i < *n; i++)
	{
		if (strcmp(terms[i], term->text) == 0)
			return;
	}
	if (*n < TERMS_MAX)
		terms[(*n)++] = pstrdup(term->text);
}

int
query_terms(const char *query, const Jsonb *tables, const char *const **terms)
{
	const char **found = palloc(TERMS_MAX * sizeof(char *));
	JsonbIterator *it = tables_begin(tables);
	JsonbValue value;
	const char *folded;
	Term words[WORDS_MAX];
	int nwords;
	int n = 0;

	while (it != NULL && n < TERMS_MAX && next_text(&it, &value))
	{
		Term term;

		if (table_term(value.val.string.val, (size_t) value.val.string.len, &term))
			add_term(found, &n, &term);
	}
	if (query != NULL)
	{
		folded = query_fold(query);
		nwords = extract_words(folded, strlen(folded), words);
		for (int i = 0; i < nwords; i++)
			add_term(found, &n, &words[i]);
	}
	*terms = (const char *const *) found;
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

/* ---------------------------------------------------------------- reading */

static Statement select_queries =
	STATEMENT("SELECT query_id, query, tables, ask_count, user_count, fast, slow, last_user,"
			  "  other_asked, last_asked"
			  " FROM personalization.query_statistics"
			  " WHERE tenant_id = $1 AND query_id = ANY ($2) AND " SHORT_QUERY,
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

		read_query(row, &query_entry(store, &id)->stored);
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
			list_entry(store, &key, DatumGetChar(result_value(row, LISTS_KIND, NULL)));

		read_links(row, (char) entry->key.kind, &entry->list.latest);
		if (tenant_list(store, (char) entry->key.kind) != NULL)
			*tenant_list(store, (char) entry->key.kind) = entry->list.latest;
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
		!read_numbers(RANKING_GRADES, FLOAT8OID, ranking.grades, 2 * GRADES))
		return;
	ranking.asked = DatumGetFloat8(result_value(0, RANKING_ASKED, NULL));
	ranking.covered = DatumGetFloat8(result_value(0, RANKING_COVERED, NULL));
	if (ranking_valid(&ranking))
		tenant->ranking = ranking;
}

static void
want_tenant_lists(QueryStore *store)
{
	query_store_want_list(store, &nil_key, LIST_POPULAR);
	query_store_want_list(store, &nil_key, LIST_TRENDING);
	query_store_want_list(store, &nil_key, LIST_USUAL);
}

void
query_store_open(QueryStore *store)
{
	Datum values[] = {CStringGetTextDatum(store->tenant_id)};

	if (read_rows(store, &select_ranking, values) > 0)
		read_ranking(&store->tenant);
	want_tenant_lists(store);
}

bool
query_store_lock(QueryStore *store, TimestampTz *from, pg_uuid_t *from_id)
{
	Datum values[] = {CStringGetTextDatum(store->tenant_id)};
	bool complete;
	bool isnull;
	Datum id;

	if (statement_execute(&lock_ranking, values, NULL, SNAPSHOT_NEW) == 0)
	{
		(void) statement_execute(&insert_ranking, values, NULL, SNAPSHOT_NEW);
		(void) statement_execute(&lock_ranking, values, NULL, SNAPSHOT_NEW);
	}
	read_ranking(&store->tenant);
	*from = DatumGetTimestampTz(result_value(0, RANKING_REBUILD_FROM, &complete));
	id = result_value(0, RANKING_REBUILD_ID, &isnull);
	memset(from_id, 0, sizeof(*from_id));
	if (!isnull)
		*from_id = *DatumGetUUIDP(id);
	want_tenant_lists(store);
	return !complete;
}

/* ---------------------------------------------------------------- saving */

static Statement update_ranking =
	STATEMENT("UPDATE personalization.rankings"
			  " SET since = $2, asks = $3, users = $4, weights = $5, gradients = $6, asked = $7,"
			  "  covered = $8, shifts = $9, shift_gradients = $10, grades = $11,"
			  "  rebuild_from = $12, rebuild_id = $13"
			  " WHERE tenant_id = $1",
			  "text timestamptz int8 int8 float8[] float8[] float8 float8 float4[] float8[]"
			  " float8[] timestamptz uuid");

static RowWriter query_writer = ROW_WRITER(
	"personalization.query_statistics AS s",
	"query_id, query, tables, ask_count, user_count, fast, slow, last_user, other_asked,"
	"  last_asked, last_day",
	"uuid text jsonb float8 int8 float8 float8 int4 timestamptz timestamptz date",
	"ON CONFLICT (tenant_id, query_id) DO UPDATE"
	" SET query = excluded.query, tables = excluded.tables, ask_count = excluded.ask_count,"
	"  user_count = excluded.user_count, fast = excluded.fast, slow = excluded.slow,"
	"  last_user = excluded.last_user, other_asked = excluded.other_asked,"
	"  last_asked = excluded.last_asked, last_day = excluded.last_day");

static RowWriter list_writer = ROW_WRITER(
	"personalization.query_lists AS l", "list_key, kind, total, queries, weights, last_day",
	"uuid \"char\" float8 uuid[] float8[] date",
	"ON CONFLICT (tenant_id, list_key, kind) DO UPDATE"
	" SET total = excluded.total, queries = excluded.queries, weights = excluded.weights,"
	"  last_day = greatest(l.last_day, excluded.last_day)");

/* Rows to be written to a table, a few at a time. */
typedef struct RowBatch
{
	RowWriter *writer;
	const char *tenant_id;
	Column *columns;
} RowBatch;

/*
 * Writes the collected rows; a statement over arrays does not support columns
 * that are arrays themselves.
 */
static void
batch_flush(RowBatch *batch)
{
	(void) rows_write(batch->writer, batch->tenant_id, batch->columns);
	for (int c = 0; c < batch->writer->ncolumns; c++)
		batch->columns[c].n = 0;
}

static void
batch_end_row(RowBatch *batch)
{
	if (batch->columns[0].n == ROWS_FEW)
		batch_flush(batch);
}

static Datum
float8_array(const double *numbers, int n)
{
	Datum *values = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(
		construct_array(values, n, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
float4_array(const float *numbers, int n)
{
	Datum *values = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = Float4GetDatum(numbers[i]);
	return PointerGetDatum(
		construct_array(values, n, FLOAT4OID, sizeof(float4), true, TYPALIGN_INT));
}

static Datum
query_array(const QueryKey *ids, int n)
{
	Datum *values = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = UUIDPGetDatum(query_uuid(&ids[i]));
	return PointerGetDatum(construct_array(values, n, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

static int
compare_entries(const void *a, const void *b)
{
	return compare_queries(&(*(QueryEntry *const *) a)->stored.statistics.id,
						   &(*(QueryEntry *const *) b)->stored.statistics.id);
}

static void
save_queries(QueryStore *store)
{
	RowBatch batch = {&query_writer, store->tenant_id, rows_begin(&query_writer, ROWS_FEW)};
	QueryEntry **entries = palloc(Max(hash_get_num_entries(store->queries), 1) * sizeof(void *));
	QueryEntry *entry;
	HASH_SEQ_STATUS scan;
	int n = 0;

	hash_seq_init(&scan, store->queries);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->stored.changed && entry->stored.query != NULL)
			entries[n++] = entry;
	}
	qsort(entries, n, sizeof(QueryEntry *), compare_entries);
	for (int i = 0; i < n; i++)
	{
		const StoredQuery *stored = &entries[i]->stored;
		const QueryStatistics *statistics = &stored->statistics;

		column_add(&batch.columns[0], UUIDPGetDatum(query_uuid(&statistics->id)));
		column_add_text(&batch.columns[1], stored->query);
		column_add(&batch.columns[2], JsonbPGetDatum(stored->tables));
		column_add(&batch.columns[3], Float8GetDatum(statistics->ask_count));
		column_add(&batch.columns[4], Int64GetDatum(statistics->user_count));
		column_add(&batch.columns[5], Float8GetDatum(statistics->fast));
		column_add(&batch.columns[6], Float8GetDatum(statistics->slow));
		column_add(&batch.columns[7], UInt32GetDatum(statistics->last_user));
		if (statistics->other_asked == NEVER_ASKED)
			column_add_null(&batch.columns[8]);
		else
			column_add(&batch.columns[8], TimestampTzGetDatum(statistics->other_asked));
		column_add(&batch.columns[9], TimestampTzGetDatum(statistics->last_asked));
		column_add(&batch.columns[10], DateADTGetDatum(utc_date(statistics->last_asked)));
		entries[i]->stored.changed = false;
		batch_end_row(&batch);
	}
	batch_flush(&batch);
}

static int
compare_lists(const void *a, const void *b)
{
	const ListKey *x = &(*(StoredList *const *) a)->key;
	const ListKey *y = &(*(StoredList *const *) b)->key;
	int order = compare_queries(&x->key, &y->key);

	return order != 0 ? order : (int) (x->kind - y->kind);
}

static void
save_lists(QueryStore *store, TimestampTz day)
{
	RowBatch batch = {&list_writer, store->tenant_id, rows_begin(&list_writer, ROWS_FEW)};
	StoredList **entries = palloc(Max(hash_get_num_entries(store->lists), 1) * sizeof(void *));
	StoredList *entry;
	HASH_SEQ_STATUS scan;
	int n = 0;

	hash_seq_init(&scan, store->lists);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->changed)
			entries[n++] = entry;
	}
	qsort(entries, n, sizeof(StoredList *), compare_lists);
	for (int i = 0; i < n; i++)
	{
		const Links *links = &entries[i]->list.latest;
		char kind = (char) entries[i]->key.kind;

		if (tenant_list(store, kind) != NULL)
			links = tenant_list(store, kind);
		column_add(&batch.columns[0], UUIDPGetDatum(query_uuid(&entries[i]->key.key)));
		column_add(&batch.columns[1], CharGetDatum(kind));
		column_add(
			&batch.columns[2],
			Float8GetDatum(kind == LIST_TERM ? (double) entries[i]->list.queries : links->total));
		column_add(&batch.columns[3], query_array(links->ids, links->n));
		column_add(&batch.columns[4], float8_array(links->weights, links->n));
		column_add(&batch.columns[5], DateADTGetDatum(utc_date(day)));
		entries[i]->changed = false;
		batch_end_row(&batch);
	}
	batch_flush(&batch);
}

void
query_store_save(QueryStore *store, TimestampTz day, const TimestampTz *from,
				 const pg_uuid_t *from_id)
{
	const TenantStatistics *tenant = &store->tenant;
	char nulls[] = "             ";
	Datum values[] = {CStringGetTextDatum(store->tenant_id),
					  TimestampTzGetDatum(tenant->since),
					  Int64GetDatum(tenant->asks),
					  Int64GetDatum(tenant->users),
					  float8_array(tenant->ranking.weights, FEATURES),
					  float8_array(tenant->ranking.gradients, FEATURES),
					  Float8GetDatum(tenant->ranking.asked),
					  Float8GetDatum(tenant->ranking.covered),
					  float4_array(&tenant->ranking.shifts[0][0], SHIFTS * FEATURES),
					  float8_array(tenant->ranking.shift_gradients, SHIFTS),
					  float8_array(&tenant->ranking.grades[0][0], 2 * GRADES),
					  from != NULL ? TimestampTzGetDatum(*from) : (Datum) 0,
					  from != NULL ? UUIDPGetDatum(from_id) : (Datum) 0};

	if (tenant->since == NEVER_ASKED)
		nulls[1] = 'n';
	if (from == NULL)
		nulls[11] = nulls[12] = 'n';
	if (tenant->since != NEVER_ASKED)
	{
		(void) find_list(store, &nil_key, LIST_POPULAR, true);
		(void) find_list(store, &nil_key, LIST_TRENDING, true);
		(void) find_list(store, &nil_key, LIST_USUAL, true);
		save_queries(store);
		save_lists(store, day);
	}
	(void) statement_execute(&update_ranking, values, nulls, SNAPSHOT_NEW);
}
