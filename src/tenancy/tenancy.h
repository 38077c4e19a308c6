/*
 * tenancy.h
 *		Access to tenants, and their rows.
 */
#ifndef PERSONALIZATION_TENANCY_TENANCY_H
#define PERSONALIZATION_TENANCY_TENANCY_H

#include "postgres.h"

#include "base/arguments.h"
#include "base/fault.h"
#include "base/statement.h"
#include "tenancy/hold.h"
#include "tenancy/settings.h"

/* Checks that the session may act for a tenant. */
extern bool check_tenant(const char *tenant_id, Fault *fault);

/* The tenant argument of a call, checked; raises an error if it is not the session's tenant. */
#define tenant_argument(fcinfo, n) checked_tenant(id_argument(fcinfo, n, "tenant_id"))
extern char *checked_tenant(char *tenant_id);

/*
 * Reads the settings of a tenant; returns false if there is no such tenant
 * (with auto_create_tenants, the defaults are used).  The caller is in SPI.
 */
extern bool tenant_read(const char *tenant_id, TenantSettings *settings);

/*
 * The same with its hold, for a call that writes only if it may; raises an error if there is
 * no such tenant.  Both are as of now.
 */
extern void
tenant_require_with_hold(const char *tenant_id, TenantSettings *settings, TenantHold *hold);

/*
 * The same for a write, after the tenant has been locked: creates the tenant with
 * auto_create_tenants, and raises an error if the tenant is held (hold.h).
 */
extern bool tenant_prepare(const char *tenant_id, TenantSettings *settings);

/* Returns the stored settings, which differ from the defaults; NULL if there is no such tenant. */
extern Jsonb *tenant_changes(const char *tenant_id, ReadAs as);

/* The same for a tenant that must exist; raises an error with a hint for an administrator. */
extern Jsonb *tenant_existing(const char *tenant_id, ReadAs as);
extern void tenant_raise_missing(const char *tenant_id);

/* Creates a tenant; returns false if there is one with that name. */
extern bool tenant_insert(const char *tenant_id, const Jsonb *changes);

/*
 * Like tenant_read() and tenant_prepare(), but raise an error with a hint
 * instead of returning false.
 */
extern void tenant_require(const char *tenant_id, TenantSettings *settings);

/* Raises the same error unless there is such a tenant, on whichever node. */
extern void tenant_require_anywhere(const char *tenant_id);
extern void tenant_require_prepared(const char *tenant_id, TenantSettings *settings);
extern bool tenant_unknown(const char *tenant_id, Fault *fault);

/*
 * At isolation level REPEATABLE READ or higher, raises an error if the tenant
 * has been changed or dropped since the transaction's snapshot, so that
 * nothing is learned under old settings or for a dropped tenant.  To be called
 * after the tenant has been locked.
 */
extern void tenant_check_current(const char *tenant_id);

/*
 * The first step of every change of one user's data: locks the user for
 * learning until the end of the transaction, as lock_users() does, checks that
 * the tenant is current, and reads its settings, which remain valid until the
 * end.  Raises an error if there is no such tenant.  The caller is in SPI.
 */
extern void user_begin(const char *tenant_id, const char *user_id, TenantSettings *settings);

/*
 * The same for calls by which users see, take back or refuse what is stored of them: settings
 * that an UPDATE has made invalid do not stop these (settings_decode_regardless()).
 */
extern void tenant_require_regardless(const char *tenant_id, TenantSettings *settings);
extern void tenant_require_prepared_regardless(const char *tenant_id, TenantSettings *settings);
extern void
user_begin_regardless(const char *tenant_id, const char *user_id, TenantSettings *settings);

#endif
