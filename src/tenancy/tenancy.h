/*
 * tenancy.h
 *		Who may act for which tenant, and the locks that keep order within one.
 */
#ifndef PERSONALIZATION_TENANCY_TENANCY_H
#define PERSONALIZATION_TENANCY_TENANCY_H

#include "postgres.h"

#include "base/arguments.h"
#include "base/fault.h"
#include "base/statement.h"
#include "tenancy/settings.h"

/* What is wrong with acting for a tenant. */
extern bool check_tenant(const char *tenant_id, Fault *fault);

/* The tenant argument of a call: checked, and an error if it is not the session's. */
#define tenant_argument(fcinfo, n) checked_tenant(id_argument(fcinfo, n, "tenant_id"))
extern char *checked_tenant(char *tenant_id);

/*
 * The settings of a tenant; false when there is none by that name (and
 * auto_create_tenants is off: else the defaults).  The caller is in SPI.
 */
extern bool tenant_read(const char *tenant_id, TenantSettings *settings);

/* The same for a write: makes the tenant where that is asked for. */
extern bool tenant_prepare(const char *tenant_id, TenantSettings *settings);

/* What differs from the defaults, as stored; NULL when there is no such tenant. */
extern Jsonb *tenant_changes(const char *tenant_id, ReadAs as);

/* The same of a tenant that must be there: an error with a hint for an administrator. */
extern Jsonb *tenant_existing(const char *tenant_id, ReadAs as);

/* Makes a tenant; false when there is one by that name already. */
extern bool tenant_insert(const char *tenant_id, const Jsonb *changes);

/* Either, with an error that says what to do instead of false. */
extern void tenant_require(const char *tenant_id, TenantSettings *settings);
extern void tenant_require_prepared(const char *tenant_id, TenantSettings *settings);
extern bool tenant_unknown(const char *tenant_id, Fault *fault);

/*
 * In a transaction of isolation level REPEATABLE READ or higher: an error if
 * the tenant has been changed or dropped since its snapshot, so that nothing
 * is learned under settings, or for a tenant, that are no more.  To be called
 * once the tenant is locked.
 */
extern void tenant_check_current(const char *tenant_id);

/*
 * What every change to the data of one user begins with: locks the user for
 * learning until the end of the transaction, as lock_users() does, checks that
 * the tenant is current, and reads its settings, which hold until the end.  An
 * error where there is no such tenant.  The caller is in SPI.
 */
extern void user_begin(const char *tenant_id, const char *user_id, TenantSettings *settings);

#endif
