/*
 * tenancy.h
 *		Who may act for which tenant, and the locks that keep order within one.
 */
#ifndef TENANCY_H
#define TENANCY_H

#include "postgres.h"

#include "settings.h"

/* The tenant of the session, NULL when none is set. */
extern const char *current_tenant(void);

/*
 * Whether the current role is bound by row-level security; a superuser or a
 * BYPASSRLS role acts for the tenant that it names.
 */
extern bool bound_by_tenancy(void);

/*
 * Between these two statements run as the extension's owner, the way
 * referential actions run as the table's: for the few things that a function of
 * ours may do and its caller may not by himself.  They are our own statements,
 * with qualified names, and take nothing but values from the caller; whom they
 * act for has been checked.  An error in between restores the user by itself.
 */
typedef struct OwnerScope
{
	Oid user;
	int context;
} OwnerScope;

extern void owner_begin(OwnerScope *scope);
extern void owner_end(const OwnerScope *scope);

/* What is wrong with acting for a tenant. */
struct Fault;
extern bool check_tenant(const char *tenant_id, struct Fault *fault);

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
extern Jsonb *tenant_changes(const char *tenant_id, bool write);

/* The same of a tenant that must be there: an error with a hint for an administrator. */
extern Jsonb *tenant_existing(const char *tenant_id, bool write);

/* Makes a tenant; false when there is one by that name already. */
extern bool tenant_insert(const char *tenant_id, const Jsonb *changes);

/* Either, with an error that says what to do instead of false. */
extern void tenant_require(const char *tenant_id, TenantSettings *settings, bool write);
extern bool tenant_unknown(const char *tenant_id, struct Fault *fault);

/*
 * Locks until the end of the transaction.  Learning for a user takes the
 * tenant's lock shared and the user's; so learns of one user follow one
 * another and those of different users do not meet.  Whoever changes the
 * tenant as a whole takes the tenant's alone.  They are heavyweight locks, seen
 * in pg_locks as objects of the tables tenants and profiles; they cost no write.
 *
 * Shared memory for locks is finite.  A transaction that has locked
 * MAX_USER_LOCKS users locks whole tenants from then on; and tenants share
 * TENANT_LOCKS locks among them.
 */
typedef enum TenantLock
{
	TENANT_LEARNING, /* shared by learners */
	TENANT_ALONE	 /* nobody else learns */
} TenantLock;

#define MAX_USER_LOCKS 1024
#define TENANT_LOCKS 1024

extern void lock_tenant(const char *tenant_id, TenantLock mode);

/*
 * Locks users of a tenant for learning, and the tenant accordingly.  keys are
 * those of user_lock_key(), in order and each once, so that no two calls wait
 * for each other.
 */
extern uint32 user_lock_key(const char *tenant_id, const char *user_id);
extern void lock_users(const char *tenant_id, const uint32 *keys, int nkeys);

/*
 * Locks what a user is shown as suggestions until the end of the transaction, so
 * that he is not forgotten, nor his tenant dropped, while it is written; learning
 * goes on.  Where somebody else is writing it: waits, or returns false.
 */
extern bool lock_shown(const char *tenant_id, const char *user_id, bool wait);

/* Locks a user against everything else, that he be forgotten; the tenant accordingly. */
extern void lock_user_alone(const char *tenant_id, const char *user_id);

/*
 * In a transaction of isolation level REPEATABLE READ or higher: an error if
 * the tenant has been changed or dropped since its snapshot, so that nothing
 * is learned under settings, or for a tenant, that are no more.  To be called
 * once the tenant is locked.
 */
extern void tenant_check_current(const char *tenant_id);

#endif
