/*
 * session.c
 *		The tenant of a session, as returned by current_tenant().
 *
 *		A pooled role sets its tenant in each transaction.  Behind a
 *		transaction pooler, the effect of SET for the whole session reaches
 *		the next client of the connection, so the setting
 *		personalization.local_tenant_only refuses it, as it does a tenant that
 *		such a role has from its login: any statement could have stored one, by
 *		ALTER ROLE, for all later connections.  Only the server's GUC
 *		machinery knows whether a value outlives its transaction: the stack of
 *		the variable is examined when the tenant is read and before the
 *		transaction commits.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"

#include "base/compat.h"
#include "base/guc.h"
#include "tenancy/session.h"

PG_FUNCTION_INFO_V1(personalization_current_tenant);

bool
bound_by_tenancy(void)
{
	return !has_bypassrls_privilege(GetUserId());
}

bool
may_set_tenant(void)
{
	return pg_parameter_aclcheck(TENANT_SETTING, GetUserId(), ACL_SET) == ACLCHECK_OK;
}

/*
 * Whether the present tenant is not only for this transaction: it was set with SET,
 * or by a role that may set it when it logged in (for the role or the database, or by
 * the client's options).  A bound role has its tenant from the login, and may not set
 * any.  A parallel worker has the leader's values without their history.
 */
static bool
tenant_is_of_session(void)
{
	struct config_generic *setting = server_setting(TENANT_SETTING);

	if (setting->source != PGC_S_SESSION)
		return may_set_tenant();
	if (IsParallelWorker())
		return false;
	for (const GucStack *change = setting->stack; change != NULL; change = change->prev)
	{
		if (change->state == GUC_SET)
			break;
		if (change->state == GUC_LOCAL || change->state == GUC_SET_LOCAL)
			return false;
	}
	return true;
}

/*
 * Whether this transaction has set the tenant with SET, so that it would
 * outlive the transaction.  The stack is read from the newest change to the
 * oldest; each entry shows the value that it leaves behind.
 */
static bool
tenant_will_last(void)
{
	struct config_generic *setting = server_setting(TENANT_SETTING);
	GucSource source = setting->source;
	const char *value = session_tenant;
	bool was_set = false;

	for (const GucStack *change = setting->stack; change != NULL; change = change->prev)
	{
		switch (change->state)
		{
			case GUC_SET:
				was_set = true;
				break;
			case GUC_SET_LOCAL:
				was_set = true;
				value = change->masked.val.stringval;
				source = PGC_S_SESSION;
				break;
			case GUC_SAVE:
			case GUC_LOCAL:
				value = change->prior.val.stringval;
				source = change->source;
				break;
		}
	}
	return was_set && source == PGC_S_SESSION && value != NULL && value[0] != '\0';
}

static bool
must_be_local(void)
{
	return local_tenant_only && bound_by_tenancy();
}

const char *
current_tenant(void)
{
	if (session_tenant == NULL || session_tenant[0] == '\0')
		return NULL;
	return must_be_local() && tenant_is_of_session() ? NULL : session_tenant;
}

const char *
no_tenant_hint(void)
{
	if (session_tenant != NULL && session_tenant[0] != '\0' && must_be_local())
		return "personalization.local_tenant_only is on: a tenant for a whole session has no effect. "
			   "Begin a transaction, and call personalization.use_tenant() in it.";
	if (may_set_tenant())
		return "Begin a transaction, and call personalization.use_tenant() in it.";
	return "An administrator binds the role to a tenant with personalization.bind_role(), which "
		   "takes effect at its next login.";
}

/* Refuses SET before it takes effect; in a transaction block, when it is committed. */
static void
before_commit(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE)
		return;
	if (session_tenant == NULL || IsParallelWorker() || !must_be_local() || !tenant_will_last())
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("parameter \"" TENANT_SETTING "\" cannot be set for a whole session"),
					errdetail("personalization.local_tenant_only is on."),
					errhint("Begin a transaction, and call personalization.use_tenant() in it.")));
}

void
session_init(void)
{
	RegisterXactCallback(before_commit, NULL);
}

Datum
personalization_current_tenant(PG_FUNCTION_ARGS)
{
	const char *tenant = current_tenant();

	if (tenant == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(tenant));
}
