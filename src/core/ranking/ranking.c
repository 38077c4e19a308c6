/*
 * ranking.c
 *		From the features of a query to the probability that it is asked next.
 */
#include "core/ranking/ranking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const feature_names[FEATURES] = {
	[FEATURE_LATELY] = "lately",
	[FEATURE_LONG_RUN] = "long_run",
	[FEATURE_FADING] = "fading",
	[FEATURE_PLACE] = "place",
	[FEATURE_KNOWN] = "known",
	[FEATURE_SESSION] = "session",
	[FEATURE_SESSION_SHARE] = "session_share",
	[FEATURE_HABIT] = "habit",
	[FEATURE_RHYTHM] = "rhythm",
	[FEATURE_FOLLOWS] = "follows",
	[FEATURE_FOLLOWS_NEW] = "follows_new",
	[FEATURE_FOLLOWS_ON] = "follows_on",
	[FEATURE_PRECEDES] = "precedes",
	[FEATURE_RELATED] = "related",
	[FEATURE_SHARED] = "shared",
	[FEATURE_WORDS] = "words",
	[FEATURE_ALIKE] = "alike",
	[FEATURE_NAMES] = "names",
	[FEATURE_THEME] = "theme",
	[FEATURE_THEME_NEW] = "theme_new",
	[FEATURE_TABLES] = "tables",
	[FEATURE_SOURCE] = "source",
	[FEATURE_READER] = "reader",
	[FEATURE_CONTEXT] = "context",
	[FEATURE_SIMILAR] = "similar",
	[FEATURE_SIMILAR_NEW] = "similar_new",
	[FEATURE_POPULAR] = "popular",
	[FEATURE_POPULARITY] = "popularity",
	[FEATURE_USUAL_SHARE] = "usual_share",
	[FEATURE_USERS] = "users",
	[FEATURE_QUIET] = "quiet",
	[FEATURE_OTHERS_LATELY] = "others_lately",
	[FEATURE_TRENDING] = "trending",
	[FEATURE_NEW_TABLE] = "new_table",
	[FEATURE_PASSED_OVER] = "passed_over",
	[FEATURE_TASTE] = "taste",
};

const char *const feature_words[FEATURES] = {
	[FEATURE_LATELY] = "what the user asked in their latest two or so requests",
	[FEATURE_LONG_RUN] = "what the user asked in their latest 64 or so",
	[FEATURE_FADING] = "what the user asked not long ago, by the clock",
	[FEATURE_PLACE] = "what the user asked longer ago",
	[FEATURE_KNOWN] = "what the user has asked at all",
	[FEATURE_SESSION] = "what the user asked in this session",
	[FEATURE_SESSION_SHARE] = "what the user asked most in this session",
	[FEATURE_HABIT] = "what the user asked after the last query",
	[FEATURE_RHYTHM] = "what is due today",
	[FEATURE_FOLLOWS] = "what others asked after the last query",
	[FEATURE_FOLLOWS_NEW] = "what others asked after it and is new to the user",
	[FEATURE_FOLLOWS_ON] = "what others asked next but one",
	[FEATURE_PRECEDES] = "what others asked before the last query",
	[FEATURE_RELATED] = "what shares words or tables with the last query",
	[FEATURE_SHARED] = "how many rare words and tables it shares with it",
	[FEATURE_WORDS] = "what has the last query's words",
	[FEATURE_ALIKE] = "what is worded like the last query",
	[FEATURE_NAMES] = "what names the same things as the last query",
	[FEATURE_THEME] = "what fits the words of the latest five queries",
	[FEATURE_THEME_NEW] = "what fits them and is new to the user",
	[FEATURE_TABLES] = "what reads the last query's tables",
	[FEATURE_SOURCE] = "what the last query reads",
	[FEATURE_READER] = "what reads the last query's table",
	[FEATURE_CONTEXT] = "what fits the context",
	[FEATURE_SIMILAR] = "what users with the same queries ask",
	[FEATURE_SIMILAR_NEW] = "what they ask and is new to the user",
	[FEATURE_POPULAR] = "what is asked most",
	[FEATURE_POPULARITY] = "what has a large share of all requests",
	[FEATURE_USUAL_SHARE] = "what has a large share of what is usual",
	[FEATURE_USERS] = "what many users ask",
	[FEATURE_QUIET] = "what nobody has asked for long",
	[FEATURE_OTHERS_LATELY] = "what another user asked lately",
	[FEATURE_TRENDING] = "what is trending",
	[FEATURE_NEW_TABLE] = "what names a new table",
	[FEATURE_PASSED_OVER] = "what was passed over",
	[FEATURE_TASTE] = "the type that the user takes",
};

const char *const shift_words[SHIFTS] = {
	[MOMENT_AT_ONCE] = "within ten seconds",  [MOMENT_SOON] = "within a minute",
	[MOMENT_SESSION] = "within half an hour", [MOMENT_BREAK] = "after a break of hours",
	[MOMENT_ARRIVAL] = "after half a day",	  [SHIFT_SITTING] = "in a session",
	[SHIFT_RETURN] = "after a break",
};

/*
 * The most likely weights over several logs, each with the same influence.
 * rhythm, context, new_table, passed_over and taste are set by judgement,
 * because logs of requests do not contain them.
 */
const double feature_weights[FEATURES] = {
	[FEATURE_LATELY] = 0.20,		 [FEATURE_LONG_RUN] = 0.27,		 [FEATURE_FADING] = -0.04,
	[FEATURE_PLACE] = -0.11,		 [FEATURE_KNOWN] = 1.04,		 [FEATURE_SESSION] = 0.35,
	[FEATURE_SESSION_SHARE] = -0.43, [FEATURE_HABIT] = 0.09,		 [FEATURE_RHYTHM] = 3.0,
	[FEATURE_FOLLOWS] = 0.22,		 [FEATURE_FOLLOWS_NEW] = 0.31,	 [FEATURE_FOLLOWS_ON] = 0.22,
	[FEATURE_PRECEDES] = 0.18,		 [FEATURE_RELATED] = -0.11,		 [FEATURE_SHARED] = 0.63,
	[FEATURE_WORDS] = -0.67,		 [FEATURE_ALIKE] = 1.75,		 [FEATURE_NAMES] = 0.61,
	[FEATURE_THEME] = 0.32,			 [FEATURE_THEME_NEW] = 0.62,	 [FEATURE_TABLES] = 0.12,
	[FEATURE_SOURCE] = 0.37,		 [FEATURE_READER] = 0.36,		 [FEATURE_CONTEXT] = 10.0,
	[FEATURE_SIMILAR] = 0.43,		 [FEATURE_SIMILAR_NEW] = 0.52,	 [FEATURE_POPULAR] = -0.09,
	[FEATURE_POPULARITY] = -0.16,	 [FEATURE_USUAL_SHARE] = 0.38,	 [FEATURE_USERS] = 0.34,
	[FEATURE_QUIET] = -0.02,		 [FEATURE_OTHERS_LATELY] = 0.31, [FEATURE_TRENDING] = 0.04,
	[FEATURE_NEW_TABLE] = 1.5,		 [FEATURE_PASSED_OVER] = -0.05,	 [FEATURE_TASTE] = 0.1,
};

/*
 * The mean variances of the features over the same logs, in the offers as the weights make them
 * likely; of those that the logs do not contain, by judgement.
 */
const double feature_spreads[FEATURES] = {
	[FEATURE_LATELY] = 1.4,			[FEATURE_LONG_RUN] = 0.71,		 [FEATURE_FADING] = 0.92,
	[FEATURE_PLACE] = 0.76,			[FEATURE_KNOWN] = 0.15,			 [FEATURE_SESSION] = 0.13,
	[FEATURE_SESSION_SHARE] = 0.65, [FEATURE_HABIT] = 0.8,			 [FEATURE_RHYTHM] = 0.05,
	[FEATURE_FOLLOWS] = 0.82,		[FEATURE_FOLLOWS_NEW] = 0.41,	 [FEATURE_FOLLOWS_ON] = 0.64,
	[FEATURE_PRECEDES] = 1,			[FEATURE_RELATED] = 0.069,		 [FEATURE_SHARED] = 0.039,
	[FEATURE_WORDS] = 0.033,		[FEATURE_ALIKE] = 0.025,		 [FEATURE_NAMES] = 0.047,
	[FEATURE_THEME] = 0.042,		[FEATURE_THEME_NEW] = 0.056,	 [FEATURE_TABLES] = 0.038,
	[FEATURE_SOURCE] = 0.016,		[FEATURE_READER] = 0.017,		 [FEATURE_CONTEXT] = 1,
	[FEATURE_SIMILAR] = 0.21,		[FEATURE_SIMILAR_NEW] = 0.17,	 [FEATURE_POPULAR] = 0.072,
	[FEATURE_POPULARITY] = 0.14,	[FEATURE_USUAL_SHARE] = 0.2,	 [FEATURE_USERS] = 0.24,
	[FEATURE_QUIET] = 3.6,			[FEATURE_OTHERS_LATELY] = 0.039, [FEATURE_TRENDING] = 0.077,
	[FEATURE_NEW_TABLE] = 1,		[FEATURE_PASSED_OVER] = 1,		 [FEATURE_TASTE] = 1,
};

/*
 * Features overlap, so one may have to correct another.  The meaning of a
 * context, a rhythm or a dismissal holds whatever the logs show.
 */
#define WIDEST 4.0
const double feature_lowest[FEATURES] = {
	[FEATURE_LATELY] = -WIDEST,
	[FEATURE_LONG_RUN] = -WIDEST,
	[FEATURE_FADING] = -WIDEST,
	[FEATURE_PLACE] = -WIDEST,
	[FEATURE_KNOWN] = -WIDEST,
	[FEATURE_SESSION] = -WIDEST,
	[FEATURE_SESSION_SHARE] = -WIDEST,
	[FEATURE_HABIT] = -WIDEST,
	[FEATURE_RHYTHM] = 0.5,
	[FEATURE_FOLLOWS] = -WIDEST,
	[FEATURE_FOLLOWS_NEW] = -WIDEST,
	[FEATURE_FOLLOWS_ON] = -WIDEST,
	[FEATURE_PRECEDES] = -WIDEST,
	[FEATURE_RELATED] = -WIDEST,
	[FEATURE_SHARED] = -WIDEST,
	[FEATURE_WORDS] = -WIDEST,
	[FEATURE_ALIKE] = -WIDEST,
	[FEATURE_NAMES] = -WIDEST,
	[FEATURE_THEME] = -WIDEST,
	[FEATURE_THEME_NEW] = -WIDEST,
	[FEATURE_TABLES] = -WIDEST,
	[FEATURE_SOURCE] = -WIDEST,
	[FEATURE_READER] = -WIDEST,
	[FEATURE_CONTEXT] = 6.0,
	[FEATURE_SIMILAR] = -WIDEST,
	[FEATURE_SIMILAR_NEW] = -WIDEST,
	[FEATURE_POPULAR] = -WIDEST,
	[FEATURE_POPULARITY] = -WIDEST,
	[FEATURE_USUAL_SHARE] = -WIDEST,
	[FEATURE_USERS] = -WIDEST,
	[FEATURE_QUIET] = -WIDEST,
	[FEATURE_OTHERS_LATELY] = -WIDEST,
	[FEATURE_TRENDING] = -WIDEST,
	[FEATURE_NEW_TABLE] = 0.5,
	[FEATURE_PASSED_OVER] = -1.0,
	[FEATURE_TASTE] = 0.05,
};

const double feature_highest[FEATURES] = {
	[FEATURE_LATELY] = WIDEST,		  [FEATURE_LONG_RUN] = WIDEST,
	[FEATURE_FADING] = WIDEST,		  [FEATURE_PLACE] = WIDEST,
	[FEATURE_KNOWN] = WIDEST,		  [FEATURE_SESSION] = WIDEST,
	[FEATURE_SESSION_SHARE] = WIDEST, [FEATURE_HABIT] = WIDEST,
	[FEATURE_RHYTHM] = 6.0,			  [FEATURE_FOLLOWS] = WIDEST,
	[FEATURE_FOLLOWS_NEW] = WIDEST,	  [FEATURE_FOLLOWS_ON] = WIDEST,
	[FEATURE_PRECEDES] = WIDEST,	  [FEATURE_RELATED] = WIDEST,
	[FEATURE_SHARED] = WIDEST,		  [FEATURE_WORDS] = WIDEST,
	[FEATURE_ALIKE] = WIDEST,		  [FEATURE_NAMES] = WIDEST,
	[FEATURE_THEME] = WIDEST,		  [FEATURE_THEME_NEW] = WIDEST,
	[FEATURE_TABLES] = WIDEST,		  [FEATURE_SOURCE] = WIDEST,
	[FEATURE_READER] = WIDEST,		  [FEATURE_CONTEXT] = 16.0,
	[FEATURE_SIMILAR] = WIDEST,		  [FEATURE_SIMILAR_NEW] = WIDEST,
	[FEATURE_POPULAR] = WIDEST,		  [FEATURE_POPULARITY] = WIDEST,
	[FEATURE_USUAL_SHARE] = WIDEST,	  [FEATURE_USERS] = WIDEST,
	[FEATURE_QUIET] = WIDEST,		  [FEATURE_OTHERS_LATELY] = WIDEST,
	[FEATURE_TRENDING] = WIDEST,	  [FEATURE_NEW_TABLE] = 3.0,
	[FEATURE_PASSED_OVER] = -0.02,	  [FEATURE_TASTE] = 1.0,
};

/*
 * Weights begin as if they had been learned from so many decisions of other tenants, in which a
 * feature varied as much as it usually does; those of a moment as if from twice as many, and they
 * are learned less than a third as fast.  In addition, a feature that hardly ever varies counts
 * as if it had varied a little.
 */
#define PRIOR_DECISIONS 30.0
#define SHIFT_PRIOR_DECISIONS 60.0
#define SHIFT_STEP 0.3
#define LEAST_VARIED 0.2

/* Weights without evidence return to their initial values, those of a moment to 0. */
#define SHRINKAGE 1e-4
#define SHIFT_SHRINKAGE 5e-4

/* Prior: offers cover half of the requests. */
#define PRIOR_ASKED 6.0
#define PRIOR_COVERED 3.0

/*
 * Older decisions count less: about a thousand are remembered, of the calibration, which follows
 * the weights as they are learned, half of that.
 */
#define MEMORY 1000.0
#define MEMORY_GRADES 500.0

void
ranking_init(Ranking *ranking)
{
	for (int f = 0; f < FEATURES; f++)
	{
		ranking->weights[f] = feature_weights[f];
		ranking->gradients[f] = 0.0;
	}
	for (int m = 0; m < SHIFTS; m++)
	{
		memset(ranking->shifts[m], 0, sizeof(ranking->shifts[m]));
		ranking->shift_gradients[m] = 0.0;
	}
	memset(ranking->grades, 0, sizeof(ranking->grades));
	ranking->asked = 0.0;
	ranking->covered = 0.0;
}

/* The weight added at a moment stays within the width of the bounds. */
static double
widest_shift(int f)
{
	return feature_highest[f] - feature_lowest[f];
}

static double
within(double number, double lowest, double highest)
{
	return fmin(fmax(number, lowest), highest);
}

static bool
is_sum(double number)
{
	return number >= 0.0 && isfinite(number);
}

bool
ranking_valid(const Ranking *ranking)
{
	for (int f = 0; f < FEATURES; f++)
	{
		if (!(ranking->weights[f] >= feature_lowest[f] &&
			  ranking->weights[f] <= feature_highest[f]) ||
			!is_sum(ranking->gradients[f]))
			return false;
		for (int m = 0; m < SHIFTS; m++)
		{
			if (!(fabs((double) ranking->shifts[m][f]) <= widest_shift(f)))
				return false;
		}
	}
	for (int m = 0; m < SHIFTS; m++)
	{
		if (!is_sum(ranking->shift_gradients[m]))
			return false;
	}
	for (int i = 0; i < STANDINGS * GRADES; i++)
	{
		const double(*grades)[GRADES] = ranking->grades[i / GRADES];

		if (!is_sum(grades[FORETOLD][i % GRADES]) || !is_sum(grades[HAPPENED][i % GRADES]))
			return false;
	}
	return ranking->covered >= 0.0 && ranking->asked >= ranking->covered &&
		   isfinite(ranking->asked);
}

Moment
moment_after(double elapsed)
{
	static const double until[] = {10e6, 60e6, 1800e6, 43200e6};
	int moment = 0;

	if (elapsed < 0.0)
		return MOMENT_ARRIVAL;
	while (moment < MOMENT_ARRIVAL && elapsed > until[moment])
		moment++;
	return (Moment) moment;
}

Standing
standing_after(int nasked)
{
	return nasked < NEWCOMER_UNTIL ? STANDING_NEWCOMER : STANDING_KNOWN;
}

static int
side_of(Moment moment)
{
	return moment >= MOMENT_BREAK ? SHIFT_RETURN : SHIFT_SITTING;
}

void
ranking_weights(const Ranking *ranking, Moment moment, Weights *weights)
{
	const float *own = ranking->shifts[moment];
	const float *side = ranking->shifts[side_of(moment)];

	for (int f = 0; f < FEATURES; f++)
		weights->weights[f] = within(ranking->weights[f] + (double) own[f] + (double) side[f],
									 feature_lowest[f], feature_highest[f]);
	weights->covered = (ranking->covered + PRIOR_COVERED) / (ranking->asked + PRIOR_ASKED);
}

static double
score(const Weights *weights, const Offer *offer)
{
	double sum = 0.0;

	for (int f = 0; f < FEATURES; f++)
		sum += weights->weights[f] * offer->features[f];
	return sum;
}

double
ranking_contribution(const Weights *weights, const Offer *offer, Feature feature)
{
	return weights->weights[feature] * offer->features[feature];
}

/* The kind to which the contributions of a feature belong; corrections belong to none. */
#define NO_KIND OFFER_KINDS

static int
kind_of(Feature feature)
{
	switch (feature)
	{
		case FEATURE_LATELY:
		case FEATURE_LONG_RUN:
		case FEATURE_FADING:
		case FEATURE_PLACE:
		case FEATURE_KNOWN:
		case FEATURE_SESSION:
		case FEATURE_SESSION_SHARE:
		case FEATURE_HABIT:
		case FEATURE_RHYTHM:
			return KIND_FREQUENT;
		case FEATURE_FOLLOWS:
		case FEATURE_FOLLOWS_NEW:
		case FEATURE_FOLLOWS_ON:
		case FEATURE_PRECEDES:
		case FEATURE_RELATED:
		case FEATURE_SHARED:
		case FEATURE_WORDS:
		case FEATURE_ALIKE:
		case FEATURE_NAMES:
		case FEATURE_THEME:
		case FEATURE_THEME_NEW:
		case FEATURE_TABLES:
		case FEATURE_SOURCE:
		case FEATURE_READER:
		case FEATURE_CONTEXT:
			return KIND_RELATED;
		case FEATURE_SIMILAR:
		case FEATURE_SIMILAR_NEW:
		case FEATURE_POPULAR:
		case FEATURE_POPULARITY:
		case FEATURE_USUAL_SHARE:
		case FEATURE_USERS:
		case FEATURE_QUIET:
		case FEATURE_OTHERS_LATELY:
			return KIND_SIMILAR;
		case FEATURE_TRENDING:
			return KIND_TRENDING;
		case FEATURE_NEW_TABLE:
			return KIND_NEW_TABLE;
		case FEATURE_PASSED_OVER:
		case FEATURE_TASTE:
			break;
	}
	return NO_KIND;
}

double
ranking_kind_contribution(const Weights *weights, const Offer *offer, OfferKind kind)
{
	double sum = 0.0;

	for (int f = 0; f < FEATURES; f++)
	{
		if (kind_of((Feature) f) == (int) kind)
			sum += ranking_contribution(weights, offer, (Feature) f);
	}
	return sum;
}

OfferKind
ranking_kind(const Weights *weights, const Offer *offer)
{
	double sums[OFFER_KINDS + 1] = {0};
	bool known = offer->features[FEATURE_KNOWN] > 0.0;
	int best = known ? KIND_FREQUENT : KIND_SIMILAR;

	for (int f = 0; f < FEATURES; f++)
		sums[kind_of((Feature) f)] += ranking_contribution(weights, offer, (Feature) f);
	for (int k = 0; k < OFFER_KINDS; k++)
	{
		if (sums[k] > sums[best] && k != (known ? KIND_SIMILAR : KIND_FREQUENT))
			best = k;
	}
	return (OfferKind) best;
}

Feature
ranking_evidence(const Weights *weights, const Offer *offer, OfferKind kind)
{
	int best = -1;
	double most = 0.0;

	for (int f = 0; f < FEATURES; f++)
	{
		double part = ranking_contribution(weights, offer, (Feature) f);

		if (kind_of((Feature) f) == (int) kind && (best < 0 || part > most))
		{
			best = f;
			most = part;
		}
	}
	return (Feature) best;
}

void
ranking_taste(const Weights *weights, Offer *offers, int n, const double taste[OFFER_KINDS])
{
	for (int i = 0; i < n; i++)
		offers[i].features[FEATURE_TASTE] = taste[ranking_kind(weights, &offers[i])];
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

/*
 * Orders some offers, and sets their probabilities relative to the most likely
 * one, which gets 1; returns the sum.
 */
static double
order_some(const Weights *weights, Offer *offers, int n)
{
	double highest = -HUGE_VAL;
	double sum = 0.0;

	for (int i = 0; i < n; i++)
	{
		offers[i].probability = score(weights, &offers[i]);
		highest = fmax(highest, offers[i].probability);
	}
	for (int i = 0; i < n; i++)
	{
		offers[i].probability = exp(offers[i].probability - highest);
		sum += offers[i].probability;
	}
	qsort(offers, (size_t) n, sizeof(Offer), compare_offers);
	return sum;
}

void
ranking_order(const Weights *weights, Offer *offers, int known, int n)
{
	double sum = order_some(weights, offers, known);

	if (known < n)
	{
		double least = known > 0 ? offers[known - 1].probability : 1.0;

		sum += least * order_some(weights, offers + known, n - known);
		for (int i = known; i < n; i++)
			offers[i].probability *= least;
	}
	for (int i = 0; i < n; i++)
		offers[i].probability *= weights->covered / sum;
}

/* Where grades end. */
static const double grade_ends[GRADES - 1] = {0.05, 0.1, 0.2, 0.4};

/* Between these the ratio of a grade passes into that of the next. */
static const double grade_middles[GRADES] = {0.025, 0.075, 0.15, 0.3, 0.5};

/* So much of what was foretold is taken to have happened as foretold, before much has been seen. */
#define PRIOR_FORETOLD 5.0

static int
grade_of(double probability)
{
	int grade = 0;

	while (grade < GRADES - 1 && probability >= grade_ends[grade])
		grade++;
	return grade;
}

static double
grade_ratio(const double grades[2][GRADES], int grade)
{
	return (grades[HAPPENED][grade] + PRIOR_FORETOLD) / (grades[FORETOLD][grade] + PRIOR_FORETOLD);
}

/* How much likelier something is than foretold. */
static double
ratio_at(const double grades[2][GRADES], double probability)
{
	double share;
	int grade = 0;

	if (probability <= grade_middles[0])
		return grade_ratio(grades, 0);
	if (probability >= grade_middles[GRADES - 1])
		return grade_ratio(grades, GRADES - 1);
	while (probability > grade_middles[grade + 1])
		grade++;
	share =
		(probability - grade_middles[grade]) / (grade_middles[grade + 1] - grade_middles[grade]);
	return (1.0 - share) * grade_ratio(grades, grade) + share * grade_ratio(grades, grade + 1);
}

void
ranking_calibrate(const Ranking *ranking, Standing standing, Offer *offers, int n)
{
	double least = 1.0;
	double sum = 0.0;

	for (int i = 0; i < n; i++)
	{
		double probability = offers[i].probability;

		least = fmin(least, probability * ratio_at(ranking->grades[standing], probability));
		offers[i].probability = least;
		sum += least;
	}
	for (int i = 0; i < n && sum > 1.0; i++)
		offers[i].probability /= sum;
}

/* The first five are those that are shown. */
#define FIRST_FIVE 5

static void
learn_grades(double grades[2][GRADES], const Offer *offers, int n, int taken)
{
	for (int g = 0; g < GRADES; g++)
	{
		grades[FORETOLD][g] *= 1.0 - 1.0 / MEMORY_GRADES;
		grades[HAPPENED][g] *= 1.0 - 1.0 / MEMORY_GRADES;
	}
	for (int i = 0; i < n && i < FIRST_FIVE; i++)
	{
		int grade = grade_of(offers[i].probability);

		grades[FORETOLD][grade] += offers[i].probability;
		grades[HAPPENED][grade] += i == taken;
	}
}

/* The gradient of the logarithm of a softmax: what was taken, less what was expected. */
static void
gradient_of(const Offer *offers, int n, const Offer *taken, double gradient[FEATURES])
{
	double sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += offers[i].probability;
	memcpy(gradient, taken->features, sizeof(taken->features));
	for (int i = 0; i < n; i++)
	{
		double share = offers[i].probability / sum;

		for (int f = 0; f < FEATURES; f++)
			gradient[f] -= offers[i].features[f] * share;
	}
}

/*
 * The step of a decision along a gradient, as an extended Kalman filter makes it whose covariances
 * are 0: the variance of a weight is 1 / (decisions that the prior is worth × spread + sum of
 * squared gradients), and the step the smaller the less certain all weights together are.
 * variances has those on entry, and the steps per slope on return.
 */
static void
steps_of(double variances[FEATURES], const double gradient[FEATURES])
{
	double uncertain = 1.0;

	for (int f = 0; f < FEATURES; f++)
		uncertain += gradient[f] * gradient[f] * variances[f];
	for (int f = 0; f < FEATURES; f++)
		variances[f] /= uncertain;
}

/* A sum of squares in which older ones fade. */
static double
add_square(double sum, double square)
{
	return sum * (1.0 - 1.0 / MEMORY) + square;
}

/* Updates the weights of all moments. */
static void
learn_weights(Ranking *ranking, const double gradient[FEATURES], double step)
{
	double steps[FEATURES];

	for (int f = 0; f < FEATURES; f++)
		steps[f] =
			step / (PRIOR_DECISIONS * feature_spreads[f] + LEAST_VARIED + ranking->gradients[f]);
	steps_of(steps, gradient);
	for (int f = 0; f < FEATURES; f++)
	{
		double slope = gradient[f] - SHRINKAGE * (ranking->weights[f] - feature_weights[f]);

		ranking->gradients[f] = add_square(ranking->gradients[f], gradient[f] * gradient[f]);
		ranking->weights[f] =
			within(ranking->weights[f] + steps[f] * slope, feature_lowest[f], feature_highest[f]);
	}
}

/*
 * Updates the weights added at a moment.  Only one sum of squares is kept for them; how it is
 * divided among the features is taken from the sums of all moments.
 */
static void
learn_shifts(Ranking *ranking, int set, const double gradient[FEATURES], double step)
{
	float *shifts = ranking->shifts[set];
	double steps[FEATURES];
	double squares = 0.0;
	double all = 0.0;
	double share;

	for (int f = 0; f < FEATURES; f++)
	{
		squares += gradient[f] * gradient[f];
		all += ranking->gradients[f];
	}
	ranking->shift_gradients[set] = add_square(ranking->shift_gradients[set], squares / FEATURES);
	share = all > 0.0 ? fmin(ranking->shift_gradients[set] * FEATURES / all, 1.0) : 0.0;
	for (int f = 0; f < FEATURES; f++)
		steps[f] = SHIFT_STEP * step /
				   (SHIFT_PRIOR_DECISIONS * feature_spreads[f] + LEAST_VARIED +
					ranking->gradients[f] * share);
	steps_of(steps, gradient);
	for (int f = 0; f < FEATURES; f++)
	{
		double shift = (double) shifts[f];

		shift += steps[f] * (gradient[f] - SHIFT_SHRINKAGE * shift);
		shifts[f] = (float) within(shift, -widest_shift(f), widest_shift(f));
	}
}

void
ranking_learn(Ranking *ranking, Moment moment, Standing standing, const Offer *offers, int n,
			  const QueryKey *asked, double step)
{
	int taken = -1;
	double gradient[FEATURES];

	for (int i = 0; i < n && taken < 0; i++)
	{
		if (same_query(&offers[i].id, asked))
			taken = i;
	}
	if (ranking->asked >= MEMORY)
	{
		ranking->asked *= 1.0 - 1.0 / MEMORY;
		ranking->covered *= 1.0 - 1.0 / MEMORY;
	}
	ranking->asked += 1.0;
	learn_grades(ranking->grades[standing], offers, n, taken);
	if (taken < 0)
		return;
	ranking->covered += 1.0;
	gradient_of(offers, n, &offers[taken], gradient);
	learn_weights(ranking, gradient, step);
	learn_shifts(ranking, moment, gradient, step);
	learn_shifts(ranking, side_of(moment), gradient, step);
}
