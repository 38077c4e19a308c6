/*
 * reasons.h
 *		The reason of a suggestion: its type, the text for the user, the
 *		evidence for a program.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_REASONS_H
#define PERSONALIZATION_SUGGESTIONS_REASONS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalogue/catalogue.h"
#include "core/ranking/cadence.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"

/* An offer that may be shown, with its details. */
typedef struct DetailedOffer
{
	QueryKey id;
	const Offer *offer;
	double score;	  /* the probability of the offer, and of those that say the same */
	int place;		  /* among the detailed offers, before offers_unite() */
	const char *text; /* NULL: not to be shown */
	const Jsonb *tables;
	bool own; /* the user has asked it, own_asks times, the last time at own_last */
	int64 own_asks;
	TimestampTz own_last;
	const QueryStatistics *statistics; /* the tenant's; NULL if it has not been counted */
	const Cadence *due;		   /* the rhythm by which it is due today; NULL if it is not due */
	const NewTable *new_table; /* its new table; NULL if it is a query */
	bool rising;			   /* see query_is_rising() */
	bool often;				   /* asked by several users, so that a new user may be told of it */
	OfferKind kind;			   /* decided by offer_decide_kind() */
} DetailedOffer;

/* The user's situation, as far as reasons depend on it. */
typedef struct ReasonContext
{
	const Weights *weights;
	const Situation *situation;
	const TenantStatistics *tenant;
	const char *last_query; /* the user's last query, NULL if there is none */
	const Jsonb *last_tables;
	TimestampTz at;
} ReasonContext;

/*
 * Decides the type by the largest contribution to the score; returns false if
 * no type applies: an unknown user gets only new tables and trending queries.
 */
extern bool
offer_decide_kind(const ReasonContext *reason_context, DetailedOffer *detailed, bool known_user);

/* Return the reason and the evidence for the type. */
extern const char *offer_reason(const ReasonContext *reason_context, const DetailedOffer *detailed);
extern Jsonb *offer_evidence(const ReasonContext *reason_context, const DetailedOffer *detailed);

#endif
