/*
 * locks.c
 *		Locks that serialize operations within a tenant.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"

#include "base/compat.h"
#include "base/extension.h"
#include "tenancy/locks.h"

static bool
lock_object(Oid relation, uint32 object, uint16 part, LOCKMODE mode, bool wait)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, relation, object, part);
	return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Everyone can read pg_locks.  The hash is mixed with a secret of the cluster,
 * so that nobody can infer whose name is locked.
 */
static uint32
hash_id(const char *id)
{
	uint64 secret;

	memcpy(&secret, GetMockAuthenticationNonce(), sizeof(secret));
	return (uint32) hash_bytes_extended((const unsigned char *) id, strlen(id), secret);
}

void
lock_tenant(const char *tenant_id, TenantLock mode)
{
	(void) lock_object(extension_objects()->tenants, hash_id(tenant_id) % TENANT_LOCKS, 0,
					   mode == TENANT_ALONE ? AccessExclusiveLock : RowExclusiveLock, true);
}

uint32
user_lock_key(const char *tenant_id, const char *user_id)
{
	return hash_combine(hash_id(tenant_id), hash_id(user_id));
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
	return lock_object(ours->tenants, hash_id(tenant_id) % TENANT_LOCKS, 0, RowExclusiveLock,
					   wait) &&
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
