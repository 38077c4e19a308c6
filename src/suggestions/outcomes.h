/*
 * outcomes.h
 *		What users were shown as suggestions, and what became of it.
 *
 * A suggestion shown is taken when its query is asked within half an hour, and
 * passed over when something else is asked instead.  That is seen from the
 * user's queries when it is next looked at, so that learn() has nothing to do
 * with it.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_OUTCOMES_H
#define PERSONALIZATION_SUGGESTIONS_OUTCOMES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/statement.h"
#include "core/links.h"
#include "core/ranking.h"
#include "core/situation.h"
#include "core/statistics.h"
#include "suggestions/history.h"

/* So long after it was shown, an ask of the query comes of the suggestion. */
#define TAKEN_WITHIN (INT64CONST(30) * 60 * USECS_PER_SEC)

typedef struct Outcomes Outcomes;

/* What is known of one user.  The callers of everything here are in SPI. */
extern Outcomes *outcomes_read(const char *tenant_id, const char *user_id, ReadAs as);

/* The same for the users of several histories. */
extern Outcomes **outcomes_read_many(const char *tenant_id, const History *histories, int n);

/*
 * How much an ask at a time is evidence for its query: 1, or less where it came
 * of a suggestion.
 */
extern double outcomes_weight(const Outcomes *outcomes, const QueryKey *query, TimestampTz at);

/* Asks as the core takes them, with their weights. */
extern Asked *outcomes_history(const Outcomes *outcomes, const HistoryEntry *entries, int n);

/* Fills in how often queries were passed over, as the user's asks up to at tell. */
extern void outcomes_situation(const Outcomes *outcomes, const Asked *asked, int n, TimestampTz at,
							   Situation *situation);

/* The logarithm of how often the user takes suggestions of each kind, against all of them. */
extern void outcomes_taste(const Outcomes *outcomes, const Asked *asked, int n, TimestampTz at,
						   double taste[OFFER_KINDS]);

/* Whether a query was dismissed lately. */
extern bool outcomes_hides(const Outcomes *outcomes, const QueryKey *query, TimestampTz at);

/* A suggestion to be shown; its id is filled in. */
typedef struct ShownOffer
{
	QueryKey query;
	OfferKind kind;
	pg_uuid_t suggestion_id;
} ShownOffer;

/* Gives ids to what is shown, and records it where record says so. */
extern void outcomes_show(const char *tenant_id, const char *user_id, const Outcomes *outcomes,
						  const Asked *asked, int nasked, TimestampTz at, TimestampTz expires,
						  ShownOffer *offers, int n, bool record);

/*
 * Records that a suggestion was accepted or dismissed; a later outcome takes
 * the place of an earlier one.  False when the user was shown no such suggestion.
 */
extern bool outcome_record(const char *tenant_id, const char *user_id, const pg_uuid_t *suggestion,
						   bool accepted, TimestampTz at);

/*
 * Takes feedback on a suggestion as its outcome: a rating above 0
 * accepts, one below dismisses.  Of a suggestion that the user was not shown it
 * is a remark, no more.
 */
extern void outcome_of_feedback(const char *tenant_id, const char *user_id,
								const pg_uuid_t *suggestion_id, double rating, TimestampTz at);

/*
 * Deletes what a tenant's users were shown and that is no longer needed at a
 * time, limit rows at most; returns how many.
 */
extern int64 outcomes_expire(const char *tenant_id, TimestampTz at, int64 limit);

#endif
