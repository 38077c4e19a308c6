/*
 * outcomes.h
 *		Suggestions shown to users, and their outcomes.
 *
 *		core/ranking/shown.h tells when a suggestion is taken or passed over.  This is
 *		determined from the user's requests when the row is next read, so
 *		learn() need not do anything.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_OUTCOMES_H
#define PERSONALIZATION_SUGGESTIONS_OUTCOMES_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/statement.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"
#include "suggestions/history.h"

typedef struct Outcomes Outcomes;

/* Reads the outcomes of one user.  The callers of all functions here are in SPI. */
extern Outcomes *outcomes_read(const char *tenant_id, const char *user_id, ReadAs as);

/* The same for the users of several histories. */
extern Outcomes **outcomes_read_many(const char *tenant_id, const History *histories, int n);

/*
 * Returns the weight of a request as evidence for its query: 1, or less if it
 * follows from a suggestion.
 */
extern double outcomes_weight(const Outcomes *outcomes, const QueryKey *query, TimestampTz at);

/* Whether a query was shown after a time, so that its row does not say what came of earlier rounds. */
extern bool outcomes_shown_since(const Outcomes *outcomes, const QueryKey *query, TimestampTz at);

/* Converts requests for the core, with their weights. */
extern Asked *outcomes_history(const Outcomes *outcomes, const HistoryEntry *entries, int n);

/* Sets how often queries were passed over, according to the user's requests up to at. */
extern void outcomes_situation(const Outcomes *outcomes, const Asked *asked, int n, TimestampTz at,
							   Situation *situation);

/*
 * Sets the logarithm of how often the user takes suggestions of each kind,
 * compared with all of them.
 */
extern void
outcomes_taste(const Outcomes *outcomes, const Asked *asked, int n, double taste[OFFER_KINDS]);

/* Whether a query has been dismissed recently. */
extern bool outcomes_hides(const Outcomes *outcomes, const QueryKey *query, TimestampTz at);

/* A suggestion to be shown; the function sets its id. */
typedef struct ShownOffer
{
	QueryKey query;
	OfferKind kind;
	pg_uuid_t suggestion_id;
} ShownOffer;

/*
 * Assigns ids to the suggestions to be shown, in the order of the list, and
 * records them if record is true.
 */
extern void outcomes_show(const char *tenant_id, const char *user_id, const Outcomes *outcomes,
						  const Asked *asked, int nasked, TimestampTz at, TimestampTz expires,
						  ShownOffer *offers, int n, bool record);

/*
 * Records that a suggestion was accepted or dismissed; replaces an earlier
 * outcome.  Returns false if the user was not shown such a suggestion.
 */
extern bool outcome_record(const char *tenant_id, const char *user_id, const pg_uuid_t *suggestion,
						   bool accepted, TimestampTz at);

/*
 * Records feedback on a suggestion as its outcome: a rating above 0 accepts,
 * one below 0 dismisses.  If the user was not shown the suggestion, the
 * feedback is only a remark.
 */
extern void outcome_of_feedback(const char *tenant_id, const char *user_id,
								const pg_uuid_t *suggestion_id, double rating, TimestampTz at);

/*
 * Deletes the suggestions shown to a tenant's users that are no longer needed
 * at a time, at most limit rows; returns their number.
 */
extern int64 outcomes_expire(const char *tenant_id, TimestampTz at, int64 limit);

#endif
