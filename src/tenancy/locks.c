/*
 * locks.c
 *		Locks that serialize operations within a tenant.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_control.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "base/compat.h"
#include "base/extension.h"
#include "core/keyed_hash.h"
#include "tenancy/locks.h"

static bool
lock_object(Oid relation, uint32 object, uint16 part, LOCKMODE mode, bool wait)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, relation, object, part);
	return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/* Separates a tenant's name from a user's in what is hashed. */
#define UNIT_SEPARATOR '\x1f'

/*
 * Everyone can read pg_locks, and knows the keys of their own users.  So a key
 * is one keyed hash over everything that it identifies, and not combined from
 * parts: no other key can be computed from known ones.  The secret belongs to
 * the cluster.
 */
static uint32
hash_names(const char *tenant_id, const char *user_id)
{
	HashKey secret;
	size_t tenant_len = strlen(tenant_id);
	size_t user_len = strlen(user_id);
	char *names = palloc(tenant_len + 1 + user_len);
	uint64 hash;

	StaticAssertStmt(sizeof(secret) <= MOCK_AUTH_NONCE_LEN, "the secret is too short for a key");
	memcpy(&secret, GetMockAuthenticationNonce(), sizeof(secret));
	memcpy(names, tenant_id, tenant_len);
	names[tenant_len] = UNIT_SEPARATOR;
	memcpy(names + tenant_len + 1, user_id, user_len);
	hash = keyed_hash(&secret, names, tenant_len + 1 + user_len);
	pfree(names);
	return (uint32) hash;
}

/* No user's name is empty. */
uint32
tenant_hash(const char *tenant_id)
{
	return hash_names(tenant_id, "");
}

static uint32
tenant_lock_key(const char *tenant_id)
{
	return tenant_hash(tenant_id) % TENANT_LOCKS;
}

void
lock_tenant(const char *tenant_id, TenantLock mode)
{
	(void) lock_object(extension_objects()->tenants, tenant_lock_key(tenant_id), 0,
					   mode == TENANT_ALONE ? AccessExclusiveLock : RowExclusiveLock, true);
}

bool
lock_tenant_if_free(const char *tenant_id)
{
	return lock_object(extension_objects()->tenants, tenant_lock_key(tenant_id), 0,
					   RowExclusiveLock, false);
}

uint32
user_lock_key(const char *tenant_id, const char *user_id)
{
	return hash_names(tenant_id, user_id);
}

/* Whether this transaction may take n more locks on users. */
static bool
have_user_locks(int n)
{
	/* After a rollback to a savepoint it may be too high, which does no harm. */
	static LocalTransactionId counted = InvalidLocalTransactionId;
	static int nlocks = 0;

	if (counted != my_local_transaction())
		nlocks = 0;
	counted = my_local_transaction();
	if (n > MAX_USER_LOCKS - nlocks)
		return false;
	nlocks += n;
	return true;
}

void
lock_users(const char *tenant_id, const uint32 *keys, int nkeys)
{
	if (!have_user_locks(nkeys))
	{
		lock_tenant(tenant_id, TENANT_ALONE);
		return;
	}
	lock_tenant(tenant_id, TENANT_LEARNING);
	for (int i = 0; i < nkeys; i++)
		(void) lock_object(extension_objects()->profiles, keys[i], 0, ExclusiveLock, true);
}

/*
 * Writers of a user's suggestions take the user's lock in the one mode that
 * does not conflict with learning.
 */
#define SHOWN_PART 1

bool
lock_shown(const char *tenant_id, const char *user_id, bool wait)
{
	const ExtensionObjects *ours = extension_objects();
	uint32 key = user_lock_key(tenant_id, user_id);

	if (!have_user_locks(1))
	{
		if (wait)
			lock_tenant(tenant_id, TENANT_ALONE);
		return wait;
	}
	return lock_object(ours->tenants, tenant_lock_key(tenant_id), 0, RowExclusiveLock, wait) &&
		   lock_object(ours->profiles, key, 0, AccessShareLock, wait) &&
		   lock_object(ours->profiles, key, SHOWN_PART, ExclusiveLock, wait);
}

/*
 * Take the strong lock at once.  If the learners' lock were taken first and
 * then upgraded, a session that has shown suggestions and goes on to learn
 * would wait for us, while we wait for it.
 */
void
lock_user_alone(const char *tenant_id, const char *user_id)
{
	if (!have_user_locks(1))
	{
		lock_tenant(tenant_id, TENANT_ALONE);
		return;
	}
	lock_tenant(tenant_id, TENANT_LEARNING);
	(void) lock_object(extension_objects()->profiles, user_lock_key(tenant_id, user_id), 0,
					   AccessExclusiveLock, true);
}
