/*
 * ranking.c
 *		From what speaks for a query to the probability that it is asked next.
 */
#include "core/ranking.h"

#include <math.h>
#include <stdlib.h>

const char *const feature_names[FEATURES] = {
	[FEATURE_LATELY] = "lately",
	[FEATURE_FREQUENCY] = "frequency",
	[FEATURE_RECENCY] = "recency",
	[FEATURE_KNOWN] = "known",
	[FEATURE_HABIT] = "habit",
	[FEATURE_RETURN_FREQUENCY] = "return_frequency",
	[FEATURE_RHYTHM] = "rhythm",
	[FEATURE_FOLLOWS] = "follows",
	[FEATURE_FOLLOWS_ON] = "follows_on",
	[FEATURE_PRECEDES] = "precedes",
	[FEATURE_RETURN_FOLLOWS] = "return_follows",
	[FEATURE_RELATED] = "related",
	[FEATURE_SHARED] = "shared",
	[FEATURE_CONTEXT] = "context",
	[FEATURE_SIMILAR] = "similar",
	[FEATURE_SIMILAR_NEW] = "similar_new",
	[FEATURE_POPULAR] = "popular",
	[FEATURE_RETURN_POPULAR] = "return_popular",
	[FEATURE_USUAL] = "usual",
	[FEATURE_TRENDING] = "trending",
	[FEATURE_NEW_TABLE] = "new_table",
	[FEATURE_PASSED_OVER] = "passed_over",
	[FEATURE_TASTE] = "taste",
};

/*
 * Near the weights that were best over several logs together, each log
 * counting as much, rounded; those near 0 there are raised to what
 * costs nothing, so that a tenant can come to like them.  rhythm, context,
 * new_table, passed_over and taste are judgement: logs of mere events do not
 * show them.
 */
const double feature_weights[FEATURES] = {
	[FEATURE_LATELY] = 0.2,			 [FEATURE_FREQUENCY] = 0.05,
	[FEATURE_RECENCY] = 0.1,		 [FEATURE_KNOWN] = 0.05,
	[FEATURE_HABIT] = 0.05,			 [FEATURE_RETURN_FREQUENCY] = 0.55,
	[FEATURE_RHYTHM] = 2.0,			 [FEATURE_FOLLOWS] = 0.5,
	[FEATURE_FOLLOWS_ON] = 0.2,		 [FEATURE_PRECEDES] = 0.25,
	[FEATURE_RETURN_FOLLOWS] = -0.5, [FEATURE_RELATED] = 0.25,
	[FEATURE_SHARED] = 0.5,			 [FEATURE_CONTEXT] = 3.0,
	[FEATURE_SIMILAR] = 0.75,		 [FEATURE_SIMILAR_NEW] = 1.0,
	[FEATURE_POPULAR] = 0.05,		 [FEATURE_RETURN_POPULAR] = 0.3,
	[FEATURE_USUAL] = 0.05,			 [FEATURE_TRENDING] = 0.1,
	[FEATURE_NEW_TABLE] = 1.5,		 [FEATURE_PASSED_OVER] = -0.1,
	[FEATURE_TASTE] = 0.3,
};

/*
 * What speaks for a query must not come to speak against it, or the reason
 * given would be none.  What a person means by a context, a rhythm, a dismissal
 * holds whatever the logs say.
 */
const double feature_lowest[FEATURES] = {
	[FEATURE_KNOWN] = -1.0,	 [FEATURE_RHYTHM] = 0.5,	[FEATURE_RETURN_FOLLOWS] = -1.0,
	[FEATURE_CONTEXT] = 2.0, [FEATURE_NEW_TABLE] = 0.5, [FEATURE_PASSED_OVER] = -1.0,
	[FEATURE_TASTE] = 0.1,
};

const double feature_highest[FEATURES] = {
	[FEATURE_LATELY] = 3.0,		   [FEATURE_FREQUENCY] = 3.0,	   [FEATURE_RECENCY] = 3.0,
	[FEATURE_KNOWN] = 3.0,		   [FEATURE_HABIT] = 3.0,		   [FEATURE_RETURN_FREQUENCY] = 3.0,
	[FEATURE_RHYTHM] = 4.0,		   [FEATURE_FOLLOWS] = 3.0,		   [FEATURE_FOLLOWS_ON] = 3.0,
	[FEATURE_PRECEDES] = 3.0,	   [FEATURE_RETURN_FOLLOWS] = 0.5, [FEATURE_RELATED] = 3.0,
	[FEATURE_SHARED] = 3.0,		   [FEATURE_CONTEXT] = 6.0,		   [FEATURE_SIMILAR] = 3.0,
	[FEATURE_SIMILAR_NEW] = 3.0,   [FEATURE_POPULAR] = 3.0,		   [FEATURE_RETURN_POPULAR] = 3.0,
	[FEATURE_USUAL] = 3.0,		   [FEATURE_TRENDING] = 3.0,	   [FEATURE_NEW_TABLE] = 3.0,
	[FEATURE_PASSED_OVER] = -0.02, [FEATURE_TASTE] = 1.0,
};

/* Where AdaGrad's sums begin: the first steps are not the largest. */
#define FIRST_GRADIENT 1.0

/* Weights that nothing speaks for go back to where they began. */
#define SHRINKAGE 1e-3

/* Before much has been seen, offers are taken to cover half of what is asked. */
#define PRIOR_ASKED 6.0
#define PRIOR_COVERED 3.0

/* The older decisions count less: a thousand of them are remembered. */
#define MEMORY 1000.0

void
ranking_init(Ranking *ranking)
{
	for (int f = 0; f < FEATURES; f++)
	{
		ranking->weights[f] = feature_weights[f];
		ranking->gradients[f] = FIRST_GRADIENT;
	}
	ranking->asked = 0.0;
	ranking->covered = 0.0;
}

bool
ranking_valid(const Ranking *ranking)
{
	for (int f = 0; f < FEATURES; f++)
	{
		if (!(ranking->weights[f] >= feature_lowest[f] &&
			  ranking->weights[f] <= feature_highest[f]) ||
			!(ranking->gradients[f] > 0.0 && isfinite(ranking->gradients[f])))
			return false;
	}
	return ranking->covered >= 0.0 && ranking->asked >= ranking->covered &&
		   isfinite(ranking->asked);
}

static double
score(const Ranking *ranking, const Offer *offer)
{
	double sum = 0.0;

	for (int f = 0; f < FEATURES; f++)
		sum += ranking->weights[f] * offer->features[f];
	return sum;
}

double
ranking_contribution(const Ranking *ranking, const Offer *offer, Feature feature)
{
	return ranking->weights[feature] * offer->features[feature];
}

/* Whose contributions are said to be of which kind; the corrections are of none. */
static bool
is_of_kind(Feature feature, OfferKind kind)
{
	switch (feature)
	{
		case FEATURE_LATELY:
		case FEATURE_FREQUENCY:
		case FEATURE_RECENCY:
		case FEATURE_KNOWN:
		case FEATURE_HABIT:
		case FEATURE_RETURN_FREQUENCY:
		case FEATURE_RHYTHM:
			return kind == KIND_FREQUENT;
		case FEATURE_FOLLOWS:
		case FEATURE_FOLLOWS_ON:
		case FEATURE_PRECEDES:
		case FEATURE_RETURN_FOLLOWS:
		case FEATURE_RELATED:
		case FEATURE_SHARED:
		case FEATURE_CONTEXT:
			return kind == KIND_RELATED;
		case FEATURE_SIMILAR:
		case FEATURE_SIMILAR_NEW:
		case FEATURE_POPULAR:
		case FEATURE_RETURN_POPULAR:
		case FEATURE_USUAL:
			return kind == KIND_SIMILAR;
		case FEATURE_TRENDING:
			return kind == KIND_TRENDING;
		case FEATURE_NEW_TABLE:
			return kind == KIND_NEW_TABLE;
		case FEATURE_PASSED_OVER:
		case FEATURE_TASTE:
			break;
	}
	return false;
}

double
ranking_kind_contribution(const Ranking *ranking, const Offer *offer, OfferKind kind)
{
	double sum = 0.0;

	for (int f = 0; f < FEATURES; f++)
	{
		if (is_of_kind((Feature) f, kind))
			sum += ranking_contribution(ranking, offer, (Feature) f);
	}
	return sum;
}

OfferKind
ranking_kind(const Ranking *ranking, const Offer *offer)
{
	OfferKind best = KIND_FREQUENT;
	double most = ranking_kind_contribution(ranking, offer, best);

	for (int k = 1; k < OFFER_KINDS; k++)
	{
		double sum = ranking_kind_contribution(ranking, offer, (OfferKind) k);

		if (sum > most)
		{
			best = (OfferKind) k;
			most = sum;
		}
	}
	return best;
}

Feature
ranking_evidence(const Ranking *ranking, const Offer *offer, OfferKind kind)
{
	int best = -1;
	double most = 0.0;

	for (int f = 0; f < FEATURES; f++)
	{
		double part = ranking_contribution(ranking, offer, (Feature) f);

		if (is_of_kind((Feature) f, kind) && (best < 0 || part > most))
		{
			best = f;
			most = part;
		}
	}
	return (Feature) best;
}

void
ranking_taste(const Ranking *ranking, Offer *offers, int n, const double taste[OFFER_KINDS])
{
	for (int i = 0; i < n; i++)
		offers[i].features[FEATURE_TASTE] = taste[ranking_kind(ranking, &offers[i])];
}

static int
compare_offers(const void *a, const void *b)
{
	const Offer *x = a;
	const Offer *y = b;

	if (x->probability != y->probability)
		return x->probability > y->probability ? -1 : 1;
	return compare_queries(&x->id, &y->id);
}

void
ranking_order(const Ranking *ranking, Offer *offers, int n)
{
	double covered = (ranking->covered + PRIOR_COVERED) / (ranking->asked + PRIOR_ASKED);
	double highest = -HUGE_VAL;
	double sum = 0.0;

	for (int i = 0; i < n; i++)
	{
		offers[i].probability = score(ranking, &offers[i]);
		highest = fmax(highest, offers[i].probability);
	}
	for (int i = 0; i < n; i++)
	{
		offers[i].probability = exp(offers[i].probability - highest);
		sum += offers[i].probability;
	}
	for (int i = 0; i < n; i++)
		offers[i].probability *= covered / sum;
	qsort(offers, (size_t) n, sizeof(Offer), compare_offers);
}

void
ranking_learn(Ranking *ranking, const Offer *offers, int n, const QueryKey *asked, double rate)
{
	const Offer *taken = NULL;
	double sum = 0.0;

	for (int i = 0; i < n; i++)
	{
		sum += offers[i].probability;
		if (same_query(&offers[i].id, asked))
			taken = &offers[i];
	}
	if (ranking->asked >= MEMORY)
	{
		ranking->asked *= 1.0 - 1.0 / MEMORY;
		ranking->covered *= 1.0 - 1.0 / MEMORY;
	}
	ranking->asked += 1.0;
	if (taken == NULL)
		return;
	ranking->covered += 1.0;
	for (int f = 0; f < FEATURES; f++)
	{
		double gradient =
			taken->features[f] - SHRINKAGE * (ranking->weights[f] - feature_weights[f]);

		/* The logarithm of a softmax: what was taken, less what was expected. */
		for (int i = 0; i < n; i++)
			gradient -= offers[i].features[f] * offers[i].probability / sum;
		ranking->gradients[f] += gradient * gradient;
		ranking->weights[f] += rate * gradient / sqrt(ranking->gradients[f]);
		ranking->weights[f] =
			fmin(fmax(ranking->weights[f], feature_lowest[f]), feature_highest[f]);
	}
}
