/*
 * ranking.h
 *		From what speaks for a query to the probability that it is asked next.
 *
 * A log-linear mix: a query's score is the sum of its features by weight, and
 * its probability the softmax over all that could be asked next (McFadden's
 * conditional logit, 1974).  The weights are learned online by AdaGrad (Duchi,
 * Hazan and Singer, 2011) from what was asked next in truth.
 */
#ifndef PERSONALIZATION_CORE_RANKING_H
#define PERSONALIZATION_CORE_RANKING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/links.h"

/*
 * What speaks for a query: 0 when nothing does.  A share s is taken as
 * log(1 + 50 s), a rank r from 0 as 1 / (1 + r), an age in hours or a count c as
 * log(1 + c).
 */
typedef enum Feature
{
	/* The user's own asks. */
	FEATURE_LATELY,	   /* share of them, each halved by two later ones */
	FEATURE_SHORTLY,   /* the same, halved by six later ones */
	FEATURE_FREQUENCY, /* the same, halved by sixteen later ones */
	FEATURE_LONG_RUN,  /* the same, halved by 64 later ones */
	FEATURE_ASKS,	   /* share of the latest 200, all alike */
	FEATURE_FADING,	   /* share of them, each divided by the root of its age */
	FEATURE_RECENCY,   /* rank by when the user asked last */
	FEATURE_PLACE,	   /* log of the same place */
	FEATURE_AGE,	   /* since the user asked last */
	FEATURE_KNOWN,	   /* 1 when the user has asked it */
	FEATURE_SESSION,   /* 1 when they have since the last break, and this is none */
	FEATURE_SESSION_SHARE,
	FEATURE_HABIT,	/* share of what they asked after the last query */
	FEATURE_RHYTHM, /* due today: the share of its periods in which it was asked */

	/* The last query, and the context. */
	FEATURE_FOLLOWS,	 /* share of what anyone asked after the last query */
	FEATURE_FOLLOWS_NEW, /* the same, where the user has not asked it */
	FEATURE_FOLLOWS_ON,	 /* of what was asked next but one after the last but one */
	FEATURE_PRECEDES,	 /* of what the last query was asked after */
	FEATURE_RELATED,	 /* rank among what shares tables and words with the last query */
	FEATURE_SHARED,		 /* how much is shared, the rarer the more: 0 to 1 */
	FEATURE_WORDS,		 /* share of the last query's words, for how long it is: 0 to 1 */
	FEATURE_ALIKE,		 /* words in common, of all that both have: 0 to 1 */
	FEATURE_ALIKE_NEW,	 /* the same, where the user has not asked it */
	FEATURE_NAMES,		 /* the same of names only */
	FEATURE_THEME,		 /* words in common with the latest five different queries */
	FEATURE_THEME_NEW,	 /* the same, against the most of all offers, where it is new to them */
	FEATURE_TABLES,		 /* tables in common, of all that both read: 0 to 1 */
	FEATURE_SOURCE,		 /* 1 when it is about a table that the last query reads besides its own */
	FEATURE_READER,		 /* 1 when it reads the table that the last query is about */
	FEATURE_CONTEXT,	 /* how much of the context it has: 0 to 1 */

	/* Others in the tenant. */
	FEATURE_SIMILAR,	   /* share of what is asked by those who ask the user's latest queries */
	FEATURE_SIMILAR_NEW,   /* the same, where the user has not asked it */
	FEATURE_POPULAR,	   /* rank by asks */
	FEATURE_POPULARITY,	   /* share of all asks */
	FEATURE_USUAL,		   /* rank by asks, each halved by 28 days */
	FEATURE_USUAL_SHARE,   /* and share of the most usual ones' */
	FEATURE_USERS,		   /* how many have asked it */
	FEATURE_QUIET,		   /* since anyone asked it last */
	FEATURE_OTHERS_LATELY, /* somebody else asked it last: e^-days */
	FEATURE_TRENDING,	   /* rank by asks, each halved by two days, among those that rise */

	FEATURE_NEW_TABLE, /* how new a table is, 1 to 0 */

	/* What became of suggestions. */
	FEATURE_PASSED_OVER, /* log(1 + times shown since the user last asked it) */
	FEATURE_TASTE		 /* log of how often suggestions of its kind are taken, against all kinds */
} Feature;
#define FEATURES (FEATURE_TASTE + 1)

extern const char *const feature_names[FEATURES];

/* Where the weights begin, and the bounds within which they stay. */
extern const double feature_weights[FEATURES];
extern const double feature_lowest[FEATURES];
extern const double feature_highest[FEATURES];

/*
 * What counts changes with how long ago the user asked last: each moment has
 * weights that are added to those of all moments.
 */
typedef enum Moment
{
	MOMENT_AT_ONCE, /* within ten seconds */
	MOMENT_SOON,	/* within a minute */
	MOMENT_SESSION, /* within half an hour */
	MOMENT_BREAK,	/* within twelve hours */
	MOMENT_ARRIVAL	/* later, and before a user's first ask */
} Moment;
#define MOMENTS (MOMENT_ARRIVAL + 1)

/* What a moment is called, behind "what is popular counts twice ..." */
extern const char *const moment_names[MOMENTS];

/*
 * Two sets of weights are added at a moment: its own, and that of all moments on
 * the same side of a break, which learns from more.
 */
#define SHIFTS (MOMENTS + 2)
#define SHIFT_SITTING MOMENTS
#define SHIFT_RETURN (MOMENTS + 1)

/* elapsed: microseconds since the last ask; less than 0 for none before. */
extern Moment moment_after(double elapsed);

/* What has been learned for one tenant. */
typedef struct Ranking
{
	double weights[FEATURES];
	double gradients[FEATURES];		/* sums of squares, AdaGrad's */
	float shifts[SHIFTS][FEATURES]; /* what is added to the weights at a moment */
	double shift_gradients[SHIFTS]; /* the same sums, the mean over the features */
	double asked;					/* decisions seen … */
	double covered; /* … and those of which the query asked was among the offers */
} Ranking;

extern void ranking_init(Ranking *ranking);

/* What counts at a moment. */
typedef struct Weights
{
	double weights[FEATURES];
	double covered; /* the share of decisions that offers cover */
} Weights;

extern void ranking_weights(const Ranking *ranking, Moment moment, Weights *weights);

/* A query, or a new table, that could be asked next. */
typedef struct Offer
{
	QueryKey id;
	double features[FEATURES];
	double probability;
} Offer;

/*
 * Fills in the probabilities of all offers, which together make the share of
 * decisions that offers have covered, and orders them, likeliest first; equals
 * by id.  Of those from known on not all features are known: they come behind
 * the others, in the order of what is known.
 */
extern void ranking_order(const Weights *weights, Offer *offers, int known, int n);

/* What a feature adds to an offer's score. */
extern double ranking_contribution(const Weights *weights, const Offer *offer, Feature feature);

/* What kind of thing speaks for an offer, as it is said to a person. */
typedef enum OfferKind
{
	KIND_FREQUENT, /* the user's own asks */
	KIND_RELATED,  /* what was asked last, and the context */
	KIND_SIMILAR,  /* what others in the tenant ask */
	KIND_TRENDING, /* what rises in the tenant */
	KIND_NEW_TABLE
} OfferKind;
#define OFFER_KINDS (KIND_NEW_TABLE + 1)

/* What the features of a kind add to an offer's score, and the kind that adds most. */
extern double ranking_kind_contribution(const Weights *weights, const Offer *offer, OfferKind kind);
extern OfferKind ranking_kind(const Weights *weights, const Offer *offer);

/* Of a kind, the feature that adds most: the evidence to name. */
extern Feature ranking_evidence(const Weights *weights, const Offer *offer, OfferKind kind);

/*
 * Before ranking_order(): lets the kinds that the user takes rise.  taste is
 * the logarithm of how often suggestions of a kind were taken, against all.
 */
extern void
ranking_taste(const Weights *weights, Offer *offers, int n, const double taste[OFFER_KINDS]);

/*
 * Learns that of these offers, as ordered by the weights of a moment, the query
 * asked was taken; rate is the size of the step.  A query that is not among them
 * tells that they did not cover it.
 */
extern void ranking_learn(Ranking *ranking, Moment moment, const Offer *offers, int n,
						  const QueryKey *asked, double rate);

/* Whether numbers that were stored can be used; false for what is not finite or out of bounds. */
extern bool ranking_valid(const Ranking *ranking);

#endif
