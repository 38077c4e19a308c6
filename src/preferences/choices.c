/*
 * choices.c
 *		Preferences that users set, reset and forget themselves:
 *		set_preference(), reset_preference() and forget_preference().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/owner.h"
#include "base/watch.h"
#include "cache/changes.h"
#include "preferences/choices.h"
#include "tenancy/tenancy.h"

static TableWatch any_choice = TABLE_WATCH("preference_choices", "true");

/* One pass over the user's rows, however often they have changed their mind. */
static Statement select_choices =
	STATEMENT("SELECT DISTINCT ON (category, key) category, key,"
			  "  CASE WHEN action = 'set' THEN value END, chosen_at,"
			  "  max(chosen_at) FILTER (WHERE action = 'forget') OVER (PARTITION BY category, key)"
			  " FROM personalization.preference_choices"
			  " WHERE tenant_id = $1 AND user_id = $2"
			  " AND (chosen_at <= $3 OR action = 'forget')"
			  " ORDER BY category, key, chosen_at <= $3 DESC, chosen_at DESC",
			  "text text timestamptz");

static Statement select_value =
	STATEMENT("SELECT CASE WHEN action = 'set' THEN value END"
			  " FROM personalization.preference_choices"
			  " WHERE tenant_id = $1 AND user_id = $2 AND category = $3 AND key = $4"
			  " ORDER BY chosen_at DESC LIMIT 1",
			  "text text personalization.preference_category text");

enum
{
	CHOICE_CATEGORY = 1,
	CHOICE_KEY,
	CHOICE_VALUE,
	CHOICE_CHOSEN_AT,
	CHOICE_FORGOTTEN_AT
};

static Statement insert_choice =
	STATEMENT("INSERT INTO personalization.preference_choices"
			  " (tenant_id, user_id, category, key, chosen_at, action, value)"
			  " VALUES ($1, $2, $3, $4, $5, $6, $7)"
			  " ON CONFLICT (tenant_id, user_id, category, key, chosen_at) DO UPDATE"
			  " SET action = excluded.action, value = excluded.value",
			  "text text personalization.preference_category text timestamptz text jsonb");

/* With what was set, as it shall not be stored any longer: also at a time that the clock has not reached yet. */
static Statement delete_choices =
	STATEMENT("DELETE FROM personalization.preference_choices"
			  " WHERE tenant_id = $1 AND user_id = $2 AND category = $3 AND key = $4",
			  "text text personalization.preference_category text");

static Statement delete_evidence =
	STATEMENT("DELETE FROM personalization.preferences"
			  " WHERE tenant_id = $1 AND user_id = $2 AND category = $3 AND key = $4",
			  "text text personalization.preference_category text");

/*
 * Removes the key from the arrays of each snapshot that has it.  It runs as
 * the owner, because applications may not update snapshots.
 */
static Statement update_snapshots = STATEMENT(
	"UPDATE personalization.preference_snapshots s"
	" SET (categories, keys, \"values\", confidences, rivals, observation_counts, last_updated) = ("
	"  SELECT coalesce(array_agg(p.category), '{}'), coalesce(array_agg(p.key), '{}'),"
	"   coalesce(array_agg(p.value), '{}'), coalesce(array_agg(p.confidence), '{}'),"
	"   coalesce(array_agg(p.rivals), '{}'), coalesce(array_agg(p.observation_count), '{}'),"
	"   coalesce(array_agg(p.last_updated), '{}')"
	"  FROM unnest(s.categories, s.keys, s.\"values\", s.confidences, s.rivals,"
	"    s.observation_counts, s.last_updated)"
	"   AS p (category, key, value, confidence, rivals, observation_count, last_updated)"
	"  WHERE p.category <> $3 OR p.key <> $4)"
	" WHERE tenant_id = $1 AND user_id = $2 AND $4 = ANY (keys)",
	"text text personalization.preference_category text");

PG_FUNCTION_INFO_V1(personalization_set_preference);
PG_FUNCTION_INFO_V1(personalization_reset_preference);
PG_FUNCTION_INFO_V1(personalization_forget_preference);

/* Takes the choices as of a time from the result of select_choices. */
static void
read_choices(uint64 nrows, TimestampTz at, Choices *choices)
{
	choices->items = palloc(Max(nrows, 1) * sizeof(Choice));
	for (uint64 row = 0; row < nrows; row++)
	{
		Choice *choice = &choices->items[choices->n++];
		bool isnull;
		Datum forgotten;

		choice->category = category_of(DatumGetObjectId(result_value(row, CHOICE_CATEGORY, NULL)));
		choice->key = result_text(row, CHOICE_KEY);
		choice->value = result_jsonb(row, CHOICE_VALUE);
		choice->chosen_at = DatumGetTimestampTz(result_value(row, CHOICE_CHOSEN_AT, NULL));
		if (choice->chosen_at > at)
			choice->value = NULL;
		forgotten = result_value(row, CHOICE_FORGOTTEN_AT, &isnull);
		choice->forgotten_at = isnull ? DT_NOBEGIN : DatumGetTimestampTz(forgotten);
	}
}

void
choices_read(const char *tenant_id, const char *user_id, TimestampTz at, ReadAs as,
			 Choices *choices)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(at)};

	*choices = (Choices){0};
	if (table_has_rows(&any_choice, tenant_id))
		read_choices(statement_execute(&select_choices, values, NULL, as), at, choices);
}

void
choices_read_ahead(const char *tenant_id, const char *user_id, TimestampTz at, ReadAhead *ahead,
				   Choices *choices)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(at)};

	*choices = (Choices){0};
	if (table_has_rows(&any_choice, tenant_id))
		read_choices(read_ahead_execute(ahead, &select_choices, values), at, choices);
}

bool
choices_let_count(const Choices *choices, PreferenceCategory category, const char *key,
				  TimestampTz at)
{
	for (int i = 0; i < choices->n; i++)
	{
		const Choice *choice = &choices->items[i];

		if (choice->category == category && at <= choice->forgotten_at &&
			strcmp(choice->key, key) == 0)
			return false;
	}
	return true;
}

int
choices_filter(const char *tenant_id, Observation *observations, int n)
{
	Choices choices = {0};
	const char *user_id = NULL;
	int kept = 0;

	if (n == 0 || !table_has_rows(&any_choice, tenant_id))
		return n;
	for (int i = 0; i < n; i++)
	{
		const Observation *observation = &observations[i];

		if (user_id == NULL || strcmp(user_id, observation->user_id) != 0)
		{
			user_id = observation->user_id;
			choices_read(tenant_id, user_id, DT_NOEND, SNAPSHOT_NEW, &choices);
		}
		if (choices_let_count(&choices, observation->signal.category, observation->signal.key,
							  observation->at))
			observations[kept++] = *observation;
	}
	return kept;
}

void
choices_imported(void)
{
	table_announce_row(&any_choice);
}

/* A call for one preference. */
typedef struct ChoiceCall
{
	char *tenant_id;
	char *user_id;
	Datum values[7]; /* for insert_choice; the first four are those of the other statements */
} ChoiceCall;

/* Checks the arguments, connects to SPI and locks the user. */
static void
begin_choice(FunctionCallInfo fcinfo, const char *function, ChoiceCall *call)
{
	TenantSettings settings;
	text *key;

	call->tenant_id = tenant_argument(fcinfo, 0);
	call->user_id = id_argument(fcinfo, 1, "user_id");
	require_argument(fcinfo, 2, "category");
	(void) category_of(PG_GETARG_OID(2));
	key = text_argument(fcinfo, 3, "key");
	if (VARSIZE_ANY_EXHDR(key) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("key must not be empty")));
	if (VARSIZE_ANY_EXHDR(key) > MAX_KEY_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
						errmsg("key is too long: %zu bytes", (size_t) VARSIZE_ANY_EXHDR(key)),
						errhint("The maximum is %d bytes.", MAX_KEY_LENGTH)));
	prevent_if_read_only(function);
	SPI_connect();
	user_begin_regardless(call->tenant_id, call->user_id, &settings);
	call->values[0] = CStringGetTextDatum(call->tenant_id);
	call->values[1] = CStringGetTextDatum(call->user_id);
	call->values[2] = PG_GETARG_DATUM(2);
	call->values[3] = PointerGetDatum(key);
	call->values[4] = TimestampTzGetDatum(GetCurrentTimestamp());
}

static void
store_choice(ChoiceCall *call, const char *action, const Jsonb *value)
{
	call->values[5] = CStringGetTextDatum(action);
	call->values[6] = value == NULL ? (Datum) 0 : JsonbPGetDatum(value);
	(void) statement_execute(&insert_choice, call->values, value == NULL ? "      n" : NULL,
							 SNAPSHOT_NEW);
	table_announce_row(&any_choice);
	cache_profile_changed(call->tenant_id, call->user_id);
}

/* Returns what the user has set for the preference of a call, or NULL. */
static const Jsonb *
value_set(ChoiceCall *call)
{
	if (statement_execute(&select_value, call->values, NULL, SNAPSHOT_NEW) == 0)
		return NULL;
	return result_jsonb(0, ONLY_COLUMN);
}

Datum
personalization_set_preference(PG_FUNCTION_ARGS)
{
	ChoiceCall call;
	Jsonb *value = jsonb_argument(fcinfo, 4, "value");
	const Jsonb *before;

	if (VARSIZE(value) > MAX_VALUE_SIZE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("value is too large: %zu bytes", (size_t) VARSIZE(value)),
						errhint("The maximum is %d bytes.", MAX_VALUE_SIZE)));
	begin_choice(fcinfo, "set_preference()", &call);
	before = value_set(&call);
	if (before == NULL || !json_equal(before, value))
		store_choice(&call, "set", value);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_reset_preference(PG_FUNCTION_ARGS)
{
	ChoiceCall call;
	bool was_set;

	begin_choice(fcinfo, "reset_preference()", &call);
	was_set = value_set(&call) != NULL;
	if (was_set)
		store_choice(&call, "reset", NULL);
	SPI_finish();
	PG_RETURN_BOOL(was_set);
}

/*
 * Because of the row of the choice, interactions until now no longer count,
 * neither in a replay nor when they arrive late.  The evidence is deleted at
 * once, here and in snapshots.
 */
Datum
personalization_forget_preference(PG_FUNCTION_ARGS)
{
	ChoiceCall call;
	OwnerScope scope;
	bool was_there;

	begin_choice(fcinfo, "forget_preference()", &call);
	was_there = value_set(&call) != NULL;
	(void) statement_execute(&delete_choices, call.values, NULL, SNAPSHOT_NEW);
	if (statement_execute(&delete_evidence, call.values, NULL, SNAPSHOT_NEW) > 0)
		was_there = true;
	owner_begin(&scope);
	if (statement_execute(&update_snapshots, call.values, NULL, SNAPSHOT_NEW) > 0)
		was_there = true;
	owner_end(&scope);
	store_choice(&call, "forget", NULL);
	SPI_finish();
	PG_RETURN_BOOL(was_there);
}
