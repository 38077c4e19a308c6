/*
 * details.c
 *		What is to be said of the likeliest offers: their texts, how often they
 *		were asked, why they are due, and whether they may be shown.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/local_time.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "catalogue/catalogue.h"
#include "core/ranking/cadence.h"
#include "core/ranking/trend.h"
#include "queries/without_text.h"
#include "suggestions/history.h"
#include "suggestions/suggestions_int.h"

/* A long text is not read: the user asked it, but it is not suggested to anybody. */
static Statement select_own_queries =
	STATEMENT("SELECT q.*"
			  " FROM unnest($3) AS k (id), LATERAL ("
			  "   SELECT query_id, CASE WHEN " SHORT_QUERY " THEN coalesce(words, query) END,"
			  "    CASE WHEN " SHORT_QUERY " THEN tables ELSE '[]' END, ask_count, last_asked"
			  "   FROM personalization.user_queries"
			  "   WHERE tenant_id = $1 AND user_id = $2 AND query_id = k.id AND first_asked <= $4"
			  "   OFFSET 0) q",
			  "text text uuid[] timestamptz");

enum
{
	OWN_QUERY_ID = 1,
	OWN_TEXT,
	OWN_TABLES,
	OWN_ASKS,
	OWN_LAST_ASKED
};

/* Number of additional offers that are examined, because some may not be shown. */
#define SPARE_OFFERS 12

/* A trending query has been asked by several users within this time. */
#define SEVERAL_WITHIN (4 * TREND_FAST)

bool
query_is_rising(const TenantStatistics *tenant, const QueryStatistics *query, TimestampTz at)
{
	return trend_rises(query->fast, query->slow, tenant->since, at) &&
		   (tenant->users < 2 || query->other_asked >= at - SEVERAL_WITHIN);
}

bool
query_is_shared(const TenantStatistics *tenant, const QueryStatistics *query)
{
	return query->user_count >= 2 || tenant->users < 2;
}

void
own_queries_read(const SuggestionState *state, DetailedOffer *offers, int n)
{
	Column ids;
	Datum values[4];
	uint64 nrows;

	if (n == 0)
		return;
	column_init(&ids, UUIDOID, n);
	for (int i = 0; i < n; i++)
		column_add(&ids, UUIDPGetDatum(query_uuid(&offers[i].id)));
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
			if (!same_query(&offers[i].id, &id))
				continue;
			offers[i].own = true;
			offers[i].text = result_text(row, OWN_TEXT);
			offers[i].tables = DatumGetJsonbPCopy(result_value(row, OWN_TABLES, NULL));
			offers[i].own_asks = DatumGetInt64(result_value(row, OWN_ASKS, NULL));
			offers[i].own_last = DatumGetTimestampTz(result_value(row, OWN_LAST_ASKED, NULL));
		}
	}
	SPI_freetuptable(SPI_tuptable);
}

/* Returns the rhythm by which a query is due; NULL if it is not due. */
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

/* Returns how many offers may be left out because the caller shows them already. */
static int
excluded_most(const SuggestionRequest *request)
{
	return request->exclude == NULL
			   ? 0
			   : Min(ArrayGetNItems(ARR_NDIM(request->exclude), ARR_DIMS(request->exclude)),
					 OFFERS_MAX);
}

const char *
shown_text(const TenantSettings *settings, const char *text, const Jsonb *tables)
{
	bool is_query = text != NULL && tables != NULL;

	return is_query && (!settings->store_query_text || contains_hashes(text)) ? tables_text(tables)
																			  : text;
}

void
details_read(SuggestionState *state)
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
	own_queries_read(state, state->detailed_offers, state->ndetailed);
	for (int i = 0; i < state->ndetailed; i++)
	{
		DetailedOffer *detailed = &state->detailed_offers[i];
		StoredQuery *stored = query_store_find(state->store, &detailed->id, false);

		if (detailed->text == NULL && detailed->new_table != NULL)
			detailed->text = detailed->new_table->name;
		if (stored == NULL)
			continue;
		detailed->statistics = &stored->statistics;
		detailed->rising = query_is_rising(tenant, &stored->statistics, state->request->at);

		/*
		 * A query that only one user asks is suggested to a new user only if
		 * there are no others.
		 */
		detailed->often = query_is_shared(tenant, &stored->statistics) || !state->any_often;
		if (detailed->text == NULL)
		{
			detailed->text = stored->query;
			detailed->tables = stored->tables;
		}
	}
	for (int i = 0; i < state->ndetailed; i++)
	{
		DetailedOffer *detailed = &state->detailed_offers[i];

		detailed->text = shown_text(&state->settings, detailed->text, detailed->tables);
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
			names = lappend(names, json_text(&value));
	}
	return names;
}

void
details_hide(SuggestionState *state)
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
