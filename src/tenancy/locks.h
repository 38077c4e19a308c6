/*
 * locks.h
 *		The locks that keep order within a tenant.
 */
#ifndef PERSONALIZATION_TENANCY_LOCKS_H
#define PERSONALIZATION_TENANCY_LOCKS_H

#include "postgres.h"

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

#endif
