/*
 * access.c
 *		Privileges of applications: grant_access() and bind_role().
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/owner.h"
#include "base/statement.h"
#include "cluster/nodes.h"
#include "cluster/route.h"
#include "tenancy/access.h"
#include "tenancy/audit.h"
#include "tenancy/tenancy.h"

/*
 * The privileges of an application role.  The functions run with its own
 * privileges, so it needs them on the tables too; row-level security restricts
 * them to its tenant.  Never TRUNCATE, REFERENCES or TRIGGER, to which
 * row-level security does not apply, and nothing on partitions.
 */
static const char *const application_grants[] = {
	"USAGE ON SCHEMA personalization",
	"USAGE ON TYPE personalization.interaction_type, personalization.preference_category,"
	" personalization.skill_level, personalization.communication_style,"
	" personalization.suggestion_type",
	"SELECT ON personalization.tenants, personalization.signal_rules",
	"SELECT, INSERT, UPDATE, DELETE ON personalization.interactions,"
	" personalization.rejected_events, personalization.preferences, personalization.profiles,"
	" personalization.user_queries, personalization.suggestions, personalization.query_events,"
	" personalization.query_statistics, personalization.query_lists",
	/* That a tenant has a row there tells the worker that it comes from no dump. */
	"SELECT, INSERT, UPDATE ON personalization.rankings",
	"SELECT, INSERT, UPDATE, DELETE ON personalization.suggestion_rounds",
	"SELECT, INSERT, UPDATE, DELETE ON personalization.conversations,"
	" personalization.conversation_messages, personalization.conversation_statistics",
	"SELECT, INSERT, DELETE ON personalization.preference_snapshots",
	"SELECT, INSERT, UPDATE, DELETE ON personalization.preference_choices",
	"SELECT, INSERT, UPDATE ON personalization.learning_choices",
	/* The order of arrival, and the origin of a row, cannot be set by applications. */
	"SELECT, INSERT (tenant_id, user_id, interaction_type, data, occurred_at, interaction_id,"
	" feedback) ON personalization.inbox",
	"SELECT, INSERT, UPDATE, DELETE ON personalization.tenant_tables,"
	" personalization.linked_schemas",
	"SELECT ON personalization.tenant_statistics, personalization.backing_off,"
	" personalization.live_preferences, personalization.suggestion_outcomes,"
	" personalization.usage_heatmap, personalization.tenant_overview,"
	" personalization.profile_overview",
	"EXECUTE ON FUNCTION personalization.tenant_insights, personalization.suggestion_report,"
	" personalization.report, personalization.tenant_report",
	"EXECUTE ON FUNCTION personalization.inbox_position, personalization.current_tenant, personalization.use_tenant, "
	"personalization.new_interaction_id,"
	" personalization.query_id, personalization.extract_signals, personalization.learn,"
	" personalization.learn_batch, personalization.learn_part, personalization.collect_feedback,"
	" personalization.preferences,"
	" personalization.get_profile, personalization.set_profile, personalization.reset_profile,"
	" personalization.get_context,"
	" personalization.get_suggestions, personalization.record_outcome,"
	" personalization.ranking_weights",
	"EXECUTE ON FUNCTION personalization.evaluate, personalization.version",
	"EXECUTE ON FUNCTION personalization.merge_asked_days, personalization.next_due_on,"
	" personalization.event_names_user, personalization.add_to_bucket",
	"EXECUTE ON FUNCTION personalization.usage_patterns, personalization.route, personalization.local_time",
	"EXECUTE ON FUNCTION personalization.register_table, personalization.unregister_table,"
	" personalization.link_schema, personalization.unlink_schema, personalization.tenant_tables,"
	" personalization.new_tables, personalization.hidden_tables",
	"EXECUTE ON FUNCTION personalization.start_conversation, personalization.append_message,"
	" personalization.update_conversation, personalization.get_conversation,"
	" personalization.end_conversation",
	"EXECUTE ON FUNCTION personalization.begin_turn, personalization.end_turn",
	"EXECUTE ON FUNCTION personalization.explain_preference",
	"EXECUTE ON FUNCTION personalization.set_preference, personalization.reset_preference,"
	" personalization.forget_preference, personalization.set_learning,"
	" personalization.learning_enabled",
	"EXECUTE ON FUNCTION personalization.forget_user, personalization.export_user,"
	" personalization.import_user",
};

/*
 * How a role could escape its binding, by itself or through a role of which it
 * is a member: bypassing row-level security, setting the tenant, making itself
 * a member of other roles, reading files, or one of the server's own roles, which
 * read everybody's tables, statistics and settings, or end everybody's sessions.
 * GRANT ALL on the tables brings privileges that no policy restricts: TRUNCATE
 * deletes everybody's rows, the check of a foreign key finds them, and a trigger is
 * run by whoever writes to the table; an owner may define one too.  The owner of a
 * function may move it to a schema of their own and give it another body there, that
 * of a type create casts, which everybody's statements use, and that of the extension
 * drop it.
 */
static Statement find_way_out = STATEMENT(
	"SELECT r.rolname,"
	"  CASE"
	"   WHEN r.rolsuper THEN 'is a superuser'"
	"   WHEN r.rolbypassrls THEN 'has BYPASSRLS'"
	"   WHEN r.rolcreaterole THEN 'has CREATEROLE'"
	"   WHEN r.rolreplication THEN 'has REPLICATION'"
	"   WHEN r.rolname IN"
	"    ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files')"
	"    THEN 'can access the server''s files or programs'"
	"   WHEN r.oid < 16384 THEN 'has privileges on the whole server'"
	"   WHEN pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')"
	"    THEN 'may create objects in schema personalization'"
	"   WHEN o.owns THEN 'owns objects of the extension'"
	"   WHEN EXISTS ("
	"    SELECT FROM pg_catalog.pg_parameter_acl, pg_catalog.aclexplode(paracl) a"
	"    WHERE parname = 'personalization.tenant_id' AND a.privilege_type = 'SET'"
	"    AND a.grantee IN (r.oid, 0)) THEN 'may set personalization.tenant_id'"
	"   ELSE 'has more privileges on tables of schema personalization than grant_access() gives'"
	"  END"
	" FROM pg_catalog.pg_roles r, pg_catalog.pg_namespace n, LATERAL ("
	"  SELECT r.oid = n.nspowner"
	"   OR r.oid IN (SELECT relowner FROM pg_catalog.pg_class WHERE relnamespace = n.oid)"
	"   OR r.oid IN (SELECT proowner FROM pg_catalog.pg_proc WHERE pronamespace = n.oid)"
	"   OR r.oid IN (SELECT typowner FROM pg_catalog.pg_type WHERE typnamespace = n.oid)"
	"   OR r.oid IN ("
	"    SELECT extowner FROM pg_catalog.pg_extension WHERE extname = 'personalization')) o (owns)"
	" WHERE n.nspname = 'personalization' AND pg_catalog.pg_has_role($1, r.oid, 'MEMBER')"
	" AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication"
	"  OR r.rolname ~ '^pg_' AND r.oid < 16384 AND r.rolname <> 'pg_database_owner'"
	"  OR EXISTS ("
	"   SELECT FROM pg_catalog.pg_parameter_acl, pg_catalog.aclexplode(paracl) a"
	"   WHERE parname = 'personalization.tenant_id' AND a.privilege_type = 'SET'"
	"   AND a.grantee IN (r.oid, 0))"
	"  OR pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')"
	"  OR o.owns"
	"  OR EXISTS ("
	"   SELECT FROM pg_catalog.pg_class c"
	"   LEFT JOIN pg_catalog.pg_attribute i ON i.attrelid = c.oid AND i.attacl IS NOT NULL"
	"   CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl || i.attacl) a"
	"   WHERE c.relnamespace = n.oid AND a.grantee IN (r.oid, 0)"
	"    AND a.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')))"
	" ORDER BY r.oid = $1 DESC, 1 LIMIT 1",
	"oid");

enum
{
	WAY_OUT_ROLE = 1,
	WAY_OUT_REASON
};

/* Whether a role itself was granted the privilege to set the tenant. */
static Statement find_set_right =
	STATEMENT("SELECT FROM pg_catalog.pg_parameter_acl, pg_catalog.aclexplode(paracl) a"
			  " WHERE parname = 'personalization.tenant_id' AND a.privilege_type = 'SET'"
			  " AND a.grantee = $1",
			  "oid");

/* The tenants that a role is bound to, cluster-wide and by database. */
static Statement find_bindings = STATEMENT(
	"SELECT d.datname"
	" FROM pg_catalog.pg_db_role_setting s"
	" CROSS JOIN pg_catalog.unnest(s.setconfig) c"
	" LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase"
	" WHERE s.setrole = $1 AND pg_catalog.lower(c) LIKE E'personalization.tenant\\\\_id=%'",
	"oid");

/* Other roles that are bound to a tenant and are members of this role. */
static Statement find_bound_member = STATEMENT(
	"SELECT r.rolname"
	" FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c, pg_catalog.pg_roles r"
	" WHERE pg_catalog.lower(c) LIKE E'personalization.tenant\\\\_id=%' AND r.oid = s.setrole"
	" AND r.oid <> $1 AND pg_catalog.pg_has_role(r.oid, $1, 'MEMBER')"
	" ORDER BY 1 LIMIT 1",
	"oid");

/*
 * Tables of these names, shards of the inbox, and roles that may insert into the inbox
 * but not into the shard.  Citus gives a shard that moves the privileges of the table,
 * and so none on column position, and none at all to a role that has been granted access
 * since the move began.  It also hides shards in pg_class.
 */
static Statement find_incomplete =
	STATEMENT("SELECT s.oid::oid, s.name, a.grantee::regrole::text,"
			  " pg_catalog.has_table_privilege(a.grantee, s.oid, 'SELECT')"
			  " FROM (SELECT n AS name, pg_catalog.to_regclass('personalization.' || n) AS oid"
			  "   FROM pg_catalog.unnest($1) n) s,"
			  "  pg_catalog.pg_attribute i, pg_catalog.aclexplode(i.attacl) a"
			  " WHERE s.oid IS NOT NULL"
			  " AND i.attrelid = 'personalization.inbox'::regclass AND i.attname = 'user_id'"
			  " AND a.privilege_type = 'INSERT' AND a.grantee <> 0"
			  " AND NOT (pg_catalog.has_column_privilege(a.grantee, s.oid, 'position', 'INSERT')"
			  "  AND pg_catalog.has_table_privilege(a.grantee, s.oid, 'SELECT'))"
			  " ORDER BY s.oid",
			  "text[]");

enum
{
	INCOMPLETE_OID = 1,
	INCOMPLETE_TABLE,
	INCOMPLETE_ROLE,
	INCOMPLETE_HAS_TABLE
};

static Statement find_tenant =
	STATEMENT_ANYWHERE("SELECT 1 FROM personalization.tenants WHERE tenant_id = $1", "text");

PG_FUNCTION_INFO_V1(personalization_grant_access);
PG_FUNCTION_INFO_V1(personalization_bind_role);

static void
run_command(const char *command)
{
	ErrorContextCallback hint = {.previous = error_context_stack, .callback = hint_at_update};
	int result;

	error_context_stack = &hint;
	result = SPI_execute(command, false, 0);
	error_context_stack = hint.previous;

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", command, SPI_result_code_string(result));
}

/* Returns the name of the role argument, and whether the role can log in. */
static char *
role_argument(FunctionCallInfo fcinfo, int n, bool *can_login)
{
	Oid role;
	HeapTuple tuple;
	char *name;

	require_argument(fcinfo, n, "role");
	role = PG_GETARG_OID(n);
	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("role with OID %u does not exist", role)));
	name = pstrdup(NameStr(((Form_pg_authid) GETSTRUCT(tuple))->rolname));
	if (can_login != NULL)
		*can_login = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
	ReleaseSysCache(tuple);
	return name;
}

/* Citus inserts the default of position into a shard as a value of the statement. */
static void
grant_position(const char *shard, const char *role)
{
	run_command(psprintf("GRANT INSERT (position) ON personalization.%s TO %s", shard, role));
}

static void
grant_application(const char *role)
{
	ListCell *cell;

	for (size_t i = 0; i < lengthof(application_grants); i++)
		run_command(psprintf("GRANT %s TO %s", nodes_with_shards(application_grants[i]), role));

	foreach (cell, route_tables("inbox"))
	{
		if (strcmp(lfirst(cell), "inbox") != 0)
			grant_position(lfirst(cell), role);
	}
}

/*
 * Revokes what earlier versions granted.  A role that bypasses row-level security may be
 * that of an administrator, who has more privileges.
 */
static void
revoke_former(Oid oid, const char *role)
{
	if (!has_bypassrls_privilege(oid))
		run_command(psprintf("REVOKE %s FROM %s",
							 nodes_with_shards("DELETE ON personalization.rankings"), role));
}

static bool
is_local_shard(const char *table, const char *shard)
{
	ListCell *cell;

	foreach (cell, route_tables(table))
	{
		if (strcmp(lfirst(cell), shard) == 0)
			return true;
	}
	return false;
}

/*
 * A shard that is just being moved here may be granted on before it is in use, so
 * that nothing is missing then.  Citus alters it meanwhile, under this lock; two
 * changes of one row of the catalog at the same time would be an error for it.
 */
void
access_complete_shards(void)
{
	List *shards = nodes_shards("inbox");
	Datum *names = palloc(list_length(shards) * sizeof(Datum));
	Datum values[1];
	ListCell *cell;
	int n = 0;
	uint64 nrows;
	SPITupleTable *rows;
	OwnerScope scope;
	int level;

	if (shards == NIL)
		return;
	foreach (cell, shards)
		names[n++] = CStringGetTextDatum(lfirst(cell));
	values[0] = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	nrows = statement_execute(&find_incomplete, values, NULL, SNAPSHOT_NEW);
	rows = SPI_tuptable;
	if (nrows == 0)
		return;
	owner_begin(&scope);
	level = nodes_local_begin();
	for (uint64 row = 0; row < nrows; row++)
	{
		char *table = SPI_getvalue(rows->vals[row], rows->tupdesc, INCOMPLETE_TABLE);
		char *role = SPI_getvalue(rows->vals[row], rows->tupdesc, INCOMPLETE_ROLE);
		Oid oid =
			(Oid) strtoul(SPI_getvalue(rows->vals[row], rows->tupdesc, INCOMPLETE_OID), NULL, 10);

		char *has_table = SPI_getvalue(rows->vals[row], rows->tupdesc, INCOMPLETE_HAS_TABLE);

		if (!ConditionalLockRelationOid(oid, ShareUpdateExclusiveLock) ||
			!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(oid)))
			continue;
		if (has_table[0] == 't')
			grant_position(table, role);
		else if (is_local_shard("inbox", table))
			grant_application(role);
	}
	nodes_local_end(level);
	owner_end(&scope);
}

/* Removes every binding of a role to a tenant; returns whether there was any. */
static bool
unbind(Datum oid, const char *role)
{
	Datum values[] = {oid};
	uint64 n = statement_execute(&find_bindings, values, NULL, SNAPSHOT_NEW);
	SPITupleTable *bindings = SPI_tuptable;

	for (uint64 i = 0; i < n; i++)
	{
		char *database = SPI_getvalue(bindings->vals[i], bindings->tupdesc, ONLY_COLUMN);

		run_command(psprintf("ALTER ROLE %s %s%s RESET personalization.tenant_id", role,
							 database != NULL ? "IN DATABASE " : "",
							 database != NULL ? quote_identifier(database) : ""));
	}
	return n > 0;
}

/* Row-level security does not apply to such a role, so the application would see all tenants. */
static void
warn_of_bypass(Oid role, const char *name)
{
	if (!has_bypassrls_privilege(role))
		return;
	ereport(WARNING,
			(errmsg("role \"%s\" bypasses row-level security, and sees all tenants", name),
			 errhint("Let the application connect as a role that is neither a superuser nor has "
					 "BYPASSRLS.")));
}

Datum
personalization_grant_access(PG_FUNCTION_ARGS)
{
	char *name = role_argument(fcinfo, 0, NULL);
	const char *role = quote_identifier(name);
	Datum values[] = {PG_GETARG_DATUM(0)};
	int level;

	require_argument(fcinfo, 1, "pooled");
	SPI_connect();
	nodes_check_coordinator("grant_access");
	level = nodes_local_begin();
	grant_application(role);
	revoke_former(PG_GETARG_OID(0), role);
	if (PG_GETARG_BOOL(1))
	{
		if (statement_execute(&find_bound_member, values, NULL, SNAPSHOT_NEW) > 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("role \"%s\" cannot be pooled", name),
					 errdetail("Role \"%s\", which is bound to a tenant, is a member of this role.",
							   NameStr(*DatumGetName(result_value(0, ONLY_COLUMN, NULL)))),
					 errhint("Revoke the membership, or remove the binding of the member.")));

		/* The role sets its tenant in each transaction, and has none of its own. */
		if (unbind(PG_GETARG_DATUM(0), role))
			ereport(NOTICE, (errmsg("role \"%s\" is no longer bound to a tenant", name)));
		run_command(psprintf("GRANT SET ON PARAMETER personalization.tenant_id TO %s", role));
	}
	else
		run_command(psprintf("REVOKE SET ON PARAMETER personalization.tenant_id FROM %s", role));
	nodes_execute_there(psprintf("SELECT personalization.grant_access(%s::regrole, %s)",
								 quote_literal_cstr(role), PG_GETARG_BOOL(1) ? "true" : "false"));
	nodes_local_end(level);
	if (nodes_is_coordinator())
	{
		warn_of_bypass(PG_GETARG_OID(0), name);
		audit(PG_GETARG_BOOL(1) ? "grant_access, pooled" : "grant_access", NULL, NULL, name, NULL);
	}
	SPI_finish();
	PG_RETURN_VOID();
}

Datum
personalization_bind_role(PG_FUNCTION_ARGS)
{
	bool can_login;
	char *name = role_argument(fcinfo, 0, &can_login);
	const char *role = quote_identifier(name);
	char *tenant_id = tenant_argument(fcinfo, 1);
	Datum values[] = {PG_GETARG_DATUM(0)};
	Datum tenant[] = {CStringGetTextDatum(tenant_id)};
	bool was_pooled;
	int level;

	if (!can_login)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("role \"%s\" cannot log in", name),
						errdetail("The tenant of a role takes effect when the role logs in; SET "
								  "ROLE does not set it."),
						errhint("Bind the role that logs in.")));
	SPI_connect();
	nodes_check_coordinator("bind_role");
	/*
	 * auto_create_tenants does not apply here: it would create a tenant for a misspelt
	 * name.  On a cluster, wherever the tenant is.
	 */
	if (statement_execute(&find_tenant, tenant, NULL, SNAPSHOT_NEW) == 0)
		tenant_raise_missing(tenant_id);
	nodes_execute_there(psprintf("SELECT personalization.bind_role(%s::regrole, %s)",
								 quote_literal_cstr(role), quote_literal_cstr(tenant_id)));
	level = nodes_local_begin();
	grant_application(role);
	revoke_former(PG_GETARG_OID(0), role);
	was_pooled = statement_execute(&find_set_right, values, NULL, SNAPSHOT_NEW) > 0;
	if (was_pooled)
		run_command(psprintf("REVOKE SET ON PARAMETER personalization.tenant_id FROM %s", role));
	(void) unbind(PG_GETARG_DATUM(0), role);
	run_command(psprintf("ALTER ROLE %s SET personalization.tenant_id = %s", role,
						 quote_literal_cstr(tenant_id)));

	if (statement_execute(&find_way_out, values, NULL, SNAPSHOT_NEW) > 0)
	{
		char *way_out = NameStr(*DatumGetName(result_value(0, WAY_OUT_ROLE, NULL)));
		char *reason = TextDatumGetCString(result_value(0, WAY_OUT_REASON, NULL));

		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("role \"%s\" cannot be bound to a tenant", name),
				 strcmp(way_out, name) == 0
					 ? errdetail("The role %s.", reason)
					 : errdetail("The role is a member of role \"%s\", which %s.", way_out, reason),
				 errhint("Remove this attribute, privilege or membership first.")));
	}
	if (was_pooled)
		ereport(NOTICE, (errmsg("role \"%s\" may no longer set personalization.tenant_id", name)));
	nodes_local_end(level);
	if (nodes_is_coordinator())
		audit("bind_role", tenant_id, NULL, name, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}
