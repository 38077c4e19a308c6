/*
 * shown.h
 *		A query that was suggested to a user: what came of it, and what
 *		follows for the next suggestions.
 *
 *		A query is shown in rounds.  A round ends when the user asks any
 *		query, or when an outcome is recorded; to show the query again before
 *		that continues the round.  A round is taken if its outcome is that the
 *		suggestion was accepted, or, without an outcome, if the query is asked
 *		within TAKEN_WITHIN.  It is passed over if another query is asked
 *		instead.
 *
 *		Nothing is stored when a request ends a round.  Functions that need to
 *		know are given the user's requests: asked[0..n), oldest first, the
 *		latest HISTORY_MAX of them up to the time that matters.
 *
 *		Times are microseconds since any epoch.  All values of int64 are
 *		valid; sums of times end at the limits.  Counts are never negative,
 *		and end at INT_MAX.  docs/suggestions.md describes the rules to users
 *		("Outcomes"), docs/ranking.md the formula of taste.
 */
#ifndef PERSONALIZATION_CORE_RANKING_SHOWN_H
#define PERSONALIZATION_CORE_RANKING_SHOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/ranking/links.h"
#include "core/ranking/own.h"
#include "core/ranking/ranking.h"

/* A request for the query within this time after it was shown follows from the suggestion. */
#define TAKEN_WITHIN (INT64_C(30) * 60 * 1000000)

/* Number of latest acceptances of a query that are kept. */
#define ACCEPTED_MAX 16

/* A dismissed query is not suggested for a week, and twice as long each further time … */
#define FIRST_ABSENCE (INT64_C(7) * 24 * 60 * 60 * 1000000)
/* … but not longer than for sixteen weeks. */
#define ABSENCE_DOUBLINGS 4

/* A dismissal counts as this number of rounds in which the query was passed over. */
#define DISMISSAL_ROUNDS 3.0

/*
 * What is assumed before the user has been shown much.  Of all suggestions:
 * one more taken, in five more rounds.  Of each kind: ten more rounds, of which
 * the usual share is taken.
 */
#define USUAL_TAKEN 1.0
#define USUAL_ROUNDS 5.0
#define TASTE_ROUNDS 10.0

/* The bounds of taste. */
#define TASTE_LIMIT 2.0

/* The time of a dismissal that has not happened. */
#define NEVER_DISMISSED INT64_MIN

/* Outcomes that were recorded. */
#define OUTCOME_NONE 0
#define OUTCOME_ACCEPTED 'a'
#define OUTCOME_DISMISSED 'd'

/* What became of a round without a recorded outcome. */
#define OUTCOME_ASKED 't'
#define OUTCOME_PASSED_OVER 'p'

/* A time that there is not. */
#define NO_TIME INT64_MIN

typedef struct Shown
{
	QueryKey query;
	unsigned char suggestion_id[16]; /* of the latest round; only the caller uses it */
	OfferKind kind;					 /* as what it was shown in the latest round */
	int64_t shown_at;				 /* when it was last shown */
	int place; /* in that list, from 1; 0 if unknown; only the caller uses it */
	int rounds;
	int passed_over; /* consecutive rounds passed over, without the latest */
	int taken;		 /* rounds taken; the latest is included once its outcome is recorded */
	char outcome;	 /* of the latest round */

	/* The latest acceptances, oldest first: when the round was shown, and when it was accepted. */
	int naccepted;
	int64_t accepted_shown[ACCEPTED_MAX];
	int64_t accepted_at[ACCEPTED_MAX];

	int64_t dismissed_at; /* the latest dismissal */
	int dismissals;		  /* since the query was last accepted */
} Shown;

/* What became of a round. */
typedef struct ShownRound
{
	char outcome; /* one of OUTCOME_…; OUTCOME_NONE if the round is still open */
	int64_t at;	  /* when it was accepted, dismissed or asked; NO_TIME for the others */
} ShownRound;

/* Initializes a query that is shown for the first time. */
extern void shown_first(Shown *shown, const QueryKey *query, OfferKind kind, int64_t at);

/*
 * Shows the query again.  Returns whether this begins a new round, which needs
 * an id of its own.  While a round continues, its kind stays, and its time
 * never goes back.
 */
extern bool shown_again(Shown *shown, const Asked *asked, int n, int64_t at, OfferKind kind);

/* Returns what has become of the latest round. */
extern ShownRound shown_round(const Shown *shown, const Asked *asked, int n);

/*
 * Records the outcome of the latest round, in place of an earlier one.
 * Returns false, and changes nothing, if it has this outcome already.
 */
extern bool shown_outcome(Shown *shown, bool accepted, int64_t at);

/*
 * The weight of a request for the query as evidence of what the user wants:
 * ACCEPTED_WEIGHT if it follows from an accepted suggestion, SHOWN_WEIGHT if
 * it comes within TAKEN_WITHIN after a round without an outcome, otherwise 1.
 * A request follows from an accepted suggestion within TAKEN_WITHIN after it
 * was shown, or before or after it was accepted.
 */
extern double shown_weight(const Shown *shown, int64_t at);

/*
 * Returns the number of consecutive rounds in which the user preferred other
 * queries; 0 if they have asked the query since it was last shown.
 */
extern int shown_passed_over(const Shown *shown, const Asked *asked, int n);

/* Returns when the query may be suggested again; NEVER_DISMISSED if it is not dismissed. */
extern int64_t shown_absent_until(const Shown *shown);

/*
 * Sets, for each kind, the logarithm of how often this user takes suggestions
 * of the kind, relative to all kinds: 0 is as often, -TASTE_LIMIT to
 * TASTE_LIMIT.
 */
extern void
shown_taste(const Shown *items, int nitems, const Asked *asked, int n, double taste[OFFER_KINDS]);

#endif
