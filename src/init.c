/*
 * init.c
 *		Initialization when the library is loaded: defines its settings and,
 *		if it is preloaded, registers the launcher of the workers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "base/compat.h"
#include "base/guc.h"
#include "base/leaf.h"
#include "bgworker/launcher.h"
#include "cluster/route.h"
#include "tenancy/policy_first.h"
#include "tenancy/session.h"

PG_MODULE_MAGIC;

void
_PG_init(void)
{
	if (IsBinaryUpgrade)
		return;
	guc_init();
	session_init();
	policy_first_init();
	if (!route_init())
		leaf_init();
	if (process_shared_preload_libraries_in_progress)
		launcher_register();
}
