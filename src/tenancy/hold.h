/*
 * hold.h
 *		Tenants that are held: nothing of theirs is written, neither by calls nor
 *		by the worker.
 *
 * A tenant is held where an administrator has frozen it, and where its rows are
 * on their way from the database in which it is at home.  Both stand in its row
 * of table tenants, so that they travel with the other rows.
 *
 * Callers of all functions here but hold_of(), hold_raise() and database_home()
 * are in SPI.
 */
#ifndef PERSONALIZATION_TENANCY_HOLD_H
#define PERSONALIZATION_TENANCY_HOLD_H

#include "postgres.h"

#include "base/statement.h"

typedef enum TenantHold
{
	HOLD_NONE,
	HOLD_FROZEN,
	HOLD_ARRIVING /* at home in another database, whether or not it is frozen there */
} TenantHold;

/* The name of this database among all databases of all servers; in static memory. */
extern const char *database_home(void);

/* What the columns of a tenant's row say; home is NULL for a tenant that is at home where it is. */
extern TenantHold hold_of(bool is_frozen, const char *home);

/* The error that who writes for a held tenant gets: to be retried. */
extern void hold_raise(const char *tenant_id, TenantHold hold) pg_attribute_noreturn();

/*
 * The hold of a tenant.  Of one that is not there: none, but while a subscription
 * brings table tenants here other tables' rows may come before the tenant's own.
 */
extern TenantHold hold_of_unknown(ReadAs as);
extern TenantHold tenant_hold(const char *tenant_id, ReadAs as);

/* An error unless the tenant may be written; to be called once it is locked. */
extern void tenant_check_held(const char *tenant_id);

/*
 * Change the hold.  The tenant is there, and locked alone.  hold_publish() makes
 * this database its home, from which its rows may travel; hold_release() ends its
 * being frozen, and makes it at home here.
 */
extern void hold_freeze(const char *tenant_id);
extern void hold_publish(const char *tenant_id);
extern void hold_release(const char *tenant_id, bool is_published);

/* Whether it is frozen, wherever it is at home. */
extern bool tenant_is_frozen(const char *tenant_id);

/*
 * A tenant that is being imported is one that arrives.  hold_receive() makes it,
 * the times as text, and returns false where there is one already;
 * hold_received() leaves it at home here, and frozen.
 */
extern bool hold_receive(const char *tenant_id, const Jsonb *settings, const char *created_at,
						 const char *updated_at);
extern bool hold_is_received(const char *tenant_id);
extern void hold_received(const char *tenant_id);

#endif
