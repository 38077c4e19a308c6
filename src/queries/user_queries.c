/*
 * user_queries.c
 *		The queries of each user, how often and on which days they were asked;
 *		and the queue of requests to be counted in the statistics.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "core/ranking/cadence.h"
#include "core/sql/scan.h"
#include "core/ranking/statistics.h"
#include "queries/rhythm.h"
#include "queries/user_queries.h"
#include "queries/without_text.h"

/*
 * One row per query: the caller has combined the requests of one call.  A late
 * event does not restore an older text.
 */
static RowWriter query_writer = ROW_WRITER(
	"personalization.user_queries AS q",
	"user_id, query_id, query, sql, tables, ask_count, first_asked, last_asked, asked_days,"
	"  due_on, words",
	"text uuid text text jsonb int8 timestamptz timestamptz date[] date text",
	"ON CONFLICT (tenant_id, user_id, query_id) DO UPDATE"
	" SET query = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.query ELSE q.query END,"
	"  sql = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.sql ELSE q.sql END,"
	"  tables = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.tables ELSE q.tables END,"
	"  words = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.words ELSE q.words END,"
	"  ask_count = " ADDABLE(
		"q.ask_count") " + excluded.ask_count,"
					   "  first_asked = least(q.first_asked, excluded.first_asked),"
					   "  last_asked = greatest(q.last_asked, excluded.last_asked),"
					   "  asked_days = personalization.merge_asked_days(q.asked_days, excluded.asked_days),"
					   "  due_on = personalization.next_due_on(q.asked_days, excluded.asked_days)"
					   " RETURNING user_id, query_id, ask_count");

enum
{
	STORED_USER = 1,
	STORED_QUERY,
	STORED_ASK_COUNT
};

/* Requests to be counted in the statistics, in the order in which they were learned. */
static RowWriter event_writer = ROW_WRITER(
	"personalization.query_events", "user_id, query_id, interaction_id, occurred_at, is_first",
	"text uuid uuid timestamptz bool", "");

typedef struct AskedQuery
{
	const char *user_id;
	pg_uuid_t id;
	pg_uuid_t interaction_id;
	QueryText query;
	const char *words; /* hashes, instead of the text; else NULL */
	const JsonbContainer *data;
	TimestampTz at;
	int32 day;	   /* the tenant's */
	bool is_first; /* first request for this query by this user */
	int position;  /* in the call */
} AskedQuery;

struct AskedQueries
{
	LocalZone zone;
	int n;
	int size;
	AskedQuery *items;
};

/* The requests for one query by one user in a call: they become one row, with the latest text. */
typedef struct AskedGroup
{
	AskedQuery *first;
	AskedQuery *last;
	int64 asks;
	int32 days[CADENCE_DAYS]; /* the latest days on which it was asked */
	size_t ndays;
} AskedGroup;

AskedQueries *
asked_queries_begin(const char *time_zone)
{
	AskedQueries *asked = palloc0(sizeof(AskedQueries));

	local_zone_init(&asked->zone, time_zone);
	return asked;
}

void
asked_queries_add(AskedQueries *asked, const char *user_id, const QueryText *query,
				  const char *words, const pg_uuid_t *query_id, const pg_uuid_t *interaction_id,
				  const Jsonb *data, TimestampTz at)
{
	AskedQuery *item;

	if (asked->n == asked->size)
	{
		asked->size = Max(4, asked->size * 2);
		asked->items = asked->items == NULL
						   ? palloc(asked->size * sizeof(AskedQuery))
						   : repalloc(asked->items, asked->size * sizeof(AskedQuery));
	}
	item = &asked->items[asked->n];
	item->user_id = user_id;
	item->id = *query_id;
	item->interaction_id = *interaction_id;
	item->query = *query;
	item->words = words;
	item->data = &data->root;
	item->at = at;
	item->day = local_date(&asked->zone, at);
	item->is_first = false;
	item->position = asked->n++;
}

static int
compare_asked(const void *a, const void *b)
{
	const AskedQuery *x = a;
	const AskedQuery *y = b;
	int order = strcmp(x->user_id, y->user_id);

	if (order == 0)
		order = memcmp(x->id.data, y->id.data, UUID_LEN);
	if (order == 0)
		order = x->at < y->at ? -1 : x->at > y->at ? 1 : x->position - y->position;
	return order;
}

static int
compare_positions(const void *a, const void *b)
{
	return ((const AskedQuery *) a)->position - ((const AskedQuery *) b)->position;
}

/* Returns the query's tables as given, or else from its SQL. */
static Jsonb *
asked_tables(AskedQuery *asked)
{
	JsonbParseState *state = NULL;
	JsonbValue value;
	JsonbValue *given = json_member(asked->data, "tables_used", &value);
	ListCell *cell;

	if (given != NULL && given->type == jbvBinary && JsonContainerIsArray(given->val.binary.data))
		return json_document(given);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	if (given != NULL && given->type == jbvString)
		(void) pushJsonbValue(&state, WJB_ELEM, given);
	else if (given == NULL)
	{
		foreach (cell, query_list(&asked->query, SQL_TABLES))
			json_push_text(&state, NULL, lfirst(cell));
	}
	return json_document(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

static void
add_day(AskedGroup *group, int32 day)
{
	int32 days[CADENCE_DAYS];

	group->ndays = cadence_merge(group->days, group->ndays, &day, 1, days);
	memcpy(group->days, days, sizeof(days));
}

/* Counts the queries of each user. */
static void
store_groups(const AskedGroup *groups, int n, const char *tenant_id)
{
	Column *columns = rows_begin(&query_writer, n);
	uint64 nrows;

	for (int i = 0; i < n; i++)
	{
		AskedQuery *item = groups[i].last;
		const QueryText *query = &item->query;
		Jsonb *tables = asked_tables(item);
		const char *text = query->question != NULL ? query->question : query->sql;
		DateADT due_on;

		if (item->words != NULL)
			text = tables_text(tables);

		column_add_text(&columns[0], item->user_id);
		column_add(&columns[1], UUIDPGetDatum(&item->id));
		column_add_text(&columns[2], text != NULL ? text : "");
		column_add_text(&columns[3], item->words != NULL ? NULL : query->sql);
		column_add(&columns[4], JsonbPGetDatum(tables));
		column_add(&columns[5], Int64GetDatum(groups[i].asks));
		column_add(&columns[6], TimestampTzGetDatum(groups[i].first->at));
		column_add(&columns[7], TimestampTzGetDatum(item->at));
		column_add(&columns[8], days_to_array(groups[i].days, groups[i].ndays));
		if (days_due_on(groups[i].days, groups[i].ndays, &due_on))
			column_add(&columns[9], DateADTGetDatum(due_on));
		else
			column_add_null(&columns[9]);
		column_add_text(&columns[10], item->words);
	}
	nrows = rows_write(&query_writer, tenant_id, columns);

	/* Rows are returned in the order in which they were inserted, though nothing promises it. */
	if (nrows != (uint64) n)
		elog(ERROR, "stored " UINT64_FORMAT " queries instead of %d", nrows, n);
	for (uint64 row = 0; row < nrows; row++)
	{
		AskedQuery *first = groups[row].first;

		if (memcmp(DatumGetUUIDP(result_value(row, STORED_QUERY, NULL))->data, first->id.data,
				   UUID_LEN) != 0 ||
			strcmp(result_text(row, STORED_USER), first->user_id) != 0)
			elog(ERROR, "stored queries came back in another order");
		first->is_first =
			DatumGetInt64(result_value(row, STORED_ASK_COUNT, NULL)) == groups[row].asks;
	}
}

static void
store_events(AskedQueries *asked, const char *tenant_id)
{
	Column *columns = rows_begin(&event_writer, asked->n);

	qsort(asked->items, asked->n, sizeof(AskedQuery), compare_positions);
	for (int i = 0; i < asked->n; i++)
	{
		AskedQuery *item = &asked->items[i];

		column_add_text(&columns[0], item->user_id);
		column_add(&columns[1], UUIDPGetDatum(&item->id));
		column_add(&columns[2], UUIDPGetDatum(&item->interaction_id));
		column_add(&columns[3], TimestampTzGetDatum(item->at));
		column_add(&columns[4], BoolGetDatum(item->is_first));
	}
	(void) rows_write(&event_writer, tenant_id, columns);
}

int
asked_queries_store(AskedQueries *asked, const char *tenant_id, bool counted)
{
	AskedGroup *groups = palloc(Max(asked->n, 1) * sizeof(AskedGroup));
	int n = 0;

	if (asked->n == 0)
		return 0;
	qsort(asked->items, asked->n, sizeof(AskedQuery), compare_asked);
	for (int i = 0; i < asked->n; i++)
	{
		AskedQuery *item = &asked->items[i];

		if (n == 0 || strcmp(groups[n - 1].last->user_id, item->user_id) != 0 ||
			memcmp(groups[n - 1].last->id.data, item->id.data, UUID_LEN) != 0)
		{
			groups[n].first = item;
			groups[n].ndays = 0;
			groups[n++].asks = 0;
		}
		groups[n - 1].last = item;
		groups[n - 1].asks++;
		add_day(&groups[n - 1], item->day);
	}
	store_groups(groups, n, tenant_id);
	if (counted)
		store_events(asked, tenant_id);
	return n;
}
