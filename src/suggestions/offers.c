/*
 * offers.c
 *		What a user could ask next, ranked: from their requests, from the
 *		tenant's statistics, and from what is due or new.
 */
#include "postgres.h"

#include "base/local_time.h"
#include "core/ranking/cadence.h"
#include "core/ranking/context.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"
#include "queries/identity.h"
#include "queries/rhythm.h"
#include "suggestions/history.h"
#include "suggestions/query_terms.h"
#include "suggestions/suggestions_int.h"

/*
 * Where the worker is behind: of a user's latest distinct queries so many are looked at for
 * requests that have not been counted.
 */
#define UNCOUNTED_REACH 64

/* Reads the user's requests, and the suggestions shown to the user. */
static void
read_user(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	History history = {.user_id = request->user_id};

	history_read(request->tenant_id, known_until(request->at), HISTORY_MAX, &history);
	history_complete(request->tenant_id, &history);
	/*
	 * Rows that will be changed are read in their latest state: nobody else
	 * changes them meanwhile.
	 */
	state->outcomes = outcomes_read(request->tenant_id, request->user_id,
									request->record ? SNAPSHOT_NEW : SNAPSHOT_CALLER);
	state->asked = outcomes_history(state->outcomes, history.entries, history.n);
	state->nasked = history.n;
}

/*
 * Queries that have not been counted yet get the text and the tables that the
 * user asked, in memory.
 */
static void
read_unknown(SuggestionState *state, const QueryKey *ids, int n)
{
	DetailedOffer *unknown = palloc0((n + 1) * sizeof(DetailedOffer));
	int nunknown = 0;

	for (int i = 0; i < n; i++)
	{
		if (query_store_find(state->store, &ids[i], false) == NULL)
			unknown[nunknown++].id = ids[i];
	}
	own_queries_read(state, unknown, nunknown);
	for (int i = 0; i < nunknown; i++)
	{
		StoredQuery *stored;

		if (!unknown[i].own)
			continue;
		stored = query_store_find(state->store, &unknown[i].id, true);
		stored->query = unknown[i].text;
		stored->tables = unknown[i].tables;
	}
}

/* Does the same, and adds the user's requests since the last count to the rows. */
static void
see_to_fresh(SuggestionState *state, const QueryKey *ids, int n)
{
	uint32 user = query_user_hash(state->request->user_id);

	read_unknown(state, ids, n);
	for (int i = 0; i < n; i++)
	{
		StoredQuery *stored = query_store_find(state->store, &ids[i], false);

		if (stored != NULL)
			statistics_catch_up(&stored->statistics, user, state->asked, state->nasked);
	}
}

static void
want_queries(SuggestionState *state, const QueryKey *ids, int n)
{
	for (int i = 0; i < n; i++)
		query_store_want_query(state->store, &ids[i]);
	query_store_fetch(state->store);
}

/*
 * Reads the user's latest queries, at least those that the situation needs; returns how many
 * of the user's latest requests have not been counted.
 */
static int
read_latest(SuggestionState *state)
{
	Statistics *statistics = query_store_statistics(state->store);
	QueryKey latest[UNCOUNTED_REACH];
	int n = latest_queries(state->asked, state->nasked, latest, SIMILAR_FROM);
	int uncounted;

	want_queries(state, latest, n);
	uncounted = statistics_uncounted(statistics, state->asked, state->nasked, latest, n);

	/* More than these have not been: how many? */
	if (uncounted > 0 &&
		latest_queries(state->asked + (state->nasked - uncounted), uncounted, latest, n) == n)
	{
		n = latest_queries(state->asked, state->nasked, latest, UNCOUNTED_REACH);
		want_queries(state, latest, n);
		uncounted = statistics_uncounted(statistics, state->asked, state->nasked, latest, n);
	}
	n = latest_queries(state->asked, state->nasked, latest,
					   Max(Min(uncounted, UNCOUNTED_REACH), SIMILAR_FROM));
	read_unknown(state, latest, n);
	return uncounted;
}

/* Counts the user's requests that have not been counted, in memory. */
static void
count_latest(SuggestionState *state, int uncounted)
{
	for (int i = state->nasked - uncounted; i < state->nasked; i++)
	{
		StoredQuery *stored = query_store_find(state->store, &state->asked[i].id, false);

		if (stored != NULL)
			query_store_terms(state->store, stored);
	}
	statistics_count_latest(query_store_statistics(state->store),
							query_user_hash(state->request->user_id), state->asked, state->nasked,
							uncounted);
}

/* Reads queries with a rhythm that are due and have not been asked today. */
static void
read_due(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	Weighed *due = palloc(DUE_MAX * sizeof(Weighed));

	state->ndue = queries_due(request->tenant_id, request->user_id, request->at,
							  state->settings.time_zone, state->due, DUE_MAX);
	for (int i = 0; i < state->ndue; i++)
	{
		due[i].id = query_key(&state->due[i].query_id);
		due[i].weight = state->due[i].cadence.strength;
	}
	state->situation.due = due;
	state->situation.ndue = state->ndue;
}

/* Reads tables that are new to the user.  Asking for a table means asking its name. */
static void
read_new_tables(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	int64 window = state->settings.new_table_window;
	Weighed *offered = palloc(MAX_NEW_TABLES * sizeof(Weighed));
	const char **names = palloc(MAX_NEW_TABLES * sizeof(char *));
	int n = new_tables(request->tenant_id, request->user_id, window, request->at, state->new_tables,
					   MAX_NEW_TABLES);
	int kept = 0;

	for (int i = 0; i < n; i++)
	{
		NewTable table = state->new_tables[i];
		QueryText asked = {.question = table.name};
		pg_uuid_t id;

		/* A name that consists of punctuation is not a query. */
		if (!query_identify(&asked, &id))
			continue;
		state->new_tables[kept] = table;
		names[kept] = query_fold_beyond_ascii(table.name);
		offered[kept].id = query_key(&id);
		offered[kept++].weight =
			1.0 - (double) Max(request->at - table.appeared_at, 0) / (double) Max(window, 1);
	}
	state->situation.new_tables = offered;
	state->situation.new_table_names = names;
	state->nnew_tables = state->situation.nnew_tables = kept;
}

static void
want_terms_of_last(SuggestionState *state)
{
	StoredQuery *last;

	if (state->nasked == 0)
		return;
	last = query_store_find(state->store, &state->asked[state->nasked - 1].id, false);
	if (last == NULL)
		return;
	query_store_terms(state->store, last);
	for (int t = 0; t < last->statistics.nterms; t++)
		query_store_want_term(state->store, last->statistics.terms[t]);
}

/* Reads the tenant's statistics for this user's situation. */
static void
read_situation(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	LinksNeeded needed[SITUATION_LINKS];
	const char *const *context = NULL;
	int ncontext = 0;
	int n = situation_links(state->asked, state->nasked, needed);
	int uncounted;

	state->store = query_store_make(request->tenant_id, SNAPSHOT_CALLER);
	query_store_open(state->store);
	for (int i = 0; i < n; i++)
		query_store_want_list(state->store, &needed[i].id, (char) needed[i].kind);
	uncounted = read_latest(state);
	want_terms_of_last(state);
	if (request->context != NULL)
		ncontext = query_terms(request->context, NULL, &context);
	for (int t = 0; t < ncontext; t++)
		query_store_want_term(state->store, context[t]);
	query_store_fetch(state->store);
	count_latest(state, uncounted);
	statistics_situation(query_store_statistics(state->store), query_user_hash(request->user_id),
						 state->asked, state->nasked, request->at, context, ncontext,
						 &state->situation);
	outcomes_situation(state->outcomes, state->asked, state->nasked, request->at,
					   &state->situation);
	read_due(state);
	read_new_tables(state);
}

/* Reads the rows of the first n offers. */
static void
read_offers(SuggestionState *state, int n)
{
	QueryKey *known = palloc((n + 1) * sizeof(QueryKey));
	int nknown = 0;

	for (int i = 0; i < n; i++)
	{
		query_store_want_query(state->store, &state->offers[i].id);
		if (state->offers[i].features[FEATURE_KNOWN] > 0)
			known[nknown++] = state->offers[i].id;
	}
	query_store_fetch(state->store);
	see_to_fresh(state, known, nknown);
}

/*
 * Collects what could be asked.  With a context, what fits it comes first; if
 * nothing fits, the context is ignored.
 */
static void
gather_offers(SuggestionState *state)
{
	Statistics *statistics = query_store_statistics(state->store);
	const char *text = state->request->context;
	Context context;

	state->offers = palloc(OFFERS_MAX * sizeof(Offer));
	if (text != NULL)
	{
		state->situation.each = OFFERS_EACH_CONTEXT;
		state->noffers = statistics_offers(statistics, &state->situation, state->offers);
		read_offers(state, state->noffers);
		text = query_fold_beyond_ascii(text);
		context_read(text, strlen(text), &context);
		if (statistics_context(statistics, &state->situation, &context, state->offers,
							   state->noffers))
			return;
		state->situation.each = OFFERS_EACH;
		state->situation.ncontext = 0;
	}
	state->noffers = statistics_offers(statistics, &state->situation, state->offers);
	read_offers(state, offers_kept(state->noffers));
}

/* Whether an offer is put first to a user of whom nothing is known: what rises, and new tables. */
static bool
is_put_first(SuggestionState *state, const Offer *offer)
{
	const TenantStatistics *tenant = query_store_statistics(state->store)->tenant;
	const StoredQuery *stored = query_store_find(state->store, &offer->id, false);

	return offer->features[FEATURE_NEW_TABLE] > 0 ||
		   (stored != NULL && query_is_rising(tenant, &stored->statistics, state->request->at));
}

/* Moves an offer to an earlier position, those in between by one. */
static void
move_offer(Offer *offers, int from, int to)
{
	Offer moved = offers[from];

	memmove(offers + to + 1, offers + to, (from - to) * sizeof(Offer));
	offers[to] = moved;
}

/*
 * To a user of whom nothing is known: what rises first, and new tables.  Only what is
 * likely enough to be shown moves, so that it costs no likelier query its place; where
 * nothing of it rises, the likeliest that does.
 */
static void
put_rising_first(SuggestionState *state, int kept)
{
	int n = 0;

	for (int i = 0; i < kept && (i < state->request->max_results || n == 0); i++)
	{
		if (is_put_first(state, &state->offers[i]))
			move_offer(state->offers, i, n++);
	}
}

/* Whether some offer is asked by several users. */
static bool
any_shared(SuggestionState *state, int kept)
{
	const TenantStatistics *tenant = query_store_statistics(state->store)->tenant;

	for (int i = 0; i < kept; i++)
	{
		const StoredQuery *stored = query_store_find(state->store, &state->offers[i].id, false);

		if (stored != NULL && query_is_shared(tenant, &stored->statistics))
			return true;
	}
	return false;
}

/* Ranks the offers. */
static void
rank(SuggestionState *state)
{
	Statistics *statistics = query_store_statistics(state->store);
	const Ranking *ranking = &statistics->tenant->ranking;
	double taste[OFFER_KINDS];
	int kept;

	gather_offers(state);
	kept = offers_kept(state->noffers);
	statistics_describe(statistics, &state->situation, state->offers, state->noffers);
	ranking_weights(ranking, situation_moment(&state->situation), &state->weights);
	outcomes_taste(state->outcomes, state->asked, state->nasked, taste);
	ranking_taste(&state->weights, state->offers, state->noffers, taste);
	ranking_order(&state->weights, state->offers, kept, state->noffers);
	if (state->nasked == 0)
	{
		state->any_often = any_shared(state, kept);
		put_rising_first(state, kept);
	}
	ranking_calibrate(ranking, situation_standing(&state->situation), state->offers,
					  state->noffers);
}

void
offers_rank(SuggestionState *state)
{
	read_user(state);
	read_situation(state);
	rank(state);
}
