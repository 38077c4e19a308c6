/*
 * own.h
 *		What a user's own asks say of each query that they have asked.
 */
#ifndef PERSONALIZATION_CORE_OWN_H
#define PERSONALIZATION_CORE_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/links.h"
#include "core/ranking.h"

/* A user's latest asks, so many, are looked at. */
#define HISTORY_MAX 200

/* A user who was away for so long comes back to something new. */
#define RETURN_AFTER (INT64_C(30) * 60 * 1000000)

/* One ask.  Times are microseconds since any epoch. */
typedef struct Asked
{
	QueryKey id;
	int64_t at;
	double weight; /* 1; less, down to 0, when it came of a suggestion: no evidence of its own */
} Asked;

/* Sums over asks, each by its weight. */
typedef struct OwnSums
{
	double lately;	  /* halved by two later ones */
	double shortly;	  /* by six */
	double frequency; /* by sixteen */
	double long_run;  /* by 64 */
	double asks;
	double fading;	/* divided by the root of their age in seconds */
	double session; /* since the last break */
	double habit;	/* right after the last query */
} OwnSums;

/* A query that a user has asked. */
typedef struct KnownQuery
{
	QueryKey id;
	int64_t last; /* when the user asked it last */
	OwnSums sums;
} KnownQuery;

typedef struct KnownQueries
{
	int n;
	bool returns; /* the user comes back after a break */
	int64_t at;
	KnownQuery queries[HISTORY_MAX]; /* each once, latest first */
} KnownQueries;

/* From the latest HISTORY_MAX asks at most, oldest first; at: of the situation. */
extern void own_queries(const Asked *history, int n, int64_t at, KnownQueries *own);

/*
 * The features of one; place: among those that can be offered, by the last ask,
 * all: the sums of these.
 */
extern void describe_own(const KnownQueries *own, const KnownQuery *query, int place,
						 const OwnSums *all, double features[FEATURES]);

/* Adds to sums what a query's are; sums begin with own_sums_init(). */
extern void own_sums_init(OwnSums *sums);
extern void own_sums_add(OwnSums *sums, const OwnSums *query);

/* Makes a share, 0 to 1, a feature: 0 for none, and rising as its logarithm. */
extern double share_feature(double part, double whole);

/* Makes a place, from 0, a feature. */
extern double rank_feature(int place);

/* Makes a time a feature: hours, as their logarithm. */
extern double age_feature(int64_t from, int64_t to);

#endif
