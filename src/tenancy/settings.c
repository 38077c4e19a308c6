/*
 * settings.c
 *		The settings of a tenant.
 *
 *		A tenant's row contains, as the administrator wrote them, only the
 *		settings that were changed, so that a new default applies to every
 *		tenant that has not set a value.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/local_time.h"
#include "core/ranking/statistics.h"
#include "tenancy/settings.h"

typedef enum SettingKind
{
	SETTING_NUMBER,
	SETTING_INTEGER,
	SETTING_INTERVAL,
	SETTING_BOOLEAN,
	SETTING_POLICY,
	SETTING_SWITCH,
	SETTING_TIME_ZONE
} SettingKind;

typedef struct Setting
{
	const char *name;
	SettingKind kind;
	size_t offset;
	double min; /* seconds for intervals */
	double max;
	const char *initial; /* the default, as JSON */
} Setting;

#define CENTURY_SECONDS (100 * 365.25 * 86400)

static const Setting known[] = {
	{"learning_rate", SETTING_NUMBER, offsetof(TenantSettings, learning.rate), 1e-6, 1, "0.1"},
	{"decay_factor", SETTING_NUMBER, offsetof(TenantSettings, learning.decay), 1e-6, 1, "0.95"},
	{"min_confidence", SETTING_NUMBER, offsetof(TenantSettings, learning.floor), 0, 1, "0.3"},
	{"value_policy", SETTING_POLICY, offsetof(TenantSettings, learning.policy), 0, 0,
	 "\"strongest\""},
	{"evidence_retention", SETTING_INTERVAL, offsetof(TenantSettings, learning.retention), 0,
	 CENTURY_SECONDS, "\"90 days\""},
	{"history_retention", SETTING_INTERVAL, offsetof(TenantSettings, history_retention), 1,
	 CENTURY_SECONDS, "\"90 days\""},
	{"query_retention", SETTING_INTERVAL, offsetof(TenantSettings, query_retention), 1,
	 CENTURY_SECONDS, "\"1 year\""},
	{"max_history_size", SETTING_INTEGER, offsetof(TenantSettings, max_history_size), 0, 10000,
	 "100"},
	{"conversation_ttl", SETTING_INTERVAL, offsetof(TenantSettings, conversation_ttl), 1,
	 CENTURY_SECONDS, "\"24 hours\""},
	{"max_conversation_messages", SETTING_INTEGER,
	 offsetof(TenantSettings, max_conversation_messages), 1, 100000, "1000"},
	{"profile_cache_ttl", SETTING_INTERVAL, offsetof(TenantSettings, profile_cache_ttl), 1,
	 CENTURY_SECONDS, "\"1 hour\""},
	{"suggestions_cache_ttl", SETTING_INTERVAL, offsetof(TenantSettings, suggestions_cache_ttl), 1,
	 CENTURY_SECONDS, "\"15 minutes\""},
	{"chart_confidence", SETTING_NUMBER, offsetof(TenantSettings, chart_confidence), 0, 1, "0.6"},
	{"learning", SETTING_SWITCH, offsetof(TenantSettings, learning_on), 0, 0, "\"on\""},
	{"store_query_text", SETTING_BOOLEAN, offsetof(TenantSettings, store_query_text), 0, 0, "true"},
	{"suggestions", SETTING_BOOLEAN, offsetof(TenantSettings, suggestions), 0, 0, "true"},
	{"suggestion_holdout", SETTING_NUMBER, offsetof(TenantSettings, suggestion_holdout), 0, 1, "0"},
	{"ranking_rate", SETTING_NUMBER, offsetof(TenantSettings, ranking_rate), 0, 1,
	 CppAsString2(RANKING_STEP)},
	{"insight_minimum_users", SETTING_INTEGER, offsetof(TenantSettings, insight_minimum_users), 1,
	 1000000, "5"},
	{"time_zone", SETTING_TIME_ZONE, offsetof(TenantSettings, time_zone), 0, 0, "\"UTC\""},
	{"new_table_window", SETTING_INTERVAL, offsetof(TenantSettings, new_table_window), 0,
	 CENTURY_SECONDS, "\"30 days\""},
};

/* Returns NULL if there is no such setting. */
static const Setting *
find_setting(const char *name, int len)
{
	for (size_t i = 0; i < lengthof(known); i++)
	{
		if (strlen(known[i].name) == (size_t) len && memcmp(known[i].name, name, len) == 0)
			return &known[i];
	}
	return NULL;
}

static bool
unknown_setting(const char *name, int len, Fault *fault)
{
	StringInfoData names;

	initStringInfo(&names);
	for (size_t i = 0; i < lengthof(known); i++)
		appendStringInfo(&names, "%s%s", i == 0 ? "" : ", ", known[i].name);
	return fault_set(fault, ERRCODE_UNDEFINED_OBJECT, psprintf("The settings are %s.", names.data),
					 "unrecognized setting \"%.*s\"", len, name);
}

/* Like interval_in(), but without its error, which would not name the setting. */
static bool
parse_interval(const char *text, double *seconds)
{
	char work[256];
	char *field[MAXDATEFIELDS];
	int ftype[MAXDATEFIELDS];
	int nf;
	int dtype;
	struct pg_itm_in itm;

	memset(&itm, 0, sizeof(itm));
	if (strlen(text) >= sizeof(work) / 2 ||
		ParseDateTime(text, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nf) != 0)
		return false;
	if (DecodeInterval(field, ftype, nf, INTERVAL_FULL_RANGE, &dtype, &itm) != 0 &&
		DecodeISO8601Interval(pstrdup(text), &dtype, &itm) != 0)
		return false;
	if (dtype != DTK_DELTA)
		return false;
	*seconds =
		(double) itm.tm_usec / USECS_PER_SEC +
		SECS_PER_DAY * (itm.tm_mday + (double) DAYS_PER_MONTH * (itm.tm_mon + 12.0 * itm.tm_year));
	return true;
}

static bool
refuse(const Setting *setting, const char *wanted, bool quoted, Fault *fault)
{
	return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
					 quoted ? "Write the value without quotes." : NULL, "setting \"%s\" must be %s",
					 setting->name, wanted);
}

/* Formats a bound for a message, where %g would write 1e-06 or 1e+06. */
static char *
bound_text(double bound)
{
	return bound > 0 && bound < 1e-4 ? psprintf("%.6f", bound) : psprintf("%.15g", bound);
}

/* text is that of an interval, or NULL. */
static bool
refuse_out_of_range(const Setting *setting, double value, const char *text, Fault *fault)
{
	if (setting->kind == SETTING_INTERVAL)
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
						 psprintf("It must be between %g second%s and 100 years.", setting->min,
								  setting->min == 1 ? "" : "s"),
						 "setting \"%s\" is out of range: %s", setting->name, text ? text : "0");
	return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
					 psprintf("It must be between %s and %s.", bound_text(setting->min),
							  bound_text(setting->max)),
					 "setting \"%s\" is out of range: %.15g", setting->name, value);
}

/*
 * Checks a value and writes it to its place in settings; an invalid value
 * leaves settings unchanged.
 */
static bool
decode_setting(const Setting *setting, const JsonbValue *value, TenantSettings *settings,
			   Fault *fault)
{
	void *place = (char *) settings + setting->offset;
	char *text = value->type == jbvString ? json_text(value) : NULL;
	double number = 0;

	switch (setting->kind)
	{
		case SETTING_NUMBER:
		case SETTING_INTEGER:
			if (value->type != jbvNumeric)
				return refuse(setting,
							  setting->kind == SETTING_NUMBER ? "a number" : "a whole number",
							  text != NULL, fault);
			if (!json_number(value, &number))
				return refuse_out_of_range(setting, number, NULL, fault);
			if (setting->kind == SETTING_INTEGER && floor(number) != number)
				return refuse(setting, "a whole number", false, fault);
			break;
		case SETTING_INTERVAL:
			if (value->type == jbvNumeric && json_number(value, &number) && number == 0)
				break;
			if (text == NULL || !parse_interval(text, &number))
				return refuse(setting, "an interval, such as \"90 days\"", false, fault);
			break;
		case SETTING_BOOLEAN:
			if (value->type != jbvBool)
				return refuse(setting, "true or false", text != NULL, fault);
			*(bool *) place = value->val.boolean;
			return true;
		case SETTING_POLICY:
			if (text != NULL && strcmp(text, "strongest") == 0)
				*(ValuePolicy *) place = VALUE_STRONGEST;
			else if (text != NULL && strcmp(text, "latest") == 0)
				*(ValuePolicy *) place = VALUE_LATEST;
			else
				return refuse(setting, "\"strongest\" or \"latest\"", false, fault);
			return true;
		case SETTING_SWITCH:
			*(bool *) place = text != NULL && strcmp(text, "on") == 0;
			if (text == NULL || (strcmp(text, "on") != 0 && strcmp(text, "off") != 0))
				return refuse(setting, "\"on\" or \"off\"", false, fault);
			return true;
		case SETTING_TIME_ZONE:
		{
			pg_tz *zone = NULL;

			if (text != NULL && strlen(text) < sizeof(settings->time_zone))
				zone = pg_tzset(text);
			if (zone == NULL || !pg_tz_acceptable(zone))
				return refuse(setting, "a time zone, such as \"Europe/Berlin\"", false, fault);
			strlcpy(place, text, sizeof(settings->time_zone));
			return true;
		}
	}

	if (!(number >= setting->min && number <= setting->max))
		return refuse_out_of_range(setting, number, text, fault);
	if (setting->kind == SETTING_NUMBER)
		*(double *) place = number;
	else if (setting->kind == SETTING_INTEGER)
		*(int *) place = (int) number;
	else
		*(int64 *) place = (int64) rint(number * USECS_PER_SEC);
	return true;
}

/* The default of a setting, as a value; in the current memory context. */
static void
default_value(const Setting *setting, JsonbValue *value)
{
	json_scalar(DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(setting->initial))),
				value);
}

/* All defaults, decoded once per backend. */
static const TenantSettings *
defaults(void)
{
	static TenantSettings decoded;
	static bool known_defaults = false;

	for (size_t i = 0; i < lengthof(known) && !known_defaults; i++)
	{
		JsonbValue value;
		Fault fault;

		default_value(&known[i], &value);
		if (!decode_setting(&known[i], &value, &decoded, &fault))
			elog(ERROR, "invalid default: %s", fault.message);
	}
	known_defaults = true;
	return &decoded;
}

/*
 * Reports a time zone that the system does not know any more, as after an
 * update of its time zone data: the tenant's times are then in UTC, and
 * nothing else fails.  Each zone is reported once per session, or only the
 * latest if there are several.
 */
static void
warn_of_lost_zone(const char *zone)
{
	static char warned[sizeof(((TenantSettings *) NULL)->time_zone)] = "";

	if (strcmp(warned, zone) == 0)
		return;
	strlcpy(warned, zone, sizeof(warned));
	ereport(WARNING, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					  errmsg("time zone \"%s\" of a tenant is not known any more, using UTC", zone),
					  errhint("Set another time_zone with personalization.configure_tenant(), or "
							  "install the time zone data that has it.")));
}

/* Whether a stored setting is invalid only because its time zone is unknown. */
static bool
is_lost_zone(const Setting *setting, const JsonbValue *value)
{
	if (setting->kind != SETTING_TIME_ZONE || value->type != jbvString ||
		value->val.string.len >= (int) sizeof(((TenantSettings *) NULL)->time_zone))
		return false;
	warn_of_lost_zone(json_text(value));
	return true;
}

/* Decodes all changes.  stored: they were checked when they were set. */
static bool
read_settings(const Jsonb *changes, bool stored, TenantSettings *settings, Fault *fault)
{
	bool valid = true;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;

	*settings = *defaults();
	if (JB_ROOT_COUNT(changes) == 0)
		return true;
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &changes->root));
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		const Setting *setting;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		setting = find_setting(name.val.string.val, name.val.string.len);
		if (setting == NULL)
			valid = unknown_setting(name.val.string.val, name.val.string.len, fault);
		else
			valid &= decode_setting(setting, &value, settings, fault) ||
					 (stored && is_lost_zone(setting, &value));
	}
	return valid;
}

bool
settings_read(const Jsonb *changes, TenantSettings *settings, Fault *fault)
{
	return read_settings(changes, false, settings, fault);
}

/* Decodes stored settings; returns false if one is invalid, whose default is then used. */
static bool
decode_stored(const Jsonb *changes, TenantSettings *settings, Fault *fault)
{
	bool valid = read_settings(changes, true, settings, fault);
	JsonbValue value;

	/* If only history_retention is set, it applies to the statistics of queries too. */
	if (json_member(&changes->root, "history_retention", &value) != NULL &&
		json_member(&changes->root, "query_retention", &value) == NULL)
		settings->query_retention = settings->history_retention;
	if (!valid)
		fault->hint =
			"Use personalization.configure_tenant() to repair the stored settings of the tenant.";
	return valid;
}

void
settings_decode(const Jsonb *changes, TenantSettings *settings)
{
	Fault fault;

	if (!decode_stored(changes, settings, &fault))
		fault_raise(&fault, -1);
}

void
settings_decode_regardless(const Jsonb *changes, TenantSettings *settings)
{
	Fault fault;

	if (!decode_stored(changes, settings, &fault))
		fault_warn(&fault);
}

Jsonb *
settings_merge(const Jsonb *changes, const Jsonb *patch)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;
	Jsonb *merged;
	TenantSettings checked;
	Fault fault;
	bool stored_zone;

	if (!JB_ROOT_IS_OBJECT(patch))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("settings must be a JSON object")));

	/* A name in patch gets its value, or is removed if the value is null. */
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int pass = 0; pass < 2; pass++)
	{
		const Jsonb *source = pass == 0 ? changes : patch;

		it = JsonbIteratorInit(unconstify(JsonbContainer *, &source->root));
		while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
		{
			JsonbValue other;

			if (token != WJB_KEY)
				continue;
			(void) JsonbIteratorNext(&it, &value, true);
			if (pass == 0 &&
				getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &patch->root),
											 name.val.string.val, name.val.string.len, &other))
				continue;
			if (value.type == jbvNull)
			{
				/* Removes a stored name, even if it is not a setting (left by an UPDATE). */
				if (find_setting(name.val.string.val, name.val.string.len) == NULL &&
					getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &changes->root),
												 name.val.string.val, name.val.string.len,
												 &other) == NULL)
				{
					(void) unknown_setting(name.val.string.val, name.val.string.len, &fault);
					fault_raise(&fault, -1);
				}
				continue;
			}
			(void) pushJsonbValue(&state, WJB_KEY, &name);
			(void) pushJsonbValue(&state, WJB_VALUE, &value);
		}
	}
	merged = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	/* A stored time zone that has become unknown is an error only for a call that sets it. */
	stored_zone = getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &patch->root),
											   "time_zone", strlen("time_zone"), &value) == NULL;
	if (!read_settings(merged, stored_zone, &checked, &fault))
		fault_raise(&fault, -1);
	return merged;
}

Jsonb *
settings_document(const Jsonb *changes)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (size_t i = 0; i < lengthof(known); i++)
	{
		JsonbValue value;

		json_push_key(&state, known[i].name);
		if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, &changes->root),
										 known[i].name, strlen(known[i].name), &value) == NULL)
			default_value(&known[i], &value);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

PG_FUNCTION_INFO_V1(personalization_local_time);

/* An invalid setting is not in the way of the others. */
Datum
personalization_local_time(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	TenantSettings settings;
	LocalZone zone;
	Timestamp local;
	Fault fault;

	if (TIMESTAMP_NOT_FINITE(at))
		PG_RETURN_TIMESTAMP(at);
	(void) settings_read(PG_GETARG_JSONB_P(1), &settings, &fault);
	local_zone_init(&zone, settings.time_zone);
	local = local_clock(&zone, at);
	PG_RETURN_TIMESTAMP(IS_VALID_TIMESTAMP(local) ? local : at);
}
