/*
 * ranking.h
 *		From the features of a query to the probability that it is asked next.
 *
 *		A log-linear model: the score of a query is the weighted sum of its
 *		features, and its probability the softmax over all offers (McFadden's
 *		conditional logit, 1974).  The weights are learned online from the
 *		queries that were asked next, each with a step that is the smaller the
 *		more is known of it: an extended Kalman filter (Kalman, 1960) without
 *		covariances.
 */
#ifndef PERSONALIZATION_CORE_RANKING_RANKING_H
#define PERSONALIZATION_CORE_RANKING_RANKING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ranking/links.h"

/*
 * The features of a query; 0 if one does not apply.  A share s is used as
 * log(1 + 50 s), a rank r from 0 as 1 / (1 + r), an age in hours or a count c
 * as log(1 + c).
 */
typedef enum Feature
{
	/* The user's own requests. */
	FEATURE_LATELY,	  /* share of them, each halved by two later ones */
	FEATURE_LONG_RUN, /* the same, halved by 64 later ones */
	FEATURE_FADING,	  /* share of them, each divided by the root of its age */
	FEATURE_PLACE,	  /* log of the position by the user's last request */
	FEATURE_KNOWN,	  /* 1 when the user has asked it */
	FEATURE_SESSION,  /* 1 if they have since the last break, and this is not a break */
	FEATURE_SESSION_SHARE,
	FEATURE_HABIT,	/* share of what they asked after the last query */
	FEATURE_RHYTHM, /* due today: the share of its periods in which it was asked */

	/* The last query, and the context. */
	FEATURE_FOLLOWS,	 /* share of what anyone asked after the last query */
	FEATURE_FOLLOWS_NEW, /* the same, if the user has not asked it */
	FEATURE_FOLLOWS_ON,	 /* share of what was asked next but one after the last but one */
	FEATURE_PRECEDES,	 /* share of what the last query was asked after */
	FEATURE_RELATED,	 /* rank among those that share tables and words with the last query */
	FEATURE_SHARED,		 /* how much is shared, rare terms counting more: 0 to 1 */
	FEATURE_WORDS,		 /* share of the last query's words, relative to its length: 0 to 1 */
	FEATURE_ALIKE,		 /* words in common, as a share of both queries' words: 0 to 1 */
	FEATURE_NAMES,		 /* the same for names only */
	FEATURE_THEME,		 /* words in common with the latest five distinct queries */
	FEATURE_THEME_NEW,	 /* the same, relative to the largest of all offers, if new to the user */
	FEATURE_TABLES,		 /* tables in common, as a share of both queries' tables: 0 to 1 */
	FEATURE_SOURCE,		 /* 1 if it is about another table that the last query reads */
	FEATURE_READER,		 /* 1 if it reads the table that the last query is about */
	FEATURE_CONTEXT,	 /* share of the context that it matches: 0 to 1 */

	/* Others in the tenant. */
	FEATURE_SIMILAR,	 /* share of what is asked by those who ask the user's latest queries */
	FEATURE_SIMILAR_NEW, /* the same, if the user has not asked it */
	FEATURE_POPULAR,	 /* rank by requests */
	FEATURE_POPULARITY,	 /* share of all requests */
	FEATURE_USUAL_SHARE, /* share of the requests, with a half-life of 28 days, of the most usual queries */
	FEATURE_USERS,		   /* number of users who have asked it */
	FEATURE_QUIET,		   /* time since anyone last asked it */
	FEATURE_OTHERS_LATELY, /* another user asked it last: e^-days */
	FEATURE_TRENDING,	   /* rank by requests, with a half-life of two days, if trending */

	FEATURE_NEW_TABLE, /* newness of a table, 1 to 0 */

	/* Outcomes of suggestions. */
	FEATURE_PASSED_OVER, /* log(1 + times shown since the user last asked it) */
	FEATURE_TASTE		 /* log of how often its kind is taken, relative to all kinds */
} Feature;
#define FEATURES (FEATURE_TASTE + 1)

extern const char *const feature_names[FEATURES];

/* What speaks for a query, in words: "what is asked most". */
extern const char *const feature_words[FEATURES];

/*
 * The initial weights, the bounds within which they stay, and how much the
 * features differ between offers that are about as likely: variances.
 */
extern const double feature_weights[FEATURES];
extern const double feature_spreads[FEATURES];
extern const double feature_lowest[FEATURES];
extern const double feature_highest[FEATURES];

/*
 * Which features matter depends on how long ago the user's last request was:
 * each moment has weights that are added to those of all moments.
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

/*
 * At a moment two sets of weights are added: its own, and that of all moments
 * on the same side of a break, which learns from more requests.
 */
#define SHIFTS (MOMENTS + 2)
#define SHIFT_SITTING MOMENTS
#define SHIFT_RETURN (MOMENTS + 1)

/* Of a set of shifts, in words: "after a break". */
extern const char *const shift_words[SHIFTS];

/* elapsed: microseconds since the last request; less than 0 if there is none. */
extern Moment moment_after(double elapsed);

/* Probabilities are put right by grades: below 0.05, 0.1, 0.2, 0.4, and above. */
#define GRADES 5

/* Of each grade: the sum of its probabilities, and how many of them were asked. */
#define FORETOLD 0
#define HAPPENED 1

/*
 * What a user asks first is easier to foretell than what they ask later, in a
 * way that no feature shows, so newcomers have grades of their own.
 */
typedef enum Standing
{
	STANDING_KNOWN,
	STANDING_NEWCOMER
} Standing;
#define STANDINGS (STANDING_NEWCOMER + 1)

/* A newcomer has made fewer requests than this. */
#define NEWCOMER_UNTIL 5

/* nasked: number of the user's requests. */
extern Standing standing_after(int nasked);

/* What has been learned for one tenant. */
typedef struct Ranking
{
	double weights[FEATURES];
	double gradients[FEATURES];			 /* sums of their squares, older ones fading */
	float shifts[SHIFTS][FEATURES];		 /* what is added to the weights at a moment */
	double shift_gradients[SHIFTS];		 /* the same sums, the mean over the features */
	double grades[STANDINGS][2][GRADES]; /* of the first five, by grade */
	double asked;						 /* decisions seen … */
	double covered; /* … and those of which the query asked was among the offers */
} Ranking;

extern void ranking_init(Ranking *ranking);

/* The weights at a moment. */
typedef struct Weights
{
	double weights[FEATURES];
	double covered; /* share of decisions that offers cover */
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
 * Sets the probabilities of all offers, which sum up to the share of decisions
 * that offers have covered, and orders them, most likely first, equal ones by
 * id.  For offers from index known on, not all features are known: they follow
 * the others, ordered by the known features.
 */
extern void ranking_order(const Weights *weights, Offer *offers, int known, int n);

/*
 * Puts the probabilities of offers in order right, by how often what was foretold
 * with as much has happened; they stay in order, and together 1 at most.
 */
extern void ranking_calibrate(const Ranking *ranking, Standing standing, Offer *offers, int n);

/* What a feature adds to an offer's score. */
extern double ranking_contribution(const Weights *weights, const Offer *offer, Feature feature);

/* The kind of an offer, which determines the reason shown to the user. */
typedef enum OfferKind
{
	KIND_FREQUENT, /* the user's own requests */
	KIND_RELATED,  /* the last query, and the context */
	KIND_SIMILAR,  /* queries of others in the tenant */
	KIND_TRENDING, /* trending queries of the tenant */
	KIND_NEW_TABLE
} OfferKind;
#define OFFER_KINDS (KIND_NEW_TABLE + 1)

/*
 * Return the contribution of the features of a kind to an offer's score, and
 * the kind with the largest contribution: what the user has asked is not of the
 * others, nor is what they have not asked frequent.
 */
extern double ranking_kind_contribution(const Weights *weights, const Offer *offer, OfferKind kind);
extern OfferKind ranking_kind(const Weights *weights, const Offer *offer);

/* Returns the feature of a kind that contributes most: the evidence to show. */
extern Feature ranking_evidence(const Weights *weights, const Offer *offer, OfferKind kind);

/*
 * To be called before ranking_order(): raises the kinds that the user takes.
 * taste is the logarithm of how often suggestions of a kind were taken,
 * relative to all kinds.
 */
extern void
ranking_taste(const Weights *weights, Offer *offers, int n, const double taste[OFFER_KINDS]);

/*
 * Learns that the query asked was taken from these offers, as ordered by the
 * weights of a moment; step: 1, or a multiple of the usual steps.  If the query
 * is not among them, learns that they did not cover it.
 */
extern void ranking_learn(Ranking *ranking, Moment moment, Standing standing, const Offer *offers,
						  int n, const QueryKey *asked, double step);

/* Whether stored numbers can be used; false if one is not finite or out of bounds. */
extern bool ranking_valid(const Ranking *ranking);

#endif
