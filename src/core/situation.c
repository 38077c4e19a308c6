/*
 * situation.c
 *		What a user could ask next: offers with features.
 */
#include "core/situation.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* What one later ask leaves of a count: an average that moves by a tenth. */
#define LATER 0.9

/* A share so small is next to nothing. */
#define NOTHING 0.02

/* What a user has asked, each query once, latest first. */
typedef struct Known
{
	QueryKey id;
	double frequency;
	double practice;
	double habit; /* times it followed the last query */
} Known;

double
share_feature(double part, double whole)
{
	return log1p(part / whole / NOTHING);
}

static double
rank_feature(int place)
{
	return place >= 0 && place < RANKED ? 1.0 / (1.0 + place) : 0.0;
}

int
latest_queries(const Asked *history, int n, QueryKey *latest, int max)
{
	int found = 0;

	for (int i = n - 1; i >= 0 && found < max; i--)
	{
		int k = 0;

		while (k < found && !same_query(&latest[k], &history[i].id))
			k++;
		if (k == found)
			latest[found++] = history[i].id;
	}
	return found;
}

static Known *
know(Known *known, int *n, const QueryKey *id)
{
	for (int k = 0; k < *n; k++)
	{
		if (same_query(&known[k].id, id))
			return &known[k];
	}
	memset(&known[*n], 0, sizeof(Known));
	known[*n].id = *id;
	return &known[(*n)++];
}

static int
gather_known(const Situation *situation, Known *known)
{
	const Asked *history = situation->history;
	const QueryKey *last = situation->nhistory > 0 ? &history[situation->nhistory - 1].id : NULL;
	double weight = 1.0;
	int n = 0;

	for (int i = situation->nhistory - 1; i >= 0; i--, weight *= LATER)
	{
		Known *entry = know(known, &n, &history[i].id);

		/* A second is the least age: Anderson and Schooler's power law of recency (1991). */
		entry->frequency += weight * history[i].weight;
		entry->practice +=
			1.0 / sqrt(fmax((double) situation->at - (double) history[i].at, 1e6) / 1e6);
		if (i > 0 && same_query(&history[i - 1].id, last))
			entry->habit += 1.0;
	}
	return n;
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

typedef struct Gathering
{
	const Situation *situation;
	const QueryKey *last; /* no offer; NULL for none */
	Offer *offers;
	int n;
} Gathering;

static void
offer(Gathering *gathering, const QueryKey *id)
{
	if (gathering->n == OFFERS_MAX || find_offer(gathering->offers, gathering->n, id) >= 0)
		return;
	memset(&gathering->offers[gathering->n], 0, sizeof(Offer));
	gathering->offers[gathering->n++].id = *id;
}

static bool
is_last(const Gathering *gathering, const QueryKey *id)
{
	return gathering->last != NULL && same_query(id, gathering->last);
}

static void
offer_links(Gathering *gathering, const Links *links)
{
	int taken = 0;

	for (int i = 0; links != NULL && i < links->n && taken < OFFERS_EACH; i++)
	{
		if (is_last(gathering, &links->ids[i]))
			continue;
		offer(gathering, &links->ids[i]);
		taken++;
	}
}

static void
offer_weighed(Gathering *gathering, const Weighed *weighed, int n)
{
	int taken = 0;

	for (int i = 0; i < n && taken < OFFERS_EACH; i++)
	{
		if (is_last(gathering, &weighed[i].id))
			continue;
		offer(gathering, &weighed[i].id);
		taken++;
	}
}

/* The first offers of what the user knows, by one of its numbers. */
static void
offer_known(Gathering *gathering, const Known *known, int n, size_t number)
{
	double limit = HUGE_VAL;
	int taken = 0;

	/* The next smaller number each time: lists are short, and equals stay together. */
	while (taken < OFFERS_EACH)
	{
		double best = 0.0;

		for (int k = 0; k < n; k++)
		{
			double value = *(const double *) ((const char *) &known[k] + number);

			if (value < limit && value > best)
				best = value;
		}
		if (best <= 0.0)
			return;
		for (int k = 0; k < n && taken < OFFERS_EACH; k++)
		{
			double value = *(const double *) ((const char *) &known[k] + number);

			if (value == best && !is_last(gathering, &known[k].id))
			{
				offer(gathering, &known[k].id);
				taken++;
			}
		}
		limit = best;
	}
}

/* What is asked by those who ask the latest queries; the later of these count more. */
static void
gather_similar(const Situation *situation, Links *similar)
{
	similar->n = 0;
	similar->total = 0.0;
	for (int k = 0; k < SIMILAR_FROM; k++)
	{
		const Links *links = situation->similar[k];

		for (int i = 0; links != NULL && i < links->n; i++)
		{
			const QueryKey *id = &links->ids[i];
			double weight = links->weights[i] / sqrt(fmax(links->total, 1.0)) / (k + 1);

			links_set(similar, id, links_weight(similar, id) + weight);
		}
	}
}

/* The rank of a query in a list from which what was asked last is left out. */
static double
rank_in_links(const Gathering *gathering, const Links *links, const QueryKey *id)
{
	int place = 0;

	for (int i = 0; links != NULL && i < links->n && place < RANKED; i++)
	{
		if (same_query(&links->ids[i], id))
			return rank_feature(place);
		place += !is_last(gathering, &links->ids[i]);
	}
	return 0.0;
}

static double
rank_in_weighed(const Gathering *gathering, const Weighed *weighed, int n, const QueryKey *id)
{
	int place = 0;

	for (int i = 0; i < n && place < RANKED; i++)
	{
		if (same_query(&weighed[i].id, id))
			return rank_feature(place);
		place += !is_last(gathering, &weighed[i].id);
	}
	return 0.0;
}

static double
weight_of(const Weighed *weighed, int n, const QueryKey *id)
{
	for (int i = 0; i < n; i++)
	{
		if (same_query(&weighed[i].id, id))
			return weighed[i].weight;
	}
	return 0.0;
}

/* Counts of what follows are smoothed as if two others had been seen. */
static double
following(const Links *links, const QueryKey *id)
{
	return links == NULL ? 0.0 : share_feature(links_weight(links, id), links->total + 2.0);
}

/* What the user has done himself, as features. */
static void
describe_known(Gathering *gathering, const Known *known, int nknown)
{
	double frequency = 0.1;
	double practice = 1e-4;
	double habit = 1.0;
	int place = 0;

	for (int k = 0; k < nknown; k++)
	{
		habit += known[k].habit;
		if (find_offer(gathering->offers, gathering->n, &known[k].id) < 0)
			continue;
		frequency += known[k].frequency;
		practice += known[k].practice;
	}
	for (int k = 0; k < nknown; k++)
	{
		int i = find_offer(gathering->offers, gathering->n, &known[k].id);

		if (i >= 0)
		{
			double *features = gathering->offers[i].features;

			features[FEATURE_KNOWN] = 1.0;
			features[FEATURE_FREQUENCY] = share_feature(known[k].frequency, frequency);
			features[FEATURE_PRACTICE] = share_feature(known[k].practice, practice);
			features[FEATURE_HABIT] = share_feature(known[k].habit, habit);
			features[FEATURE_RECENCY] = rank_feature(place);
		}
		place += !is_last(gathering, &known[k].id);
	}
}

int
situation_offers(const Situation *situation, Offer *offers)
{
	Known known[HISTORY_MAX];
	Links similar;
	int nknown = gather_known(situation, known);
	Gathering gathering = {situation, nknown > 0 ? &known[0].id : NULL, offers, 0};

	gather_similar(situation, &similar);
	for (int k = 0, taken = 0; k < nknown && taken < OFFERS_EACH; k++)
	{
		if (is_last(&gathering, &known[k].id))
			continue;
		offer(&gathering, &known[k].id);
		taken++;
	}
	offer_known(&gathering, known, nknown, offsetof(Known, frequency));
	offer_known(&gathering, known, nknown, offsetof(Known, practice));
	offer_known(&gathering, known, nknown, offsetof(Known, habit));
	offer_links(&gathering, situation->follows);
	offer_links(&gathering, situation->follows_on);
	offer_links(&gathering, &similar);
	offer_links(&gathering, situation->popular);
	offer_links(&gathering, situation->trending);
	offer_links(&gathering, situation->usual);
	offer_weighed(&gathering, situation->related, situation->nrelated);
	offer_weighed(&gathering, situation->context, situation->ncontext);
	offer_weighed(&gathering, situation->due, situation->ndue);
	offer_weighed(&gathering, situation->new_tables, situation->nnew_tables);

	describe_known(&gathering, known, nknown);
	for (int i = 0; i < gathering.n; i++)
	{
		double *features = offers[i].features;
		const QueryKey *id = &offers[i].id;

		features[FEATURE_FOLLOWS] = following(situation->follows, id);
		features[FEATURE_FOLLOWS_ON] = following(situation->follows_on, id);
		features[FEATURE_SIMILAR] = rank_in_links(&gathering, &similar, id);
		features[FEATURE_POPULAR] = rank_in_links(&gathering, situation->popular, id);
		features[FEATURE_TRENDING] = rank_in_links(&gathering, situation->trending, id);
		features[FEATURE_USUAL] = rank_in_links(&gathering, situation->usual, id);
		features[FEATURE_RELATED] =
			rank_in_weighed(&gathering, situation->related, situation->nrelated, id);
		features[FEATURE_CONTEXT] = weight_of(situation->context, situation->ncontext, id);
		features[FEATURE_RHYTHM] = weight_of(situation->due, situation->ndue, id);
		features[FEATURE_NEW_TABLE] = weight_of(situation->new_tables, situation->nnew_tables, id);
		features[FEATURE_PASSED_OVER] =
			log1p(weight_of(situation->passed_over, situation->npassed_over, id));
	}
	return gathering.n;
}
