/*
 * waiting_asks.c
 *		Requests that wait to be counted, and what is needed to count them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/extension.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/tenant_queue.h"
#include "core/ranking/statistics.h"
#include "suggestions/store.h"
#include "suggestions/waiting_asks.h"

static TenantQueue queue = TENANT_QUEUE("query_events");

/* An application role may have written a row with an invalid user. */
#define USER_COLUMN                                                                                \
	"CASE WHEN octet_length(user_id) <= " CppAsString2(MAX_ID_LENGTH) " THEN user_id ELSE '' END"

#define EVENT_COLUMNS USER_COLUMN ", query_id, interaction_id, occurred_at, is_first"

/*
 * From a mark on, and up to the last: however the planner finds the rows, it goes neither
 * through those that were taken before nor through all that wait.
 */
static Statement take_events = STATEMENT("WITH first AS MATERIALIZED ("
										 "   SELECT ctid AS place, position"
										 "   FROM personalization.query_events"
										 "   WHERE tenant_id = $1 AND position >= $3"
										 "   ORDER BY position LIMIT $2),"
										 " taken AS ("
										 "   DELETE FROM personalization.query_events"
										 "   WHERE tenant_id = $1 AND position >= $3"
										 "   AND position <= (SELECT max(position) FROM first)"
										 "   AND ctid = ANY (ARRAY(SELECT place FROM first))"
										 "   RETURNING *)"
										 " SELECT " EVENT_COLUMNS ", position FROM taken"
										 " ORDER BY position",
										 "text int8 int8");

/*
 * The stored requests in order of time, without those still waiting in
 * query_events, which are counted afterwards.  Whether a request is the user's
 * first for a query is checked only from the time on at which the user is
 * known to have asked it first, because checking the whole history would be
 * quadratic.
 */
static Statement select_stored =
	STATEMENT("SELECT i.user_id, i.query_id, i.interaction_id, i.occurred_at, NOT EXISTS ("
			  "   SELECT FROM personalization.interactions j"
			  "   WHERE j.tenant_id = $1 AND j.user_id = i.user_id AND j.query_id = i.query_id"
			  "   AND j.occurred_at >= coalesce(q.first_asked, '-infinity')"
			  "   AND (j.occurred_at, j.interaction_id) < (i.occurred_at, i.interaction_id))"
			  " FROM ("
			  "   SELECT " USER_COLUMN " AS user_id, query_id, interaction_id, occurred_at"
			  "   FROM personalization.interactions"
			  "   WHERE tenant_id = $1 AND query_id IS NOT NULL AND occurred_at >= $2"
			  "   AND " BY_TIME "   AND (occurred_at, interaction_id) > ($2, $3)"
			  "   ORDER BY occurred_at, interaction_id LIMIT $4) i"
			  " LEFT JOIN LATERAL ("
			  "   SELECT first_asked"
			  "   FROM personalization.user_queries"
			  "   WHERE tenant_id = $1 AND user_id = i.user_id AND query_id = i.query_id"
			  "   OFFSET 0) q ON true"
			  " ORDER BY i.occurred_at, i.interaction_id",
			  "text timestamptz uuid int8");

enum
{
	ASK_USER = 1,
	ASK_QUERY,
	ASK_INTERACTION,
	ASK_AT,
	ASK_IS_FIRST,
	ASK_POSITION /* of those that wait */
};

/* The times come first: to look for each row that waits among all ids would take long if many wait. */
static Statement select_queued =
	STATEMENT("SELECT interaction_id"
			  " FROM personalization.query_events"
			  " WHERE tenant_id = $1 AND occurred_at >= $3 AND occurred_at <= $4"
			  " AND interaction_id = ANY ($2)",
			  "text uuid[] timestamptz timestamptz");

static Statement select_texts = STATEMENT(
	"SELECT k.ordinal, q.*"
	" FROM unnest($2, $3) WITH ORDINALITY AS k (user_id, query_id, ordinal), LATERAL ("
	"   SELECT coalesce(words, query), tables"
	"   FROM personalization.user_queries"
	"   WHERE tenant_id = $1 AND user_id = k.user_id AND query_id = k.query_id AND " SHORT_QUERY
	"   OFFSET 0) q",
	"text text[] uuid[]");

enum
{
	TEXT_ORDINAL = 1,
	TEXT_QUERY,
	TEXT_TABLES
};

/* Requests that ended a round by taking what was suggested: index suggestion_rounds_taken. */
static Statement select_taken = STATEMENT(
	"SELECT k.ordinal"
	" FROM unnest($2, $3) WITH ORDINALITY AS k (user_id, at, ordinal), LATERAL ("
	"   SELECT FROM personalization.suggestion_rounds"
	"   WHERE tenant_id = $1 AND user_id = k.user_id AND outcome = 't' AND outcome_at = k.at"
	"   LIMIT 1) r",
	"text text[] timestamptz[]");

static Statement skip_first = STATEMENT("DELETE FROM personalization.query_events"
										" WHERE tenant_id = $1 AND position >= $2"
										" AND ctid = ANY (ARRAY("
										"   SELECT ctid"
										"   FROM personalization.query_events"
										"   WHERE tenant_id = $1 AND position >= $2"
										"   ORDER BY position LIMIT 1))",
										"text int8");

static Statement select_stored_next =
	STATEMENT("SELECT occurred_at, interaction_id"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND query_id IS NOT NULL AND occurred_at >= $2 AND " BY_TIME
			  " AND (occurred_at, interaction_id) > ($2, $3)"
			  " ORDER BY occurred_at, interaction_id LIMIT 1",
			  "text timestamptz uuid");

enum
{
	NEXT_AT = 1,
	NEXT_INTERACTION
};

char *
asks_next_tenant(const char *previous)
{
	return tenant_queue_next(&queue, previous);
}

void
asks_look_at_all(void)
{
	tenant_queue_forget(&queue);
}

/* Reads the requests in the last result. */
static void
read_asks(AskBatch *batch, uint64 nrows)
{
	batch->asks = palloc0(Max(nrows, 1) * sizeof(WaitingAsk));
	batch->n = (int) nrows;
	for (uint64 row = 0; row < nrows; row++)
	{
		WaitingAsk *ask = &batch->asks[row];

		ask->user_id = TextDatumGetCString(result_value(row, ASK_USER, NULL));
		ask->query_id = *DatumGetUUIDP(result_value(row, ASK_QUERY, NULL));
		ask->query = query_key(&ask->query_id);
		ask->interaction_id = *DatumGetUUIDP(result_value(row, ASK_INTERACTION, NULL));
		ask->at = DatumGetTimestampTz(result_value(row, ASK_AT, NULL));
		ask->first = DatumGetBool(result_value(row, ASK_IS_FIRST, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Removes requests, which are in order of time, that are still waiting in query_events. */
static void
drop_queued(AskBatch *batch)
{
	Column ids;
	Datum values[4];
	uint64 nrows;
	int n = 0;

	column_init(&ids, UUIDOID, batch->n);
	for (int i = 0; i < batch->n; i++)
		column_add(&ids, UUIDPGetDatum(&batch->asks[i].interaction_id));
	values[0] = CStringGetTextDatum(batch->tenant_id);
	values[1] = column_array(&ids);
	values[2] = TimestampTzGetDatum(batch->asks[0].at);
	values[3] = TimestampTzGetDatum(batch->asks[batch->n - 1].at);
	nrows = statement_execute(&select_queued, values, NULL, SNAPSHOT_NEW);
	if (nrows == 0)
		return;
	for (int i = 0; i < batch->n; i++)
	{
		bool queued = false;

		for (uint64 row = 0; row < nrows && !queued; row++)
			queued = memcmp(DatumGetUUIDP(result_value(row, ONLY_COLUMN, NULL))->data,
							batch->asks[i].interaction_id.data, UUID_LEN) == 0;
		if (!queued)
			batch->asks[n++] = batch->asks[i];
	}
	batch->n = n;
}

static int
compare_ask_users(const void *a, const void *b)
{
	return strcmp((*(WaitingAsk *const *) a)->user_id, (*(WaitingAsk *const *) b)->user_id);
}

static bool
is_later(const WaitingAsk *ask, const HistoryEnd *end)
{
	return ask->at > end->at ||
		   (ask->at == end->at &&
			memcmp(ask->interaction_id.data, end->interaction_id.data, UUID_LEN) > 0);
}

/* Reads the history of each user of the batch, as far back as needed for each of their requests. */
static void
read_histories(AskBatch *batch)
{
	WaitingAsk **by_user = palloc(batch->n * sizeof(WaitingAsk *));
	HistoryEnd *ends = palloc(batch->n * sizeof(HistoryEnd));

	for (int i = 0; i < batch->n; i++)
		by_user[i] = &batch->asks[i];
	qsort(by_user, batch->n, sizeof(WaitingAsk *), compare_ask_users);
	batch->histories = palloc0(batch->n * sizeof(History));
	batch->nusers = 0;
	for (int i = 0; i < batch->n; i++)
	{
		int u = batch->nusers;

		if (i == 0 || strcmp(by_user[i]->user_id, by_user[i - 1]->user_id) != 0)
		{
			batch->histories[u].user_id = by_user[i]->user_id;
			ends[u] = (HistoryEnd){by_user[i]->at, by_user[i]->interaction_id, HISTORY_MAX};
			batch->nusers++;
		}
		else
			u--;
		if (is_later(by_user[i], &ends[u]))
		{
			ends[u].at = by_user[i]->at;
			ends[u].interaction_id = by_user[i]->interaction_id;
		}
		ends[u].limit++;
		by_user[i]->history = &batch->histories[u];
	}
	history_read_many(batch->tenant_id, ends, batch->histories, batch->nusers);
	batch->outcomes = outcomes_read_many(batch->tenant_id, batch->histories, batch->nusers);
}

/*
 * Determines the user's requests before a request; a late one may need older
 * ones than were read.
 */
static void
place_in_history(AskBatch *batch, WaitingAsk *ask)
{
	History *history = ask->history;
	int before = history_before(history, ask->at, &ask->interaction_id);
	History own = {.user_id = ask->user_id};

	if (before < HISTORY_MAX && !history->complete)
	{
		history_read_before(batch->tenant_id, ask->at, &ask->interaction_id, HISTORY_MAX, &own);
		history = &own;
		before = history->n;
	}
	ask->nasked = Min(before, HISTORY_MAX);
	ask->asked = outcomes_history(batch->outcomes[ask->history - batch->histories],
								  &history->entries[before - ask->nasked], ask->nasked);
}

/*
 * Finds those of some requests that took a suggestion which has been shown again since: the row of a
 * suggestion tells its latest round only.  The caller has read the rows before, so no round is missed
 * that ends meanwhile.
 */
static void
weigh_taken(const char *tenant_id, WaitingAsk **asks, int n)
{
	Column users;
	Column times;
	Datum values[3];
	uint64 nrows;

	if (n == 0)
		return;
	column_init(&users, TEXTOID, n);
	column_init(&times, TIMESTAMPTZOID, n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&users, asks[i]->user_id);
		column_add(&times, TimestampTzGetDatum(asks[i]->at));
	}
	values[0] = CStringGetTextDatum(tenant_id);
	values[1] = column_array(&users);
	values[2] = column_array(&times);
	nrows = statement_execute(&select_taken, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < nrows; row++)
	{
		WaitingAsk *ask = asks[DatumGetInt64(result_value(row, ONLY_COLUMN, NULL)) - 1];

		ask->weight = Min(ask->weight, SHOWN_WEIGHT);
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Determines what the requests of the batch weigh. */
static void
weigh(AskBatch *batch)
{
	WaitingAsk **shown_since = palloc(batch->n * sizeof(WaitingAsk *));
	int n = 0;

	for (int i = 0; i < batch->n; i++)
	{
		WaitingAsk *ask = &batch->asks[i];
		const Outcomes *outcomes = batch->outcomes[ask->history - batch->histories];

		ask->weight = outcomes_weight(outcomes, &ask->query, ask->at);
		if (outcomes_shown_since(outcomes, &ask->query, ask->at))
			shown_since[n++] = ask;
	}
	weigh_taken(batch->tenant_id, shown_since, n);
}

/* Reads the texts of the queries of the batch. */
static void
read_texts(AskBatch *batch)
{
	Column users;
	Column ids;
	Datum values[3];
	uint64 nrows;

	column_init(&users, TEXTOID, batch->n);
	column_init(&ids, UUIDOID, batch->n);
	for (int i = 0; i < batch->n; i++)
	{
		column_add_text(&users, batch->asks[i].user_id);
		column_add(&ids, UUIDPGetDatum(&batch->asks[i].query_id));
	}
	values[0] = CStringGetTextDatum(batch->tenant_id);
	values[1] = column_array(&users);
	values[2] = column_array(&ids);
	nrows = statement_execute(&select_texts, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < nrows; row++)
	{
		WaitingAsk *ask = &batch->asks[DatumGetInt64(result_value(row, TEXT_ORDINAL, NULL)) - 1];

		ask->text = TextDatumGetCString(result_value(row, TEXT_QUERY, NULL));
		ask->tables = DatumGetJsonbPCopy(result_value(row, TEXT_TABLES, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Removes up to limit events of a tenant, as the last result, and returns their number. */
static uint64
take_waiting(const char *tenant_id, int limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), Int64GetDatum(limit),
					  Int64GetDatum(tenant_queue_mark(&queue, tenant_id))};
	uint64 n = statement_execute(&take_events, values, NULL, SNAPSHOT_NEW);

	if (n > 0)
		tenant_queue_taken(&queue, tenant_id,
						   DatumGetInt64(result_value(n - 1, ASK_POSITION, NULL)),
						   n == (uint64) limit);
	return n;
}

bool
asks_discard(const char *tenant_id, int limit, int64 *discarded)
{
	*discarded = (int64) take_waiting(tenant_id, limit);
	return *discarded == limit;
}

bool
asks_take(AskBatch *batch, int limit)
{
	read_asks(batch, take_waiting(batch->tenant_id, limit));
	return batch->n == limit;
}

bool
asks_reread(AskBatch *batch, int limit, TimestampTz *from, pg_uuid_t *from_id)
{
	Datum values[] = {CStringGetTextDatum(batch->tenant_id), TimestampTzGetDatum(*from),
					  UUIDPGetDatum(from_id), Int64GetDatum(limit)};
	bool full;

	read_asks(batch, statement_execute(&select_stored, values, NULL, SNAPSHOT_NEW));
	full = batch->n == limit;
	if (full)
	{
		*from = batch->asks[limit - 1].at;
		*from_id = batch->asks[limit - 1].interaction_id;
	}
	if (batch->n > 0)
		drop_queued(batch);
	return full;
}

void
asks_complete(AskBatch *batch)
{
	read_histories(batch);
	for (int i = 0; i < batch->n; i++)
		place_in_history(batch, &batch->asks[i]);
	weigh(batch);
	read_texts(batch);
}

void
asks_skip_first(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  Int64GetDatum(tenant_queue_mark(&queue, tenant_id))};

	(void) statement_execute(&skip_first, values, NULL, SNAPSHOT_NEW);
}

bool
asks_next_stored(const char *tenant_id, TimestampTz *from, pg_uuid_t *from_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(*from),
					  UUIDPGetDatum(from_id)};

	if (statement_execute(&select_stored_next, values, NULL, SNAPSHOT_NEW) == 0)
		return false;
	*from = DatumGetTimestampTz(result_value(0, NEXT_AT, NULL));
	*from_id = *DatumGetUUIDP(result_value(0, NEXT_INTERACTION, NULL));
	return true;
}
