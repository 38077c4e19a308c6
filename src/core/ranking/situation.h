/*
 * situation.h
 *		The offers that a user could ask next, from the user's requests and
 *		the tenant's statistics, with their features.
 */
#ifndef PERSONALIZATION_CORE_RANKING_SITUATION_H
#define PERSONALIZATION_CORE_RANKING_SITUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ranking/content.h"
#include "core/ranking/links.h"
#include "core/ranking/own.h"
#include "core/ranking/ranking.h"

/* Of every list the first so many become offers, with a context more … */
#define OFFERS_EACH 10
#define OFFERS_EACH_CONTEXT 25

/* … of this many lists at most. */
#define OFFERS_MAX (OFFERS_EACH_CONTEXT * 16)

/* Number of positions in a list that count as ranks. */
#define RANKED 15

/* Number of latest distinct queries that determine the similar users. */
#define SIMILAR_FROM 5

/* Number of queries with common terms that are kept. */
#define RELATED_MAX 64

/* A query with a weight. */
typedef struct Weighed
{
	QueryKey id;
	double weight;
} Weighed;

typedef struct Situation
{
	const Asked *history; /* oldest first; the last is the last query */
	int nhistory;
	int each;	   /* of every list so many become offers */
	uint32_t user; /* hash */
	int64_t at;

	/* Of the tenant; NULL for lists that do not exist. */
	int64_t since;						/* time of its first request */
	const Links *follows;				/* after the last query */
	const Links *follows_on;			/* after the last but one, with one in between */
	const Links *precedes;				/* queries after which the last query was asked */
	const Links *similar[SIMILAR_FROM]; /* queries that share users with the latest distinct ones */
	const Links *popular;				/* total: of all requests */
	const Links *trending;				/* by trends with the short half-life */
	const Links *usual;					/* and the long one */

	/* The content of the user's latest distinct queries, latest first; NULL if not known. */
	const QueryContent *latest[SIMILAR_FROM];
	int nlatest;

	/* Heaviest first. */
	Weighed related[RELATED_MAX]; /* by the share of the terms of the last query */
	int nrelated;
	Weighed context[RELATED_MAX]; /* by the share of the context */
	int ncontext;

	/* Added by the caller, heaviest first; NULL if there are none. */
	const Weighed *due; /* by rhythm: the share of periods in which it was asked */
	int ndue;
	const Weighed *new_tables; /* offers that are not queries: newness, 1 to 0 */
	int nnew_tables;
	const char *const *new_table_names; /* one for each; NULL if they are not known */
	const Weighed *passed_over;			/* times shown since the user last asked it */
	int npassed_over;
} Situation;

/*
 * Finds the latest distinct queries of a history, latest first; returns their
 * number, at most max.  The first is the last query, the second the one
 * before; consecutive repeats of a query count as one request.
 */
extern int latest_queries(const Asked *history, int n, QueryKey *latest, int max);

/*
 * Makes the offers, without the user's last query, unless they have been away
 * since and it is due again; returns their number.  offers must have space for
 * OFFERS_MAX.
 */
extern int situation_offers(const Situation *situation, Offer *offers);

/* Returns the index of a query among them, or -1. */
extern int find_offer(const Offer *offers, int n, const QueryKey *id);

/* Returns the moment, by the time since the user's last request, and the user's standing. */
extern Moment situation_moment(const Situation *situation);
extern Standing situation_standing(const Situation *situation);

#endif
