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
	" due_on = personalization.next_due_on(q.asked_days, excluded.asked_days)");

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
static const char *
fold_case(const char *text)
{
	static Oid unicode = InvalidOid;

	if (!pg_encoding_max_length(GetDatabaseEncoding()) || pg_is_ascii(text))
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
		text = fold_case(query->question);
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
	QueryText query;
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
	QueryText query;
	const JsonbContainer *data;
	TimestampTz first;
	TimestampTz last;
	int64 asks;
	int position; /* in the call */
	int32 days[CADENCE_DAYS];
	size_t ndays;
} AskedQuery;

struct AskedQueries
{
	LocalZone zone;
	int n;
	int size;
	AskedQuery *items;
};

AskedQueries *
asked_queries_begin(const char *time_zone)
{
	AskedQueries *asked = palloc0(sizeof(AskedQueries));

	local_zone_init(&asked->zone, time_zone);
	return asked;
}

void
asked_queries_add(AskedQueries *asked, const char *user_id, const QueryText *query,
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
	item->query = *query;
	if (!query_identify(&item->query, &item->id))
		return;
	item->user_id = user_id;
	item->data = &data->root;
	item->first = item->last = at;
	item->asks = 1;
	item->days[0] = local_date(&asked->zone, at);
	item->ndays = 1;
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
		order = x->last < y->last ? -1 : x->last > y->last ? 1 : x->position - y->position;
	return order;
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

/* The days of one that is the same query count for it too. */
static void
add_days(AskedQuery *asked, const AskedQuery *same)
{
	int32 days[CADENCE_DAYS];

	asked->ndays = cadence_merge(asked->days, asked->ndays, same->days, same->ndays, days);
	memcpy(asked->days, days, sizeof(days));
}

void
asked_queries_store(AskedQueries *asked, const char *tenant_id)
{
	int n = 0;
	const Oid types[] = {TEXTOID, UUIDOID,		  TEXTOID,		  TEXTOID,		JSONBOID,
						 INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, DATEARRAYOID, DATEOID};
	Column columns[lengthof(types)];

	if (asked->n == 0)
		return;

	/* What is asked several times in one call becomes one row, the latest text in it. */
	qsort(asked->items, asked->n, sizeof(AskedQuery), compare_asked);
	for (int i = 0; i < asked->n; i++)
	{
		AskedQuery *item = &asked->items[i];

		if (n > 0 && strcmp(asked->items[n - 1].user_id, item->user_id) == 0 &&
			memcmp(asked->items[n - 1].id.data, item->id.data, UUID_LEN) == 0)
		{
			item->first = asked->items[n - 1].first;
			item->asks += asked->items[n - 1].asks;
			add_days(item, &asked->items[n - 1]);
			n--;
		}
		asked->items[n++] = *item;
	}

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		AskedQuery *item = &asked->items[i];
		const QueryText *query = &item->query;
		DateADT due_on;

		column_add_text(&columns[0], item->user_id);
		column_add(&columns[1], UUIDPGetDatum(&item->id));
		column_add_text(&columns[2], query->question != NULL ? query->question : query->sql);
		column_add_text(&columns[3], query->sql);
		column_add(&columns[4], JsonbPGetDatum(asked_tables(item)));
		column_add(&columns[5], Int64GetDatum(item->asks));
		column_add(&columns[6], TimestampTzGetDatum(item->first));
		column_add(&columns[7], TimestampTzGetDatum(item->last));
		column_add(&columns[8], days_to_array(item->days, item->ndays));
		if (days_due_on(item->days, item->ndays, &due_on))
			column_add(&columns[9], DateADTGetDatum(due_on));
		else
			column_add_null(&columns[9]);
	}
	(void) rows_write(&query_writer, tenant_id, columns);
}
