/*
 * suggestions.h
 *		What a user may want to ask next.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_SUGGESTIONS_H
#define PERSONALIZATION_SUGGESTIONS_SUGGESTIONS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/ranking.h"

/* More are not asked for at once. */
#define MAX_SUGGESTIONS 100

typedef struct Suggestion
{
	pg_uuid_t id;
	OfferKind kind;
	const char *text; /* the query to offer, verbatim as last asked; a new table's name */
	double score;	  /* estimated probability that it is asked next */
	const char *reason;
	Jsonb *evidence;
} Suggestion;

/* What to suggest to whom. */
typedef struct SuggestionRequest
{
	const char *tenant_id;
	const char *user_id;
	const char *context; /* NULL for none */
	int max_results;
	TimestampTz at;
	bool record; /* whether they are shown to the user, and that is to be remembered */
} SuggestionRequest;

/*
 * The suggestions, likeliest first; returns how many, in *suggestions.  An
 * error where the tenant does not exist.  The caller is in SPI.
 */
extern int suggestions_make(const SuggestionRequest *request, Suggestion **suggestions);

/* How many there are when nobody says: get_suggestions()'s default. */
#define USUAL_SUGGESTIONS 5

/*
 * What get_suggestions() returns to a user without a context, as a document for
 * the cache: {"user_id", "tenant_id", "suggestions": [{"suggestion_id",
 * "suggestion_type", "suggestion", "score", "reason", "evidence"}]}.  Shows
 * nothing to anybody, so that what was shown last keeps its ids.  The caller is
 * in SPI.
 */
extern Jsonb *suggestions_document(const char *tenant_id, const char *user_id, TimestampTz at);

#endif
