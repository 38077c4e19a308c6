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

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/local_time.h"
#include "base/statement.h"
#include "cluster/route.h"
#include "core/ranking/due.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"
#include "suggestions/counting.h"
#include "suggestions/outcomes.h"
#include "suggestions/query_terms.h"
#include "suggestions/restart.h"
#include "suggestions/store.h"
#include "suggestions/waiting_asks.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

static Statement select_rebuilding = STATEMENT("SELECT tenant_id"
											   " FROM personalization.rankings r"
											   " WHERE tenant_id > $1 AND rebuild_from IS NOT NULL"
											   " AND EXISTS ("
											   "   SELECT FROM personalization.tenants t"
											   "   WHERE t.tenant_id = r.tenant_id)"
											   " ORDER BY tenant_id LIMIT 1",
											   "text");

/* For tenants that were restored, or whose row was lost. */
static Statement insert_missing =
	STATEMENT("INSERT INTO personalization.rankings (tenant_id, rebuild_from)"
			  " SELECT tenant_id, '-infinity'"
			  " FROM personalization.tenants t"
			  " WHERE NOT EXISTS ("
			  "   SELECT FROM personalization.rankings r"
			  "   WHERE r.tenant_id = t.tenant_id)"
			  " AND frozen_at IS NULL AND (home IS NULL OR home = $1)"
			  " ON CONFLICT (tenant_id) DO NOTHING"
			  " RETURNING tenant_id",
			  "text");

static Statement move_rebuilding = STATEMENT("UPDATE personalization.rankings"
											 " SET rebuild_from = $2, rebuild_id = $3"
											 " WHERE tenant_id = $1",
											 "text timestamptz uuid");

void
counting_adopt(void)
{
	Datum values[] = {CStringGetTextDatum(database_home())};
	List *tenants = NIL;
	ListCell *cell;

	for (int group = 0; group < route_groups(); group++)
	{
		uint64 n;

		route_to_group(group);
		n = statement_execute(&insert_missing, values, NULL, SNAPSHOT_NEW);
		for (uint64 row = 0; row < n; row++)
			tenants = lappend(tenants, result_text(row, ONLY_COLUMN));
	}
	route_to_group(-1);
	foreach (cell, tenants)
		statistics_erase(lfirst(cell));
}

/* Returns the next tenant with something to count after another one, or NULL. */
static char *
following_tenant(const char *previous)
{
	/* No tenant has an empty name. */
	Datum values[] = {CStringGetTextDatum(previous == NULL ? "" : previous)};
	char *waiting = NULL;
	char *rebuilding = NULL;

	waiting = asks_next_tenant(previous);
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
	asks_look_at_all();
}

char *
counting_next_tenant(const char *previous)
{
	char *next = following_tenant(previous);

	while (next != NULL && tenant_hold(next, SNAPSHOT_NEW) != HOLD_NONE)
		next = following_tenant(next);
	return next;
}

/* Reads everything that is needed to count a request, and to rank before it. */
static void
want_rows(QueryStore *store, const AskBatch *batch)
{
	LinksNeeded needed[SITUATION_LINKS + COUNT_LINKS];
	QueryKey latest[SIMILAR_FROM];

	for (int i = 0; i < batch->n; i++)
	{
		const WaitingAsk *waiting = &batch->asks[i];
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
	for (int i = 0; i < batch->n; i++)
	{
		const WaitingAsk *waiting = &batch->asks[i];
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

/* Adds to a situation what the requests before it show to have been due on its day. */
static void
add_due(Situation *situation, LocalZone *zone)
{
	int n = situation->nhistory;
	int32 *days = palloc(Max(n, 1) * sizeof(int32));
	Weighed *due = palloc(DUE_MAX * sizeof(Weighed));

	for (int i = 0; i < n; i++)
		days[i] = local_date(zone, situation->history[i].at);
	situation->due = due;
	situation->ndue =
		queries_due_after(situation->history, days, n, local_date(zone, situation->at), due);
}

/* Updates the ranking from a request, and counts it. */
static void
count_ask(QueryStore *store, const WaitingAsk *waiting, const TenantSettings *settings,
		  LocalZone *zone)
{
	Statistics *statistics = query_store_statistics(store);
	StoredQuery *stored;
	Ask ask = {.id = waiting->query,
			   .at = waiting->at,
			   .user = query_user_hash(waiting->user_id),
			   .first = waiting->first,
			   .weight = waiting->weight,
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
		add_due(situation, zone);
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

/* Count the requests that were read.  Returns the latest time among them, or -infinity. */
static TimestampTz
count_batch(QueryStore *store, AskBatch *batch, const TenantSettings *settings)
{
	TimestampTz latest = DT_NOBEGIN;
	LocalZone zone;

	local_zone_init(&zone, settings->time_zone);
	if (batch->n == 0)
	{
		query_store_fetch(store);
		return latest;
	}
	asks_complete(batch);
	want_rows(store, batch);
	for (int i = 0; i < batch->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (batch->asks[i].text == NULL || TIMESTAMP_NOT_FINITE(batch->asks[i].at))
			continue;
		count_ask(store, &batch->asks[i], settings, &zone);
		latest = Max(latest, batch->asks[i].at);
	}
	return latest;
}

/* Counts for a tenant that is locked. */
static bool
count_locked(const char *tenant_id, int limit, bool wait, int64 *counted)
{
	AskBatch batch = {.tenant_id = tenant_id};
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
		return asks_discard(tenant_id, limit, counted);
	settings_decode(tenant_changes(tenant_id, SNAPSHOT_NEW), &settings);
	store = query_store_make(tenant_id, SNAPSHOT_NEW);
	if (wait)
		rebuilding = query_store_lock(store, &from, &from_id);
	else if (!query_store_lock_if_free(store, &rebuilding, &from, &from_id))
		return false;
	if (!settings.suggestions)
	{
		/* Suggestions have been switched off meanwhile: nothing is counted or rebuilt. */
		more = asks_discard(tenant_id, limit, counted);
		query_store_save(store, 0, NULL, NULL);
		return more;
	}

	/* After the last batch of a rebuild, what is waiting is to be counted. */
	more = rebuilding;
	if (rebuilding)
		rebuilding = asks_reread(&batch, limit, &from, &from_id);
	else
		more = asks_take(&batch, limit);
	*counted = batch.n;
	latest = count_batch(store, &batch, &settings);
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
		asks_skip_first(tenant_id);
		return;
	}
	if (asks_next_stored(tenant_id, &from, &from_id))
	{
		values[1] = TimestampTzGetDatum(from);
		values[2] = UUIDPGetDatum(&from_id);
	}
	else
		nulls[1] = nulls[2] = 'n';
	(void) statement_execute(&move_rebuilding, values, nulls, SNAPSHOT_NEW);
}
