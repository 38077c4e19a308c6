/*
 * users.c
 *		forget_user() and export_user().
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "admin/tenant_data.h"
#include "admin/users.h"
#include "base/arguments.h"
#include "base/compat.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "cache/changes.h"
#include "conversations/conversations.h"
#include "preferences/snapshots.h"
#include "profiles/profiles.h"
#include "suggestions/counting.h"
#include "tenancy/audit.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/settings.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_forget_user);
PG_FUNCTION_INFO_V1(personalization_export_user);

/*
 * The user's lock serializes this with learning: what was learned before is
 * deleted, and what is learned afterwards starts a new user.
 *
 * The inbox is an exception, because its rows are removed before their users
 * are locked.  So they are deleted before the user is locked here: if the
 * worker has removed a row, this waits until the row is learned, and it is
 * then deleted as an interaction.  With the lock held, the two would wait for
 * each other.
 */
static void
lock_for_forgetting(const char *tenant_id, const char *user_id)
{
	lock_user_alone(tenant_id, user_id);
	tenant_check_current(tenant_id);
	tenant_check_held(tenant_id);
}

Datum
personalization_forget_user(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TenantSettings settings;
	int64 waiting;
	Jsonb *counts;

	prevent_if_read_only("forget_user()");
	SPI_connect();
	tenant_require_prepared_regardless(tenant_id, &settings);
	waiting = tenant_data_erase_waiting(tenant_id, user_id);
	lock_for_forgetting(tenant_id, user_id);

	/*
	 * Data that is derived from the user's rows without their name is updated
	 * now, while those rows still exist, and the keys of the cache are
	 * deleted.
	 */
	cache_user_erased(tenant_id, user_id);
	conversations_erased(tenant_id, user_id);
	statistics_forget(tenant_id, user_id);
	counts = tenant_data_erase_user(tenant_id, user_id, waiting);
	snapshots_invalidate_known();

	/*
	 * Under REPEATABLE READ our statements do not see rows of the user newer
	 * than our snapshot; this one does.
	 */
	if (IsolationUsesXactSnapshot() && tenant_data_knows_user(tenant_id, user_id, true))
		serialization_failure();
	audit("forget_user", tenant_id, user_id, NULL, NULL);
	counts = json_keep(counts);
	SPI_finish();
	PG_RETURN_JSONB_P(counts);
}

Datum
personalization_export_user(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	char *user_id = id_argument(fcinfo, 1, "user_id");
	TimestampTz now = GetCurrentTimestamp();
	TenantSettings settings;
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	JsonbParseState *state = NULL;
	Jsonb *result;
	bool learning;

	SPI_connect();
	tenant_require_regardless(tenant_id, &settings);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "format", EXPORT_FORMAT);
	json_push_text(&state, "tenant_id", tenant_id);
	json_push_text(&state, "user_id", user_id);
	json_push_time(&state, "exported_at", now);
	if (learning_choice(tenant_id, user_id, &learning, SNAPSHOT_CALLER))
		json_push_text(&state, "learning", learning ? "on" : "off");
	json_push_jsonb(&state, "profile", profile_document(tenant_id, user_id, now, &settings, NULL));
	json_push_key(&state, "data");
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		TenantTable *table = &tenant_tables[i];
		uint64 nrows;

		if (!table->of_users || !table->carried)
			continue;
		nrows = statement_execute(&table->select_user, values, NULL, SNAPSHOT_CALLER);
		json_push_key(&state, table->name);
		(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		for (uint64 row = 0; row < nrows; row++)
			json_push_jsonb(&state, NULL, DatumGetJsonbP(result_value(row, ONLY_COLUMN, NULL)));
		(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	if (!XactReadOnly && !RecoveryInProgress() && !IsInParallelMode())
		audit("export_user", tenant_id, user_id, NULL, NULL);
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
