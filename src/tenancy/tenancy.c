/*
 * tenancy.c
 *		Access to tenants, and their rows.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/guc.h"
#include "base/jsonutil.h"
#include "base/owner.h"
#include "base/statement.h"
#include "cluster/route.h"
#include "tenancy/direct_read.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

static Statement select_tenant = STATEMENT("SELECT settings, frozen_at IS NOT NULL, home"
										   " FROM personalization.tenants"
										   " WHERE tenant_id = $1",
										   "text");

enum
{
	TENANT_SETTINGS = 1,
	TENANT_FROZEN,
	TENANT_HOME
};

/* The same without a statement. */
static const char *const tenant_columns[] = {"tenant_id", "settings", "frozen_at", "home"};

enum
{
	READ_TENANT,
	READ_SETTINGS,
	READ_FROZEN_AT,
	READ_HOME
};

static Statement insert_tenant =
	STATEMENT("INSERT INTO personalization.tenants (tenant_id, settings)"
			  " VALUES ($1, $2)"
			  " ON CONFLICT (tenant_id) DO NOTHING",
			  "text jsonb");

/* Nothing is to be rebuilt: a tenant without this row is one that was restored. */
static Statement insert_ranking = STATEMENT("INSERT INTO personalization.rankings (tenant_id)"
											" VALUES ($1)"
											" ON CONFLICT (tenant_id) DO NOTHING",
											"text");

PG_FUNCTION_INFO_V1(personalization_use_tenant);

bool
check_tenant(const char *tenant_id, Fault *fault)
{
	const char *current;

	if (!bound_by_tenancy())
		return true;
	current = current_tenant();
	if (current == NULL)
		return fault_set(fault, ERRCODE_INSUFFICIENT_PRIVILEGE, no_tenant_hint(),
						 "no tenant is set for this session");
	if (strcmp(current, tenant_id) != 0)
		return fault_set(
			fault, ERRCODE_INSUFFICIENT_PRIVILEGE,
			psprintf(may_set_tenant()
						 ? "The tenant of the session is \"%s\". A pooled role sets it "
						   "in each transaction, with personalization.use_tenant()."
						 : "The tenant of the session is \"%s\", to which an "
						   "administrator has bound the role.",
					 clipped(current, strlen(current))),
			"permission denied for tenant \"%s\"", tenant_id);
	return true;
}

char *
checked_tenant(char *tenant_id)
{
	Fault fault;

	if (!check_tenant(tenant_id, &fault))
		fault_raise(&fault, -1);
	return tenant_id;
}

/* Reads a row that was begun to be read; NULL if there is none. */
static Jsonb *
read_directly(DirectRead *read, const Datum *key, TenantHold *hold)
{
	Jsonb *changes = NULL;

	direct_seek(read, key);
	if (direct_next(read))
	{
		bool not_frozen;
		bool no_home;
		Datum home = direct_value(read, READ_HOME, &no_home);

		(void) direct_value(read, READ_FROZEN_AT, &not_frozen);
		*hold = hold_of(!not_frozen, no_home ? NULL : TextDatumGetCString(home));
		changes = DatumGetJsonbPCopy(direct_value(read, READ_SETTINGS, NULL));
	}
	direct_end(read);
	return changes;
}

/*
 * Returns the changes of a tenant, or NULL if there is no such tenant, and
 * whether it is on hold.
 */
static Jsonb *
read_tenant(const char *tenant_id, ReadAs as, TenantHold *hold)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	DirectRead read;

	*hold = HOLD_NONE;
	if (direct_begin(&read, "tenants", tenant_id, tenant_columns, lengthof(tenant_columns), 1, as))
		return read_directly(&read, values, hold);
	if (statement_execute(&select_tenant, values, NULL, as) == 0)
		return NULL;
	*hold =
		hold_of(DatumGetBool(result_value(0, TENANT_FROZEN, NULL)), result_text(0, TENANT_HOME));
	return DatumGetJsonbP(result_value(0, TENANT_SETTINGS, NULL));
}

Jsonb *
tenant_changes(const char *tenant_id, ReadAs as)
{
	TenantHold hold;

	return read_tenant(tenant_id, as, &hold);
}

void
tenant_raise_missing(const char *tenant_id)
{
	Fault fault;

	(void) tenant_unknown(tenant_id, &fault);
	fault.hint = "Table personalization.tenants lists the existing tenants.";
	fault_raise(&fault, -1);
}

Jsonb *
tenant_existing(const char *tenant_id, ReadAs as)
{
	Jsonb *changes = tenant_changes(tenant_id, as);

	if (changes == NULL)
		tenant_raise_missing(tenant_id);
	return changes;
}

bool
tenant_insert(const char *tenant_id, const Jsonb *changes)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(changes)};

	if (statement_execute(&insert_tenant, values, NULL, SNAPSHOT_NEW) == 0)
		return false;
	(void) statement_execute(&insert_ranking, values, NULL, SNAPSHOT_NEW);
	return true;
}

/* How a call reads stored settings: settings_decode(), or regardless of invalid ones. */
typedef void (*DecodeSettings)(const Jsonb *changes, TenantSettings *settings);

static bool
read_settings(const char *tenant_id, TenantSettings *settings, ReadAs as, DecodeSettings decode)
{
	TenantHold hold;
	Jsonb *changes = read_tenant(tenant_id, as, &hold);

	if (changes == NULL)
		return false;
	if (as == SNAPSHOT_NEW && hold != HOLD_NONE)
		hold_raise(tenant_id, hold);
	decode(changes, settings);
	return true;
}

static bool
read_tenant_settings(const char *tenant_id, TenantSettings *settings, DecodeSettings decode)
{
	if (read_settings(tenant_id, settings, SNAPSHOT_CALLER, decode))
		return true;
	if (!auto_create_tenants)
		return false;
	settings_decode(json_empty_object(), settings);
	return true;
}

bool
tenant_read(const char *tenant_id, TenantSettings *settings)
{
	return read_tenant_settings(tenant_id, settings, settings_decode);
}

/*
 * An ordinary role may not write tenants.  auto_create_tenants, which only a
 * superuser can turn on, allows it to create the tenant for which it learns.
 */
static void
create_missing_tenant(const char *tenant_id)
{
	OwnerScope scope;

	owner_begin(&scope);
	(void) tenant_insert(tenant_id, json_empty_object());
	owner_end(&scope);
}

static bool
prepare_tenant(const char *tenant_id, TenantSettings *settings, DecodeSettings decode)
{
	TenantHold hold;

	if (read_settings(tenant_id, settings, SNAPSHOT_NEW, decode))
		return true;
	hold = hold_of_unknown(SNAPSHOT_NEW);
	if (hold != HOLD_NONE)
		hold_raise(tenant_id, hold);
	if (!auto_create_tenants)
		return false;
	create_missing_tenant(tenant_id);
	return read_settings(tenant_id, settings, SNAPSHOT_NEW, decode);
}

bool
tenant_prepare(const char *tenant_id, TenantSettings *settings)
{
	return prepare_tenant(tenant_id, settings, settings_decode);
}

bool
tenant_unknown(const char *tenant_id, Fault *fault)
{
	return fault_set(fault, ERRCODE_UNDEFINED_OBJECT,
					 "An administrator can create it with personalization.create_tenant(), or turn "
					 "on personalization.auto_create_tenants.",
					 "tenant \"%s\" does not exist", tenant_id);
}

static void
raise_unknown(const char *tenant_id)
{
	Fault fault;

	(void) tenant_unknown(tenant_id, &fault);
	fault_raise(&fault, -1);
}

void
tenant_require(const char *tenant_id, TenantSettings *settings)
{
	if (!tenant_read(tenant_id, settings))
		raise_unknown(tenant_id);
}

void
tenant_require_anywhere(const char *tenant_id)
{
	static Statement find_tenant =
		STATEMENT_ANYWHERE("SELECT 1 FROM personalization.tenants WHERE tenant_id = $1", "text");
	Datum values[] = {CStringGetTextDatum(tenant_id)};
	TenantSettings settings;

	if (route_is_here(tenant_id))
		tenant_require(tenant_id, &settings);
	else if (statement_execute(&find_tenant, values, NULL, SNAPSHOT_NEW) == 0)
		raise_unknown(tenant_id);
}

void
tenant_require_regardless(const char *tenant_id, TenantSettings *settings)
{
	if (!read_tenant_settings(tenant_id, settings, settings_decode_regardless))
		raise_unknown(tenant_id);
}

void
tenant_require_with_hold(const char *tenant_id, TenantSettings *settings, TenantHold *hold)
{
	Jsonb *changes = read_tenant(tenant_id, SNAPSHOT_NEW, hold);

	if (changes == NULL)
	{
		if (!auto_create_tenants)
			raise_unknown(tenant_id);
		*hold = hold_of_unknown(SNAPSHOT_NEW);
		changes = json_empty_object();
	}
	settings_decode(changes, settings);
}

void
tenant_require_prepared(const char *tenant_id, TenantSettings *settings)
{
	if (!tenant_prepare(tenant_id, settings))
		raise_unknown(tenant_id);
}

void
tenant_require_prepared_regardless(const char *tenant_id, TenantSettings *settings)
{
	if (!prepare_tenant(tenant_id, settings, settings_decode_regardless))
		raise_unknown(tenant_id);
}

void
tenant_check_current(const char *tenant_id)
{
	Jsonb *seen;
	Jsonb *latest;
	TenantHold seen_hold;
	TenantHold latest_hold;

	if (!IsolationUsesXactSnapshot())
		return;
	seen = read_tenant(tenant_id, SNAPSHOT_NEW, &seen_hold);
	PushActiveSnapshot(GetLatestSnapshot());
	latest = read_tenant(tenant_id, SNAPSHOT_CALLER, &latest_hold);
	PopActiveSnapshot();
	if ((seen == NULL) != (latest == NULL) || seen_hold != latest_hold ||
		(seen != NULL && !json_equal(seen, latest)))
		serialization_failure();
}

static void
begin_user(const char *tenant_id, const char *user_id)
{
	uint32 key = user_lock_key(tenant_id, user_id);

	lock_users(tenant_id, &key, 1);
	tenant_check_current(tenant_id);
}

void
user_begin(const char *tenant_id, const char *user_id, TenantSettings *settings)
{
	begin_user(tenant_id, user_id);
	tenant_require_prepared(tenant_id, settings);
}

void
user_begin_regardless(const char *tenant_id, const char *user_id, TenantSettings *settings)
{
	begin_user(tenant_id, user_id);
	tenant_require_prepared_regardless(tenant_id, settings);
}

/*
 * The server checks that the role may set the parameter; for the tenant of a bound role
 * there is nothing to set.  The tenant is looked up after it has been set, because
 * row-level security then shows its row, and no other.
 */
Datum
personalization_use_tenant(PG_FUNCTION_ARGS)
{
	char *tenant_id = id_argument(fcinfo, 0, "tenant_id");
	TenantSettings settings;
	Fault fault;

	/* RequireTransactionBlock() has no hint, and an autocommit session needs one. */
	if (!IsTransactionBlock() && !IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_NO_ACTIVE_SQL_TRANSACTION),
				 errmsg("use_tenant() can only be used in transaction blocks"),
				 errhint("Begin a transaction first. With autocommit, begin one explicitly that "
						 "contains this call and the statements of the tenant.")));
	if (superuser() || may_set_tenant())
		(void) set_config_option(TENANT_SETTING, tenant_id, superuser() ? PGC_SUSET : PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	else if (current_tenant() != NULL)
		tenant_id = checked_tenant(tenant_id);
	else
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for function use_tenant"),
						errdetail("The role may not set " TENANT_SETTING "."),
						errhint("An administrator makes it a pooled role with "
								"personalization.grant_access(role, pooled => true), or binds it "
								"to a tenant with personalization.bind_role(), which takes effect "
								"at its next login.")));
	SPI_connect();
	if (!tenant_read(tenant_id, &settings))
	{
		(void) tenant_unknown(tenant_id, &fault);
		fault_raise(&fault, -1);
	}
	SPI_finish();
	PG_RETURN_VOID();
}
