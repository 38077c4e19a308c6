/*
 * reasons.c
 *		The reason of a suggestion.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/jsonutil.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/situation.h"
#include "core/ranking/trend.h"
#include "suggestions/reasons.h"

/* Number of requests from which a query counts as asked often. */
#define OFTEN 3

/* A feature with a smaller contribution to the score is not listed. */
#define WORTH_NAMING 0.01

static bool
kind_fits(const DetailedOffer *detailed, OfferKind kind, bool known_user)
{
	switch (kind)
	{
		case KIND_FREQUENT:
			return detailed->own;
		case KIND_RELATED:
			return known_user && detailed->new_table == NULL; /* whatever its name fits */
		case KIND_SIMILAR:
			return known_user && !detailed->own;
		case KIND_TRENDING:
			return detailed->rising || (!known_user && detailed->often);
		case KIND_NEW_TABLE:
			return detailed->new_table != NULL;
	}
	return false;
}

bool
offer_decide_kind(const ReasonContext *reason_context, DetailedOffer *detailed, bool known_user)
{
	double most = -HUGE_VAL;
	bool found = false;

	for (int k = 0; k < OFFER_KINDS; k++)
	{
		double contribution =
			ranking_kind_contribution(reason_context->weights, detailed->offer, (OfferKind) k);

		if (contribution > most && kind_fits(detailed, (OfferKind) k, known_user))
		{
			most = contribution;
			detailed->kind = (OfferKind) k;
			found = true;
		}
	}
	return found;
}

/* Returns the first table of a that b reads too, or NULL. */
static const char *
shared_table(const Jsonb *a, const Jsonb *b)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (a == NULL || b == NULL || !JB_ROOT_IS_ARRAY(a) || !JB_ROOT_IS_ARRAY(b))
		return NULL;
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &a->root));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && value.type == jbvString &&
			findJsonbValueFromContainer(unconstify(JsonbContainer *, &b->root), JB_FARRAY,
										&value) != NULL)
			return json_text(&value);
	}
	return NULL;
}

static double
follows(const ReasonContext *reason_context, const DetailedOffer *detailed)
{
	const Links *links = reason_context->situation->follows;

	return links == NULL ? 0.0 : links_weight(links, &detailed->id);
}

/* Whether the context speaks for it. */
static bool
fits_context(const DetailedOffer *detailed)
{
	return detailed->offer->features[FEATURE_CONTEXT] > 0.0;
}

static const char *
reason_of_related(const ReasonContext *reason_context, const DetailedOffer *detailed)
{
	Feature feature = ranking_evidence(reason_context->weights, detailed->offer, KIND_RELATED);
	const char *table = shared_table(detailed->tables, reason_context->last_tables);

	if (feature == FEATURE_CONTEXT && fits_context(detailed))
		return "fits what you are looking at";
	if (feature == FEATURE_RELATED && table != NULL)
		return psprintf("also about %s", table);
	if (follows(reason_context, detailed) > 0.0 || table == NULL)
		return "follows what you asked last";
	return psprintf("also about %s", table);
}

static const char *
reason_of_similar(const ReasonContext *reason_context, const DetailedOffer *detailed)
{
	const char *table = shared_table(detailed->tables, reason_context->last_tables);

	if (table != NULL)
		return psprintf("others who use %s also ask", table);
	return "others with habits like yours also ask";
}

const char *
offer_reason(const ReasonContext *reason_context, const DetailedOffer *detailed)
{
	switch (detailed->kind)
	{
		case KIND_FREQUENT:
			if (detailed->due != NULL)
				return psprintf("you ask this %s", cadence_name(detailed->due));
			return detailed->own_asks >= OFTEN ? "you ask this often" : "you asked this before";
		case KIND_RELATED:
			return reason_of_related(reason_context, detailed);
		case KIND_SIMILAR:
			return reason_of_similar(reason_context, detailed);
		case KIND_TRENDING:
			return detailed->rising ? "trending in your organisation"
									: "often asked in your organisation";
		case KIND_NEW_TABLE:
			return psprintf("new table available: %s", detailed->new_table->name);
	}
	return "";
}

static void
push_frequent(JsonbParseState **state, const DetailedOffer *detailed)
{
	json_push_int(state, "times_asked", detailed->own_asks);
	json_push_time(state, "last_asked", detailed->own_last);
	if (detailed->due != NULL)
	{
		char words[CADENCE_WORDS];

		cadence_words(detailed->due, words);
		json_push_text(state, "rhythm", words);
	}
}

static void
push_related(JsonbParseState **state, const ReasonContext *reason_context,
			 const DetailedOffer *detailed)
{
	const Links *links = reason_context->situation->follows;
	const char *table = shared_table(detailed->tables, reason_context->last_tables);
	double context = detailed->offer->features[FEATURE_CONTEXT];

	if (reason_context->last_query != NULL && follows(reason_context, detailed) > 0.0)
	{
		json_push_text(state, "after", reason_context->last_query);
		json_push_double(state, "followed", follows(reason_context, detailed));
		json_push_double(state, "of", links->total);
	}
	if (table != NULL)
		json_push_text(state, "table", table);
	if (context > 0.0)
		json_push_double(state, "context", context);
}

static void
push_others(JsonbParseState **state, const ReasonContext *reason_context,
			const DetailedOffer *detailed)
{
	const QueryStatistics *query = detailed->statistics;

	if (query == NULL)
		return;
	json_push_int(state, "users", query->user_count);
	if (detailed->kind == KIND_TRENDING)
	{
		json_push_double(state, "asked_lately",
						 trend_count(query->fast, reason_context->at, TREND_FAST));
		json_push_double(state, "asked_usually",
						 trend_count(query->slow, reason_context->at, TREND_SLOW));
	}
	json_push_time(state, "last_asked", query->last_asked);
}

static void
push_new_table(JsonbParseState **state, const NewTable *table)
{
	json_push_text(state, "table", table->name);
	json_push_time(state, "appeared_at", table->appeared_at);
	if (table->description != NULL)
		json_push_text(state, "description", table->description);
	if (table->columns != NULL)
	{
		Datum *columns;
		bool *nulls;
		int n;

		json_push_key(state, "columns");
		(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		deconstruct_array(unconstify(ArrayType *, table->columns), TEXTOID, -1, false, TYPALIGN_INT,
						  &columns, &nulls, &n);

		/* register_table() accepts no null, but an application role may have written one. */
		for (int i = 0; i < n; i++)
		{
			if (!nulls[i])
				json_push_text(state, NULL, TextDatumGetCString(columns[i]));
		}
		(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	}
}

/* Pushes the contributions of the features to the score. */
static void
push_contributions(JsonbParseState **state, const ReasonContext *reason_context,
				   const DetailedOffer *detailed)
{
	json_push_key(state, "contributions");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int f = 0; f < FEATURES; f++)
	{
		double contribution =
			ranking_contribution(reason_context->weights, detailed->offer, (Feature) f);

		if (fabs(contribution) >= WORTH_NAMING)
			json_push_rounded(state, feature_names[f], contribution);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Jsonb *
offer_evidence(const ReasonContext *reason_context, const DetailedOffer *detailed)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	switch (detailed->kind)
	{
		case KIND_FREQUENT:
			push_frequent(&state, detailed);
			break;
		case KIND_RELATED:
			push_related(&state, reason_context, detailed);
			break;
		case KIND_SIMILAR:
		case KIND_TRENDING:
			push_others(&state, reason_context, detailed);
			break;
		case KIND_NEW_TABLE:
			push_new_table(&state, detailed->new_table);
			break;
	}
	push_contributions(&state, reason_context, detailed);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
