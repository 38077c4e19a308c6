/*
 * query_text.c
 *		forget_query_text(): taking the text of stored queries out of a tenant
 *		whose setting store_query_text is false.
 *
 *		Learning stores no text there.  What was stored before, or is imported,
 *		is changed here to what learning would have stored.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "admin/move.h"
#include "admin/query_text.h"
#include "base/arguments.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "cache/changes.h"
#include "profiles/outlines.h"
#include "queries/identity.h"
#include "queries/without_text.h"
#include "tenancy/audit.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Rows that are changed at a time. */
#define CHUNK 1000

/* $2: the user, NULL for all; $3: after which key. */
static Statement select_interactions =
	STATEMENT("SELECT interaction_id, interaction_type, data, feedback"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND ($2 IS NULL OR user_id = $2) AND interaction_id > $3"
			  " AND (data::text ~* '\"(query|sql)\": ' OR feedback::text ~* '\"(query|sql)\": ')"
			  " ORDER BY interaction_id LIMIT $4",
			  "text text uuid int4");

enum
{
	INTERACTION_ID = 1,
	INTERACTION_TYPE,
	INTERACTION_DATA,
	INTERACTION_FEEDBACK_GIVEN
};

#define UPDATE_INTERACTIONS(outline)                                                               \
	STATEMENT("UPDATE personalization.interactions i"                                              \
			  " SET data = n.data, feedback = n.feedback" outline                                  \
			  " FROM unnest($2, $3, $4, $5) AS n (id, data, feedback, outline)"                    \
			  " WHERE i.tenant_id = $1 AND i.interaction_id = n.id",                               \
			  "text uuid[] jsonb[] jsonb[] text[]")

static Statement update_interactions = UPDATE_INTERACTIONS(", outline = n.outline");
static Statement update_unoutlined = UPDATE_INTERACTIONS("");

/* $3: also rows that have hashes; $4, $5: after which key. */
static Statement select_queries =
	STATEMENT("SELECT user_id, query_id, query, tables, words"
			  " FROM personalization.user_queries"
			  " WHERE tenant_id = $1 AND ($2 IS NULL OR user_id = $2) AND ($3 OR words IS NULL)"
			  " AND (user_id, query_id) > ($4, $5)"
			  " ORDER BY user_id, query_id LIMIT $6",
			  "text text bool text uuid int4");

enum
{
	QUERY_USER = 1,
	QUERY_ID,
	QUERY_TEXT,
	QUERY_TABLES,
	QUERY_WORDS
};

static Statement update_queries =
	STATEMENT("UPDATE personalization.user_queries q"
			  " SET query = n.query, sql = NULL, words = n.words"
			  " FROM unnest($2, $3, $4, $5) AS n (user_id, query_id, query, words)"
			  " WHERE q.tenant_id = $1 AND q.user_id = n.user_id AND q.query_id = n.query_id",
			  "text text[] uuid[] text[] text[]");

static Statement select_statistics =
	STATEMENT("SELECT query_id, query"
			  " FROM personalization.query_statistics"
			  " WHERE tenant_id = $1 AND query_id > $2 AND ascii(query) <> 30"
			  " ORDER BY query_id LIMIT $3",
			  "text uuid int4");

enum
{
	STATISTICS_ID = 1,
	STATISTICS_TEXT
};

static Statement update_statistics = STATEMENT("UPDATE personalization.query_statistics s"
											   " SET query = n.words"
											   " FROM unnest($2, $3) AS n (id, words)"
											   " WHERE s.tenant_id = $1 AND s.query_id = n.id",
											   "text uuid[] text[]");

static Statement select_rejected = STATEMENT("SELECT rejected_id, event"
											 " FROM personalization.rejected_events"
											 " WHERE tenant_id = $1 AND rejected_id > $2"
											 " ORDER BY rejected_id LIMIT $3",
											 "text uuid int4");

enum
{
	REJECTED_ID = 1,
	REJECTED_EVENT
};

static Statement update_rejected =
	STATEMENT("UPDATE personalization.rejected_events r"
			  " SET event = n.event,"
			  "  reason = regexp_replace(r.reason, ':? \"[^\"]*\"$', '')"
			  " FROM unnest($2, $3) AS n (id, event)"
			  " WHERE r.tenant_id = $1 AND r.rejected_id = n.id",
			  "text uuid[] jsonb[]");

/* Whose text is forgotten, and how far that has come. */
typedef struct Forgetting
{
	const char *tenant_id;
	const char *user_id; /* NULL for all */
	bool all;			 /* queries that have hashes too */
	pg_uuid_t last;
	StringInfoData last_user;
	int64 changed; /* rows */
} Forgetting;

/* Changes the next CHUNK rows of a table at most; returns how many it has read. */
typedef uint64 (*ForgetChunk)(Forgetting *forgetting);

PG_FUNCTION_INFO_V1(personalization_forget_query_text);

static Datum
text_or_null(const char *text, char *null)
{
	*null = text == NULL ? 'n' : ' ';
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/*
 * Goes through a table; returns how many rows were changed.  Each chunk has its own SPI
 * connection, with which its memory is freed: a tenant may have more rows than fit.
 */
static int64
forget_in(ForgetChunk chunk, const char *tenant_id, const char *user_id, bool all)
{
	Forgetting forgetting = {.tenant_id = tenant_id, .user_id = user_id, .all = all};
	uint64 nrows;

	initStringInfo(&forgetting.last_user);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_connect();
		nrows = chunk(&forgetting);
		SPI_finish();
	} while (nrows == CHUNK);
	return forgetting.changed;
}

/* The data of an interaction as learning would have stored it. */
static Jsonb *
data_without_text(InteractionType type, const Jsonb *data)
{
	List *tables = NIL;
	QueryText query;
	Fault ignored;

	if (type == INTERACTION_QUERY && JB_ROOT_IS_OBJECT(data) &&
		query_decode(&data->root, &query, &ignored))
		tables = unconstify(List *, query_list(&query, SQL_TABLES));
	return without_text(data, tables);
}

static uint64
forget_interactions(Forgetting *forgetting)
{
	char nulls[] = "    ";
	Datum values[] = {CStringGetTextDatum(forgetting->tenant_id),
					  text_or_null(forgetting->user_id, &nulls[1]),
					  UUIDPGetDatum(&forgetting->last), Int32GetDatum(CHUNK)};
	Datum changed[5] = {values[0]};
	Column columns[4];
	uint64 nrows;

	nrows = statement_execute(&select_interactions, values, nulls, SNAPSHOT_NEW);
	column_init(&columns[0], UUIDOID, CHUNK);
	column_init(&columns[1], JSONBOID, CHUNK);
	column_init(&columns[2], JSONBOID, CHUNK);
	column_init(&columns[3], TEXTOID, CHUNK);
	for (uint64 row = 0; row < nrows; row++)
	{
		InteractionType type =
			interaction_type_of(DatumGetObjectId(result_value(row, INTERACTION_TYPE, NULL)));
		Jsonb *data = data_without_text(type, result_jsonb(row, INTERACTION_DATA));
		Jsonb *feedback = result_jsonb(row, INTERACTION_FEEDBACK_GIVEN);
		pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
		char outline[OUTLINE_MAX];

		*id = forgetting->last = *DatumGetUUIDP(result_value(row, INTERACTION_ID, NULL));
		column_add(&columns[0], UUIDPGetDatum(id));
		column_add(&columns[1], JsonbPGetDatum(data));
		if (feedback == NULL)
			column_add_null(&columns[2]);
		else
			column_add(&columns[2], JsonbPGetDatum(without_text(feedback, NIL)));
		column_add_text(&columns[3],
						outline_of(type, JsonbPGetDatum(data), outline) ? outline : NULL);
	}
	for (int c = 0; c < 4; c++)
		changed[1 + c] = column_array(&columns[c]);
	if (nrows > 0)
		forgetting->changed += (int64) statement_execute(
			outlines_are_stored() ? &update_interactions : &update_unoutlined, changed, NULL,
			SNAPSHOT_NEW);
	return nrows;
}

/* The hashes of a query's words; those that a document has only if they are nothing else. */
static char *
kept_words(const char *tenant_id, const char *text, const char *words)
{
	return words != NULL && contains_hashes(words) &&
				   strspn(words + 1, "abcdefghijklmnopq ") == strlen(words + 1)
			   ? pstrdup(words)
			   : hashed_words(tenant_id, text);
}

static uint64
forget_queries(Forgetting *forgetting)
{
	char nulls[] = "      ";
	Datum values[] = {CStringGetTextDatum(forgetting->tenant_id),
					  text_or_null(forgetting->user_id, &nulls[1]),
					  BoolGetDatum(forgetting->all),
					  CStringGetTextDatum(forgetting->last_user.data),
					  UUIDPGetDatum(&forgetting->last),
					  Int32GetDatum(CHUNK)};
	Datum changed[5] = {values[0]};
	Column columns[4];
	uint64 nrows;

	nrows = statement_execute(&select_queries, values, nulls, SNAPSHOT_NEW);
	for (int c = 0; c < 4; c++)
		column_init(&columns[c], c == 1 ? UUIDOID : TEXTOID, CHUNK);
	for (uint64 row = 0; row < nrows; row++)
	{
		pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
		char *tables = tables_text(result_jsonb(row, QUERY_TABLES));

		*id = forgetting->last = *DatumGetUUIDP(result_value(row, QUERY_ID, NULL));
		resetStringInfo(&forgetting->last_user);
		appendStringInfoString(&forgetting->last_user, result_text(row, QUERY_USER));
		column_add_text(&columns[0], forgetting->last_user.data);
		column_add(&columns[1], UUIDPGetDatum(id));
		column_add_text(&columns[2], tables != NULL ? tables : "");
		column_add_text(&columns[3], kept_words(forgetting->tenant_id, result_text(row, QUERY_TEXT),
												result_text(row, QUERY_WORDS)));
	}
	for (int c = 0; c < 4; c++)
		changed[1 + c] = column_array(&columns[c]);
	if (nrows > 0)
		forgetting->changed +=
			(int64) statement_execute(&update_queries, changed, NULL, SNAPSHOT_NEW);
	return nrows;
}

static uint64
forget_statistics(Forgetting *forgetting)
{
	Datum values[] = {CStringGetTextDatum(forgetting->tenant_id), UUIDPGetDatum(&forgetting->last),
					  Int32GetDatum(CHUNK)};
	Datum changed[3] = {values[0]};
	Column columns[2];
	uint64 nrows;

	nrows = statement_execute(&select_statistics, values, NULL, SNAPSHOT_NEW);
	column_init(&columns[0], UUIDOID, CHUNK);
	column_init(&columns[1], TEXTOID, CHUNK);
	for (uint64 row = 0; row < nrows; row++)
	{
		pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

		*id = forgetting->last = *DatumGetUUIDP(result_value(row, STATISTICS_ID, NULL));
		column_add(&columns[0], UUIDPGetDatum(id));
		column_add_text(&columns[1],
						hashed_words(forgetting->tenant_id, result_text(row, STATISTICS_TEXT)));
	}
	changed[1] = column_array(&columns[0]);
	changed[2] = column_array(&columns[1]);
	if (nrows > 0)
		forgetting->changed +=
			(int64) statement_execute(&update_statistics, changed, NULL, SNAPSHOT_NEW);
	return nrows;
}

static uint64
forget_rejected(Forgetting *forgetting)
{
	Datum values[] = {CStringGetTextDatum(forgetting->tenant_id), UUIDPGetDatum(&forgetting->last),
					  Int32GetDatum(CHUNK)};
	Datum changed[3] = {values[0]};
	Column columns[2];
	uint64 nrows;

	nrows = statement_execute(&select_rejected, values, NULL, SNAPSHOT_NEW);
	column_init(&columns[0], UUIDOID, CHUNK);
	column_init(&columns[1], JSONBOID, CHUNK);
	for (uint64 row = 0; row < nrows; row++)
	{
		Jsonb *event = result_jsonb(row, REJECTED_EVENT);
		Jsonb *without = event_without_text(event);
		pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

		*id = forgetting->last = *DatumGetUUIDP(result_value(row, REJECTED_ID, NULL));
		if (json_equal(event, without))
			continue;
		column_add(&columns[0], UUIDPGetDatum(id));
		column_add(&columns[1], JsonbPGetDatum(without));
	}
	changed[1] = column_array(&columns[0]);
	changed[2] = column_array(&columns[1]);
	if (columns[0].n > 0)
		forgetting->changed +=
			(int64) statement_execute(&update_rejected, changed, NULL, SNAPSHOT_NEW);
	return nrows;
}

void
query_text_forget_imported(const char *tenant_id, const char *user_id)
{
	(void) forget_in(forget_interactions, tenant_id, user_id, true);
	(void) forget_in(forget_queries, tenant_id, user_id, true);
	(void) forget_in(forget_rejected, tenant_id, user_id, true);
}

Datum
personalization_forget_query_text(PG_FUNCTION_ARGS)
{
	char *tenant_id;
	TenantSettings settings;
	JsonbParseState *state = NULL;
	Jsonb *counts;

	prevent_if_read_only("forget_query_text()");
	require_administrator("forget_query_text");
	tenant_id = tenant_argument(fcinfo, 0);
	SPI_connect();
	lock_tenant(tenant_id, TENANT_ALONE);
	settings_decode_regardless(tenant_existing(tenant_id, SNAPSHOT_NEW), &settings);
	tenant_check_held(tenant_id);
	if (settings.store_query_text)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("tenant \"%s\" stores the text of queries", tenant_id),
						errhint("Set store_query_text to false with "
								"personalization.configure_tenant() first.")));
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "interactions", forget_in(forget_interactions, tenant_id, NULL, false));
	json_push_int(&state, "user_queries", forget_in(forget_queries, tenant_id, NULL, false));
	json_push_int(&state, "query_statistics", forget_in(forget_statistics, tenant_id, NULL, false));
	json_push_int(&state, "rejected_events", forget_in(forget_rejected, tenant_id, NULL, false));
	counts = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	cache_tenant_changed(tenant_id);
	audit("forget_query_text", tenant_id, NULL, NULL, counts);
	counts = json_keep(counts);
	SPI_finish();
	PG_RETURN_JSONB_P(counts);
}
