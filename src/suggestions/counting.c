/*
 * counting.c
 *		Updating the statistics of queries.
 *
 *		learn() adds a row to query_events for each request.  A batch of rows
 *		is removed and counted in one transaction, under a lock on the
 *		tenant's row in rankings, so that each request counts exactly once,
 *		whatever fails.  The arithmetic is in core/ranking/statistics.h.
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/tenant_queue.h"
#include "cluster/route.h"
#include "core/ranking/links.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"
#include "suggestions/counting.h"
#include "suggestions/history.h"
#include "suggestions/outcomes.h"
#include "suggestions/query_terms.h"
#include "suggestions/store.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

static TenantQueue queue = TENANT_QUEUE("query_events");

static Statement select_rebuilding = STATEMENT("SELECT tenant_id"
											   " FROM personalization.rankings r"
											   " WHERE tenant_id > $1 AND rebuild_from IS NOT NULL"
											   " AND EXISTS ("
											   "   SELECT FROM personalization.tenants t"
											   "   WHERE t.tenant_id = r.tenant_id)"
											   " ORDER BY tenant_id LIMIT 1",
											   "text");

/* For tenants that were restored. */
static Statement insert_missing =
	STATEMENT("INSERT INTO personalization.rankings (tenant_id, rebuild_from)"
			  " SELECT tenant_id, '-infinity'"
			  " FROM personalization.tenants t"
			  " WHERE NOT EXISTS ("
			  "   SELECT FROM personalization.rankings r"
			  "   WHERE r.tenant_id = t.tenant_id)"
			  " AND frozen_at IS NULL AND (home IS NULL OR home = $1)"
			  " ON CONFLICT (tenant_id) DO NOTHING",
			  "text");

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

static Statement select_queued = STATEMENT("SELECT interaction_id"
										   " FROM personalization.query_events"
										   " WHERE tenant_id = $1 AND interaction_id = ANY ($2)",
										   "text uuid[]");

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

static Statement move_rebuilding = STATEMENT("UPDATE personalization.rankings"
											 " SET rebuild_from = $2, rebuild_id = $3"
											 " WHERE tenant_id = $1",
											 "text timestamptz uuid");

static Statement select_last_day = STATEMENT("SELECT last_day"
											 " FROM personalization.query_statistics"
											 " WHERE tenant_id = $1 AND last_day < 'infinity'"
											 " AND last_day > '-infinity'"
											 " ORDER BY last_day DESC LIMIT 1",
											 "text");

static Statement delete_old_queries =
	STATEMENT("DELETE FROM personalization.query_statistics"
			  " WHERE tenant_id = $1 AND last_day < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.query_statistics"
			  "   WHERE tenant_id = $1 AND last_day < $2"
			  "   ORDER BY last_day LIMIT $3 FOR UPDATE SKIP LOCKED))",
			  "text date int8");

static Statement delete_old_lists =
	STATEMENT("DELETE FROM personalization.query_lists"
			  " WHERE tenant_id = $1 AND last_day < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.query_lists"
			  "   WHERE tenant_id = $1 AND last_day < $2"
			  "   ORDER BY last_day LIMIT $3 FOR UPDATE SKIP LOCKED))",
			  "text date int8");

/* A request that waits to be counted. */
typedef struct WaitingAsk
{
	const char *user_id;
	QueryKey query;
	pg_uuid_t query_id;
	pg_uuid_t interaction_id;
	TimestampTz at;
	bool first;
	const char *text; /* NULL if the user was forgotten meanwhile, or the text is too long */
	const Jsonb *tables;
	History *history;
	Asked *asked; /* the part of the history before this request … */
	int nasked;	  /* … and its length: the latest HISTORY_MAX */
} WaitingAsk;

/* The data of a batch. */
typedef struct Counting
{
	const char *tenant_id;
	WaitingAsk *asks;
	int n;
	History *histories; /* by user, in the order of their names */
	Outcomes **outcomes;
	int nusers;
} Counting;

void
counting_adopt(void)
{
	Datum values[] = {CStringGetTextDatum(database_home())};

	for (int group = 0; group < route_groups(); group++)
	{
		route_to_group(group);
		(void) statement_execute(&insert_missing, values, NULL, SNAPSHOT_NEW);
	}
	route_to_group(-1);
}

/* Returns the next tenant with something to count after another one, or NULL. */
static char *
following_tenant(const char *previous)
{
	/* No tenant has an empty name. */
	Datum values[] = {CStringGetTextDatum(previous == NULL ? "" : previous)};
	char *waiting = NULL;
	char *rebuilding = NULL;

	waiting = tenant_queue_next(&queue, previous);
	if (statement_execute(&select_rebuilding, values, NULL, SNAPSHOT_NEW) > 0)
		rebuilding = result_text(0, ONLY_COLUMN);
	SPI_freetuptable(SPI_tuptable);
	if (waiting == NULL || (rebuilding != NULL && strcmp(rebuilding, waiting) < 0))
		return rebuilding;
	return waiting;
}

void
counting_look_at_all(void)
{
	tenant_queue_forget(&queue);
}

char *
counting_next_tenant(const char *previous)
{
	char *next = following_tenant(previous);

	while (next != NULL && tenant_hold(next, SNAPSHOT_NEW) != HOLD_NONE)
		next = following_tenant(next);
	return next;
}

/* Reads the requests in the last result. */
static void
read_asks(Counting *counting, uint64 nrows)
{
	counting->asks = palloc0(Max(nrows, 1) * sizeof(WaitingAsk));
	counting->n = (int) nrows;
	for (uint64 row = 0; row < nrows; row++)
	{
		WaitingAsk *ask = &counting->asks[row];

		ask->user_id = TextDatumGetCString(result_value(row, ASK_USER, NULL));
		ask->query_id = *DatumGetUUIDP(result_value(row, ASK_QUERY, NULL));
		ask->query = query_key(&ask->query_id);
		ask->interaction_id = *DatumGetUUIDP(result_value(row, ASK_INTERACTION, NULL));
		ask->at = DatumGetTimestampTz(result_value(row, ASK_AT, NULL));
		ask->first = DatumGetBool(result_value(row, ASK_IS_FIRST, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Removes requests that are still waiting in query_events. */
static void
drop_queued(Counting *counting)
{
	Column ids;
	Datum values[2];
	uint64 nrows;
	int n = 0;

	column_init(&ids, UUIDOID, counting->n);
	for (int i = 0; i < counting->n; i++)
		column_add(&ids, UUIDPGetDatum(&counting->asks[i].interaction_id));
	values[0] = CStringGetTextDatum(counting->tenant_id);
	values[1] = column_array(&ids);
	nrows = statement_execute(&select_queued, values, NULL, SNAPSHOT_NEW);
	if (nrows == 0)
		return;
	for (int i = 0; i < counting->n; i++)
	{
		bool queued = false;

		for (uint64 row = 0; row < nrows && !queued; row++)
			queued = memcmp(DatumGetUUIDP(result_value(row, ONLY_COLUMN, NULL))->data,
							counting->asks[i].interaction_id.data, UUID_LEN) == 0;
		if (!queued)
			counting->asks[n++] = counting->asks[i];
	}
	counting->n = n;
}

static int
compare_ask_users(const void *a, const void *b)
{
	return strcmp((*(WaitingAsk *const *) a)->user_id, (*(WaitingAsk *const *) b)->user_id);
}

/* Reads the history of each user of the batch, as far back as needed for each of their requests. */
static void
read_histories(Counting *counting)
{
	WaitingAsk **by_user = palloc(counting->n * sizeof(WaitingAsk *));
	TimestampTz *until = palloc(counting->n * sizeof(TimestampTz));
	int64 *limits = palloc(counting->n * sizeof(int64));

	for (int i = 0; i < counting->n; i++)
		by_user[i] = &counting->asks[i];
	qsort(by_user, counting->n, sizeof(WaitingAsk *), compare_ask_users);
	counting->histories = palloc0(counting->n * sizeof(History));
	counting->nusers = 0;
	for (int i = 0; i < counting->n; i++)
	{
		int u = counting->nusers;

		if (i == 0 || strcmp(by_user[i]->user_id, by_user[i - 1]->user_id) != 0)
		{
			counting->histories[u].user_id = by_user[i]->user_id;
			until[u] = by_user[i]->at;
			limits[u] = HISTORY_MAX;
			counting->nusers++;
		}
		else
			u--;
		until[u] = Max(until[u], by_user[i]->at);
		limits[u]++;
		by_user[i]->history = &counting->histories[u];
	}
	history_read_many(counting->tenant_id, until, limits, counting->histories, counting->nusers);
	counting->outcomes =
		outcomes_read_many(counting->tenant_id, counting->histories, counting->nusers);
}

/*
 * Determines the user's requests before a request; a late one may need older
 * ones than were read.
 */
static void
place_in_history(Counting *counting, WaitingAsk *ask)
{
	History *history = ask->history;
	int before = history_before(history, ask->at, &ask->interaction_id);
	History own = {.user_id = ask->user_id};

	if (before < HISTORY_MAX && !history->complete)
	{
		history_read_before(counting->tenant_id, ask->at, &ask->interaction_id, HISTORY_MAX, &own);
		history = &own;
		before = history->n;
	}
	ask->nasked = Min(before, HISTORY_MAX);
	ask->asked = outcomes_history(counting->outcomes[ask->history - counting->histories],
								  &history->entries[before - ask->nasked], ask->nasked);
}

/* Reads the texts of the queries of the batch. */
static void
read_texts(Counting *counting)
{
	Column users;
	Column ids;
	Datum values[3];
	uint64 nrows;

	column_init(&users, TEXTOID, counting->n);
	column_init(&ids, UUIDOID, counting->n);
	for (int i = 0; i < counting->n; i++)
	{
		column_add_text(&users, counting->asks[i].user_id);
		column_add(&ids, UUIDPGetDatum(&counting->asks[i].query_id));
	}
	values[0] = CStringGetTextDatum(counting->tenant_id);
	values[1] = column_array(&users);
	values[2] = column_array(&ids);
	nrows = statement_execute(&select_texts, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < nrows; row++)
	{
		WaitingAsk *ask = &counting->asks[DatumGetInt64(result_value(row, TEXT_ORDINAL, NULL)) - 1];

		ask->text = TextDatumGetCString(result_value(row, TEXT_QUERY, NULL));
		ask->tables = DatumGetJsonbPCopy(result_value(row, TEXT_TABLES, NULL));
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Reads everything that is needed to count a request, and to rank before it. */
static void
want_rows(QueryStore *store, const Counting *counting)
{
	LinksNeeded needed[SITUATION_LINKS + COUNT_LINKS];
	QueryKey latest[SIMILAR_FROM];

	for (int i = 0; i < counting->n; i++)
	{
		const WaitingAsk *waiting = &counting->asks[i];
		Ask ask = {.id = waiting->query,
				   .first = waiting->first,
				   .weight = 1.0,
				   .history = waiting->asked,
				   .nhistory = waiting->nasked};
		int n = situation_links(waiting->asked, waiting->nasked, needed);

		n += count_links(&ask, needed + n);
		for (int k = 0; k < n; k++)
			query_store_want_list(store, &needed[k].id, (char) needed[k].kind);
		query_store_want_query(store, &waiting->query);
		n = latest_queries(waiting->asked, waiting->nasked, latest, SIMILAR_FROM);
		for (int k = 0; k < n; k++)
			query_store_want_query(store, &latest[k]);
	}
	query_store_fetch(store);

	/* Terms are known only now, from the texts. */
	for (int i = 0; i < counting->n; i++)
	{
		const WaitingAsk *waiting = &counting->asks[i];
		const char *const *terms;
		int n = query_terms(waiting->text, waiting->tables, &terms);

		for (int t = 0; t < n; t++)
			query_store_want_term(store, terms[t]);
		if (waiting->nasked > 0)
		{
			StoredQuery *last =
				query_store_find(store, &waiting->asked[waiting->nasked - 1].id, false);

			if (last == NULL)
				continue;
			query_store_terms(store, last);
			for (int t = 0; t < last->statistics.nterms; t++)
				query_store_want_term(store, last->statistics.terms[t]);
		}
	}
	query_store_fetch(store);
}

/* Updates the ranking from a request, and counts it. */
static void
count_ask(QueryStore *store, const Counting *counting, const WaitingAsk *waiting,
		  const TenantSettings *settings)
{
	Statistics *statistics = query_store_statistics(store);
	Outcomes *outcomes = counting->outcomes[waiting->history - counting->histories];
	StoredQuery *stored;
	Ask ask = {.id = waiting->query,
			   .at = waiting->at,
			   .user = query_user_hash(waiting->user_id),
			   .first = waiting->first,
			   .weight = outcomes_weight(outcomes, &waiting->query, waiting->at),
			   .history = waiting->asked,
			   .nhistory = waiting->nasked};

	/*
	 * Without what was passed over: by now suggestions may have been shown after this request,
	 * and the query asked would be known by having been taken.
	 */
	if (settings->ranking_rate > 0)
	{
		Situation *situation = palloc(sizeof(Situation));
		Offer *offers = palloc(OFFERS_MAX * sizeof(Offer));
		int n;

		statistics_situation(statistics, ask.user, waiting->asked, waiting->nasked, waiting->at,
							 NULL, 0, situation);
		n = query_store_offers(store, situation, offers);
		(void) statistics_learn(statistics, situation, offers, n, &ask, settings->ranking_rate);
		pfree(offers);
		pfree(situation);
	}

	/* A late request does not restore an older text. */
	stored = query_store_find(store, &waiting->query, true);
	if (stored->query == NULL || waiting->at >= stored->statistics.last_asked)
	{
		stored->query = waiting->text;
		stored->tables = waiting->tables;
		stored->terms_known = false;
		stored->content = NULL;
	}
	query_store_terms(store, stored);
	statistics_count(statistics, &ask);
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

/*
 * Remove up to limit events without counting them, for a tenant without
 * suggestions.  Returns whether more may be waiting.
 */
static bool
discard_asks(const char *tenant_id, int limit, int64 *discarded)
{
	*discarded = (int64) take_waiting(tenant_id, limit);
	return *discarded == limit;
}

/* Remove up to limit events and read them.  Returns whether more may be waiting. */
static bool
take_asks(Counting *counting, int limit)
{
	read_asks(counting, take_waiting(counting->tenant_id, limit));
	return counting->n == limit;
}

/*
 * Read up to limit stored requests after (*from, *from_id).  Returns whether
 * the batch was full: then the rebuild continues after its last row, which
 * *from and *from_id become.  After a smaller batch there is nothing left.
 */
static bool
reread_asks(Counting *counting, int limit, TimestampTz *from, pg_uuid_t *from_id)
{
	Datum values[] = {CStringGetTextDatum(counting->tenant_id), TimestampTzGetDatum(*from),
					  UUIDPGetDatum(from_id), Int64GetDatum(limit)};
	bool full;

	read_asks(counting, statement_execute(&select_stored, values, NULL, SNAPSHOT_NEW));
	full = counting->n == limit;
	if (full)
	{
		*from = counting->asks[limit - 1].at;
		*from_id = counting->asks[limit - 1].interaction_id;
	}
	if (counting->n > 0)
		drop_queued(counting);
	return full;
}

/* Count the requests that were read.  Returns the latest time among them, or -infinity. */
static TimestampTz
count_batch(QueryStore *store, Counting *counting, const TenantSettings *settings)
{
	TimestampTz latest = DT_NOBEGIN;

	if (counting->n == 0)
	{
		query_store_fetch(store);
		return latest;
	}
	read_histories(counting);
	for (int i = 0; i < counting->n; i++)
		place_in_history(counting, &counting->asks[i]);
	read_texts(counting);
	want_rows(store, counting);
	for (int i = 0; i < counting->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (counting->asks[i].text == NULL || TIMESTAMP_NOT_FINITE(counting->asks[i].at))
			continue;
		count_ask(store, counting, &counting->asks[i], settings);
		latest = Max(latest, counting->asks[i].at);
	}
	return latest;
}

/* Counts for a tenant that is locked. */
static bool
count_locked(const char *tenant_id, int limit, bool wait, int64 *counted)
{
	Counting counting = {.tenant_id = tenant_id};
	QueryStore *store;
	TenantSettings settings;
	TimestampTz from;
	TimestampTz latest;
	pg_uuid_t from_id;
	bool rebuilding;
	bool more;

	*counted = 0;
	if (tenant_hold(tenant_id, SNAPSHOT_NEW) != HOLD_NONE)
		return false;
	if (tenant_changes(tenant_id, SNAPSHOT_NEW) == NULL)
		return discard_asks(tenant_id, limit, counted);
	settings_decode(tenant_changes(tenant_id, SNAPSHOT_NEW), &settings);
	store = query_store_make(tenant_id, SNAPSHOT_NEW);
	if (wait)
		rebuilding = query_store_lock(store, &from, &from_id);
	else if (!query_store_lock_if_free(store, &rebuilding, &from, &from_id))
		return false;
	if (!settings.suggestions)
	{
		/* Suggestions have been switched off meanwhile: nothing is counted or rebuilt. */
		more = discard_asks(tenant_id, limit, counted);
		query_store_save(store, 0, NULL, NULL);
		return more;
	}

	/* After the last batch of a rebuild, what is waiting is to be counted. */
	more = rebuilding;
	if (rebuilding)
		rebuilding = reread_asks(&counting, limit, &from, &from_id);
	else
		more = take_asks(&counting, limit);
	*counted = counting.n;
	latest = count_batch(store, &counting, &settings);
	query_store_save(store, Max(latest, query_store_statistics(store)->tenant->since),
					 rebuilding ? &from : NULL, &from_id);
	return more;
}

bool
count_queries(const char *tenant_id, int limit, int64 *counted)
{
	/* Not while the tenant is being dropped, nor if it has been frozen meanwhile. */
	lock_tenant(tenant_id, TENANT_LEARNING);
	return count_locked(tenant_id, limit, true, counted);
}

bool
count_queries_if_free(const char *tenant_id, int limit, int64 *counted)
{
	*counted = 0;
	return lock_tenant_if_free(tenant_id) && count_locked(tenant_id, limit, false, counted);
}

/* Skips the first request that would be counted next: a stored one, or else a waiting one. */
void
counting_skip_first(const char *tenant_id)
{
	Datum values[3] = {CStringGetTextDatum(tenant_id)};
	char nulls[] = "   ";
	TimestampTz from;
	pg_uuid_t from_id;

	lock_tenant(tenant_id, TENANT_LEARNING);
	if (tenant_changes(tenant_id, SNAPSHOT_NEW) == NULL ||
		!query_store_lock(query_store_make(tenant_id, SNAPSHOT_NEW), &from, &from_id))
	{
		values[1] = Int64GetDatum(tenant_queue_mark(&queue, tenant_id));
		(void) statement_execute(&skip_first, values, NULL, SNAPSHOT_NEW);
		return;
	}
	values[1] = TimestampTzGetDatum(from);
	values[2] = UUIDPGetDatum(&from_id);
	if (statement_execute(&select_stored_next, values, NULL, SNAPSHOT_NEW) > 0)
	{
		values[1] = result_value(0, NEXT_AT, NULL);
		values[2] = result_value(0, NEXT_INTERACTION, NULL);
	}
	else
		nulls[1] = nulls[2] = 'n';
	(void) statement_execute(&move_rebuilding, values, nulls, SNAPSHOT_NEW);
}

int64
statistics_expire(const char *tenant_id, int64 age, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), (Datum) 0, Int64GetDatum(limit)};
	int64 queries;
	int64 lists;

	if (statement_execute(&select_last_day, values, NULL, SNAPSHOT_NEW) == 0)
		return 0;
	values[1] = DateADTGetDatum(DatumGetDateADT(result_value(0, ONLY_COLUMN, NULL)) -
								(DateADT) Min(age / USECS_PER_DAY, INT_MAX / 2));
	queries = (int64) statement_execute(&delete_old_queries, values, NULL, SNAPSHOT_NEW);
	lists = (int64) statement_execute(&delete_old_lists, values, NULL, SNAPSHOT_NEW);
	return Max(queries, lists);
}
