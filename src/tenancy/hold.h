/*
 * hold.h
 *		Tenants on hold: neither calls nor the worker write any of their rows.
 *
 *		A tenant is on hold if an administrator has frozen it, or while its
 *		rows are being moved from the database in which it is at home.  Both
 *		are stored in its row of table tenants, so that they are moved with
 *		the other rows.
 *
 *		Callers of all functions here but hold_of(), hold_raise() and
 *		database_home() are in SPI.
 */
#ifndef PERSONALIZATION_TENANCY_HOLD_H
#define PERSONALIZATION_TENANCY_HOLD_H

#include "postgres.h"

#include "base/compat.h"
#include "base/statement.h"

typedef enum TenantHold
{
	HOLD_NONE,
	HOLD_FROZEN,
	HOLD_ARRIVING /* at home in another database, whether or not it is frozen there */
} TenantHold;

/* Returns an identifier of this database among all databases of all servers, in static memory. */
extern const char *database_home(void);

/* Returns the hold for the columns of a tenant's row; home is NULL for a tenant that is at home. */
extern TenantHold hold_of(bool is_frozen, const char *home);

/* Raises the error for writing to a tenant on hold, which can be retried. */
pg_noreturn extern void hold_raise(const char *tenant_id, TenantHold hold);

/*
 * Returns the hold of a tenant without a row: none, but while a subscription
 * copies table tenants to this database, rows of other tables may arrive
 * before the tenant's own.
 */
extern TenantHold hold_of_unknown(ReadAs as);
extern TenantHold tenant_hold(const char *tenant_id, ReadAs as);

/* Raises an error if the tenant must not be written; to be called once it is locked. */
extern void tenant_check_held(const char *tenant_id);

/*
 * Change the hold.  The tenant exists and is locked exclusively.
 * hold_publish() makes this database its home, from which its rows may be
 * moved; hold_release() unfreezes it, and makes it at home here.
 */
extern void hold_freeze(const char *tenant_id);
extern void hold_publish(const char *tenant_id);
extern void hold_release(const char *tenant_id, bool is_published);

/* Whether it is frozen, wherever its home is. */
extern bool tenant_is_frozen(const char *tenant_id);

/*
 * A tenant that is being imported counts as being moved.  hold_receive()
 * creates it, with times as text, and returns false if there is one already;
 * hold_received() makes it at home here, and frozen.
 */
extern bool hold_receive(const char *tenant_id, const Jsonb *settings, const char *created_at,
						 const char *updated_at);
extern bool hold_is_received(const char *tenant_id);
extern void hold_received(const char *tenant_id);

#endif
