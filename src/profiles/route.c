/*
 * route.c
 *		route(): hints for answering a query.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "core/profile/decay.h"
#include "core/profile/evidence.h"
#include "core/profile/routing.h"
#include "core/ranking/statistics.h"
#include "preferences/as_of.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"
#include "preferences/used_tables.h"
#include "profiles/profiles.h"
#include "profiles/traits.h"
#include "queries/identity.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

/* Maximum number of tables returned. */
#define LIKELY_TABLES 5

static Statement select_tables =
	STATEMENT("SELECT tables"
			  " FROM personalization.user_queries"
			  " WHERE tenant_id = $1 AND user_id = $2 AND query_id = $3 AND first_asked <= $4",
			  "text text uuid timestamptz");

PG_FUNCTION_INFO_V1(personalization_route);

/* By skill level. */
static const char *const explanation_levels[] = {"detailed", "standard", "brief"};
static const char *const chart_complexities[] = {"simple", "standard", "advanced"};

/*
 * Returns the preference if its value is settled: the confidences of all
 * candidates together are high enough, and the strongest has more than half of
 * the sum.  So a user who picks bar charts three times out of four has bar as
 * the default, although no single confidence is that high.
 */
static const Preference *
settled(const Preference *preference, bool enough)
{
	return preference != NULL && enough && evidence_has_majority(&preference->evidence) ? preference
																						: NULL;
}

/* Returns the preferred chart type, if the sum of the candidates is above chart_confidence. */
static const Preference *
default_chart(const PreferencesAsOf *known, const TenantSettings *settings, TimestampTz at)
{
	const Preference *chart =
		preferences_find(known, CATEGORY_VISUALIZATION, "preferred_chart_type");

	if (chart != NULL && chart->is_set)
		return chart;
	return settled(chart, chart != NULL && decayed_confidence(evidence_total(&chart->evidence),
															  chart->evidence.last_updated, at,
															  settings->learning.decay) >
											   settings->chart_confidence);
}

/* Returns a preference that is live, or would be with the sum of its candidates. */
static const Preference *
live_choice(const PreferencesAsOf *known, const TenantSettings *settings, TimestampTz at,
			PreferenceCategory category, const char *key)
{
	const Preference *choice = preferences_find(known, category, key);

	if (choice != NULL && choice < known->items + known->nlive)
		return choice;
	return settled(choice, choice != NULL &&
							   at < fades_at(&settings->learning, evidence_total(&choice->evidence),
											 choice->evidence.last_updated));
}

static void
push_preference(JsonbParseState **state, const char *name, const char *source,
				const Preference *preference)
{
	if (preference == NULL)
		return;
	json_push_jsonb(state, name, preference_value(preference));
	if (preference->is_set)
		json_push_text(state, source, "set");
}

/*
 * The value that most users of a tenant prefer, among those whose preference
 * is live.  In a large tenant only the first of them are read, by the index
 * preferences_chart: what a call costs does not grow with the tenant.
 */
static Statement select_organisation =
	STATEMENT("SELECT value, count(*), (sum(count(*)) OVER ())::int8"
			  " FROM (SELECT value, confidence, last_updated"
			  "   FROM personalization.preferences"
			  "   WHERE tenant_id = $1 AND key = 'preferred_chart_type'"
			  "    AND category = 'visualization'"
			  "   ORDER BY user_id LIMIT 500) p"
			  " WHERE last_updated <= $2 AND " CONFIDENT_AT("p", "$2", "$3",
															"$4") " GROUP BY value"
																  " ORDER BY count(*) DESC, value"
																  " LIMIT 1",
			  "text timestamptz float8 float8");

enum
{
	ORGANISATION_VALUE = 1,
	ORGANISATION_USERS,
	ORGANISATION_ALL
};

/*
 * The least number of users who must agree; they must also be more than half
 * of those who prefer any value.
 */
#define AGREE 5

/* Adds the chart that the organisation prefers, for a user who has no preference. */
static void
push_organisation_chart(JsonbParseState **state, const char *tenant_id,
						const TenantSettings *settings, TimestampTz at)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(at),
					  Float8GetDatum(settings->learning.decay),
					  Float8GetDatum(settings->learning.floor)};
	int64 users;

	if (statement_execute(&select_organisation, values, NULL, SNAPSHOT_CALLER) == 0)
		return;
	users = DatumGetInt64(result_value(0, ORGANISATION_USERS, NULL));
	if (users < AGREE || 2 * users <= DatumGetInt64(result_value(0, ORGANISATION_ALL, NULL)))
		return;
	json_push_jsonb(state, "default_chart_type", result_jsonb(0, ORGANISATION_VALUE));
	json_push_text(state, "default_chart_source", "organisation");
}

typedef struct LikelyTable
{
	const char *name;
	double fit;
	int place; /* position among the live preferences, strongest first; others follow them */
} LikelyTable;

static int
compare_likely(const void *a, const void *b)
{
	const LikelyTable *x = a;
	const LikelyTable *y = b;

	if (x->fit != y->fit)
		return x->fit > y->fit ? -1 : 1;
	return x->place - y->place;
}

/* Returns the tables that the same query of the user read, or NULL if they have not asked it. */
static const Jsonb *
tables_asked(const char *tenant_id, const char *user_id, const char *query, TimestampTz at)
{
	QueryText text = {.question = query};
	pg_uuid_t id;
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  UUIDPGetDatum(&id), TimestampTzGetDatum(known_until(at))};

	if (!query_identify(&text, &id) ||
		statement_execute(&select_tables, values, NULL, SNAPSHOT_CALLER) == 0)
		return NULL;
	return DatumGetJsonbP(result_value(0, ONLY_COLUMN, NULL));
}

/* Returns the name of the i-th table of the query, or NULL if there is none. */
static char *
asked_table(const Jsonb *asked, uint32 i)
{
	JsonbValue *item = getIthJsonbValueFromContainer(unconstify(JsonbContainer *, &asked->root), i);

	return item != NULL && item->type == jbvString && item->val.string.len > 0 ? json_text(item)
																			   : NULL;
}

/*
 * Pushes the tables of the same query when it was asked before, and the
 * frequent tables that match the words of this query, best first.
 */
static void
push_likely_tables(JsonbParseState **state, const char *query, const Jsonb *asked,
				   const Preference *live, int n)
{
	uint32 nasked = asked != NULL && JB_ROOT_IS_ARRAY(asked) ? JB_ROOT_COUNT(asked) : 0;
	LikelyTable *tables;
	int ntables = 0;
	QueryWords words;

	nasked = Min(nasked, LIKELY_TABLES);
	tables = palloc((n + nasked + 1) * sizeof(LikelyTable));
	for (uint32 i = 0; i < nasked; i++)
	{
		char *name = asked_table(asked, i);
		bool twice = false;

		for (int t = 0; t < ntables && name != NULL; t++)
			twice = twice || strcmp(tables[t].name, name) == 0;
		if (name != NULL && !twice)
			tables[ntables++] = (LikelyTable){name, 1, n + (int) i};
	}
	nasked = (uint32) ntables;

	query_words(query, strlen(query), &words);
	for (int i = 0; i < n; i++)
	{
		const char *name = frequent_table(&live[i]);
		bool was_asked = false;
		double fit;

		if (name == NULL)
			continue;
		for (uint32 t = 0; t < nasked; t++)
		{
			if (strcmp(tables[t].name, name) != 0)
				continue;
			tables[t].place = Min(tables[t].place, i);
			was_asked = true;
		}
		fit = was_asked ? 0 : table_fit(&words, name, strlen(name));
		if (fit > 0)
			tables[ntables++] = (LikelyTable){name, fit, i};
	}
	qsort(tables, ntables, sizeof(LikelyTable), compare_likely);

	json_push_key(state, "likely_tables");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < Min(ntables, LIKELY_TABLES); i++)
		json_push_text(state, NULL, tables[i].name);
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

Jsonb *
routing_document(const char *tenant_id, const char *user_id, const char *query, TimestampTz at,
				 const TenantSettings *settings, const PreferencesAsOf *known)
{
	Traits traits;
	const Preference *chart;
	const Preference *preferred;
	JsonbParseState *state = NULL;

	traits_read(tenant_id, user_id, at, &traits);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "skill_level", skill_level_names[traits.skill_level]);
	json_push_text(&state, "explanation_level", explanation_levels[traits.skill_level]);
	json_push_text(&state, "chart_complexity", chart_complexities[traits.skill_level]);
	json_push_text(&state, "communication_style",
				   communication_style_names[traits.communication_style]);
	chart = default_chart(known, settings, at);
	push_preference(&state, "default_chart_type", "default_chart_source", chart);
	preferred = preferences_find(known, CATEGORY_VISUALIZATION, "preferred_chart_type");
	if (chart == NULL && (preferred == NULL || preferred >= known->items + known->nlive))
		push_organisation_chart(&state, tenant_id, settings, at);
	push_preference(&state, "export_format", "export_format_source",
					live_choice(known, settings, at, CATEGORY_PRESENTATION, "export_format"));
	push_preference(&state, "color_scheme", "color_scheme_source",
					live_choice(known, settings, at, CATEGORY_VISUALIZATION, "color_scheme"));
	push_likely_tables(&state, query, tables_asked(tenant_id, user_id, query, at), known->items,
					   known->nlive);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Datum
personalization_route(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	char *query;
	TimestampTz at;
	TenantSettings settings;
	PreferencesAsOf known;
	Jsonb *result;

	query = text_to_cstring(text_argument(fcinfo, 2, "query"));
	at = time_argument(fcinfo, 3, "at");

	SPI_connect();
	tenant_require(tenant_id, &settings);
	preferences_as_of(tenant_id, user_id, &settings.learning, at, BEFORE_KNOWN_NONE, NULL, &known);
	result = json_keep(routing_document(tenant_id, user_id, query, at, &settings, &known));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
