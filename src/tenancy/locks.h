/*
 * locks.h
 *		Locks that serialize operations within a tenant.
 */
#ifndef PERSONALIZATION_TENANCY_LOCKS_H
#define PERSONALIZATION_TENANCY_LOCKS_H

#include "postgres.h"

/*
 * The locks are held until the end of the transaction.  Learning for a user
 * takes the tenant's lock in shared mode and the user's lock, so that learning
 * for one user is serialized and learning for different users is not.  Code
 * that changes the tenant as a whole takes the tenant's lock exclusively.
 * These are heavyweight locks, visible in pg_locks as objects of the tables
 * tenants and profiles; they require no write.
 *
 * Shared memory for locks is limited.  A transaction that has locked
 * MAX_USER_LOCKS users locks whole tenants from then on, and all tenants share
 * TENANT_LOCKS locks.
 */
typedef enum TenantLock
{
	TENANT_LEARNING, /* shared by learners */
	TENANT_ALONE	 /* exclusive */
} TenantLock;

#define MAX_USER_LOCKS 1024
#define TENANT_LOCKS 1024

/*
 * A hash of a tenant's name, for the key of a lock: who sees it in pg_locks learns nothing
 * about the name.
 */
extern uint32 tenant_hash(const char *tenant_id);

extern void lock_tenant(const char *tenant_id, TenantLock mode);

/* Locks a tenant for learning without waiting; returns false if that is not possible. */
extern bool lock_tenant_if_free(const char *tenant_id);

/*
 * Locks users of a tenant for learning, and the tenant in shared mode.  keys
 * are from user_lock_key(), sorted and distinct, so that no two calls wait for
 * each other.
 */
extern uint32 user_lock_key(const char *tenant_id, const char *user_id);
extern void lock_users(const char *tenant_id, const uint32 *keys, int nkeys);

/*
 * Locks the suggestions of a user until the end of the transaction, so that
 * the user is not forgotten and the tenant is not dropped while they are
 * written; learning is not blocked.  If another session is writing them, the
 * function waits, or returns false.
 */
extern bool lock_shown(const char *tenant_id, const char *user_id, bool wait);

/* Locks a user exclusively, to forget them, and the tenant in shared mode. */
extern void lock_user_alone(const char *tenant_id, const char *user_id);

#endif
