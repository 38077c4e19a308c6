/*
 * reasons.h
 *		Why a query is suggested: its type, the phrase for a person, the evidence
 *		for a program.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_REASONS_H
#define PERSONALIZATION_SUGGESTIONS_REASONS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "catalogue/catalogue.h"
#include "core/cadence.h"
#include "core/links.h"
#include "core/ranking.h"
#include "core/situation.h"
#include "core/statistics.h"

/* An offer that may be shown, with what is known of it. */
typedef struct Nominee
{
	QueryKey id;
	const Offer *offer;
	const char *text; /* NULL where the query is known no more */
	const Jsonb *tables;
	bool own; /* the user has asked it, own_asks times, at own_last the last time */
	int64 own_asks;
	TimestampTz own_last;
	const QueryStatistics *statistics; /* the tenant's; NULL where it is not counted */
	const Cadence *due;		   /* the rhythm in which it is due today; NULL when it is not */
	const NewTable *new_table; /* the one that it is; NULL when it is a query */
	bool rising;
	OfferKind kind; /* decided by nominee_kind() */
} Nominee;

/* What the telling is about. */
typedef struct Telling
{
	const Weights *weights;
	const Situation *situation;
	const TenantStatistics *tenant;
	const char *last_query; /* what the user asked last, NULL for nothing */
	const Jsonb *last_tables;
	TimestampTz at;
} Telling;

/*
 * Decides the type by what adds most to the score; false where nothing does
 * that can be said: to an unknown user only what is new or rises.
 */
extern bool nominee_kind(const Telling *telling, Nominee *nominee, bool known_user);

/* Both of the type that was decided. */
extern const char *nominee_reason(const Telling *telling, const Nominee *nominee);
extern Jsonb *nominee_evidence(const Telling *telling, const Nominee *nominee);

#endif
