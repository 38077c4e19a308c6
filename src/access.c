/*
 * access.c
 *		Who may do what: grant_access() and bind_role().
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "arguments.h"
#include "statement.h"
#include "tenancy.h"

/*
 * What an application role may do.  The functions run with its own rights, so
 * it needs those on the tables too; row-level security keeps them to its
 * tenant.  Never TRUNCATE, REFERENCES or TRIGGER, which are not subject to
 * it, and nothing on a partition.
 */
static const char *const application_grants[] = {
	"USAGE ON SCHEMA personalization",
	"USAGE ON TYPE personalization.interaction_type, personalization.preference_category,"
	" personalization.skill_level, personalization.communication_style",
	"SELECT ON personalization.tenants, personalization.signal_rules",
	"SELECT, INSERT, UPDATE, DELETE ON personalization.interactions,"
	" personalization.rejected_events, personalization.preferences, personalization.profiles,"
	" personalization.user_queries",
	"EXECUTE ON FUNCTION personalization.current_tenant, personalization.new_interaction_id,"
	" personalization.query_id, personalization.extract_signals, personalization.learn,"
	" personalization.learn_batch, personalization.collect_feedback, personalization.preferences,"
	" personalization.get_profile, personalization.set_profile, personalization.get_context",
};

/* Whether a role can come by the right to set the tenant, or to pass by row-level security. */
static Statement find_way_out =
	STATEMENT("SELECT rolname FROM pg_roles r WHERE pg_has_role($1, r.oid, 'MEMBER')"
			  " AND (r.rolsuper OR r.rolbypassrls OR EXISTS (SELECT FROM pg_parameter_acl, "
			  "aclexplode(paracl) a"
			  "  WHERE parname = 'personalization.tenant_id' AND a.privilege_type = 'SET'"
			  "  AND a.grantee IN (r.oid, 0)))"
			  " ORDER BY 1 LIMIT 1",
			  "oid");

static Statement find_binding =
	STATEMENT("SELECT FROM pg_db_role_setting s, unnest(s.setconfig) c"
			  " WHERE s.setrole = $1 AND c LIKE 'personalization.tenant\\_id=%'",
			  "oid");

PG_FUNCTION_INFO_V1(personalization_grant_access);
PG_FUNCTION_INFO_V1(personalization_bind_role);

static void
run_command(const char *command)
{
	int result = SPI_execute(command, false, 0);

	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", command, SPI_result_code_string(result));
}

/* The name of the role argument; whether it may log in. */
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

static void
grant_application(const char *role)
{
	for (size_t i = 0; i < lengthof(application_grants); i++)
		run_command(psprintf("GRANT %s TO %s", application_grants[i], role));
}

Datum
personalization_grant_access(PG_FUNCTION_ARGS)
{
	char *name = role_argument(fcinfo, 0, NULL);
	const char *role = quote_identifier(name);
	Datum values[] = {PG_GETARG_DATUM(0)};

	require_argument(fcinfo, 1, "pooled");
	SPI_connect();
	grant_application(role);
	if (PG_GETARG_BOOL(1))
	{
		/* It chooses its tenant in each transaction; none is its own. */
		if (statement_run(&find_binding, values, NULL) > 0)
		{
			ereport(NOTICE, (errmsg("role \"%s\" is no longer bound to a tenant", name)));
			run_command(psprintf("ALTER ROLE %s RESET personalization.tenant_id", role));
		}
		run_command(psprintf("GRANT SET ON PARAMETER personalization.tenant_id TO %s", role));
	}
	else
		run_command(psprintf("REVOKE SET ON PARAMETER personalization.tenant_id FROM %s", role));
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
	TenantSettings settings;

	if (!can_login)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("role \"%s\" cannot log in", name),
						errdetail("A role's tenant takes effect at its login; SET ROLE does not "
								  "bring it along."),
						errhint("Bind the role that logs in.")));
	SPI_connect();
	tenant_require(tenant_id, &settings, true);
	grant_application(role);
	run_command(psprintf("REVOKE SET ON PARAMETER personalization.tenant_id FROM %s", role));
	run_command(psprintf("ALTER ROLE %s SET personalization.tenant_id = %s", role,
						 quote_literal_cstr(tenant_id)));

	if (statement_run(&find_way_out, values, NULL) > 0)
	{
		char *way_out = NameStr(*DatumGetName(result_value(0, 1, NULL)));

		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("role \"%s\" cannot be kept to one tenant", name),
			 strcmp(way_out, name) == 0
				 ? errdetail("It is a superuser, has BYPASSRLS or may set "
							 "personalization.tenant_id.")
				 : errdetail("It is a member of role \"%s\", which is a superuser, has BYPASSRLS "
							 "or may set personalization.tenant_id.",
							 way_out),
			 errhint("Take that away first.")));
	}
	SPI_finish();
	PG_RETURN_VOID();
}
