/*
 * statistics.c
 *		Statistics of a tenant's requests, and the situation of a user in
 *		them.
 */
#include "core/ranking/statistics.h"

#include <math.h>
#include <string.h>

#include "core/ranking/likeness.h"
#include "core/ranking/query_index.h"
#include "core/ranking/trend.h"

void
query_statistics_init(QueryStatistics *query, const QueryKey *id)
{
	memset(query, 0, sizeof(QueryStatistics));
	query->id = *id;
	query->fast = TREND_NONE;
	query->slow = TREND_NONE;
	query->last_asked = NEVER_ASKED;
	query->other_asked = NEVER_ASKED;
}

void
term_statistics_init(TermStatistics *term)
{
	term->queries = 0;
	links_init(&term->latest);
}

void
tenant_statistics_init(TenantStatistics *tenant)
{
	tenant->since = NEVER_ASKED;
	tenant->asks = 0;
	tenant->users = 0;
	links_init(&tenant->popular);
	links_init(&tenant->trending);
	links_init(&tenant->usual);
	ranking_init(&tenant->ranking);
}

/* Added to the counts of usual queries, for tenants with few requests. */
#define USUAL_UNSEEN 0.5

#define DAY 86400e6

static int
terms_of(const QueryStatistics *query)
{
	return query->nterms < TERMS_MAX ? query->nterms : TERMS_MAX;
}

/*
 * ------------------------------------------------------------------ counting
 */

static void
count_weight(QueryStatistics *query, double weight, int64_t at)
{
	if (weight <= 0.0)
		return;
	query->ask_count += weight;
	query->fast = trend_add(query->fast, weight, at, TREND_FAST);
	query->slow = trend_add(query->slow, weight, at, TREND_SLOW);
}

static void
count_query(TenantStatistics *tenant, QueryStatistics *query, const Ask *ask)
{
	if (ask->first)
		query->user_count++;
	if (query->last_asked != NEVER_ASKED && query->last_user != ask->user)
		query->other_asked = query->last_asked;
	query->last_user = ask->user;
	if (ask->at > query->last_asked)
		query->last_asked = ask->at;

	if (ask->weight > 0.0)
	{
		tenant->popular.total += ask->weight;
		count_weight(query, ask->weight, ask->at);
		links_set(&tenant->popular, &ask->id, query->ask_count);
		links_set(&tenant->trending, &ask->id, query->fast);
		links_set(&tenant->usual, &ask->id, query->slow);
	}
}

static void
count_terms(Statistics *statistics, const QueryStatistics *query, bool new_query)
{
	int n = terms_of(query);

	for (int i = 0; i < n; i++)
	{
		TermStatistics *term = statistics->term(statistics, query->terms[i], true);

		if (term != NULL && links_touch(&term->latest, &query->id) && new_query)
			term->queries++;
	}
}

/* Adds to a list, if it is there to be changed. */
static void
add_link(Links *links, const QueryKey *id, double weight)
{
	if (links != NULL)
		links_add(links, id, weight);
}

static void
count_link(Statistics *statistics, const QueryKey *of, LinkKind kind, const QueryKey *id,
		   double weight)
{
	add_link(statistics->links(statistics, of, kind, true), id, weight);
}

/* Users of one query also ask the other. */
static void
count_couse(Statistics *statistics, const Ask *ask)
{
	QueryKey latest[COUSE];
	int n = latest_queries(ask->history, ask->nhistory, latest, COUSE);
	Links *own;

	if (n == 0)
		return;
	own = statistics->links(statistics, &ask->id, LINK_USERS, true);
	for (int i = 0; i < n; i++)
	{
		if (same_query(&latest[i], &ask->id))
			continue;
		add_link(own, &latest[i], ask->weight);
		count_link(statistics, &latest[i], LINK_USERS, &ask->id, ask->weight);
	}
}

void
statistics_count(Statistics *statistics, const Ask *ask)
{
	TenantStatistics *tenant = statistics->tenant;
	QueryStatistics *query = statistics->query(statistics, &ask->id, true);
	QueryKey latest[2];
	int nlatest = latest_queries(ask->history, ask->nhistory, latest, 2);
	bool new_query;

	if (query == NULL)
		return;
	new_query = query->last_asked == NEVER_ASKED;
	if (tenant->since == NEVER_ASKED || ask->at < tenant->since)
		tenant->since = ask->at;
	tenant->asks++;
	if (ask->nhistory == 0)
		tenant->users++;

	count_query(tenant, query, ask);
	count_terms(statistics, query, new_query);
	if (ask->weight <= 0.0)
		return;

	/* A repeat follows nothing. */
	if (nlatest > 0 && !same_query(&latest[0], &ask->id))
	{
		count_link(statistics, &latest[0], LINK_NEXT, &ask->id, ask->weight);
		count_link(statistics, &ask->id, LINK_BEFORE, &latest[0], ask->weight);
		if (nlatest > 1)
			count_link(statistics, &latest[1], LINK_AFTER_NEXT, &ask->id, ask->weight);
	}
	if (ask->first)
		count_couse(statistics, ask);
}

int
count_links(const Ask *ask, LinksNeeded *needed)
{
	QueryKey latest[COUSE];
	int nlatest = latest_queries(ask->history, ask->nhistory, latest, COUSE);
	int n = 0;

	if (ask->weight <= 0.0 || nlatest == 0)
		return 0;
	if (!same_query(&latest[0], &ask->id))
	{
		needed[n++] = (LinksNeeded){latest[0], LINK_NEXT};
		needed[n++] = (LinksNeeded){ask->id, LINK_BEFORE};
		if (nlatest > 1)
			needed[n++] = (LinksNeeded){latest[1], LINK_AFTER_NEXT};
	}
	if (ask->first)
	{
		needed[n++] = (LinksNeeded){ask->id, LINK_USERS};
		for (int i = 0; i < nlatest; i++)
			needed[n++] = (LinksNeeded){latest[i], LINK_USERS};
	}
	return n;
}

/*
 * ------------------------------------------------------------------ situation
 */

/* Sums by query. */
#define SUMS_MAX (TERMS_MAX * LINKS_MAX)
#define SUMS_SLOTS 4096

typedef struct Sums
{
	int n;
	Weighed sums[SUMS_MAX];
	int16_t slots[SUMS_SLOTS];
	QueryIndex index;
} Sums;

static void
sums_add(Sums *sums, const QueryKey *id, double weight)
{
	int place = query_index_add(&sums->index, id, sums->n);

	if (place == sums->n)
		sums->sums[sums->n++] = (Weighed){*id, 0.0};
	sums->sums[place].weight += weight;
}

static bool
heavier(const Weighed *a, const Weighed *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return compare_queries(&a->id, &b->id) < 0;
}

/* Selects the heaviest, in order. */
static int
heaviest(const Sums *sums, Weighed *list, int max)
{
	int n = 0;

	for (int i = 0; i < sums->n; i++)
	{
		int place = n;

		if (n == max && !heavier(&sums->sums[i], &list[n - 1]))
			continue;
		if (n == max)
			place--;
		else
			n++;
		for (; place > 0 && heavier(&sums->sums[i], &list[place - 1]); place--)
			list[place] = list[place - 1];
		list[place] = sums->sums[i];
	}
	return n;
}

/*
 * Returns the weight of a term among some: a rare term weighs more, and one that as many queries
 * have as the most common of them next to nothing.
 */
static double
rarity(const TermStatistics *term, double most)
{
	return log((most + 1.0) / (fmax((double) term->queries, 0.0) + 0.5));
}

/*
 * Finds the queries with some of the terms, by the share of the terms' weight,
 * which fades as newer queries use a term.
 */
static int
gather_by_terms(Statistics *statistics, const char *const *terms, int n, double fading,
				Weighed *list)
{
	const TermStatistics *known[TERMS_MAX];
	Sums sums;
	double all = 0.0;
	double most = 0.0;
	int found;

	for (int i = 0; i < n; i++)
	{
		known[i] = statistics->term(statistics, terms[i], false);
		if (known[i] != NULL)
			most = fmax(most, (double) known[i]->queries);
	}
	sums.n = 0;
	query_index_init(&sums.index, sums.slots, SUMS_SLOTS, sums.sums, sizeof(Weighed));
	for (int i = 0; i < n; i++)
	{
		const TermStatistics *term = known[i];
		double weight = term == NULL ? 0.0 : rarity(term, most);

		all += weight;
		for (int k = 0; term != NULL && k < term->latest.n; k++)
			sums_add(&sums, &term->latest.ids[k], weight / (1.0 + fading * k));
	}
	found = heaviest(&sums, list, RELATED_MAX);
	for (int i = 0; i < found; i++)
		list[i].weight /= all;
	return found;
}

/* The effect of each later query with the same term on a query's weight. */
#define RELATED_FADING 0.02

void
statistics_situation(Statistics *statistics, uint32_t user, const Asked *history, int nhistory,
					 int64_t at, const char *const *context, int ncontext, Situation *situation)
{
	QueryKey latest[SIMILAR_FROM];
	int nlatest;

	memset(situation, 0, sizeof(Situation));
	if (nhistory > HISTORY_MAX)
	{
		history += nhistory - HISTORY_MAX;
		nhistory = HISTORY_MAX;
	}
	situation->history = history;
	situation->nhistory = nhistory;
	situation->each = OFFERS_EACH;
	situation->user = user;
	situation->at = at;
	situation->since = statistics->tenant->since;
	situation->popular = &statistics->tenant->popular;
	situation->trending = &statistics->tenant->trending;
	situation->usual = &statistics->tenant->usual;

	nlatest = latest_queries(history, nhistory, latest, SIMILAR_FROM);
	for (int i = 0; i < nlatest; i++)
	{
		situation->similar[i] = statistics->links(statistics, &latest[i], LINK_USERS, false);
		situation->latest[i] = statistics->content(statistics, &latest[i]);
	}
	situation->nlatest = nlatest;
	if (nlatest > 1)
		situation->follows_on = statistics->links(statistics, &latest[1], LINK_AFTER_NEXT, false);
	if (nlatest > 0)
	{
		const QueryStatistics *last = statistics->query(statistics, &latest[0], false);

		situation->follows = statistics->links(statistics, &latest[0], LINK_NEXT, false);
		situation->precedes = statistics->links(statistics, &latest[0], LINK_BEFORE, false);
		if (last != NULL)
			situation->nrelated = gather_by_terms(statistics, last->terms, terms_of(last),
												  RELATED_FADING, situation->related);
	}
	situation->ncontext = gather_by_terms(
		statistics, context, ncontext < TERMS_MAX ? ncontext : TERMS_MAX, 0.0, situation->context);
}

int
situation_links(const Asked *history, int nhistory, LinksNeeded *needed)
{
	QueryKey latest[SIMILAR_FROM];
	int nlatest = latest_queries(history, nhistory, latest, SIMILAR_FROM);
	int n = 0;

	if (nlatest > 0)
	{
		needed[n++] = (LinksNeeded){latest[0], LINK_NEXT};
		needed[n++] = (LinksNeeded){latest[0], LINK_BEFORE};
	}
	if (nlatest > 1)
		needed[n++] = (LinksNeeded){latest[1], LINK_AFTER_NEXT};
	for (int i = 0; i < nlatest; i++)
		needed[n++] = (LinksNeeded){latest[i], LINK_USERS};
	return n;
}

/*
 * --------------------------------------------------------------------- offers
 */

int
offers_kept(int n)
{
	return n < OFFERS_KEPT ? n : OFFERS_KEPT;
}

int
statistics_offers(Statistics *statistics, const Situation *situation, Offer *offers)
{
	int n = situation_offers(situation, offers);
	Weights weights;

	ranking_weights(&statistics->tenant->ranking, situation_moment(situation), &weights);
	ranking_order(&weights, offers, n, n);
	return n;
}

/* Finds the words of a context in a query that is asked, or in the name of a new table. */
static void
match_offer(Statistics *statistics, const Situation *situation, const Context *context,
			const QueryKey *id, ContextMatch *match)
{
	const QueryContent *content = statistics->content(statistics, id);

	memset(match, 0, sizeof(ContextMatch));
	if (content != NULL && content->text != NULL)
	{
		context_match_text(context, content->text, content->length, match);
		for (int t = 0; t < content->ntables; t++)
			context_match_table(context, content->table_names[t].name,
								content->table_names[t].length, match);
		return;
	}
	for (int i = 0; i < situation->nnew_tables && situation->new_table_names != NULL; i++)
	{
		const char *name = situation->new_table_names[i];

		if (same_query(&situation->new_tables[i].id, id))
			context_match_text(context, name, strlen(name), match);
	}
}

bool
statistics_context(Statistics *statistics, const Situation *situation, const Context *context,
				   Offer *offers, int n)
{
	ContextMatch matches[OFFERS_MAX] = {{0}};
	double fits[OFFERS_MAX] = {0};
	Weights weights;

	for (int i = 0; i < n; i++)
		match_offer(statistics, situation, context, &offers[i].id, &matches[i]);
	if (!context_fits(context, matches, n, fits))
		return false;
	for (int i = 0; i < n; i++)
		offers[i].features[FEATURE_CONTEXT] = fits[i];
	ranking_weights(&statistics->tenant->ranking, situation_moment(situation), &weights);
	ranking_order(&weights, offers, n, n);
	return true;
}

/* How a tenant asks a query. */
static void
describe_query(const TenantStatistics *tenant, const Situation *situation,
			   const QueryStatistics *query, double usual, double features[FEATURES])
{
	features[FEATURE_POPULARITY] = share_feature(query->ask_count, tenant->popular.total + 1.0);
	features[FEATURE_USUAL_SHARE] =
		share_feature(trend_count(query->slow, situation->at, TREND_SLOW), usual);
	features[FEATURE_USERS] = log1p((double) query->user_count);
	features[FEATURE_QUIET] = age_feature(query->last_asked, situation->at);
	if (query->last_user != situation->user)
		features[FEATURE_OTHERS_LATELY] =
			exp(-fmax((double) situation->at - (double) query->last_asked, 0.0) / DAY);
}

void
statistics_describe(Statistics *statistics, const Situation *situation, Offer *offers, int n)
{
	const TenantStatistics *tenant = statistics->tenant;
	const QueryContent *contents[OFFERS_KEPT];
	double usual = USUAL_UNSEEN;
	int kept = offers_kept(n);
	Weights weights;

	for (int i = 0; i < tenant->usual.n; i++)
		usual += trend_count(tenant->usual.weights[i], situation->at, TREND_SLOW);
	for (int i = 0; i < kept; i++)
	{
		const QueryStatistics *query = statistics->query(statistics, &offers[i].id, false);

		contents[i] = statistics->content(statistics, &offers[i].id);
		if (query != NULL)
			describe_query(tenant, situation, query, usual, offers[i].features);
	}
	describe_likeness(offers, kept, contents, situation->latest, situation->nlatest);
	ranking_weights(&tenant->ranking, situation_moment(situation), &weights);
	ranking_order(&weights, offers, kept, n);
}

void
statistics_catch_up(QueryStatistics *query, uint32_t user, const Asked *history, int nhistory)
{
	int64_t counted = query->last_asked;

	for (int i = nhistory - 1; i >= 0; i--)
	{
		if (!same_query(&history[i].id, &query->id))
			continue;
		if (history[i].at <= counted)
			break;
		if (query->last_asked == counted)
			query->last_asked = history[i].at;
		if (query->user_count == 0)
			query->user_count = 1;
		query->last_user = user;
		count_weight(query, history[i].weight, history[i].at);
	}
}

static bool
is_among(const QueryKey *queries, int n, const QueryKey *id)
{
	for (int i = 0; i < n; i++)
	{
		if (same_query(&queries[i], id))
			return true;
	}
	return false;
}

int
statistics_uncounted(Statistics *statistics, const Asked *history, int nhistory,
					 const QueryKey *latest, int n)
{
	int i = nhistory;

	for (; i > 0 && is_among(latest, n, &history[i - 1].id); i--)
	{
		const QueryStatistics *query = statistics->query(statistics, &history[i - 1].id, false);

		if (query != NULL && query->last_asked >= history[i - 1].at)
			break;
	}
	return nhistory - i;
}

static bool
asked_before(const Asked *history, int n, const QueryKey *id)
{
	for (int i = 0; i < n; i++)
	{
		if (same_query(&history[i].id, id))
			return true;
	}
	return false;
}

void
statistics_count_latest(Statistics *statistics, uint32_t user, const Asked *history, int nhistory,
						int uncounted)
{
	statistics->only_read = true;
	for (int i = nhistory - uncounted; i < nhistory; i++)
	{
		Ask ask = {.id = history[i].id,
				   .at = history[i].at,
				   .user = user,
				   .first = !asked_before(history, i, &history[i].id),
				   .weight = history[i].weight,
				   .history = history,
				   .nhistory = i};

		statistics_count(statistics, &ask);
	}
	statistics->only_read = false;
}

/*
 * ------------------------------------------------------------------- learning
 */

bool
statistics_learn(Statistics *statistics, const Situation *situation, const Offer *offers, int n,
				 const Ask *ask, double step)
{
	if (ask->nhistory > 0 && same_query(&ask->history[ask->nhistory - 1].id, &ask->id))
		return false;
	ranking_learn(&statistics->tenant->ranking, situation_moment(situation),
				  situation_standing(situation), offers, offers_kept(n), &ask->id,
				  step / RANKING_STEP);
	return true;
}
