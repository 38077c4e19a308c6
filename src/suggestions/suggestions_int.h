/*
 * suggestions_int.h
 *		Declarations shared by the parts of get_suggestions(): offers.c ranks
 *		what the user could ask, details.c reads what is to be said of the
 *		likeliest, and suggestions.c chooses from them.
 *
 *		All functions are called in SPI, and allocate in the current memory
 *		context.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_SUGGESTIONS_INT_H
#define PERSONALIZATION_SUGGESTIONS_SUGGESTIONS_INT_H

#include "postgres.h"

#include "core/ranking/due.h"
#include "core/ranking/own.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"
#include "queries/rhythm.h"
#include "suggestions/new_tables.h"
#include "suggestions/outcomes.h"
#include "suggestions/reasons.h"
#include "suggestions/store.h"
#include "suggestions/suggestions.h"
#include "tenancy/settings.h"

/* Maximum number of new tables that are considered. */
#define MAX_NEW_TABLES 5

/* One call: what was asked for, and what is found out step by step. */
typedef struct SuggestionState
{
	const SuggestionRequest *request;
	TenantSettings settings;

	/* offers_rank() sets these. */
	Outcomes *outcomes;
	Asked *asked; /* the latest requests, oldest first */
	int nasked;
	QueryStore *store;
	Situation situation;
	Weights weights;
	DueQuery due[DUE_MAX];
	int ndue;
	NewTable new_tables[MAX_NEW_TABLES];
	int nnew_tables;
	Offer *offers; /* likeliest first */
	int noffers;
	bool any_often; /* some offer is asked by several users; set for new users only */

	/* details_read() sets these: the likeliest offers. */
	DetailedOffer *detailed_offers;
	int ndetailed;
} SuggestionState;

/* offers.c */

/*
 * Reads the user's requests and the tenant's statistics, and ranks what the
 * user could ask next.
 */
extern void offers_rank(SuggestionState *state);

/* details.c */

/*
 * Whether a query is trending, and has recently been asked by more than one
 * user, in a tenant with several.
 */
extern bool
query_is_rising(const TenantStatistics *tenant, const QueryStatistics *query, TimestampTz at);

/* Whether several users have asked a query, in a tenant with several. */
extern bool query_is_shared(const TenantStatistics *tenant, const QueryStatistics *query);

/*
 * Reads the details of the most likely offers: their texts, and what decides
 * whether they are shown.
 */
extern void details_read(SuggestionState *state);

/*
 * The text of a query as it may be shown: the names of its tables where texts are not stored,
 * NULL if it has none.
 */
extern const char *
shown_text(const TenantSettings *settings, const char *text, const Jsonb *tables);

/*
 * Removes the text of offers that read a table that was dropped, or that the
 * current role may not read, so that they are not shown.
 */
extern void details_hide(SuggestionState *state);

/* Reads the queries of the user among the offers, found by their ids, into the details. */
extern void own_queries_read(const SuggestionState *state, DetailedOffer *offers, int n);

#endif
