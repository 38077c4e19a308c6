/*
 * profiles.c
 *		preferences(), get_profile(), set_profile(), reset_profile() and
 *		get_context().
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/read_ahead.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"
#include "conversations/conversations.h"
#include "core/ranking/statistics.h"
#include "preferences/as_of.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"
#include "preferences/used_tables.h"
#include "profiles/outlines.h"
#include "profiles/profiles.h"
#include "profiles/stored_traits.h"
#include "profiles/traits.h"
#include "tenancy/tenancy.h"

/* Maximum number of queries and tables in a context. */
#define CONTEXT_ITEMS 10

/* Number of latest interactions in which a context looks for distinct queries. */
#define CONTEXT_REACH 200

/* Number of queries among them that are read at a time. */
#define CONTEXT_PART 12

/* Number of latest interactions in which charts are counted. */
#define CHARTS_REACH 1000

#define SELECT_HISTORY(outline)                                                                    \
	STATEMENT("SELECT interaction_id, interaction_type, occurred_at, data, feedback, " outline     \
			  " FROM personalization.interactions"                                                 \
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"                       \
			  " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",                          \
			  "text text timestamptz int8")

static Statement select_history = SELECT_HISTORY("outline");
static Statement select_history_unoutlined = SELECT_HISTORY("NULL::text AS outline");

enum
{
	HISTORY_ID = 1,
	HISTORY_TYPE,
	HISTORY_OCCURRED_AT,
	HISTORY_DATA,
	HISTORY_FEEDBACK,
	HISTORY_OUTLINE
};

/* Of the latest $4 interactions of a user … */
#define SELECT_RECENT(columns)                                                                     \
	"SELECT " columns " FROM personalization.interactions"                                         \
	" WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"
#define LATEST_FIRST " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4"

/* … what a context shows of each by its type, … */
static Statement select_recent = STATEMENT(
	SELECT_RECENT("interaction_type, occurred_at,"
				  " CASE WHEN interaction_type = 'query' THEN data END,"
				  " CASE WHEN interaction_type = 'visualization' THEN data ->> 'chart_type' END")
		LATEST_FIRST,
	"text text timestamptz int8");

/* … or all but the queries, by the index interactions_user_latest alone, … */
static Statement select_outlines =
	STATEMENT(SELECT_RECENT("interaction_type, occurred_at, outline, interaction_id") LATEST_FIRST,
			  "text text timestamptz int8");

enum
{
	RECENT_TYPE = 1,
	RECENT_OCCURRED_AT,
	RECENT_QUERY,
	RECENT_CHART,
	RECENT_OUTLINE = RECENT_QUERY,
	RECENT_ID = RECENT_CHART
};

/* … and those, by an index of queries, back to an interaction. */
static Statement select_queries =
	STATEMENT(SELECT_RECENT("data") " AND query_id IS NOT NULL"
									" AND (occurred_at, interaction_id) >= ($5, $6)" LATEST_FIRST,
			  "text text timestamptz int8 timestamptz uuid");

static Statement upsert_traits = STATEMENT(
	"INSERT INTO personalization.profiles AS p"
	"  (tenant_id, user_id, skill_level, domain_expertise, communication_style, created_at,"
	"   updated_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $6)"
	" ON CONFLICT (tenant_id, user_id) DO UPDATE"
	" SET skill_level = coalesce(excluded.skill_level, p.skill_level),"
	"  domain_expertise = coalesce(excluded.domain_expertise, p.domain_expertise),"
	"  communication_style = coalesce(excluded.communication_style, p.communication_style),"
	"  updated_at = greatest(p.updated_at, excluded.updated_at), earlier_traits = $7",
	"text text personalization.skill_level text[] personalization.communication_style timestamptz jsonb");

/* Of one trait or, with NULL, of all. */
static Statement unset_traits =
	STATEMENT("UPDATE personalization.profiles"
			  " SET skill_level = CASE WHEN $3 <> 'skill_level' THEN skill_level END,"
			  "  domain_expertise = CASE WHEN $3 <> 'domain_expertise' THEN domain_expertise END,"
			  "  communication_style ="
			  "   CASE WHEN $3 <> 'communication_style' THEN communication_style END,"
			  "  updated_at = greatest(updated_at, $4), earlier_traits = $5"
			  " WHERE tenant_id = $1 AND user_id = $2",
			  "text text text timestamptz jsonb");

PG_FUNCTION_INFO_V1(personalization_preferences);
PG_FUNCTION_INFO_V1(personalization_get_profile);
PG_FUNCTION_INFO_V1(personalization_set_profile);
PG_FUNCTION_INFO_V1(personalization_reset_profile);
PG_FUNCTION_INFO_V1(personalization_get_context);

/* The arguments of every function that reads: the user and the time. */
typedef struct ReadRequest
{
	const char *tenant_id;
	const char *user_id;
	TimestampTz at;
	TimestampTz until; /* end of the history as of then */
	int history;	   /* number of interactions to show in a profile */
	ReadAhead *ahead;  /* NULL for a single user */
	TenantSettings settings;
} ReadRequest;

/* Checks the arguments, connects to SPI and reads the tenant's settings. */
static void
begin_reading(FunctionCallInfo fcinfo, ReadRequest *question)
{
	question->tenant_id = tenant_argument(fcinfo, 0);
	question->user_id = id_argument(fcinfo, 1, "user_id");
	question->at = time_argument(fcinfo, 2, "at");
	question->until = known_until(question->at);
	question->ahead = NULL;
	SPI_connect();
	tenant_require(question->tenant_id, &question->settings);
}

/* The minimum confidence requested; -1 for all live preferences. */
static double
minimum_confidence(FunctionCallInfo fcinfo, int n)
{
	double value;

	/* The SQL function of an older script does not have this argument. */
	if (PG_NARGS() <= n || PG_ARGISNULL(n))
		return -1;
	value = PG_GETARG_FLOAT8(n);
	if (!(value >= 0.0 && value <= 1.0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("min_confidence must be between 0 and 1")));
	return value;
}

Datum
personalization_preferences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const ExtensionObjects *ours = extension_objects();
	double least = minimum_confidence(fcinfo, 3);
	ReadRequest question;
	PreferencesAsOf known;

	InitMaterializedSRF(fcinfo, 0);
	begin_reading(fcinfo, &question);
	preferences_as_of(question.tenant_id, question.user_id, &question.settings.learning,
					  question.at, BEFORE_KNOWN_AS_NOW, NULL, &known);
	for (int i = 0; i < (least < 0 ? known.nlive : known.n); i++)
	{
		const Preference *preference = &known.items[i];
		bool nulls[9] = {false};
		Datum values[] = {
			ObjectIdGetDatum(ours->category_values[preference->category]),
			CStringGetTextDatum(preference->key),
			JsonbPGetDatum(preference_value(preference)),
			Float8GetDatum(preference->confidence),
			Int32GetDatum(preference->evidence.count),
			TimestampTzGetDatum(preference->evidence.last_updated),
			JsonbPGetDatum(
				preference_candidates(preference, &question.settings.learning, question.at)),
			CStringGetTextDatum(i < known.nlive ? "live" : "emerging"),
			CStringGetTextDatum(preference->is_set ? "set" : "learned"),
		};

		if (preference->confidence >= least)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	SPI_finish();
	return (Datum) 0;
}

static void
push_preferences(JsonbParseState **state, const Preference *live, int n)
{
	json_push_key(state, "preferences");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < n; i++)
	{
		const char *category = category_names[live[i].category];

		json_push_key(state, psprintf("%s:%s", category, live[i].key));
		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(state, "key", live[i].key);
		json_push_jsonb(state, "value", preference_value(&live[i]));
		if (live[i].is_set)
			json_push_text(state, "source", "set");
		json_push_text(state, "category", category);
		json_push_double(state, "confidence", live[i].confidence);
		json_push_time(state, "last_updated", live[i].evidence.last_updated);
		json_push_int(state, "observation_count", live[i].evidence.count);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Returns the type of a row of select_history. */
static InteractionType
history_type(uint64 row)
{
	return interaction_type_of(DatumGetObjectId(result_value(row, HISTORY_TYPE, NULL)));
}

/* Passes a row of select_history to the reader of traits. */
static void
observe_history(TraitReader *traits, uint64 row)
{
	bool isnull;
	Datum outline = result_value(row, HISTORY_OUTLINE, &isnull);

	traits_observe(traits, history_type(row), isnull ? NULL : DatumGetTextPP(outline),
				   result_value(row, HISTORY_DATA, NULL));
}

/*
 * Reads the latest interactions, as many as are requested or needed for the user's traits, and
 * returns their number.  Raises *updated to the time of the latest one, whether it is shown or not.
 */
static uint64
read_history(const ReadRequest *question, TraitReader *traits, TimestampTz *updated)
{
	/* Traits alone need less of each interaction. */
	bool apart = question->ahead == NULL && question->history < traits_reach(traits);
	int reach = apart ? question->history : Max(question->history, traits_reach(traits));
	/* That of many users is the same for all of them. */
	int limit = question->ahead == NULL ? reach : Max(question->history, TRAITS_REACH);
	Datum values[] = {CStringGetTextDatum(question->tenant_id),
					  CStringGetTextDatum(question->user_id), TimestampTzGetDatum(question->until),
					  Int64GetDatum(limit)};
	uint64 nrows;

	if (apart)
		traits_observe_latest(traits, question->tenant_id, question->user_id, question->until,
							  updated);
	if (reach == 0)
		return 0;
	nrows = read_ahead_execute(question->ahead,
							   outlines_are_stored() ? &select_history : &select_history_unoutlined,
							   values);
	nrows = Min(nrows, (uint64) reach);
	if (nrows > 0)
		*updated = Max(*updated, DatumGetTimestampTz(result_value(0, HISTORY_OCCURRED_AT, NULL)));
	for (uint64 row = 0; row < nrows && !apart; row++)
		observe_history(traits, row);
	return nrows;
}

/* Pushes the first of these interactions, as many as are requested. */
static void
push_history(JsonbParseState **state, const ReadRequest *question, uint64 nrows)
{
	json_push_key(state, "interaction_history");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (uint64 row = 0; row < Min(nrows, (uint64) question->history); row++)
	{
		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(state, "id", uuid_text(DatumGetUUIDP(result_value(row, HISTORY_ID, NULL))));
		json_push_jsonb(state, "data", result_jsonb(row, HISTORY_DATA));
		json_push_jsonb(state, "feedback", result_jsonb(row, HISTORY_FEEDBACK));
		json_push_time(state, "timestamp",
					   DatumGetTimestampTz(result_value(row, HISTORY_OCCURRED_AT, NULL)));
		json_push_text(state, "interaction_type", interaction_type_names[history_type(row)]);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* The callers call SPI_connect() and SPI_finish(). */
static Jsonb *
document(const ReadRequest *question)
{
	PreferencesAsOf known;
	TimestampTz updated;
	TraitReader *reader;
	Traits traits;
	uint64 nrows;
	JsonbParseState *state = NULL;

	reader = traits_begin(question->tenant_id, question->user_id, question->at, question->ahead);
	preferences_as_of(question->tenant_id, question->user_id, &question->settings.learning,
					  question->at, BEFORE_KNOWN_NONE, question->ahead, &known);
	updated = known.latest;
	nrows = read_history(question, reader, &updated);
	traits_end(reader, &traits);

	/* In the order in which jsonb has them, by length, so that there is little to sort. */
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "user_id", question->user_id);
	json_push_text(&state, "tenant_id", question->tenant_id);
	if (traits.known)
	{
		json_push_time(&state, "created_at", traits.created_at);
		json_push_time(&state, "updated_at", Max(updated, traits.updated_at));
	}
	else
	{
		json_push_null(&state, "created_at");
		json_push_null(&state, "updated_at");
	}
	push_preferences(&state, known.items, known.nlive);
	traits_push(&state, &traits);
	push_history(&state, question, nrows);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Jsonb *
profile_document(const char *tenant_id, const char *user_id, TimestampTz at,
				 const TenantSettings *settings, ReadAhead *ahead)
{
	ReadRequest question = {.tenant_id = tenant_id,
							.user_id = user_id,
							.at = at,
							.until = known_until(at),
							.history = settings->max_history_size,
							.ahead = ahead,
							.settings = *settings};

	return document(&question);
}

int
profile_reach(const TenantSettings *settings)
{
	return Max(settings->max_history_size, TRAITS_REACH);
}

/* The number of interactions requested, at most the tenant's; -1 for the tenant's. */
static int
history_size(FunctionCallInfo fcinfo, int n)
{
	int value;

	/* The SQL function of an older script does not have this argument. */
	if (PG_NARGS() <= n || PG_ARGISNULL(n))
		return -1;
	value = PG_GETARG_INT32(n);
	if (value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("history must not be negative")));
	return value;
}

Datum
personalization_get_profile(PG_FUNCTION_ARGS)
{
	int history = history_size(fcinfo, 3);
	ReadRequest question;
	Jsonb *result;

	begin_reading(fcinfo, &question);
	question.history = question.settings.max_history_size;
	if (history >= 0)
		question.history = Min(question.history, history);
	result = json_keep(document(&question));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

/* Checks that each subject is a valid name. */
static void
check_expertise(ArrayType *expertise)
{
	Datum *items;
	bool *nulls;
	int n;

	if (ARR_NDIM(expertise) > 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("domain_expertise must be a one-dimensional array")));
	deconstruct_array(expertise, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		Fault fault;

		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("domain_expertise must not contain nulls")));
		if (!check_id("an element of domain_expertise", VARDATA_ANY(DatumGetPointer(items[i])),
					  VARSIZE_ANY_EXHDR(DatumGetPointer(items[i])), &fault))
			fault_raise(&fault, -1);
	}
}

Datum
personalization_set_profile(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TimestampTz now = GetCurrentTimestamp();
	TenantSettings settings;
	SetTraits before;
	char nulls[] = "      n";
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(user_id),
					  0,
					  0,
					  0,
					  TimestampTzGetDatum(now),
					  0};

	prevent_if_read_only("set_profile()");
	for (int i = 2; i <= 4; i++)
	{
		if (PG_ARGISNULL(i))
			nulls[i] = 'n';
		else
			values[i] = PG_GETARG_DATUM(i);
	}
	if (!PG_ARGISNULL(3))
		check_expertise(PG_GETARG_ARRAYTYPE_P(3));

	SPI_connect();
	user_begin(tenant_id, user_id, &settings);
	set_traits_read_locked(tenant_id, user_id, now, &before);
	if (before.known)
	{
		values[6] = JsonbPGetDatum(set_traits_kept(&before, now, settings.history_retention));
		nulls[6] = ' ';
	}
	(void) statement_execute(&upsert_traits, values, nulls, SNAPSHOT_NEW);
	cache_profile_changed(tenant_id, user_id);
	SPI_finish();
	PG_RETURN_VOID();
}

/* Whether a trait or, with NULL, any is set.  Raises an error if there is no such trait. */
static bool
is_set(const SetTraits *traits, const char *trait)
{
	static const char *const names[] = {"skill_level", "domain_expertise", "communication_style"};
	const bool set[] = {traits->skill != NULL, traits->expertise != NULL, traits->style != NULL};
	Fault fault;
	int i;

	if (trait == NULL)
		return set[0] || set[1] || set[2];
	i = find_name(names, lengthof(names), trait, strlen(trait));
	if (i >= 0)
		return set[i];
	(void) fault_set(&fault, ERRCODE_INVALID_PARAMETER_VALUE,
					 "The traits are skill_level, domain_expertise and communication_style.",
					 "invalid value for trait: %s", private_text(trait, strlen(trait)));
	fault_raise(&fault, -1);
	return false;
}

Datum
personalization_reset_profile(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	char *trait = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	TimestampTz now = GetCurrentTimestamp();
	TenantSettings settings;
	SetTraits before;
	bool was_set;

	prevent_if_read_only("reset_profile()");
	SPI_connect();
	user_begin_regardless(tenant_id, user_id, &settings);
	set_traits_read_locked(tenant_id, user_id, now, &before);
	was_set = is_set(&before, trait);
	if (was_set)
	{
		char nulls[] = "     ";
		Datum values[] = {
			CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id), 0,
			TimestampTzGetDatum(now),
			JsonbPGetDatum(set_traits_kept(&before, now, settings.history_retention))};

		if (trait == NULL)
			nulls[2] = 'n';
		else
			values[2] = CStringGetTextDatum(trait);
		(void) statement_execute(&unset_traits, values, nulls, SNAPSHOT_NEW);
		cache_profile_changed(tenant_id, user_id);
	}
	SPI_finish();
	PG_RETURN_BOOL(was_set);
}

/* Pushes the user's active conversation. */
static void
push_session(JsonbParseState **state, const ReadRequest *question)
{
	pg_uuid_t id;

	if (conversation_active(question->tenant_id, question->user_id, &question->settings,
							question->at, &id))
		json_push_text(state, "active_session", uuid_text(&id));
	else
		json_push_null(state, "active_session");
}

/* Returns the text of a query, or NULL if it has none. */
static char *
query_text(const Jsonb *data)
{
	static const char *const names[] = {"query", "sql"};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		JsonbValue value;
		const JsonbValue *text = json_member(&data->root, names[i], &value);

		if (text != NULL && text->type == jbvString && text->val.string.len > 0)
			return json_text(text);
	}
	return NULL;
}

/* The latest distinct queries. */
typedef struct RecentQueries
{
	char *texts[CONTEXT_ITEMS];
	int n;
} RecentQueries;

/* Adds the queries of rows, latest first, as long as there is space. */
static void
add_queries(RecentQueries *recent, uint64 nrows, int column)
{
	for (uint64 row = 0; row < nrows && recent->n < CONTEXT_ITEMS; row++)
	{
		const Jsonb *data = result_jsonb(row, column);
		char *text = data == NULL ? NULL : query_text(data);
		bool known = false;

		for (int i = 0; i < recent->n && text != NULL; i++)
			known = known || strcmp(recent->texts[i], text) == 0;
		if (text != NULL && !known)
			recent->texts[recent->n++] = text;
	}
}

static void
push_queries(JsonbParseState **state, const RecentQueries *recent)
{
	json_push_key(state, "recent_queries");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < recent->n; i++)
		json_push_text(state, NULL, recent->texts[i]);
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/*
 * Reads queries among the latest CONTEXT_REACH interactions, which are in the result of
 * select_outlines, and no more than are needed.
 */
static void
read_queries(const ReadRequest *question, uint64 nrows, RecentQueries *recent)
{
	uint64 last = Min(nrows, CONTEXT_REACH) - 1;
	Datum values[] = {
		CStringGetTextDatum(question->tenant_id),	  CStringGetTextDatum(question->user_id),
		TimestampTzGetDatum(question->until),		  Int64GetDatum(CONTEXT_REACH),
		result_value(last, RECENT_OCCURRED_AT, NULL), result_value(last, RECENT_ID, NULL)};
	Portal rows = statement_cursor(&select_queries, values, NULL, SNAPSHOT_CALLER);

	do
	{
		SPI_cursor_fetch(rows, true, CONTEXT_PART);
		add_queries(recent, SPI_processed, ONLY_COLUMN);
	} while (recent->n < CONTEXT_ITEMS && SPI_processed == CONTEXT_PART);
	SPI_cursor_close(rows);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Pushes how often each type of chart in a column was shown. */
static void
push_charts(JsonbParseState **state, uint64 nrows, int column)
{
	Oid visualization = extension_objects()->interaction_values[INTERACTION_VISUALIZATION];
	char **charts = palloc(Max(nrows, 1) * sizeof(char *));
	int n = 0;

	for (uint64 row = 0; row < nrows; row++)
	{
		char *chart = NULL;

		if (DatumGetObjectId(result_value(row, RECENT_TYPE, NULL)) == visualization)
			chart = result_text(row, column);
		if (chart != NULL && chart[0] != '\0')
			charts[n++] = chart;
	}
	qsort(charts, n, sizeof(char *), compare_names);

	json_push_key(state, "preferred_chart_types");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0, first = 0; i < n; i++)
	{
		if (i + 1 < n && strcmp(charts[i], charts[i + 1]) == 0)
			continue;
		json_push_int(state, charts[i], i + 1 - first);
		first = i + 1;
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/*
 * Whether all queries and charts of the rows of select_outlines have an outline: then
 * learning has stored them, so that queries with a text have an id.
 */
static bool
all_are_outlined(uint64 nrows)
{
	const Oid *types = extension_objects()->interaction_values;

	for (uint64 row = 0; row < nrows; row++)
	{
		Oid type = DatumGetObjectId(result_value(row, RECENT_TYPE, NULL));
		bool isnull = false;

		if (type == types[INTERACTION_QUERY] || type == types[INTERACTION_VISUALIZATION])
			(void) result_value(row, RECENT_OUTLINE, &isnull);
		if (isnull)
			return false;
	}
	return true;
}

/* Pushes what is seen in the latest interactions, and the time of the latest one. */
static void
push_recent(JsonbParseState **state, const ReadRequest *question)
{
	Datum values[] = {CStringGetTextDatum(question->tenant_id),
					  CStringGetTextDatum(question->user_id), TimestampTzGetDatum(question->until),
					  Int64GetDatum(CHARTS_REACH)};
	RecentQueries recent = {.n = 0};
	bool outlined = outlines_are_stored();
	uint64 nrows = 0;

	if (outlined)
	{
		nrows = statement_execute(&select_outlines, values, NULL, SNAPSHOT_CALLER);
		outlined = all_are_outlined(nrows);
	}
	if (!outlined)
	{
		nrows = statement_execute(&select_recent, values, NULL, SNAPSHOT_CALLER);
		add_queries(&recent, Min(nrows, CONTEXT_REACH), RECENT_QUERY);
	}
	push_charts(state, nrows, outlined ? RECENT_OUTLINE : RECENT_CHART);
	if (nrows == 0)
		json_push_null(state, "last_activity");
	else
		json_push_time(state, "last_activity",
					   DatumGetTimestampTz(result_value(0, RECENT_OCCURRED_AT, NULL)));
	if (outlined && nrows > 0)
		read_queries(question, nrows, &recent);
	push_queries(state, &recent);
}

static void
push_frequent_tables(JsonbParseState **state, const ReadRequest *question)
{
	PreferencesAsOf known;
	int shown = 0;

	preferences_as_of(question->tenant_id, question->user_id, &question->settings.learning,
					  question->at, BEFORE_KNOWN_NONE, NULL, &known);

	json_push_key(state, "frequent_tables");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < known.nlive && shown < CONTEXT_ITEMS; i++)
	{
		const char *table = frequent_table(&known.items[i]);

		if (table != NULL)
		{
			json_push_text(state, NULL, table);
			shown++;
		}
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

Datum
personalization_get_context(PG_FUNCTION_ARGS)
{
	ReadRequest question;
	JsonbParseState *state = NULL;
	Jsonb *result;

	begin_reading(fcinfo, &question);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "user_id", question.user_id);
	json_push_text(&state, "tenant_id", question.tenant_id);
	push_session(&state, &question);
	push_recent(&state, &question);
	push_frequent_tables(&state, &question);
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
