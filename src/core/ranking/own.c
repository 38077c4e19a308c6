/*
 * own.c
 *		The features of queries that come from the user's own requests.
 */
#include "core/ranking/own.h"

#include <math.h>
#include <string.h>

#include "core/ranking/query_index.h"

/*
 * The factor by which each later request reduces a count: half-lives of 2, 16
 * and 64 requests.
 */
#define LATER_2 0.70710678118654752
#define LATER_16 0.95760328069857365
#define LATER_64 0.98922801319397548

/* A share this small counts almost nothing. */
#define NOTHING 0.02

/* Added to the counts of a user's requests, for users with few. */
#define UNSEEN 0.2
#define UNSEEN_FADING 1e-4

/* A power of two, more than twice the number of items. */
#define OWN_SLOTS 512

#define SECOND 1e6
#define HOUR 3600e6

double
share_feature(double part, double whole)
{
	double share = part / whole;

	/* Stored numbers may have any value. */
	return share > 0.0 ? log1p(fmin(share, 1.0) / NOTHING) : 0.0;
}

double
rank_feature(int place)
{
	return 1.0 / (1.0 + place);
}

double
age_feature(int64_t from, int64_t to)
{
	return log1p(fmax((double) to - (double) from, 0.0) / HOUR);
}

void
own_queries(const Asked *history, int n, int64_t at, KnownQueries *own)
{
	int oldest = n > HISTORY_MAX ? n - HISTORY_MAX : 0;
	const QueryKey *last = n > 0 ? &history[n - 1].id : NULL;
	int16_t slots[OWN_SLOTS];
	QueryIndex index;
	OwnSums one = {.lately = 1.0, .frequency = 1.0, .long_run = 1.0};
	bool session;

	own->n = 0;
	own->returns = n > 0 && (double) at - (double) history[n - 1].at > RETURN_AFTER;
	session = !own->returns;
	query_index_init(&index, slots, OWN_SLOTS, own->queries, sizeof(KnownQuery));
	if (last == NULL)
		return;
	for (int i = n - 1; i >= oldest; i--)
	{
		double weight = history[i].weight;
		double age = ((double) at - (double) history[i].at) / SECOND;
		int place = query_index_add(&index, &history[i].id, own->n);
		KnownQuery *query = &own->queries[place];

		if (place == own->n)
		{
			memset(query, 0, sizeof(KnownQuery));
			query->id = history[i].id;
			own->n++;
		}
		query->sums.lately += one.lately * weight;
		query->sums.frequency += one.frequency * weight;
		query->sums.long_run += one.long_run * weight;
		query->sums.asks += weight;
		query->sums.fading += weight / sqrt(fmax(age, 1.0));
		if (session)
			query->sums.session += weight;
		if (i > oldest)
		{
			if (same_query(&history[i - 1].id, last) && !same_query(&history[i].id, last))
				query->sums.habit += weight;
			session =
				session && (double) history[i].at - (double) history[i - 1].at <= RETURN_AFTER;
		}
		one.lately *= LATER_2;
		one.frequency *= LATER_16;
		one.long_run *= LATER_64;
	}
}

void
own_sums_init(OwnSums *sums)
{
	*sums = (OwnSums){UNSEEN, UNSEEN, UNSEEN, UNSEEN, UNSEEN_FADING, 1.0, 1.0};
}

void
own_sums_add(OwnSums *sums, const OwnSums *query)
{
	sums->lately += query->lately;
	sums->frequency += query->frequency;
	sums->long_run += query->long_run;
	sums->asks += query->asks;
	sums->fading += query->fading;
	sums->session += query->session;
	sums->habit += query->habit;
}

void
describe_own(const KnownQueries *own, const KnownQuery *query, int place, const OwnSums *all,
			 double features[FEATURES])
{
	const OwnSums *sums = &query->sums;

	features[FEATURE_LATELY] = share_feature(sums->lately, all->lately);
	features[FEATURE_LONG_RUN] = share_feature(sums->long_run, all->long_run);
	features[FEATURE_FADING] = share_feature(sums->fading, all->fading);
	features[FEATURE_PLACE] = log1p(place);
	features[FEATURE_KNOWN] = 1.0;
	features[FEATURE_HABIT] = share_feature(sums->habit, all->habit);
	if (!own->returns)
	{
		features[FEATURE_SESSION] = sums->session > 0.0;
		features[FEATURE_SESSION_SHARE] = share_feature(sums->session, all->session);
	}
}
