/*
 * queue.c
 *		Reading and deleting rows of cache_changes.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/rows.h"
#include "base/statement.h"
#include "cache/changes.h"
#include "cache/queue.h"

/* In physical order, which is roughly that of arrival and requires no sorting. */
static Statement select_changes = STATEMENT("SELECT tenant_id, id, what, position, ctid"
											" FROM personalization.cache_changes"
											" WHERE tenant_id <> ALL ($2) AND ctid >= $3"
											" LIMIT $1",
											"int8 text[] tid");

enum
{
	CHANGE_TENANT = 1,
	CHANGE_ID,
	CHANGE_WHAT,
	CHANGE_POSITION,
	CHANGE_PLACE
};

/* The position is compared too, because the place may meanwhile contain another row. */
static Statement delete_changes =
	STATEMENT("DELETE FROM personalization.cache_changes c"
			  " USING unnest($2::tid[], $3::int8[]) AS done (place, position)"
			  " WHERE c.tenant_id = $1 AND c.ctid = done.place AND c.position = done.position",
			  "text tid[] int8[]");

static Statement discard_changes = STATEMENT("DELETE FROM personalization.cache_changes", "");

/* Keeps the latest row of each kind; of the two kinds about suggestions, the later one counts. */
static Statement coalesce_changes = STATEMENT(
	"DELETE FROM personalization.cache_changes c"
	" USING ("
	"   SELECT tenant_id, ctid AS place, position,"
	"    row_number() OVER (PARTITION BY tenant_id, id, what ORDER BY position DESC) AS nth"
	"   FROM personalization.cache_changes) ranked"
	" WHERE ranked.nth > 1 AND c.tenant_id = ranked.tenant_id"
	" AND c.ctid = ranked.place AND c.position = ranked.position",
	"");

static Statement table_size = STATEMENT("SELECT coalesce(sum(pg_relation_size(relid)), 0)::int8"
										" FROM pg_partition_tree('personalization.cache_changes')"
										" WHERE isleaf",
										"");

int64 changes_since_vacuum = 0;

static Statement count_changes =
	STATEMENT("SELECT count(*) FROM personalization.cache_changes", "");

/* Minimum size of a row, in bytes. */
#define ROW_SIZE 48

/* Looks from the start of the table take so small a part of the time: one in … */
#define LOOK_SHARE 20

/* The table is not compacted below this size, in bytes. */
#define COALESCE_FROM (1024 * 1024)

/* A row as read. */
typedef struct ChangeRow
{
	const char *tenant_id;
	const char *id;
	int what;
	ChangePlace at;
	int index;
} ChangeRow;

/* Users, conversations and tenants are distinct, even if their ids are equal. */
static int
kind_of(int what)
{
	return what & (CACHE_CONVERSATION | CACHE_TENANT);
}

static int
compare_rows(const void *a, const void *b)
{
	const ChangeRow *x = a;
	const ChangeRow *y = b;
	int order = strcmp(x->tenant_id, y->tenant_id);

	if (order == 0)
		order = kind_of(x->what) - kind_of(y->what);
	if (order == 0)
		order = strcmp(x->id, y->id);
	if (order == 0)
		order = x->at.position < y->at.position ? -1 : x->at.position > y->at.position;
	return order != 0 ? order : x->index - y->index;
}

static int
compare_by_arrival(const void *a, const void *b)
{
	return ((const CacheChange *) a)->first - ((const CacheChange *) b)->first;
}

static int
compare_by_tenant(const void *a, const void *b)
{
	const CacheChange *x = a;
	const CacheChange *y = b;
	int order = strcmp(x->tenant_id, y->tenant_id);

	return order != 0 ? order : x->first - y->first;
}

/* Returns the id of a row, or "" if it is longer than any valid id. */
static char *
read_id(uint64 row)
{
	Datum value = result_value(row, CHANGE_ID, NULL);

	return toast_raw_datum_size(value) > MAX_ID_LENGTH + VARHDRSZ ? pstrdup("")
																  : TextDatumGetCString(value);
}

/* Where the last look found its first row, and when there is one from the start. */
static ItemPointerData first_place;
static int64 look_at = 0;

/*
 * Executes select_changes, from where the last look found its first row: rows that were
 * deleted before cannot be removed while a session holds an old snapshot.  A row may come
 * to stand before it, so there is a look from the start now and then, the longer it takes
 * the less often.
 */
static uint64
select_from_first(int64 limit, Datum without)
{
	int64 start = elapsed_clock();
	bool all = start >= look_at;
	ItemPointerData place;
	Datum values[] = {Int64GetDatum(limit), without, PointerGetDatum(&place)};
	uint64 n;

	ItemPointerSet(&place, 0, 1);
	if (!all)
		place = first_place;
	n = statement_execute(&select_changes, values, NULL, SNAPSHOT_CALLER);
	if (all)
		look_at = elapsed_clock() + LOOK_SHARE * (elapsed_clock() - start);
	if (n > 0)
		first_place = *(ItemPointer) DatumGetPointer(result_value(0, CHANGE_PLACE, NULL));
	else if (all)
		look_at = 0;
	return n;
}

static ChangeRow *
read_rows(int64 limit, Datum without, int *n)
{
	MemoryContext context = CurrentMemoryContext;
	uint64 nrows = select_from_first(limit, without);
	ChangeRow *rows;

	/* SPI has changed the memory context. */
	MemoryContextSwitchTo(context);
	rows = palloc(Max(nrows, 1) * sizeof(ChangeRow));
	for (uint64 i = 0; i < nrows; i++)
	{
		rows[i].tenant_id = TextDatumGetCString(result_value(i, CHANGE_TENANT, NULL));
		rows[i].id = read_id(i);
		rows[i].what = DatumGetInt16(result_value(i, CHANGE_WHAT, NULL));
		rows[i].at.position = DatumGetInt64(result_value(i, CHANGE_POSITION, NULL));
		rows[i].at.place = *(ItemPointer) DatumGetPointer(result_value(i, CHANGE_PLACE, NULL));
		rows[i].index = (int) i;
	}
	SPI_freetuptable(SPI_tuptable);
	*n = (int) nrows;
	return rows;
}

/* Merges a row into a change; of the two kinds about suggestions, the later one counts. */
static void
add_row(CacheChange *change, const ChangeRow *row)
{
	const int suggestions = CACHE_SUGGESTIONS | CACHE_SUGGESTIONS_STALE;

	if ((row->what & suggestions) != 0)
		change->what &= ~suggestions;
	change->what |= row->what;
	change->first = Min(change->first, row->index);
	change->rows[change->nrows++] = row->at;
}

CacheChange *
changes_read(int64 limit, int most, Datum without, int *n)
{
	int nrows;
	ChangeRow *rows = read_rows(limit, without, &nrows);
	ChangePlace *places = palloc(Max(nrows, 1) * sizeof(ChangePlace));
	CacheChange *changes = palloc(Max(nrows, 1) * sizeof(CacheChange));

	qsort(rows, nrows, sizeof(ChangeRow), compare_rows);
	*n = 0;
	for (int i = 0; i < nrows; i++)
	{
		const ChangeRow *row = &rows[i];

		if (i == 0 || strcmp(row->tenant_id, row[-1].tenant_id) != 0 ||
			kind_of(row->what) != kind_of(row[-1].what) || strcmp(row->id, row[-1].id) != 0)
			changes[(*n)++] = (CacheChange){row->tenant_id, row->id, 0, &places[i], 0, row->index};
		add_row(&changes[*n - 1], row);
	}

	/* Sort by arrival, with the changes of one tenant together. */
	qsort(changes, *n, sizeof(CacheChange), compare_by_arrival);
	*n = Min(*n, most);
	qsort(changes, *n, sizeof(CacheChange), compare_by_tenant);
	return changes;
}

void
changes_delete(const CacheChange *changes, int n)
{
	for (int i = 0; i < n;)
	{
		const char *tenant_id = changes[i].tenant_id;
		Column places;
		Column positions;
		int end = i;
		int nrows = 0;

		for (; end < n && strcmp(changes[end].tenant_id, tenant_id) == 0; end++)
			nrows += changes[end].nrows;
		column_init(&places, TIDOID, nrows);
		column_init(&positions, INT8OID, nrows);
		for (; i < end; i++)
		{
			for (int row = 0; row < changes[i].nrows; row++)
			{
				column_add(&places, PointerGetDatum(&changes[i].rows[row].place));
				column_add(&positions, Int64GetDatum(changes[i].rows[row].position));
			}
		}
		{
			Datum values[] = {CStringGetTextDatum(tenant_id), column_array(&places),
							  column_array(&positions)};

			changes_since_vacuum +=
				(int64) statement_execute(&delete_changes, values, NULL, SNAPSHOT_NEW);
		}
	}
}

void
changes_coalesce(void)
{
	static int64 last_size = 0;
	int64 size;

	(void) statement_execute(&table_size, NULL, NULL, SNAPSHOT_CALLER);
	size = DatumGetInt64(result_value(0, ONLY_COLUMN, NULL));
	if (size < COALESCE_FROM || size < 2 * last_size)
		return;
	changes_since_vacuum += (int64) statement_execute(&coalesce_changes, NULL, NULL, SNAPSHOT_NEW);

	/* Only live rows count: the file may contain rows that are uncommitted or not vacuumed. */
	(void) statement_execute(&count_changes, NULL, NULL, SNAPSHOT_NEW);
	last_size = DatumGetInt64(result_value(0, ONLY_COLUMN, NULL)) * ROW_SIZE;
}

void
changes_discard(void)
{
	changes_since_vacuum += (int64) statement_execute(&discard_changes, NULL, NULL, SNAPSHOT_NEW);
}
