/*
 * store_save.c
 *		Writing the changed rows of a store back to their tables, in the order
 *		of their keys.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "suggestions/history.h"
#include "suggestions/store.h"
#include "suggestions/store_int.h"

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

		if (store_tenant_list(store, kind) != NULL)
			links = store_tenant_list(store, kind);
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
					  float8_array(&tenant->ranking.grades[0][0][0], STANDINGS * 2 * GRADES),
					  from != NULL ? TimestampTzGetDatum(*from) : (Datum) 0,
					  from != NULL ? UUIDPGetDatum(from_id) : (Datum) 0};

	if (tenant->since == NEVER_ASKED)
		nulls[1] = 'n';
	if (from == NULL)
		nulls[11] = nulls[12] = 'n';
	if (tenant->since != NEVER_ASKED)
	{
		(void) store_find_list(store, &store_tenant_key, LIST_POPULAR, true);
		(void) store_find_list(store, &store_tenant_key, LIST_TRENDING, true);
		(void) store_find_list(store, &store_tenant_key, LIST_USUAL, true);
		save_queries(store);
		save_lists(store, day);
	}
	(void) statement_execute(&update_ranking, values, nulls, SNAPSHOT_NEW);
}
