/*
 * init.c
 *		What happens when the library is loaded: its settings are defined, and
 *		where it is preloaded the worker is registered.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "cache.h"
#include "module.h"
#include "worker.h"

PG_MODULE_MAGIC;

extern void _PG_init(void);

static bool
check_tenant_id(char **newval, void **extra, GucSource source)
{
	if (*newval != NULL && strlen(*newval) > MAX_ID_LENGTH)
	{
		GUC_check_errdetail("A tenant's name has at most %d bytes.", MAX_ID_LENGTH);
		return false;
	}
	return true;
}

void
_PG_init(void)
{
	if (IsBinaryUpgrade)
		return;

	/*
	 * SUSET: what isolates tenants is that an ordinary role cannot change
	 * this.  A value that such a role planted before the library was loaded
	 * is thrown away, with a warning, when the setting is defined here.
	 */
	DefineCustomStringVariable("personalization.tenant_id", "Tenant of the session.",
							   "Row-level security shows this tenant's rows and no others.",
							   &session_tenant, "", PGC_SUSET, 0, check_tenant_id, NULL, NULL);
	DefineCustomBoolVariable("personalization.auto_create_tenants",
							 "Makes a tenant when it is first learned for.", NULL,
							 &auto_create_tenants, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.max_payload", "Size of an interaction's data at most.",
							NULL, &max_payload, 1024 * 1024, 1024, INT_MAX / 8, PGC_SUSET,
							GUC_UNIT_BYTE, NULL, NULL, NULL);
	cache_init();
	worker_init();
	MarkGUCPrefixReserved("personalization");
}
