/*
 * queries.c
 *		What a query says it is, when two are the same, and how often each user
 *		asks which.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "common/string.h"
#include "mb/pg_wchar.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/formatting.h"

#include "core/cadence.h"
#include "core/question.h"
#include "core/sql_text.h"
#include "jsonutil.h"
#include "local_time.h"
#include "queries.h"
#include "rhythm.h"
#include "rows.h"

/*
 * One row a query: the caller has added up what one call asks.  A late event
 * does not bring back an older text.
 */
static RowWriter query_writer = ROW_WRITER(
	"personalization.user_queries AS q",
	"user_id, query_id, query, sql, tables, ask_count, first_asked, last_asked, asked_days, due_on",
	"text uuid text text jsonb int8 timestamptz timestamptz date[] date",
	"ON CONFLICT (tenant_id, user_id, query_id) DO UPDATE SET"
	" query = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.query ELSE q.query END,"
	" sql = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.sql ELSE q.sql END,"
	" tables = CASE WHEN excluded.last_asked >= q.last_asked THEN excluded.tables ELSE q.tables "
	"END,"
	" ask_count = q.ask_count + excluded.ask_count,"
	" first_asked = least(q.first_asked, excluded.first_asked),"
	" last_asked = greatest(q.last_asked, excluded.last_asked),"
	" asked_days = personalization.merge_asked_days(q.asked_days, excluded.asked_days),"
	" due_on = personalization.next_due_on(q.asked_days, excluded.asked_days)"
	" RETURNING ask_count");

/* What the statistics have still to count, in the order in which it was told. */
static RowWriter event_writer = ROW_WRITER(
	"personalization.query_events", "user_id, query_id, interaction_id, occurred_at, is_first",
	"text uuid uuid timestamptz bool", "");

PG_FUNCTION_INFO_V1(personalization_query_id);

/* A text member of a query; *text is NULL when it is absent or empty. */
static bool
query_text(const JsonbContainer *data, const char *name, const char **text, Fault *fault)
{
	char *found;

	if (!json_text_member(data, name, &found))
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL,
						 "data.%s of a query must be text", name);
	*text = found != NULL && found[0] != '\0' ? found : NULL;
	return true;
}

bool
query_decode(const JsonbContainer *data, QueryText *query, Fault *fault)
{
	query->sql_was_read = false;
	return query_text(data, "query", &query->question, fault) &&
		   query_text(data, "sql", &query->sql, fault);
}

const List *
query_list(QueryText *query, SqlList list)
{
	if (query->sql == NULL)
		return NIL;
	if (!query->sql_was_read)
		sql_read(query->sql, &query->lists);
	query->sql_was_read = true;
	return query->lists.items[list];
}

/*
 * Lower case as Unicode has it, so that a query's identity does not hang on
 * the database's locale, where PostgreSQL has ICU; else as the locale has it.
 * ASCII is left to the core.
 */
const char *
query_fold(const char *text)
{
	static Oid unicode = InvalidOid;

	if (pg_is_ascii(text))
		return text;
	if (!OidIsValid(unicode))
		unicode =
			get_collation_oid(list_make2(makeString("pg_catalog"), makeString("und-x-icu")), true);
	return str_tolower(text, strlen(text), OidIsValid(unicode) ? unicode : DEFAULT_COLLATION_OID);
}

/*
 * The first half of the SHA-256 of the canonical form, behind a letter that
 * says of what: a question and an SQL text are never the same query.
 */
static void
hash_canonical(char *form, size_t len, pg_uuid_t *id)
{
	bytea *input = (bytea *) form;
	bytea *digest;

	SET_VARSIZE(input, VARHDRSZ + len);
	digest = DatumGetByteaPP(DirectFunctionCall1(sha256_bytea, PointerGetDatum(input)));
	memcpy(id->data, VARDATA_ANY(digest), UUID_LEN);
}

bool
query_identify(const QueryText *query, pg_uuid_t *id)
{
	const char *text;
	char *form;
	size_t len;

	if (query->question != NULL)
	{
		text = query_fold(query->question);
		form = palloc(VARHDRSZ + 1 + strlen(text));
		form[VARHDRSZ] = 'q';
		len = question_normalize(text, strlen(text), form + VARHDRSZ + 1);
		if (len > 0)
		{
			hash_canonical(form, len + 1, id);
			return true;
		}
	}
	if (query->sql != NULL)
	{
		text = query->sql;
		form = palloc(VARHDRSZ + 2 + 2 * strlen(text));
		form[VARHDRSZ] = 's';
		len = sql_normalize(text, strlen(text), form + VARHDRSZ + 1);
		if (len > 0)
		{
			hash_canonical(form, len + 1, id);
			return true;
		}
	}
	return false;
}

Datum
personalization_query_id(PG_FUNCTION_ARGS)
{
	Jsonb *data = jsonb_argument(fcinfo, 0, "data");
	QueryText query = {0};
	Fault fault;
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

	if (!JB_ROOT_IS_OBJECT(data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("data must be a JSON object")));
	if (!query_decode(&data->root, &query, &fault))
		fault_raise(&fault, -1);
	if (!query_identify(&query, id))
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(id);
}

bool
uuid_decode(const char *text, pg_uuid_t *uuid)
{
	int digits = 0;

	for (const char *c = text; *c != '\0'; c++)
	{
		const char *hex = "0123456789abcdef";
		const char *digit;

		if (*c == '-' && (c - text == 8 || c - text == 13 || c - text == 18 || c - text == 23))
			continue;
		digit = strchr(hex, pg_tolower((unsigned char) *c));
		if (digit == NULL || digits == 2 * UUID_LEN)
			return false;
		if (digits % 2 == 0)
			uuid->data[digits / 2] = (unsigned char) ((digit - hex) << 4);
		else
			uuid->data[digits / 2] |= (unsigned char) (digit - hex);
		digits++;
	}
	return digits == 2 * UUID_LEN;
}

typedef struct AskedQuery
{
	const char *user_id;
	pg_uuid_t id;
	pg_uuid_t interaction_id;
	QueryText query;
	const JsonbContainer *data;
	TimestampTz at;
	int32 day;	   /* the tenant's */
	bool is_first; /* ask of this query by this user, ever */
	int position;  /* in the call */
} AskedQuery;

struct AskedQueries
{
	LocalZone zone;
	int n;
	int size;
	AskedQuery *items;
};

/* What a user asks several times in one call: it becomes one row, the latest text in it. */
typedef struct AskedGroup
{
	AskedQuery *first;
	AskedQuery *last;
	int64 asks;
	int32 days[CADENCE_DAYS]; /* on which it was asked, the latest */
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
				  const pg_uuid_t *query_id, const pg_uuid_t *interaction_id, const Jsonb *data,
				  TimestampTz at)
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

/* The query's tables as told, or else as its SQL has them. */
static Jsonb *
asked_tables(AskedQuery *asked)
{
	JsonbParseState *state = NULL;
	JsonbValue value;
	JsonbValue *told = json_member(asked->data, "tables_used", &value);
	ListCell *cell;

	if (told != NULL && told->type == jbvBinary && JsonContainerIsArray(told->val.binary.data))
		return JsonbValueToJsonb(told);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	if (told != NULL && told->type == jbvString)
		(void) pushJsonbValue(&state, WJB_ELEM, told);
	else if (told == NULL)
	{
		foreach (cell, query_list(&asked->query, SQL_TABLES))
			json_push_text(&state, NULL, lfirst(cell));
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
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
	const Oid types[] = {TEXTOID, UUIDOID,		  TEXTOID,		  TEXTOID,		JSONBOID,
						 INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, DATEARRAYOID, DATEOID};
	Column columns[lengthof(types)];
	uint64 nrows;

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		AskedQuery *item = groups[i].last;
		const QueryText *query = &item->query;
		DateADT due_on;

		column_add_text(&columns[0], item->user_id);
		column_add(&columns[1], UUIDPGetDatum(&item->id));
		column_add_text(&columns[2], query->question != NULL ? query->question : query->sql);
		column_add_text(&columns[3], query->sql);
		column_add(&columns[4], JsonbPGetDatum(asked_tables(item)));
		column_add(&columns[5], Int64GetDatum(groups[i].asks));
		column_add(&columns[6], TimestampTzGetDatum(groups[i].first->at));
		column_add(&columns[7], TimestampTzGetDatum(item->at));
		column_add(&columns[8], days_to_array(groups[i].days, groups[i].ndays));
		if (days_due_on(groups[i].days, groups[i].ndays, &due_on))
			column_add(&columns[9], DateADTGetDatum(due_on));
		else
			column_add_null(&columns[9]);
	}
	nrows = rows_write(&query_writer, tenant_id, columns);

	/* What comes back is in the order in which it went in. */
	Assert(nrows == (uint64) n);
	for (uint64 row = 0; row < nrows; row++)
		groups[row].first->is_first = DatumGetInt64(result_value(row, 1, NULL)) == groups[row].asks;
}

static void
store_events(AskedQueries *asked, const char *tenant_id)
{
	const Oid types[] = {TEXTOID, UUIDOID, UUIDOID, TIMESTAMPTZOID, BOOLOID};
	Column columns[lengthof(types)];

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], asked->n);
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

void
asked_queries_store(AskedQueries *asked, const char *tenant_id, bool counted)
{
	AskedGroup *groups = palloc(Max(asked->n, 1) * sizeof(AskedGroup));
	int n = 0;

	if (asked->n == 0)
		return;
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
}
