/*
 * consent.c
 *		Whether anything may be recorded of a user: set_learning(), and
 *		learning_enabled(), which tells.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/jsonutil.h"
#include "base/watch.h"
#include "tenancy/audit.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

static TableWatch choices = TABLE_WATCH("learning_choices", "true");

static Statement select_choice = STATEMENT("SELECT enabled, chosen_at"
										   " FROM personalization.learning_choices"
										   " WHERE tenant_id = $1 AND subject = $2",
										   "text text");

enum
{
	CHOICE_ENABLED = 1,
	CHOICE_AT
};

static Statement upsert_choice =
	STATEMENT("INSERT INTO personalization.learning_choices"
			  " (tenant_id, subject, enabled, chosen_at)"
			  " VALUES ($1, $2, $3, $4)"
			  " ON CONFLICT (tenant_id, subject) DO UPDATE"
			  " SET enabled = excluded.enabled, chosen_at = excluded.chosen_at",
			  "text text bool timestamptz");

/* The columns of learning_enabled(). */
enum
{
	ENABLED,
	DECIDED_BY,
	DECIDED_AT,
	LEARNING_COLUMNS
};

PG_FUNCTION_INFO_V1(personalization_set_learning);
PG_FUNCTION_INFO_V1(personalization_learning_enabled);

/* Finds the choice of a user, which is then the only row of the result. */
static bool
find_choice(const char *tenant_id, const char *user_id, ReadAs as)
{
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(user_pseudonym(tenant_id, user_id))};

	return statement_execute(&select_choice, values, NULL, as) > 0;
}

bool
learning_choice(const char *tenant_id, const char *user_id, bool *enabled, ReadAs as)
{
	if (!find_choice(tenant_id, user_id, as))
		return false;
	*enabled = DatumGetBool(result_value(0, CHOICE_ENABLED, NULL));
	return true;
}

/* Whether interactions of a user may be recorded, as a kind of snapshot shows the user's choice. */
static bool
is_allowed(const char *tenant_id, const char *user_id, const TenantSettings *settings, ReadAs as)
{
	bool enabled;

	return learning_choice(tenant_id, user_id, &enabled, as) ? enabled : settings->learning_on;
}

/* The same, as of now; under REPEATABLE READ it may be another answer than that of the snapshot. */
static bool
is_allowed_now(const char *tenant_id, const char *user_id, const TenantSettings *settings)
{
	bool allowed;

	PushActiveSnapshot(GetLatestSnapshot());
	allowed = is_allowed(tenant_id, user_id, settings, SNAPSHOT_CALLER);
	PopActiveSnapshot();
	return allowed;
}

bool
learning_allowed(const char *tenant_id, const char *user_id, const TenantSettings *settings,
				 ReadAs as)
{
	bool allowed;

	if (!table_has_rows(&choices, tenant_id))
		return settings->learning_on;
	allowed = is_allowed(tenant_id, user_id, settings, as);
	if (as == SNAPSHOT_NEW && IsolationUsesXactSnapshot() &&
		allowed != is_allowed_now(tenant_id, user_id, settings))
		serialization_failure();
	return allowed;
}

void
learning_choose(const char *tenant_id, const char *user_id, bool enabled)
{
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(user_pseudonym(tenant_id, user_id)),
					  BoolGetDatum(enabled), TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&upsert_choice, values, NULL, SNAPSHOT_NEW);
	table_announce_row(&choices);
}

Datum
personalization_set_learning(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	JsonbParseState *state = NULL;
	TenantSettings settings;
	bool enabled;

	require_argument(fcinfo, 2, "enabled");
	enabled = PG_GETARG_BOOL(2);
	prevent_if_read_only("set_learning()");

	SPI_connect();
	user_begin_regardless(tenant_id, user_id, &settings);
	learning_choose(tenant_id, user_id, enabled);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "learning", enabled ? "on" : "off");
	audit("set_learning", tenant_id, user_id, NULL,
		  JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_VOID();
}

/* (enabled, decided_by, decided_at): by the user, or else by the tenant's setting, at no time that is known. */
Datum
personalization_learning_enabled(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TenantSettings settings;
	TupleDesc columns;
	Datum values[LEARNING_COLUMNS] = {0};
	bool nulls[LEARNING_COLUMNS] = {false};
	HeapTuple row;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	SPI_connect();
	tenant_require_regardless(tenant_id, &settings);
	if (find_choice(tenant_id, user_id, SNAPSHOT_CALLER))
	{
		values[ENABLED] = result_value(0, CHOICE_ENABLED, NULL);
		values[DECIDED_BY] = CStringGetTextDatum("user");
		values[DECIDED_AT] = result_value(0, CHOICE_AT, NULL);
	}
	else
	{
		values[ENABLED] = BoolGetDatum(settings.learning_on);
		values[DECIDED_BY] = CStringGetTextDatum("tenant");
		nulls[DECIDED_AT] = true;
	}
	row = SPI_copytuple(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(row));
}
