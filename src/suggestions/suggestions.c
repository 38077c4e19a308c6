/*
 * suggestions.c
 *		Queries that a user may want to ask next.
 *
 *		The user's own queries are read directly, so that a new one counts at
 *		once; the requests of others come from the statistics that the worker
 *		maintains.  offers.c ranks what could be asked, details.c reads what is
 *		to be said of it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"
#include "catalogue/catalogue.h"
#include "core/ranking/holdout.h"
#include "core/ranking/statistics.h"
#include "queries/without_text.h"
#include "suggestions/duplicates.h"
#include "suggestions/outcomes.h"
#include "suggestions/reasons.h"
#include "suggestions/store.h"
#include "suggestions/suggestions.h"
#include "suggestions/suggestions_int.h"
#include "tenancy/consent.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Reads the latest state, whatever the snapshot is. */
static Statement select_any_query = STATEMENT("SELECT FROM personalization.user_queries"
											  " WHERE tenant_id = $1 AND user_id = $2"
											  " LIMIT 1",
											  "text text");

PG_FUNCTION_INFO_V1(personalization_get_suggestions);
PG_FUNCTION_INFO_V1(personalization_record_outcome);

/* Whether a text is already among the suggestions. */
static bool
is_listed(const Suggestion *suggestions, int n, const char *text)
{
	for (int i = 0; i < n; i++)
	{
		if (strcmp(suggestions[i].text, text) == 0)
			return true;
	}
	return false;
}

/*
 * Whether an offer would be shown by the text by which the last query is, so that it would
 * look like the query just asked: where texts are not stored, another query on its tables.
 */
static bool
looks_like_last(const ReasonContext *reason_context, const DetailedOffer *detailed)
{
	return reason_context->last_query != NULL && detailed->due == NULL &&
		   strcmp(detailed->text, reason_context->last_query) == 0;
}

/*
 * Whether the user was forgotten after the snapshot in which the history was
 * read: then nothing of it may be written.  This remains true until the end,
 * because recording and forgetting exclude each other.
 */
static bool
forgotten_since(const SuggestionState *state)
{
	Datum values[] = {CStringGetTextDatum(state->request->tenant_id),
					  CStringGetTextDatum(state->request->user_id)};

	return state->nasked > 0 &&
		   statement_execute(&select_any_query, values, NULL, SNAPSHOT_NEW) == 0;
}

/* Chooses the suggestions among the detailed offers, and records that they are shown. */
static int
choose(SuggestionState *state, Suggestion *suggestions)
{
	const SuggestionRequest *request = state->request;
	ReasonContext reason_context = {.weights = &state->weights,
									.situation = &state->situation,
									.tenant = query_store_statistics(state->store)->tenant,
									.at = request->at};
	TimestampTz shown_at = Min(request->at, GetCurrentTimestamp());
	ShownOffer *shown = palloc(Max(state->ndetailed, 1) * sizeof(ShownOffer));
	int n = 0;

	if (state->nasked > 0)
	{
		StoredQuery *last =
			query_store_find(state->store, &state->asked[state->nasked - 1].id, false);

		reason_context.last_query =
			last == NULL ? NULL : shown_text(&state->settings, last->query, last->tables);
		reason_context.last_tables = last == NULL ? NULL : last->tables;
	}
	for (int i = 0; i < state->ndetailed && n < request->max_results; i++)
	{
		DetailedOffer *detailed = &state->detailed_offers[i];
		Suggestion *suggestion = &suggestions[n];

		/* Without text: forgotten, or not stored any more. */
		if (detailed->text == NULL || is_listed(suggestions, n, detailed->text) ||
			looks_like_last(&reason_context, detailed) ||
			!offer_decide_kind(&reason_context, detailed, state->nasked > 0))
			continue;
		suggestion->kind = detailed->kind;
		suggestion->text = detailed->text;
		suggestion->score = detailed->score;
		suggestion->reason = offer_reason(&reason_context, detailed);
		suggestion->evidence = offer_evidence(&reason_context, detailed);
		shown[n].query = detailed->id;
		shown[n++].kind = detailed->kind;
	}
	outcomes_show(request->tenant_id, request->user_id, state->outcomes, state->asked,
				  state->nasked, shown_at, shown_at + state->settings.history_retention, shown, n,
				  request->record && !forgotten_since(state));
	for (int i = 0; i < n; i++)
		suggestions[i].id = shown[i].suggestion_id;
	return n;
}

int
suggestions_make(const SuggestionRequest *request, Suggestion **suggestions)
{
	SuggestionState *state = palloc0(sizeof(SuggestionState));
	SuggestionRequest hashed = *request;

	state->request = request;
	if (request->settings != NULL)
		state->settings = *request->settings;
	else
		tenant_require(request->tenant_id, &state->settings);
	*suggestions = NULL;
	if (!state->settings.suggestions ||
		holdout_has(request->tenant_id, request->user_id, state->settings.suggestion_holdout))
		return 0;

	/* Where words are stored as hashes, they are looked for as such; tables by their names. */
	if (!state->settings.store_query_text && request->context != NULL)
	{
		hashed.context =
			psprintf("%s %s", request->context, hashed_words(request->tenant_id, request->context));
		state->request = &hashed;
	}
	offers_rank(state);
	details_read(state);
	details_hide(state);
	excluded_hide(excluded_read(request->exclude), state->detailed_offers, state->ndetailed);
	offers_unite(state->detailed_offers, state->ndetailed);
	*suggestions = palloc0(Max(state->ndetailed, 1) * sizeof(Suggestion));
	return choose(state, *suggestions);
}

Jsonb *
suggestions_document(const char *tenant_id, const char *user_id, TimestampTz at)
{
	SuggestionRequest request = {
		.tenant_id = tenant_id, .user_id = user_id, .max_results = USUAL_SUGGESTIONS, .at = at};
	JsonbParseState *state = NULL;
	Suggestion *suggestions;
	int n = suggestions_make(&request, &suggestions);

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "user_id", user_id);
	json_push_text(&state, "tenant_id", tenant_id);
	json_push_key(&state, "suggestions");
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		const Suggestion *suggestion = &suggestions[i];

		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(&state, "suggestion_id", uuid_text(&suggestion->id));
		json_push_text(&state, "suggestion_type", suggestion_type_names[suggestion->kind]);
		json_push_text(&state, "suggestion", suggestion->text);
		json_push_double(&state, "score", suggestion->score);
		json_push_text(&state, "reason", suggestion->reason);
		json_push_jsonb(&state, "evidence", suggestion->evidence);
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/*
 * Whether suggestions can be recorded, without waiting for another session,
 * and without failing because another session has changed them since the
 * transaction's snapshot.  Reads the settings, in any case.
 */
static bool
may_record(const char *tenant_id, const char *user_id, TenantSettings *settings)
{
	TenantHold hold;

	if (RecoveryInProgress() || XactReadOnly || IsInParallelMode() || IsolationUsesXactSnapshot() ||
		!lock_shown(tenant_id, user_id, false))
	{
		tenant_require(tenant_id, settings);
		return false;
	}
	tenant_require_with_hold(tenant_id, settings, &hold);
	return hold == HOLD_NONE && learning_allowed(tenant_id, user_id, settings, SNAPSHOT_NEW);
}

int
suggestions_show(const SuggestionRequest *asked, Suggestion **suggestions)
{
	SuggestionRequest request = *asked;
	TenantSettings settings;
	int n;

	request.max_results = Min(request.max_results, MAX_SUGGESTIONS);
	request.record = may_record(request.tenant_id, request.user_id, &settings);
	request.settings = &settings;
	n = suggestions_make(&request, suggestions);

	/*
	 * The worker fills the cache with its own privileges, so nothing is cached
	 * if tables of linked schemas are involved.
	 */
	if (request.record && request.context == NULL && request.exclude == NULL && cache_wanted() &&
		!catalogue_is_linked(request.tenant_id))
		cache_suggestions_changed(request.tenant_id, request.user_id);
	return n;
}

Datum
personalization_get_suggestions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const ExtensionObjects *ours = extension_objects();
	SuggestionRequest request = {0};
	Suggestion *suggestions;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	request.tenant_id = tenant_argument(fcinfo, 0);
	request.user_id = id_argument(fcinfo, 1, "user_id");
	request.context = PG_ARGISNULL(2) ? NULL : text_to_cstring(text_argument(fcinfo, 2, "context"));
	require_argument(fcinfo, 3, "max_results");
	request.max_results = PG_GETARG_INT32(3);
	request.at = time_argument(fcinfo, 4, "at");
	request.exclude = PG_NARGS() > 5 ? texts_argument(fcinfo, 5, "exclude") : NULL;
	if (request.max_results < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_results must not be negative: %d", request.max_results)));
	SPI_connect();
	n = suggestions_show(&request, &suggestions);
	for (int i = 0; i < n; i++)
	{
		bool nulls[6] = {false};
		Datum values[] = {UUIDPGetDatum(&suggestions[i].id),
						  ObjectIdGetDatum(ours->suggestion_values[suggestions[i].kind]),
						  CStringGetTextDatum(suggestions[i].text),
						  Float8GetDatum(suggestions[i].score),
						  CStringGetTextDatum(suggestions[i].reason),
						  JsonbPGetDatum(suggestions[i].evidence)};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

Datum
personalization_record_outcome(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	char *outcome;
	TenantSettings settings;

	require_argument(fcinfo, 2, "suggestion_id");
	require_argument(fcinfo, 3, "outcome");
	outcome = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (strcmp(outcome, "accepted") != 0 && strcmp(outcome, "dismissed") != 0)
	{
		Fault fault;

		(void) fault_set(&fault, ERRCODE_INVALID_PARAMETER_VALUE,
						 "The outcomes are accepted and dismissed.",
						 "invalid value for outcome: %s", private_text(outcome, strlen(outcome)));
		fault_raise(&fault, -1);
	}
	prevent_if_read_only("record_outcome()");
	SPI_connect();
	(void) lock_shown(tenant_id, user_id, true);
	tenant_check_current(tenant_id);
	tenant_require_prepared(tenant_id, &settings);

	/* What a user who refuses is shown is not recorded, and so nothing of what they do with it. */
	if (!learning_allowed(tenant_id, user_id, &settings, SNAPSHOT_NEW))
	{
		SPI_finish();
		PG_RETURN_VOID();
	}
	if (!outcome_record(tenant_id, user_id, PG_GETARG_UUID_P(2), strcmp(outcome, "accepted") == 0,
						GetCurrentTimestamp()))
		ereport(
			ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("suggestion %s does not exist", uuid_text(PG_GETARG_UUID_P(2))),
			 errdetail("It was not shown to this user, it was shown again under another id after "
					   "its outcome, or it was not recorded because the transaction was "
					   "read-only or another session was changing the user's suggestions."),
			 errhint("Call personalization.get_suggestions() again.")));
	cache_suggestions_stale(tenant_id, user_id);
	SPI_finish();
	PG_RETURN_VOID();
}
