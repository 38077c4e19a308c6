/*
 * hold.c
 *		Tenants on hold: frozen, or being moved to this database.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "tenancy/hold.h"

static Statement select_hold = STATEMENT("SELECT frozen_at IS NOT NULL, home"
										 " FROM personalization.tenants"
										 " WHERE tenant_id = $1",
										 "text");

enum
{
	HOLD_IS_FROZEN = 1,
	HOLD_HOME
};

/*
 * Whether a subscription is copying tenants that do not exist here yet, so
 * that any of their rows may exist.
 */
static Statement find_arriving =
	STATEMENT("SELECT 1"
			  " FROM pg_catalog.pg_subscription_rel"
			  " WHERE srsubstate <> 'r' AND srrelid IN ("
			  "   SELECT relid FROM pg_catalog.pg_partition_tree('personalization.tenants'))"
			  " LIMIT 1",
			  "");

static Statement set_frozen = STATEMENT("UPDATE personalization.tenants"
										" SET frozen_at = coalesce(frozen_at, clock_timestamp())"
										" WHERE tenant_id = $1",
										"text");

static Statement set_home = STATEMENT("UPDATE personalization.tenants"
									  " SET home = $2"
									  " WHERE tenant_id = $1",
									  "text text");

static Statement set_released = STATEMENT("UPDATE personalization.tenants"
										  " SET frozen_at = NULL, home = $2"
										  " WHERE tenant_id = $1",
										  "text text");

/* The home of tenants whose lines are being imported, which is not a database. */
#define IMPORTED "import"

static Statement insert_received =
	STATEMENT("INSERT INTO personalization.tenants"
			  " (tenant_id, settings, created_at, updated_at, home)"
			  " VALUES ($1, $2, $3::timestamptz, $4::timestamptz, '" IMPORTED "')"
			  " ON CONFLICT (tenant_id) DO NOTHING",
			  "text jsonb text text");

static Statement find_received = STATEMENT("SELECT 1"
										   " FROM personalization.tenants"
										   " WHERE tenant_id = $1 AND home = '" IMPORTED "'",
										   "text");

static Statement set_received = STATEMENT("UPDATE personalization.tenants"
										  " SET frozen_at = clock_timestamp(), home = NULL"
										  " WHERE tenant_id = $1",
										  "text");

const char *
database_home(void)
{
	static char home[64];

	if (home[0] == '\0')
		snprintf(home, sizeof(home), UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId);
	return home;
}

TenantHold
hold_of(bool is_frozen, const char *home)
{
	if (home != NULL && strcmp(home, database_home()) != 0)
		return HOLD_ARRIVING;
	return is_frozen ? HOLD_FROZEN : HOLD_NONE;
}

void
hold_raise(const char *tenant_id, TenantHold hold)
{
	/* In an error class that clients retry: it is over when the tenant is thawed. */
	if (hold == HOLD_FROZEN)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("tenant \"%s\" is frozen", tenant_id),
						errhint("Retry later, or where the tenant has moved to; an administrator "
								"ends it with personalization.thaw_tenant().")));
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("tenant \"%s\" is being copied from another database", tenant_id),
					errhint("Write where the tenant comes from until it is thawed here; an "
							"administrator does that with personalization.thaw_tenant().")));
}

TenantHold
hold_of_unknown(ReadAs as)
{
	return statement_execute(&find_arriving, NULL, NULL, as) > 0 ? HOLD_ARRIVING : HOLD_NONE;
}

TenantHold
tenant_hold(const char *tenant_id, ReadAs as)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	if (statement_execute(&select_hold, values, NULL, as) == 0)
		return hold_of_unknown(as);
	return hold_of(DatumGetBool(result_value(0, HOLD_IS_FROZEN, NULL)), result_text(0, HOLD_HOME));
}

void
tenant_check_held(const char *tenant_id)
{
	TenantHold hold = tenant_hold(tenant_id, SNAPSHOT_NEW);

	if (hold != HOLD_NONE)
		hold_raise(tenant_id, hold);
}

void
hold_freeze(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	(void) statement_execute(&set_frozen, values, NULL, SNAPSHOT_NEW);
}

void
hold_publish(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(database_home())};

	(void) statement_execute(&set_home, values, NULL, SNAPSHOT_NEW);
}

void
hold_release(const char *tenant_id, bool is_published)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(database_home())};

	/*
	 * A stored home has no meaning in a copy of the whole database, such as a
	 * restored dump: there the tenant would be on its way for ever.
	 */
	(void) statement_execute(&set_released, values, is_published ? NULL : " n", SNAPSHOT_NEW);
}

bool
tenant_is_frozen(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	return statement_execute(&select_hold, values, NULL, SNAPSHOT_NEW) > 0 &&
		   DatumGetBool(result_value(0, HOLD_IS_FROZEN, NULL));
}

bool
hold_receive(const char *tenant_id, const Jsonb *settings, const char *created_at,
			 const char *updated_at)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(settings),
					  CStringGetTextDatum(created_at), CStringGetTextDatum(updated_at)};

	return statement_execute(&insert_received, values, NULL, SNAPSHOT_NEW) > 0;
}

bool
hold_is_received(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	return statement_execute(&find_received, values, NULL, SNAPSHOT_NEW) > 0;
}

void
hold_received(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	(void) statement_execute(&set_received, values, NULL, SNAPSHOT_NEW);
}
