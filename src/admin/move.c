/*
 * move.c
 *		Moving a tenant to another server by logical replication: publishing,
 *		freezing, comparing, thawing.
 *
 *		The rows of all tables in the list of tenants' tables are moved,
 *		including statistics and queues, so that both servers have the same
 *		rows.  During the move, and while the tenant is frozen, the worker of
 *		neither server changes them (tenancy/hold.h).
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_publication.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "admin/move.h"
#include "admin/tenant_data.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/owner.h"
#include "base/statement.h"
#include "bgworker/restore.h"
#include "cluster/nodes.h"
#include "cache/changes.h"
#include "tenancy/audit.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

/* Subscriptions of this database that receive the rows of a publication. */
static Statement find_subscription =
	STATEMENT("SELECT s.subname"
			  " FROM pg_catalog.pg_subscription s"
			  " JOIN pg_catalog.pg_database d ON d.oid = s.subdbid"
			  " WHERE d.datname = pg_catalog.current_database() AND $1 = ANY (s.subpublications)",
			  "text");

PG_FUNCTION_INFO_V1(personalization_freeze_tenant);
PG_FUNCTION_INFO_V1(personalization_thaw_tenant);
PG_FUNCTION_INFO_V1(personalization_publish_tenant);
PG_FUNCTION_INFO_V1(personalization_tenant_digest);

void
require_administrator(const char *function)
{
	if (bound_by_tenancy())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for function %s", function),
				 errhint("The function must be called by a superuser or a role with BYPASSRLS.")));
}

/* Returns an existing tenant, locked exclusively, and its hold. */
static char *
begin(FunctionCallInfo fcinfo, const char *function, TenantHold *hold)
{
	char *tenant_id;

	prevent_if_read_only(psprintf("%s()", function));
	require_administrator(function);
	tenant_id = tenant_argument(fcinfo, 0);
	SPI_connect();
	lock_tenant(tenant_id, TENANT_ALONE);
	(void) tenant_existing(tenant_id, SNAPSHOT_NEW);
	tenant_check_current(tenant_id);
	*hold = tenant_hold(tenant_id, SNAPSHOT_NEW);
	return tenant_id;
}

static void
run_command(const char *command)
{
	int result = SPI_execute(command, false, 0);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", command, SPI_result_code_string(result));
}

/* Returns personalization_acme, or a digest if the tenant's name is not a plain identifier. */
static char *
publication_name(const char *tenant_id)
{
	if (strlen(tenant_id) <= 40 &&
		strspn(tenant_id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(tenant_id))
		return psprintf("personalization_%s", tenant_id);
	return psprintf("personalization_%s", TextDatumGetCString(DirectFunctionCall1(
											  md5_text, CStringGetTextDatum(tenant_id))));
}

static bool
is_published(const char *tenant_id)
{
	return OidIsValid(get_publication_oid(publication_name(tenant_id), true));
}

Datum
personalization_freeze_tenant(PG_FUNCTION_ARGS)
{
	TenantHold hold;
	char *tenant_id = begin(fcinfo, "freeze_tenant", &hold);

	if (hold == HOLD_ARRIVING)
		hold_raise(tenant_id, hold);
	hold_freeze(tenant_id);
	audit("freeze_tenant", tenant_id, NULL, NULL, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}

/*
 * Later rows would overwrite changes, and a tenant that is dropped at its
 * origin would be dropped here too.
 */
static void
check_has_arrived(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(publication_name(tenant_id))};

	if (hold_is_received(tenant_id))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("tenant \"%s\" has not been imported completely", tenant_id),
						errhint("Import the remaining lines, or drop the tenant.")));
	if (!tenant_is_frozen(tenant_id))
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("tenant \"%s\" is not frozen at its origin", tenant_id),
			 errhint(
				 "Call personalization.freeze_tenant() there, and compare personalization.tenant_digest() on both servers.")));
	if (statement_execute(&find_subscription, values, NULL, SNAPSHOT_NEW) > 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("tenant \"%s\" is still being copied by subscription \"%s\"", tenant_id,
					NameStr(*DatumGetName(result_value(0, ONLY_COLUMN, NULL)))),
			 errhint(
				 "Compare personalization.tenant_digest() on both servers, and drop the subscription.")));
}

Datum
personalization_thaw_tenant(PG_FUNCTION_ARGS)
{
	TenantHold hold;
	char *tenant_id = begin(fcinfo, "thaw_tenant", &hold);
	OwnerScope scope;

	if (hold == HOLD_ARRIVING)
	{
		check_has_arrived(tenant_id);
		/* Rows that are older than the extension here are not part of a dump being restored. */
		owner_begin(&scope);
		worker_settle();
		owner_end(&scope);
	}
	hold_release(tenant_id, hold != HOLD_ARRIVING && is_published(tenant_id));
	cache_tenant_changed(tenant_id);
	audit("thaw_tenant", tenant_id, NULL, NULL, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_publish_tenant(PG_FUNCTION_ARGS)
{
	TenantHold hold;
	char *tenant_id = begin(fcinfo, "publish_tenant", &hold);
	char *name = publication_name(tenant_id);
	StringInfoData command;

	if (hold == HOLD_ARRIVING)
		hold_raise(tenant_id, hold);
	if (nodes_are_many())
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a tenant of a Citus cluster cannot be published"),
						errhint("Use personalization.export_tenant().")));
	if (wal_level < WAL_LEVEL_LOGICAL)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("wal_level must be \"logical\" to publish a tenant"),
			 errhint(
				 "Set it in postgresql.conf and restart the server, or move the tenant with personalization.export_tenant().")));
	if (!is_published(tenant_id))
	{
		initStringInfo(&command);
		appendStringInfo(&command, "CREATE PUBLICATION %s FOR TABLE ", quote_identifier(name));
		for (int i = 0; i < tenant_tables_n; i++)
			appendStringInfo(&command, "%spersonalization.%s WHERE (tenant_id = %s)",
							 i == 0 ? "" : ", ", tenant_tables[i].name,
							 quote_literal_cstr(tenant_id));
		appendStringInfoString(&command, " WITH (publish = 'insert, update, delete',"
										 " publish_via_partition_root = true)");
		run_command(command.data);
	}
	hold_publish(tenant_id);
	audit("publish_tenant", tenant_id, NULL, NULL, NULL);
	SPI_finish();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

void
tenant_unpublish(const char *tenant_id)
{
	if (is_published(tenant_id))
		run_command(psprintf("DROP PUBLICATION %s", quote_identifier(publication_name(tenant_id))));
}

Datum
personalization_tenant_digest(PG_FUNCTION_ARGS)
{
	char *tenant_id;
	Datum values[1];
	JsonbParseState *state = NULL;
	Jsonb *result;

	require_administrator("tenant_digest");
	tenant_id = tenant_argument(fcinfo, 0);
	values[0] = CStringGetTextDatum(tenant_id);
	SPI_connect();
	(void) tenant_existing(tenant_id, SNAPSHOT_CALLER);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < tenant_tables_n; i++)
	{
		(void) statement_execute(&tenant_tables[i].digest_tenant, values, NULL, SNAPSHOT_CALLER);
		json_push_key(&state, tenant_tables[i].name);
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		json_push_int(&state, "rows", DatumGetInt64(result_value(0, DIGEST_ROWS, NULL)));
		json_push_text(&state, "digest", result_text(0, DIGEST_TEXT));
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	result = json_keep(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	SPI_finish();
	PG_RETURN_JSONB_P(result);
}
