/*
 * own.h
 *		The features of queries that come from the user's own requests.
 */
#ifndef PERSONALIZATION_CORE_RANKING_OWN_H
#define PERSONALIZATION_CORE_RANKING_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ranking/links.h"
#include "core/ranking/ranking.h"

/* Number of a user's latest requests that are used. */
#define HISTORY_MAX 200

/* After a break of this length the user returns to something new. */
#define RETURN_AFTER (INT64_C(30) * 60 * 1000000)

/* One request.  Times are microseconds since any epoch. */
typedef struct Asked
{
	QueryKey id;
	int64_t at;
	double weight; /* 1; less, down to 0, if it follows from a suggestion and so is not evidence */
} Asked;

/* Sums over requests, by their weights. */
typedef struct OwnSums
{
	double lately;	  /* half-life of two requests */
	double frequency; /* sixteen */
	double long_run;  /* 64 */
	double asks;
	double fading;	/* divided by the square root of their age in seconds */
	double session; /* since the last break */
	double habit;	/* right after the last query */
} OwnSums;

/* A query that a user has asked. */
typedef struct KnownQuery
{
	QueryKey id;
	OwnSums sums;
} KnownQuery;

typedef struct KnownQueries
{
	int n;
	bool returns;					 /* the user returns after a break */
	KnownQuery queries[HISTORY_MAX]; /* without duplicates, latest first */
} KnownQueries;

/*
 * Collects the queries of at most the latest HISTORY_MAX requests, oldest
 * first; at: time of the situation.
 */
extern void own_queries(const Asked *history, int n, int64_t at, KnownQueries *own);

/*
 * Sets the features of one query.  place: its position by last request among
 * those that can be offered; all: the sums of these.
 */
extern void describe_own(const KnownQueries *own, const KnownQuery *query, int place,
						 const OwnSums *all, double features[FEATURES]);

/* Adds the sums of a query; sums are initialized with own_sums_init(). */
extern void own_sums_init(OwnSums *sums);
extern void own_sums_add(OwnSums *sums, const OwnSums *query);

/* Converts a share, 0 to 1, to a feature: 0 for none, growing with its logarithm. */
extern double share_feature(double part, double whole);

/* Converts a position, from 0, to a feature. */
extern double rank_feature(int place);

/* Converts a time to a feature: the logarithm of hours. */
extern double age_feature(int64_t from, int64_t to);

#endif
