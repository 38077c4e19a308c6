/*
 * tenants.c
 *		Creating, configuring and dropping tenants: functions for
 *		administrators.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "admin/move.h"
#include "admin/tenant_data.h"
#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "bgworker/turns.h"
#include "cache/changes.h"
#include "conversations/conversations.h"
#include "preferences/preferences.h"
#include "preferences/snapshots.h"
#include "suggestions/restart.h"
#include "tenancy/audit.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

static Statement update_settings = STATEMENT("UPDATE personalization.tenants"
											 " SET settings = $2, updated_at = $3"
											 " WHERE tenant_id = $1",
											 "text jsonb timestamptz");

PG_FUNCTION_INFO_V1(personalization_create_tenant);
PG_FUNCTION_INFO_V1(personalization_configure_tenant);
PG_FUNCTION_INFO_V1(personalization_tenant_settings);
PG_FUNCTION_INFO_V1(personalization_drop_tenant);

Datum
personalization_create_tenant(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	Jsonb *settings = settings_merge(json_empty_object(), jsonb_argument(fcinfo, 1, "settings"));

	prevent_if_read_only("create_tenant()");
	SPI_connect();
	lock_tenant(tenant_id, TENANT_ALONE);
	if (!tenant_insert(tenant_id, settings))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("tenant \"%s\" already exists", tenant_id),
						errhint("Use personalization.configure_tenant() to change its settings.")));
	audit("create_tenant", tenant_id, NULL, NULL, settings);
	SPI_finish();
	PG_RETURN_JSONB_P(settings_document(settings));
}

/* Returns {"before", "after"} with the settings that differ from the defaults. */
static Jsonb *
changes_of(const Jsonb *before, const Jsonb *after)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_jsonb(&state, "before", before);
	json_push_jsonb(&state, "after", after);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

Datum
personalization_configure_tenant(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	Jsonb *patch = jsonb_argument(fcinfo, 1, "settings");
	Jsonb *before;
	Jsonb *after;
	Jsonb *result;
	TenantSettings old;
	TenantSettings new;
	Fault fault;
	bool valid;

	prevent_if_read_only("configure_tenant()");
	SPI_connect();
	lock_tenant(tenant_id, TENANT_ALONE);
	before = tenant_existing(tenant_id, SNAPSHOT_NEW);
	tenant_check_held(tenant_id);
	after = settings_merge(before, patch);
	/* This also repairs settings that an UPDATE has made invalid. */
	valid = settings_read(before, &old, &fault);
	settings_decode(after, &new);
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(after),
						  TimestampTzGetDatum(GetCurrentTimestamp())};

		(void) statement_execute(&update_settings, values, NULL, SNAPSHOT_NEW);
	}

	/* The stored expiry of evidence, which is indexed, depends on these settings. */
	if (!valid || old.learning.decay != new.learning.decay ||
		old.learning.floor != new.learning.floor ||
		old.learning.retention != new.learning.retention)
		preferences_reschedule(tenant_id, valid ? before : after, after);

	/* Requests were not counted while suggestions were off or a setting was invalid. */
	if (new.suggestions && (!valid || !old.suggestions))
		statistics_restart(tenant_id);
	cache_tenant_changed(tenant_id);
	audit("configure_tenant", tenant_id, NULL, NULL, changes_of(before, after));
	result = json_keep(settings_document(after));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

Datum
personalization_tenant_settings(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	Jsonb *result;

	SPI_connect();
	result = json_keep(settings_document(tenant_existing(tenant_id, SNAPSHOT_CALLER)));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}

Datum
personalization_drop_tenant(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	Jsonb *result;

	prevent_if_read_only("drop_tenant()");
	SPI_connect();
	lock_tenant(tenant_id, TENANT_ALONE);
	(void) tenant_existing(tenant_id, SNAPSHOT_NEW);
	tenant_unpublish(tenant_id);
	cache_tenant_changed(tenant_id);
	conversations_erased(tenant_id, NULL);
	result = json_keep(tenant_data_erase(tenant_id));
	work_forget_tenant(tenant_id);
	snapshots_invalidate_known();

	/*
	 * Under REPEATABLE READ our statements do not see rows newer than our
	 * snapshot, which a new tenant with that name would inherit.
	 */
	if (IsolationUsesXactSnapshot() && tenant_data_is_left(tenant_id))
		serialization_failure();
	audit("drop_tenant", tenant_id, NULL, NULL, NULL);
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
