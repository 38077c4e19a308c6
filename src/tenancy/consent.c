/*
 * consent.c
 *		Whether anything may be recorded of a user: set_learning().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/jsonutil.h"
#include "base/watch.h"
#include "tenancy/audit.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

static TableWatch choices = TABLE_WATCH("learning_choices", "true");

static Statement select_choice = STATEMENT("SELECT enabled"
										   " FROM personalization.learning_choices"
										   " WHERE tenant_id = $1 AND subject = $2",
										   "text text");

static Statement upsert_choice =
	STATEMENT("INSERT INTO personalization.learning_choices"
			  " (tenant_id, subject, enabled, chosen_at)"
			  " VALUES ($1, $2, $3, $4)"
			  " ON CONFLICT (tenant_id, subject) DO UPDATE"
			  " SET enabled = excluded.enabled, chosen_at = excluded.chosen_at",
			  "text text bool timestamptz");

PG_FUNCTION_INFO_V1(personalization_set_learning);

bool
learning_choice(const char *tenant_id, const char *user_id, bool *enabled, ReadAs as)
{
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(user_pseudonym(tenant_id, user_id))};

	if (statement_execute(&select_choice, values, NULL, as) == 0)
		return false;
	*enabled = DatumGetBool(result_value(0, ONLY_COLUMN, NULL));
	return true;
}

bool
learning_allowed(const char *tenant_id, const char *user_id, const TenantSettings *settings,
				 ReadAs as)
{
	bool enabled;

	if (!table_has_rows(&choices, tenant_id) || !learning_choice(tenant_id, user_id, &enabled, as))
		return settings->learning_on;
	return enabled;
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
	user_begin(tenant_id, user_id, &settings);
	learning_choose(tenant_id, user_id, enabled);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "learning", enabled ? "on" : "off");
	audit("set_learning", tenant_id, user_id, NULL,
		  JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_VOID();
}
