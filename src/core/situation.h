/*
 * situation.h
 *		What a user could ask next: from what he has asked, and what is known of
 *		his tenant, to offers with features.
 */
#ifndef PERSONALIZATION_CORE_SITUATION_H
#define PERSONALIZATION_CORE_SITUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/content.h"
#include "core/links.h"
#include "core/own.h"
#include "core/ranking.h"

/* Of every list the first so many become offers … */
#define OFFERS_EACH 10

/* … of this many lists at most. */
#define OFFERS_MAX (OFFERS_EACH * 16)

/* In a list so far down a place is still a rank. */
#define RANKED 15

/* The latest different queries whose users are the similar ones. */
#define SIMILAR_FROM 5

/* So many queries that share terms are kept. */
#define RELATED_MAX 64

/* A query with how much speaks for it. */
typedef struct Weighed
{
	QueryKey id;
	double weight;
} Weighed;

typedef struct Situation
{
	const Asked *history; /* oldest first; the last is what was asked last */
	int nhistory;
	uint32_t user; /* hash */
	int64_t at;

	/* Of the tenant; NULL for what it does not have. */
	int64_t since;						/* its first ask */
	const Links *follows;				/* after the last query */
	const Links *follows_on;			/* after the last but one, another between */
	const Links *precedes;				/* what the last query was asked after */
	const Links *similar[SIMILAR_FROM]; /* what shares users with the latest different queries */
	const Links *popular;				/* total: of all asks */
	const Links *trending;				/* by trends with the short half-life */
	const Links *usual;					/* and the long one */

	/* What the user's latest different queries say, latest first; NULL where that is not known. */
	const QueryContent *latest[SIMILAR_FROM];
	int nlatest;

	/* Heaviest first. */
	Weighed related[RELATED_MAX]; /* by the share of what the last query's tables and words say */
	int nrelated;
	Weighed context[RELATED_MAX]; /* by the share of the context that they have */
	int ncontext;

	/* What the caller adds, heaviest first; NULL for none. */
	const Weighed *due; /* by rhythm: the share of its periods in which it was asked */
	int ndue;
	const Weighed *new_tables; /* no queries but offers of their own: how new, 1 to 0 */
	int nnew_tables;
	const Weighed *passed_over; /* how often shown since the user asked it last */
	int npassed_over;
} Situation;

/*
 * The latest different queries of a history, latest first; returns how many, max at
 * most.  The first is what was asked last, the second what before that: repeats
 * of a query in a row are one ask of it.
 */
extern int latest_queries(const Asked *history, int n, QueryKey *latest, int max);

/*
 * Fills in what the user could ask next, never what he asked last, unless he was
 * away since and its day has come again; returns how many offers.  offers has room
 * for OFFERS_MAX.
 */
extern int situation_offers(const Situation *situation, Offer *offers);

/* Whether a query is among them, and where; -1 when not. */
extern int find_offer(const Offer *offers, int n, const QueryKey *id);

/* When that is: by how long ago the user asked last. */
extern Moment situation_moment(const Situation *situation);

#endif
