/*
 * suggestions.c
 *		Queries that a user may want to ask next.
 *
 *		The user's own queries are read directly, so that a new one counts at
 *		once; the requests of others come from the statistics that the worker
 *		maintains.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
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
#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"
#include "catalogue/catalogue.h"
#include "core/cadence.h"
#include "core/links.h"
#include "core/situation.h"
#include "core/statistics.h"
#include "core/trend.h"
#include "queries/identity.h"
#include "queries/rhythm.h"
#include "suggestions/history.h"
#include "suggestions/new_tables.h"
#include "suggestions/outcomes.h"
#include "suggestions/reasons.h"
#include "suggestions/store.h"
#include "suggestions/suggestions.h"
#include "suggestions/twins.h"
#include "tenancy/hold.h"
#include "tenancy/consent.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

static Statement select_own_queries = STATEMENT(
	"SELECT query_id, query, tables, ask_count, last_asked"
	" FROM personalization.user_queries"
	" WHERE tenant_id = $1 AND user_id = $2 AND query_id = ANY ($3) AND first_asked <= $4",
	"text text uuid[] timestamptz");

enum
{
	OWN_QUERY_ID = 1,
	OWN_TEXT,
	OWN_TABLES,
	OWN_ASKS,
	OWN_LAST_ASKED
};

/* Reads the latest state, whatever the snapshot is. */
static Statement select_any_query = STATEMENT("SELECT FROM personalization.user_queries"
											  " WHERE tenant_id = $1 AND user_id = $2"
											  " LIMIT 1",
											  "text text");

/* Number of additional offers that are examined, because some may not be shown. */
#define SPARE_OFFERS 12

/* A trending query has been asked by several users within this time. */
#define SEVERAL_WITHIN (4 * TREND_FAST)

/* Maximum number of queries due today that are considered. */
#define MAX_DUE 20

/* Maximum number of new tables that are considered. */
#define MAX_NEW_TABLES 5

PG_FUNCTION_INFO_V1(personalization_get_suggestions);
PG_FUNCTION_INFO_V1(personalization_record_outcome);

/* The state of state suggestions. */
typedef struct SuggestionState
{
	const SuggestionRequest *request;
	TenantSettings settings;
	Outcomes *outcomes;
	Asked *asked;
	int nasked;
	QueryStore *store;
	Situation situation;
	Weights weights;
	DueQuery due[MAX_DUE];
	int ndue;
	NewTable new_tables[MAX_NEW_TABLES];
	int nnew_tables;
	Offer *offers;
	int noffers;
	bool any_often;					/* some offer is asked by several users */
	DetailedOffer *detailed_offers; /* the likeliest offers, with what is to be said of them */
	int ndetailed;
} SuggestionState;

/* Reads the user's requests, and the suggestions shown to the user. */
static void
read_user(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	History history = {.user_id = request->user_id};

	history_read(request->tenant_id, known_until(request->at), HISTORY_MAX, &history);
	history_complete(request->tenant_id, &history);
	/*
	 * Rows that will be changed are read in their latest state: nobody else
	 * changes them meanwhile.
	 */
	state->outcomes = outcomes_read(request->tenant_id, request->user_id,
									request->record ? SNAPSHOT_NEW : SNAPSHOT_CALLER);
	state->asked = outcomes_history(state->outcomes, history.entries, history.n);
	state->nasked = history.n;
}

/* Reads the user's own queries by id into the offers' details. */
static void
read_own_queries(SuggestionState *state, DetailedOffer *detailed_offers, int n)
{
	Column ids;
	Datum values[4];
	uint64 nrows;

	if (n == 0)
		return;
	column_init(&ids, UUIDOID, n);
	for (int i = 0; i < n; i++)
		column_add(&ids, UUIDPGetDatum(query_uuid(&detailed_offers[i].id)));
	values[0] = CStringGetTextDatum(state->request->tenant_id);
	values[1] = CStringGetTextDatum(state->request->user_id);
	values[2] = column_array(&ids);
	values[3] = TimestampTzGetDatum(known_until(state->request->at));
	nrows = statement_execute(&select_own_queries, values, NULL, SNAPSHOT_CALLER);
	for (uint64 row = 0; row < nrows; row++)
	{
		QueryKey id = query_key(DatumGetUUIDP(result_value(row, OWN_QUERY_ID, NULL)));

		for (int i = 0; i < n; i++)
		{
			if (!same_query(&detailed_offers[i].id, &id))
				continue;
			detailed_offers[i].own = true;
			detailed_offers[i].text = TextDatumGetCString(result_value(row, OWN_TEXT, NULL));
			detailed_offers[i].tables = DatumGetJsonbPCopy(result_value(row, OWN_TABLES, NULL));
			detailed_offers[i].own_asks = DatumGetInt64(result_value(row, OWN_ASKS, NULL));
			detailed_offers[i].own_last =
				DatumGetTimestampTz(result_value(row, OWN_LAST_ASKED, NULL));
		}
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Queries that the user has asked: those that the statistics do not know yet are
 * known as far as the user knows them, and what was asked since the last count is
 * added, in memory.
 */
static void
see_to_fresh(SuggestionState *state, const QueryKey *ids, int n)
{
	uint32 user = query_user_hash(state->request->user_id);
	DetailedOffer *unknown = palloc0((n + 1) * sizeof(DetailedOffer));
	int nunknown = 0;

	for (int i = 0; i < n; i++)
	{
		if (query_store_find(state->store, &ids[i], false) == NULL)
			unknown[nunknown++].id = ids[i];
	}
	read_own_queries(state, unknown, nunknown);
	for (int i = 0; i < nunknown; i++)
	{
		StoredQuery *stored;

		if (!unknown[i].own)
			continue;
		stored = query_store_find(state->store, &unknown[i].id, true);
		stored->query = unknown[i].text;
		stored->tables = unknown[i].tables;
	}
	for (int i = 0; i < n; i++)
	{
		StoredQuery *stored = query_store_find(state->store, &ids[i], false);

		if (stored != NULL)
			statistics_catch_up(&stored->statistics, user, state->asked, state->nasked);
	}
}

/* Reads queries with a rhythm that are due and have not been asked today. */
static void
read_due(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	Weighed *due = palloc(MAX_DUE * sizeof(Weighed));

	state->ndue = queries_due(request->tenant_id, request->user_id, request->at,
							  state->settings.time_zone, state->due, MAX_DUE);
	for (int i = 0; i < state->ndue; i++)
	{
		due[i].id = query_key(&state->due[i].query_id);
		due[i].weight = state->due[i].cadence.strength;
	}
	state->situation.due = due;
	state->situation.ndue = state->ndue;
}

/* Reads tables that are new to the user.  Asking for a table means asking its name. */
static void
read_new_tables(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	int64 window = state->settings.new_table_window;
	Weighed *offered = palloc(MAX_NEW_TABLES * sizeof(Weighed));
	int n = new_tables(request->tenant_id, request->user_id, window, request->at, state->new_tables,
					   MAX_NEW_TABLES);
	int kept = 0;

	for (int i = 0; i < n; i++)
	{
		NewTable table = state->new_tables[i];
		QueryText asked = {.question = table.name};
		pg_uuid_t id;

		/* A name that consists of punctuation is not a query. */
		if (!query_identify(&asked, &id))
			continue;
		state->new_tables[kept] = table;
		offered[kept].id = query_key(&id);
		offered[kept++].weight =
			1.0 - (double) Max(request->at - table.appeared_at, 0) / (double) Max(window, 1);
	}
	state->situation.new_tables = offered;
	state->nnew_tables = state->situation.nnew_tables = kept;
}

static void
want_terms_of_last(SuggestionState *state)
{
	StoredQuery *last;

	if (state->nasked == 0)
		return;
	last = query_store_find(state->store, &state->asked[state->nasked - 1].id, false);
	if (last == NULL)
		return;
	query_store_terms(state->store, last);
	for (int t = 0; t < last->statistics.nterms; t++)
		query_store_want_term(state->store, last->statistics.terms[t]);
}

/* Reads the tenant's statistics for this user's situation. */
static void
read_situation(SuggestionState *state)
{
	const SuggestionRequest *request = state->request;
	LinksNeeded needed[SITUATION_LINKS];
	QueryKey latest[SIMILAR_FROM];
	const char *const *context = NULL;
	int ncontext = 0;
	int n = situation_links(state->asked, state->nasked, needed);

	state->store = query_store_make(request->tenant_id, SNAPSHOT_CALLER);
	query_store_open(state->store);
	for (int i = 0; i < n; i++)
		query_store_want_list(state->store, &needed[i].id, (char) needed[i].kind);
	n = latest_queries(state->asked, state->nasked, latest, SIMILAR_FROM);
	for (int i = 0; i < n; i++)
		query_store_want_query(state->store, &latest[i]);
	query_store_fetch(state->store);
	see_to_fresh(state, latest, n);
	want_terms_of_last(state);
	if (request->context != NULL)
		ncontext = query_terms(request->context, NULL, &context);
	for (int t = 0; t < ncontext; t++)
		query_store_want_term(state->store, context[t]);
	query_store_fetch(state->store);
	statistics_situation(query_store_statistics(state->store), query_user_hash(request->user_id),
						 state->asked, state->nasked, request->at, context, ncontext,
						 &state->situation);
	outcomes_situation(state->outcomes, state->asked, state->nasked, request->at,
					   &state->situation);
	read_due(state);
	read_new_tables(state);
}

/* Reads what is known of the first offers. */
static void
read_offers(SuggestionState *state, int n)
{
	QueryKey *known = palloc((n + 1) * sizeof(QueryKey));
	int nknown = 0;

	for (int i = 0; i < n; i++)
	{
		query_store_want_query(state->store, &state->offers[i].id);
		if (state->offers[i].features[FEATURE_KNOWN] > 0)
			known[nknown++] = state->offers[i].id;
	}
	query_store_fetch(state->store);
	see_to_fresh(state, known, nknown);
}

/* What could be asked; what fits the context first, where anything does. */
static void
gather_offers(SuggestionState *state)
{
	Statistics *statistics = query_store_statistics(state->store);
	const char *text = state->request->context;
	Context context;

	state->offers = palloc(OFFERS_MAX * sizeof(Offer));
	if (text != NULL)
	{
		state->situation.each = OFFERS_EACH_CONTEXT;
		state->noffers = statistics_offers(statistics, &state->situation, state->offers);
		read_offers(state, state->noffers);
		context_read(text, strlen(text), &context);
		if (statistics_context(statistics, &state->situation, &context, state->offers,
							   state->noffers))
			return;
		state->situation.each = OFFERS_EACH;
		state->situation.ncontext = 0;
	}
	state->noffers = statistics_offers(statistics, &state->situation, state->offers);
	read_offers(state, offers_kept(state->noffers));
}

/*
 * Whether a query is trending, and has recently been asked by more than one
 * user, in a tenant with several.
 */
static bool
is_rising(const TenantStatistics *tenant, const QueryStatistics *query, TimestampTz at)
{
	return trend_rises(query->fast, query->slow, tenant->since, at) &&
		   (tenant->users < 2 || query->other_asked >= at - SEVERAL_WITHIN);
}

/* Whether a query is asked by several users, where there are several. */
static bool
is_shared(const TenantStatistics *tenant, const QueryStatistics *query)
{
	return query->user_count >= 2 || tenant->users < 2;
}

/* To a user of whom nothing is known: what rises first, and new tables. */
static int
put_rising_first(SuggestionState *state, int kept)
{
	const TenantStatistics *tenant = query_store_statistics(state->store)->tenant;
	Offer *behind = palloc((kept + 1) * sizeof(Offer));
	int nbehind = 0;
	int n = 0;

	for (int i = 0; i < kept; i++)
	{
		const Offer offer = state->offers[i];
		const StoredQuery *stored = query_store_find(state->store, &offer.id, false);

		state->any_often =
			state->any_often || (stored != NULL && is_shared(tenant, &stored->statistics));
		if (offer.features[FEATURE_NEW_TABLE] > 0 ||
			(stored != NULL && is_rising(tenant, &stored->statistics, state->request->at)))
			state->offers[n++] = offer;
		else
			behind[nbehind++] = offer;
	}
	memcpy(state->offers + n, behind, nbehind * sizeof(Offer));
	return n;
}

/* Ranks what could be asked. */
static void
rank(SuggestionState *state)
{
	Statistics *statistics = query_store_statistics(state->store);
	const Ranking *ranking = &statistics->tenant->ranking;
	double taste[OFFER_KINDS];
	int kept;

	gather_offers(state);
	kept = offers_kept(state->noffers);
	statistics_describe(statistics, &state->situation, state->offers, state->noffers);
	ranking_weights(ranking, situation_moment(&state->situation), &state->weights);
	outcomes_taste(state->outcomes, state->asked, state->nasked, taste);
	ranking_taste(&state->weights, state->offers, state->noffers, taste);
	if (state->nasked == 0)
		kept = put_rising_first(state, kept);
	ranking_order(&state->weights, state->offers, kept, state->noffers);
	ranking_calibrate(ranking, state->offers, state->noffers);
}

/* The rhythm in which a query is due, NULL when it is not. */
static const Cadence *
find_due(const SuggestionState *state, const QueryKey *id)
{
	for (int i = 0; i < state->ndue; i++)
	{
		if (same_query(&state->situation.due[i].id, id))
			return &state->due[i].cadence;
	}
	return NULL;
}

/* Returns the new table of an offer, or NULL if it is a query. */
static const NewTable *
find_new_table(const SuggestionState *state, const QueryKey *id)
{
	for (int i = 0; i < state->nnew_tables; i++)
	{
		if (same_query(&state->situation.new_tables[i].id, id))
			return &state->new_tables[i];
	}
	return NULL;
}

/* As many more are looked at as may be excluded. */
static int
excluded_most(const SuggestionRequest *request)
{
	return request->exclude == NULL
			   ? 0
			   : Min(ArrayGetNItems(ARR_NDIM(request->exclude), ARR_DIMS(request->exclude)),
					 OFFERS_MAX);
}

/* The likeliest offers, with all that decides whether and how they are shown. */
static void
read_detailed_offers(SuggestionState *state)
{
	const TenantStatistics *tenant = query_store_statistics(state->store)->tenant;
	int most = state->request->max_results + SPARE_OFFERS + excluded_most(state->request);

	state->detailed_offers = palloc0(OFFERS_MAX * sizeof(DetailedOffer));
	state->ndetailed = 0;
	for (int i = 0; i < state->noffers && state->ndetailed < most; i++)
	{
		DetailedOffer *detailed = &state->detailed_offers[state->ndetailed];

		if (outcomes_hides(state->outcomes, &state->offers[i].id, state->request->at))
			continue;
		detailed->id = state->offers[i].id;
		detailed->offer = &state->offers[i];
		detailed->score = state->offers[i].probability;
		detailed->due = find_due(state, &detailed->id);
		detailed->new_table = find_new_table(state, &detailed->id);
		query_store_want_query(state->store, &detailed->id);
		state->ndetailed++;
	}
	query_store_fetch(state->store);
	read_own_queries(state, state->detailed_offers, state->ndetailed);
	for (int i = 0; i < state->ndetailed; i++)
	{
		DetailedOffer *detailed = &state->detailed_offers[i];
		StoredQuery *stored = query_store_find(state->store, &detailed->id, false);

		if (detailed->text == NULL && detailed->new_table != NULL)
			detailed->text = detailed->new_table->name;
		if (stored == NULL)
			continue;
		detailed->statistics = &stored->statistics;
		detailed->rising = is_rising(tenant, &stored->statistics, state->request->at);

		/* One user's affair is told to somebody unknown only where there is nothing else. */
		detailed->often = is_shared(tenant, &stored->statistics) || !state->any_often;
		if (detailed->text == NULL)
		{
			detailed->text = stored->query;
			detailed->tables = stored->tables;
		}
	}
}

static const char **
names_array(const List *names)
{
	const char **array = palloc(list_length(names) * sizeof(char *));
	ListCell *cell;

	foreach (cell, names)
		array[foreach_current_index (cell)] = lfirst(cell);
	return array;
}

/* Adds the names of the tables that an offer reads to a list. */
static List *
add_tables(List *names, const DetailedOffer *detailed)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (detailed->tables == NULL || !JB_ROOT_IS_ARRAY(detailed->tables))
		return names;
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &detailed->tables->root));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM && value.type == jbvString)
			names = lappend(names, pnstrdup(value.val.string.val, value.val.string.len));
	}
	return names;
}

/*
 * Removes the text of offers that read a table that was dropped, or that the
 * current role may not read, so that they are not shown.
 */
static void
drop_hidden(SuggestionState *state)
{
	List *names = NIL;
	int *first = palloc((state->ndetailed + 1) * sizeof(int));
	bool *hidden;

	for (int i = 0; i < state->ndetailed; i++)
	{
		first[i] = list_length(names);
		names = add_tables(names, &state->detailed_offers[i]);
	}
	first[state->ndetailed] = list_length(names);
	if (names == NIL)
		return;
	hidden = palloc0(list_length(names) * sizeof(bool));
	if (!catalogue_filter(state->request->tenant_id, (const char *const *) names_array(names),
						  list_length(names), hidden))
		return;
	for (int i = 0; i < state->ndetailed; i++)
	{
		for (int k = first[i]; k < first[i + 1]; k++)
		{
			if (hidden[k])
				state->detailed_offers[i].text = NULL;
		}
	}
}

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

/* Makes the suggestions from the offers. */
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

		reason_context.last_query = last == NULL ? NULL : last->query;
		reason_context.last_tables = last == NULL ? NULL : last->tables;
	}
	for (int i = 0; i < state->ndetailed && n < request->max_results; i++)
	{
		DetailedOffer *detailed = &state->detailed_offers[i];
		Suggestion *suggestion = &suggestions[n];

		/* Without text: forgotten, or not stored any more. */
		if (detailed->text == NULL || is_listed(suggestions, n, detailed->text) ||
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

	state->request = request;
	tenant_require(request->tenant_id, &state->settings);
	*suggestions = NULL;
	if (!state->settings.suggestions)
		return 0;
	read_user(state);
	read_situation(state);
	rank(state);
	read_detailed_offers(state);
	drop_hidden(state);
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
 * transaction's snapshot.
 */
static bool
may_record(const char *tenant_id, const char *user_id)
{
	return !RecoveryInProgress() && !XactReadOnly && !IsInParallelMode() &&
		   !IsolationUsesXactSnapshot() && lock_shown(tenant_id, user_id, false) &&
		   recording_allowed(tenant_id, user_id) &&
		   tenant_hold(tenant_id, SNAPSHOT_NEW) == HOLD_NONE;
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
	request.exclude = PG_NARGS() > 5 && !PG_ARGISNULL(5) ? PG_GETARG_ARRAYTYPE_P(5) : NULL;
	if (request.max_results < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_results must not be negative: %d", request.max_results)));
	request.max_results = Min(request.max_results, MAX_SUGGESTIONS);
	SPI_connect();
	request.record = may_record(request.tenant_id, request.user_id);
	n = suggestions_make(&request, &suggestions);

	/*
	 * The worker fills the cache with its own privileges, so nothing is cached
	 * if tables of linked schemas are involved.
	 */
	if (request.record && request.context == NULL && request.exclude == NULL && cache_wanted() &&
		!catalogue_is_linked(request.tenant_id))
		cache_suggestions_changed(request.tenant_id, request.user_id);
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
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("outcome must be \"accepted\" or \"dismissed\", not \"%s\"",
							   clipped(outcome, strlen(outcome)))));
	prevent_if_read_only("record_outcome()");
	SPI_connect();
	(void) lock_shown(tenant_id, user_id, true);
	tenant_check_current(tenant_id);
	tenant_require_prepared(tenant_id, &settings);
	if (!outcome_record(tenant_id, user_id, PG_GETARG_UUID_P(2), strcmp(outcome, "accepted") == 0,
						GetCurrentTimestamp()))
		ereport(
			ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("suggestion %s does not exist",
					DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(2)))),
			 errdetail("It was not shown to this user, it was shown again under another id after "
					   "its outcome, or it was not recorded because the transaction was "
					   "read-only or another session was changing the user's suggestions."),
			 errhint("Call personalization.get_suggestions() again.")));
	cache_suggestions_stale(tenant_id, user_id);
	SPI_finish();
	PG_RETURN_VOID();
}
