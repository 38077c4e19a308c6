/*
 * suggestions.h
 *		Queries that a user may want to ask next.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_SUGGESTIONS_H
#define PERSONALIZATION_SUGGESTIONS_SUGGESTIONS_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/ranking/ranking.h"
#include "tenancy/settings.h"

/* Maximum number of suggestions of one call. */
#define MAX_SUGGESTIONS 100

typedef struct Suggestion
{
	pg_uuid_t id;
	OfferKind kind;
	const char *text; /* the query, verbatim as last asked, or the name of a new table */
	double score;	  /* estimated probability that it is asked next */
	const char *reason;
	Jsonb *evidence;
} Suggestion;

/* The parameters of suggestions_make(). */
typedef struct SuggestionRequest
{
	const char *tenant_id;
	const char *user_id;
	const char *context; /* NULL for none */
	ArrayType *exclude;	 /* texts that are shown already; NULL for none */
	int max_results;
	TimestampTz at;
	bool record;					/* whether they are shown to the user and are to be recorded */
	const TenantSettings *settings; /* NULL: to be read */
} SuggestionRequest;

/*
 * Makes the suggestions, most likely first; returns their number, and the
 * array in *suggestions.  Raises an error if the tenant does not exist.  The
 * caller is in SPI.
 */
extern int suggestions_make(const SuggestionRequest *request, Suggestion **suggestions);

/*
 * The same for suggestions that the user is shown: at most MAX_SUGGESTIONS, recorded if that is
 * allowed and needs no waiting, and for the cache.  Reads the tenant's settings itself; record
 * and settings of the request are ignored.
 */
extern int suggestions_show(const SuggestionRequest *asked, Suggestion **suggestions);

/* Default of max_results of get_suggestions(). */
#define USUAL_SUGGESTIONS 5

/*
 * Returns the suggestions for a user without a context, as a document for the
 * cache: {"user_id", "tenant_id", "suggestions": [{"suggestion_id",
 * "suggestion_type", "suggestion", "score", "reason", "evidence"}]}.  They are
 * not recorded as shown, so suggestions that were shown keep their ids.  The
 * caller is in SPI.
 */
extern Jsonb *suggestions_document(const char *tenant_id, const char *user_id, TimestampTz at);

#endif
