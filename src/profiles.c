/*
 * profiles.c
 *		What is known about a user: preferences(), get_profile(), set_profile()
 *		and get_context().
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
#include "utils/fmgrprotos.h"

#include "arguments.h"
#include "jsonutil.h"
#include "preferences.h"
#include "profiles.h"
#include "statement.h"
#include "tenancy.h"

/* How many queries and tables a context shows. */
#define CONTEXT_ITEMS 10

/* How far back a context looks for distinct queries, in interactions. */
#define CONTEXT_REACH 200

/* And among how many it counts charts. */
#define CHARTS_REACH 1000

/* How many earlier settings of traits a profile keeps. */
#define EARLIER_TRAITS 100

#define FREQUENT_TABLE "frequent_table:"

static Statement select_profile =
	STATEMENT("SELECT skill_level::text, to_jsonb(domain_expertise), communication_style::text,"
			  " created_at, updated_at, earlier_traits,"
			  " jsonb_path_query_first(earlier_traits, '$[*] ? (@.until > $at)', $3)"
			  " FROM personalization.profiles WHERE tenant_id = $1 AND user_id = $2",
			  "text text jsonb");

static Statement select_history =
	STATEMENT("SELECT interaction_id, interaction_type::text, occurred_at, data, feedback"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"
			  " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",
			  "text text timestamptz int8");

static Statement select_recent =
	STATEMENT("SELECT interaction_type::text, occurred_at, data FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"
			  " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",
			  "text text timestamptz int8");

static Statement count_charts = STATEMENT(
	"SELECT data ->> 'chart_type', count(*)"
	" FROM (SELECT interaction_type, data FROM personalization.interactions"
	"  WHERE tenant_id = $1 AND user_id = $2 AND occurred_at <= $3"
	"  ORDER BY occurred_at DESC LIMIT $4) latest"
	" WHERE interaction_type = 'visualization' AND data ->> 'chart_type' <> '' GROUP BY 1",
	"text text timestamptz int8");

static Statement upsert_traits = STATEMENT(
	"INSERT INTO personalization.profiles AS p"
	" (tenant_id, user_id, skill_level, domain_expertise, communication_style, created_at, "
	"updated_at)"
	" VALUES ($1, $2, $3, $4, $5, $6, $6)"
	" ON CONFLICT (tenant_id, user_id) DO UPDATE SET"
	" skill_level = coalesce(excluded.skill_level, p.skill_level),"
	" domain_expertise = coalesce(excluded.domain_expertise, p.domain_expertise),"
	" communication_style = coalesce(excluded.communication_style, p.communication_style),"
	" updated_at = greatest(p.updated_at, excluded.updated_at), earlier_traits = $7",
	"text text personalization.skill_level text[] personalization.communication_style timestamptz"
	" jsonb");

PG_FUNCTION_INFO_V1(personalization_preferences);
PG_FUNCTION_INFO_V1(personalization_get_profile);
PG_FUNCTION_INFO_V1(personalization_set_profile);
PG_FUNCTION_INFO_V1(personalization_get_context);

/* What every reading function is asked: whose, and as of when. */
typedef struct Question
{
	char *tenant_id;
	char *user_id;
	TimestampTz at;
	TenantSettings settings;
} Question;

/* Checks the arguments, connects to SPI and reads the tenant's settings. */
static void
begin_reading(FunctionCallInfo fcinfo, Question *question)
{
	question->tenant_id = tenant_argument(fcinfo, 0);
	question->user_id = id_argument(fcinfo, 1, "user_id");
	question->at = time_argument(fcinfo, 2, "at");
	SPI_connect();
	tenant_require(question->tenant_id, &question->settings, false);
}

Datum
personalization_preferences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Objects *ours = extension_objects();
	Question question;
	Preference *live;
	int n;

	InitMaterializedSRF(fcinfo, 0);
	begin_reading(fcinfo, &question);
	live = preferences_live(question.tenant_id, question.user_id, &question.settings.learning,
							question.at, &n, NULL);
	for (int i = 0; i < n; i++)
	{
		const Preference *preference = &live[i];
		bool nulls[7] = {false};
		Datum values[] = {
			ObjectIdGetDatum(ours->category_values[preference->category]),
			CStringGetTextDatum(preference->key),
			JsonbPGetDatum(preference_value(preference)),
			Float8GetDatum(preference->confidence),
			Int32GetDatum(preference->evidence.count),
			TimestampTzGetDatum(preference->evidence.last_updated),
			JsonbPGetDatum(
				preference_candidates(preference, &question.settings.learning, question.at)),
		};

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
		json_push_text(state, "category", category);
		json_push_text(state, "key", live[i].key);
		json_push_jsonb(state, "value", preference_value(&live[i]));
		json_push_double(state, "confidence", live[i].confidence);
		json_push_int(state, "observation_count", live[i].evidence.count);
		json_push_time(state, "last_updated", live[i].evidence.last_updated);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* A jsonb column of the last result, NULL where it is null. */
static Jsonb *
jsonb_column(uint64 row, int column)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbP(value);
}

/* Likewise a text column. */
static char *
text_column(uint64 row, int column)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* Raises *updated to the time of the latest interaction. */
static void
push_history(JsonbParseState **state, const Question *question, TimestampTz *updated)
{
	Datum values[] = {CStringGetTextDatum(question->tenant_id),
					  CStringGetTextDatum(question->user_id), TimestampTzGetDatum(question->at),
					  Int64GetDatum(question->settings.max_history_size)};
	uint64 nrows = statement_read(&select_history, values, NULL);

	json_push_key(state, "interaction_history");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (uint64 row = 0; row < nrows; row++)
	{
		*updated = Max(*updated, DatumGetTimestampTz(result_value(row, 3, NULL)));
		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		json_push_text(state, "id",
					   DatumGetCString(DirectFunctionCall1(uuid_out, result_value(row, 1, NULL))));
		json_push_text(state, "interaction_type", text_column(row, 2));
		json_push_time(state, "timestamp", DatumGetTimestampTz(result_value(row, 3, NULL)));
		json_push_jsonb(state, "data", jsonb_column(row, 4));
		json_push_jsonb(state, "feedback", jsonb_column(row, 5));
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* Traits set by hand, NULL where they are not. */
typedef struct Traits
{
	bool known; /* there is a profile */
	char *skill;
	Jsonb *expertise;
	char *style;
	TimestampTz created;
	TimestampTz updated;
	Jsonb *earlier; /* what was before, as stored; NULL for nothing */
} Traits;

/* {"at": …} for the statement; of now, which later traits do not touch, there is no such time. */
static Datum
time_of_traits(TimestampTz at)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "at", at < GetCurrentTransactionStartTimestamp() ? at : PG_INT64_MAX);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* Puts what held then into the place of what holds now. */
static void
replace_traits(Traits *traits, const Jsonb *then)
{
	JsonbValue value;
	JsonbValue *found;
	double updated;

	(void) json_text_member(&then->root, "skill_level", &traits->skill);
	(void) json_text_member(&then->root, "communication_style", &traits->style);
	found = json_member(&then->root, "domain_expertise", &value);
	traits->expertise = found != NULL && found->type == jbvBinary ? JsonbValueToJsonb(found) : NULL;
	found = json_member(&then->root, "updated_at", &value);
	if (found != NULL && found->type == jbvNumeric && json_number(found, &updated) &&
		updated >= (double) MIN_TIMESTAMP && updated < (double) END_TIMESTAMP)
		traits->updated = (TimestampTz) updated;
}

static void
read_traits(const char *tenant_id, const char *user_id, TimestampTz at, bool write, Traits *traits)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  time_of_traits(at)};
	Jsonb *then;

	memset(traits, 0, sizeof(*traits));
	traits->known = (write ? statement_run : statement_read)(&select_profile, values, NULL) > 0;
	if (!traits->known)
		return;
	traits->skill = text_column(0, 1);
	traits->expertise = jsonb_column(0, 2);
	traits->style = text_column(0, 3);
	traits->created = DatumGetTimestampTz(result_value(0, 4, NULL));
	traits->updated = DatumGetTimestampTz(result_value(0, 5, NULL));
	traits->earlier = jsonb_column(0, 6);
	then = jsonb_column(0, 7);
	if (then != NULL)
		replace_traits(traits, then);
}

/*
 * What the profile is to keep once these traits are replaced: them, and those
 * before them of which the history's retention still tells.
 */
static Jsonb *
traits_kept(const Traits *traits, TimestampTz now, int64 retention)
{
	JsonbParseState *state = NULL;
	int surplus = traits->earlier == NULL || !JB_ROOT_IS_ARRAY(traits->earlier)
					  ? 0
					  : (int) JB_ROOT_COUNT(traits->earlier) - (EARLIER_TRAITS - 1);

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	if (traits->earlier != NULL)
	{
		JsonbIterator *it = JsonbIteratorInit(&traits->earlier->root);
		JsonbIteratorToken token;
		JsonbValue item;

		while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
		{
			JsonbValue value;
			JsonbValue *until;
			double number;

			if (token != WJB_ELEM || surplus-- > 0 || item.type != jbvBinary)
				continue;
			until = json_member(item.val.binary.data, "until", &value);
			if (until != NULL && until->type == jbvNumeric && json_number(until, &number) &&
				number > (double) (now - retention))
				(void) pushJsonbValue(&state, WJB_ELEM, &item);
		}
	}
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "until", now);
	json_push_text(&state, "skill_level", traits->skill);
	json_push_jsonb(&state, "domain_expertise", traits->expertise);
	json_push_text(&state, "communication_style", traits->style);
	json_push_int(&state, "updated_at", traits->updated);
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/* The traits: those set by hand, and what stands for the others. */
static void
push_traits(JsonbParseState **state, const Question *question, TimestampTz updated)
{
	Traits traits;

	read_traits(question->tenant_id, question->user_id, question->at, false, &traits);
	json_push_text(state, "skill_level", traits.skill != NULL ? traits.skill : "intermediate");
	json_push_key(state, "domain_expertise");
	if (traits.expertise != NULL)
	{
		JsonbValue array;

		array.type = jbvBinary;
		array.val.binary.data = &traits.expertise->root;
		array.val.binary.len = VARSIZE(traits.expertise) - VARHDRSZ;
		(void) pushJsonbValue(state, WJB_VALUE, &array);
	}
	else
	{
		(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	}
	json_push_text(state, "communication_style", traits.style != NULL ? traits.style : "detailed");

	json_push_key(state, "trait_sources");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(state, "skill_level", traits.skill != NULL ? "set" : "default");
	json_push_text(state, "domain_expertise", traits.expertise != NULL ? "set" : "default");
	json_push_text(state, "communication_style", traits.style != NULL ? "set" : "default");
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);

	if (traits.known)
	{
		json_push_time(state, "created_at", traits.created);
		json_push_time(state, "updated_at", Max(updated, traits.updated));
	}
	else
	{
		json_push_null(state, "created_at");
		json_push_null(state, "updated_at");
	}
}

/* SPI_connect() and SPI_finish() are the callers'. */
static Jsonb *
document(const Question *question)
{
	Preference *live;
	int n;
	TimestampTz updated;
	JsonbParseState *state = NULL;

	live = preferences_live(question->tenant_id, question->user_id, &question->settings.learning,
							question->at, &n, &updated);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "user_id", question->user_id);
	json_push_text(&state, "tenant_id", question->tenant_id);
	push_preferences(&state, live, n);
	push_history(&state, question, &updated);
	push_traits(&state, question, updated);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Jsonb *
profile_document(char *tenant_id, char *user_id, TimestampTz at, const TenantSettings *settings)
{
	Question question = {tenant_id, user_id, at, *settings};

	return document(&question);
}

Datum
personalization_get_profile(PG_FUNCTION_ARGS)
{
	Question question;
	Jsonb *result;

	begin_reading(fcinfo, &question);
	result = json_keep(document(&question));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

/* Each of the user's subjects must be a name. */
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
							errmsg("domain_expertise must not hold nulls")));
		if (!check_id("a subject in domain_expertise", VARDATA_ANY(DatumGetPointer(items[i])),
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
	Traits before;
	uint32 key;
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
	key = user_lock_key(tenant_id, user_id);
	lock_users(tenant_id, &key, 1);
	tenant_check_current(tenant_id);
	tenant_require(tenant_id, &settings, true);
	read_traits(tenant_id, user_id, now, true, &before);
	if (before.known)
	{
		values[6] = JsonbPGetDatum(traits_kept(&before, now, settings.history_retention));
		nulls[6] = ' ';
	}
	(void) statement_run(&upsert_traits, values, nulls);
	SPI_finish();
	PG_RETURN_VOID();
}

/* The latest distinct queries, and the time of the latest interaction. */
static void
push_recent(JsonbParseState **state, const Question *question, TimestampTz *last)
{
	Datum values[] = {CStringGetTextDatum(question->tenant_id),
					  CStringGetTextDatum(question->user_id), TimestampTzGetDatum(question->at),
					  Int64GetDatum(CONTEXT_REACH)};
	uint64 nrows = statement_read(&select_recent, values, NULL);
	List *queries = NIL;

	*last = DT_NOBEGIN;
	json_push_key(state, "recent_queries");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (uint64 row = 0; row < nrows && list_length(queries) < CONTEXT_ITEMS; row++)
	{
		JsonbValue value;
		JsonbValue *query;
		const JsonbContainer *data;
		char *text;

		if (row == 0)
			*last = DatumGetTimestampTz(result_value(row, 2, NULL));
		if (strcmp(text_column(row, 1), "query") != 0)
			continue;
		data = &DatumGetJsonbP(result_value(row, 3, NULL))->root;
		query = json_member(data, "query", &value);
		if (query == NULL || query->type != jbvString || query->val.string.len == 0)
			query = json_member(data, "sql", &value);
		if (query == NULL || query->type != jbvString || query->val.string.len == 0)
			continue;
		text = pnstrdup(query->val.string.val, query->val.string.len);
		if (list_member(queries, makeString(text)))
			continue;
		queries = lappend(queries, makeString(text));
		json_push_text(state, NULL, text);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_frequent_tables(JsonbParseState **state, const Question *question)
{
	int n;
	Preference *live = preferences_live(question->tenant_id, question->user_id,
										&question->settings.learning, question->at, &n, NULL);
	int shown = 0;

	json_push_key(state, "frequent_tables");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n && shown < CONTEXT_ITEMS; i++)
	{
		if (live[i].category == CATEGORY_DATA &&
			strncmp(live[i].key, FREQUENT_TABLE, strlen(FREQUENT_TABLE)) == 0)
		{
			json_push_text(state, NULL, live[i].key + strlen(FREQUENT_TABLE));
			shown++;
		}
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_charts(JsonbParseState **state, const Question *question)
{
	Datum values[] = {CStringGetTextDatum(question->tenant_id),
					  CStringGetTextDatum(question->user_id), TimestampTzGetDatum(question->at),
					  Int64GetDatum(CHARTS_REACH)};
	uint64 nrows = statement_read(&count_charts, values, NULL);

	json_push_key(state, "preferred_chart_types");
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (uint64 row = 0; row < nrows; row++)
		json_push_int(state, text_column(row, 1), DatumGetInt64(result_value(row, 2, NULL)));
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Datum
personalization_get_context(PG_FUNCTION_ARGS)
{
	Question question;
	JsonbParseState *state = NULL;
	TimestampTz last;
	Jsonb *result;

	begin_reading(fcinfo, &question);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "user_id", question.user_id);
	json_push_text(&state, "tenant_id", question.tenant_id);
	json_push_null(&state, "active_session");
	push_recent(&state, &question, &last);
	push_frequent_tables(&state, &question);
	push_charts(&state, &question);
	if (TIMESTAMP_IS_NOBEGIN(last))
		json_push_null(&state, "last_activity");
	else
		json_push_time(&state, "last_activity", last);
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
