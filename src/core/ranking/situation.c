/*
 * situation.c
 *		The offers that a user could ask next, with their features.
 *
 *		First offers are collected from lists, then the lists are scanned
 *		again to compute the features of these offers.
 */
#include "core/ranking/situation.h"

#include <math.h>
#include <string.h>

#include "core/ranking/query_index.h"
#include "core/ranking/trend.h"

/* Powers of two, more than twice the number of items. */
#define SIMILAR_MAX (SIMILAR_FROM * LINKS_MAX)
#define SIMILAR_SLOTS 1024
#define OFFER_SLOTS 1024

typedef struct Gathering
{
	const Situation *situation;
	const QueryKey
		*barred; /* the last query, which is not offered; NULL if it may be offered again */

	KnownQueries own;

	Weighed similar[SIMILAR_MAX]; /* heaviest first */
	int nsimilar;
	double similar_total;

	Offer *offers;
	int n;
	QueryIndex offered;
	int16_t offer_slots[OFFER_SLOTS];
} Gathering;

int
latest_queries(const Asked *history, int n, QueryKey *latest, int max)
{
	int found = 0;
	int oldest = n > HISTORY_MAX ? n - HISTORY_MAX : 0;

	for (int i = n - 1; i >= oldest && found < max; i--)
	{
		int k = 0;

		while (k < found && !same_query(&latest[k], &history[i].id))
			k++;
		if (k == found)
			latest[found++] = history[i].id;
	}
	return found;
}

int
find_offer(const Offer *offers, int n, const QueryKey *id)
{
	for (int i = 0; i < n; i++)
	{
		if (same_query(&offers[i].id, id))
			return i;
	}
	return -1;
}

static bool
is_barred(const Gathering *gathering, const QueryKey *id)
{
	return gathering->barred != NULL && same_query(id, gathering->barred);
}

/*
 * ------------------------------------------------------------ what is known
 */

static bool
heavier(const Weighed *a, const Weighed *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return compare_queries(&a->id, &b->id) < 0;
}

/* Inserts an item into a sorted list with at most max items. */
static void
insert_weighed(Weighed *list, int *n, int max, const Weighed *item)
{
	int place;

	if (max < 1 || (*n == max && !heavier(item, &list[max - 1])))
		return;
	if (*n < max)
		(*n)++;
	for (place = *n - 1; place > 0 && heavier(item, &list[place - 1]); place--)
		list[place] = list[place - 1];
	list[place] = *item;
}

/* Collects the queries of users who ask the latest queries; later ones count more. */
static void
gather_similar(Gathering *gathering)
{
	Weighed sums[SIMILAR_MAX];
	int16_t slots[SIMILAR_SLOTS];
	QueryIndex index;
	int n = 0;

	query_index_init(&index, slots, SIMILAR_SLOTS, sums, sizeof(Weighed));
	for (int k = 0; k < SIMILAR_FROM; k++)
	{
		const Links *links = gathering->situation->similar[k];
		double scale = links == NULL ? 0.0 : 1.0 / sqrt(fmax(links->total, 1.0)) / (k + 1);

		for (int i = 0; links != NULL && i < links->n; i++)
		{
			int place;

			if (is_barred(gathering, &links->ids[i]))
				continue;
			place = query_index_add(&index, &links->ids[i], n);
			if (place == n)
				sums[n++] = (Weighed){links->ids[i], 0.0};
			sums[place].weight += links->weights[i] * scale;
		}
	}

	gathering->nsimilar = 0;
	gathering->similar_total = 0.0;
	for (int i = 0; i < n; i++)
	{
		gathering->similar_total += sums[i].weight;
		insert_weighed(gathering->similar, &gathering->nsimilar, RELATED_MAX, &sums[i]);
	}
}

/*
 * -------------------------------------------------------- collecting offers
 */

/* Adds an offer; returns false if it is the query that was just asked. */
static bool
offer(Gathering *gathering, const QueryKey *id)
{
	int place;

	if (is_barred(gathering, id))
		return false;
	if (gathering->n == OFFERS_MAX)
		return true;
	place = query_index_add(&gathering->offered, id, gathering->n);
	if (place == gathering->n)
	{
		memset(&gathering->offers[place], 0, sizeof(Offer));
		gathering->offers[place].id = *id;
		gathering->n++;
	}
	return true;
}

static void
offer_links(Gathering *gathering, const Links *links)
{
	int taken = 0;

	for (int i = 0; links != NULL && i < links->n && taken < gathering->situation->each; i++)
		taken += offer(gathering, &links->ids[i]);
}

static void
offer_weighed(Gathering *gathering, const Weighed *weighed, int n)
{
	int taken = 0;

	for (int i = 0; i < n && taken < gathering->situation->each; i++)
		taken += offer(gathering, &weighed[i].id);
}

/* Adds the user's own queries: the latest, and the first by each count. */
static void
offer_own(Gathering *gathering)
{
	Weighed frequent[OFFERS_EACH_CONTEXT + 1];
	Weighed all[OFFERS_EACH_CONTEXT + 1];
	Weighed habits[OFFERS_EACH_CONTEXT + 1];
	int nfrequent = 0;
	int nall = 0;
	int nhabits = 0;
	int taken = 0;
	int each = gathering->situation->each;

	for (int k = 0; k < gathering->own.n; k++)
	{
		const KnownQuery *query = &gathering->own.queries[k];

		if (taken < each)
			taken += offer(gathering, &query->id);
		insert_weighed(frequent, &nfrequent, each + 1,
					   &(Weighed){query->id, query->sums.frequency});
		insert_weighed(all, &nall, each + 1, &(Weighed){query->id, query->sums.asks});
		if (query->sums.habit > 0.0)
			insert_weighed(habits, &nhabits, each + 1, &(Weighed){query->id, query->sums.habit});
	}
	offer_weighed(gathering, frequent, nfrequent);
	offer_weighed(gathering, all, nall);
	offer_weighed(gathering, habits, nhabits);
}

/*
 * ------------------------------------------------------------------- features
 */

static double *
features_of(const Gathering *gathering, const QueryKey *id)
{
	int place = query_index_find(&gathering->offered, id);

	return place < 0 ? NULL : gathering->offers[place].features;
}

static void
describe_asked(Gathering *gathering)
{
	OwnSums all;
	int place = 0;

	own_sums_init(&all);
	for (int k = 0; k < gathering->own.n; k++)
	{
		if (!is_barred(gathering, &gathering->own.queries[k].id))
			own_sums_add(&all, &gathering->own.queries[k].sums);
	}
	for (int k = 0; k < gathering->own.n; k++)
	{
		const KnownQuery *query = &gathering->own.queries[k];
		double *features = features_of(gathering, &query->id);

		if (is_barred(gathering, &query->id))
			continue;
		if (features != NULL)
			describe_own(&gathering->own, query, place, &all, features);
		place++;
	}
}

/* Sets shares of a list's weight, smoothed as if that much more weight had been seen. */
static void
describe_shares(Gathering *gathering, const Links *links, double more, Feature feature)
{
	for (int i = 0; links != NULL && i < links->n; i++)
	{
		double *features = features_of(gathering, &links->ids[i]);

		if (features != NULL)
			features[feature] = share_feature(links->weights[i], links->total + more);
	}
}

/* Sets ranks in a list without the query that was just asked. */
static void
describe_ranks(Gathering *gathering, const Links *links, Feature feature)
{
	int place = 0;

	for (int i = 0; links != NULL && i < links->n && place < RANKED; i++)
	{
		double *features = features_of(gathering, &links->ids[i]);

		if (is_barred(gathering, &links->ids[i]))
			continue;
		if (features != NULL)
			features[feature] = rank_feature(place);
		place++;
	}
}

/* Sets ranks among queries whose rate has risen. */
static void
describe_rising(Gathering *gathering)
{
	const Situation *situation = gathering->situation;
	const Links *trending = situation->trending;
	const Links *usual = situation->usual;
	int place = 0;

	if (trending == NULL || usual == NULL)
		return;
	for (int i = 0; i < trending->n && place < RANKED; i++)
	{
		double *features = features_of(gathering, &trending->ids[i]);
		int at = links_find(usual, &trending->ids[i]);
		double slow = TREND_NONE;

		/* A query that is not in a full list has at most the lightest weight. */
		if (at >= 0)
			slow = usual->weights[at];
		else if (usual->n == LINKS_MAX)
			slow = usual->weights[LINKS_MAX - 1];
		if (is_barred(gathering, &trending->ids[i]) ||
			!trend_rises(trending->weights[i], slow, situation->since, situation->at))
			continue;
		if (features != NULL)
			features[FEATURE_TRENDING] = rank_feature(place);
		place++;
	}
}

static void
describe_weights(Gathering *gathering, const Weighed *weighed, int n, Feature feature)
{
	for (int i = 0; i < n; i++)
	{
		double *features = features_of(gathering, &weighed[i].id);

		if (features != NULL)
			features[feature] = weighed[i].weight;
	}
}

static void
describe_related(Gathering *gathering)
{
	const Situation *situation = gathering->situation;
	int place = 0;

	describe_weights(gathering, situation->related, situation->nrelated, FEATURE_SHARED);
	for (int i = 0; i < situation->nrelated && place < RANKED; i++)
	{
		double *features = features_of(gathering, &situation->related[i].id);

		if (is_barred(gathering, &situation->related[i].id))
			continue;
		if (features != NULL)
			features[FEATURE_RELATED] = rank_feature(place);
		place++;
	}
}

static void
describe_similar(Gathering *gathering)
{
	for (int i = 0; i < gathering->nsimilar; i++)
	{
		double *features = features_of(gathering, &gathering->similar[i].id);

		if (features == NULL)
			continue;
		features[FEATURE_SIMILAR] =
			share_feature(gathering->similar[i].weight, gathering->similar_total);
	}
}

/* Sets features that depend on others: for queries that are new to the user. */
static void
describe_together(Offer *offers, int n)
{
	for (int i = 0; i < n; i++)
	{
		double *features = offers[i].features;

		if (features[FEATURE_KNOWN] == 0.0)
		{
			features[FEATURE_SIMILAR_NEW] = features[FEATURE_SIMILAR];
			features[FEATURE_FOLLOWS_NEW] = features[FEATURE_FOLLOWS];
		}
		features[FEATURE_PASSED_OVER] = log1p(features[FEATURE_PASSED_OVER]);
	}
}

/* Whether the day of a query has come, so that it has not been asked today. */
static bool
is_due(const Situation *situation, const QueryKey *id)
{
	for (int i = 0; i < situation->ndue; i++)
	{
		if (same_query(&situation->due[i].id, id))
			return true;
	}
	return false;
}

Moment
situation_moment(const Situation *situation)
{
	int n = situation->nhistory;

	if (n == 0)
		return moment_after(-1.0);
	return moment_after(fmax((double) situation->at - (double) situation->history[n - 1].at, 0.0));
}

Standing
situation_standing(const Situation *situation)
{
	return standing_after(situation->nhistory);
}

int
situation_offers(const Situation *situation, Offer *offers)
{
	Gathering gathering;
	int n = situation->nhistory;

	gathering.situation = situation;
	own_queries(situation->history, n, situation->at, &gathering.own);
	gathering.barred = n > 0 ? &situation->history[n - 1].id : NULL;
	if (n > 0 && gathering.own.returns && is_due(situation, gathering.barred))
		gathering.barred = NULL;
	gathering.offers = offers;
	gathering.n = 0;
	query_index_init(&gathering.offered, gathering.offer_slots, OFFER_SLOTS, offers, sizeof(Offer));
	gather_similar(&gathering);

	offer_weighed(&gathering, situation->new_tables, situation->nnew_tables);
	offer_weighed(&gathering, situation->due, situation->ndue);
	offer_weighed(&gathering, situation->context, situation->ncontext);
	offer_own(&gathering);
	offer_links(&gathering, situation->follows);
	offer_links(&gathering, situation->follows_on);
	offer_links(&gathering, situation->precedes);
	offer_weighed(&gathering, gathering.similar, gathering.nsimilar);
	offer_weighed(&gathering, situation->related, situation->nrelated);
	offer_links(&gathering, situation->popular);
	offer_links(&gathering, situation->trending);
	offer_links(&gathering, situation->usual);

	describe_asked(&gathering);
	describe_shares(&gathering, situation->follows, 2.0, FEATURE_FOLLOWS);
	describe_shares(&gathering, situation->follows_on, 2.0, FEATURE_FOLLOWS_ON);
	describe_shares(&gathering, situation->precedes, 2.0, FEATURE_PRECEDES);
	describe_similar(&gathering);
	describe_related(&gathering);
	describe_ranks(&gathering, situation->popular, FEATURE_POPULAR);
	describe_rising(&gathering);
	describe_weights(&gathering, situation->context, situation->ncontext, FEATURE_CONTEXT);
	describe_weights(&gathering, situation->due, situation->ndue, FEATURE_RHYTHM);
	describe_weights(&gathering, situation->new_tables, situation->nnew_tables, FEATURE_NEW_TABLE);
	describe_weights(&gathering, situation->passed_over, situation->npassed_over,
					 FEATURE_PASSED_OVER);
	describe_together(offers, gathering.n);
	return gathering.n;
}
