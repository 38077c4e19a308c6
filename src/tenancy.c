/*
 * tenancy.c
 *		Who may act for which tenant, and the locks that keep order within one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "arguments.h"
#include "compat.h"
#include "jsonutil.h"
#include "module.h"
#include "statement.h"
#include "tenancy.h"

static Statement select_tenant =
	STATEMENT("SELECT settings FROM personalization.tenants WHERE tenant_id = $1", "text");

static Statement insert_tenant =
	STATEMENT("INSERT INTO personalization.tenants (tenant_id, settings) VALUES ($1, $2)"
			  " ON CONFLICT (tenant_id) DO NOTHING",
			  "text jsonb");

/* With nothing to be made anew: a tenant that has no such row is one that was restored. */
static Statement insert_ranking =
	STATEMENT("INSERT INTO personalization.rankings (tenant_id) VALUES ($1)"
			  " ON CONFLICT (tenant_id) DO NOTHING",
			  "text");

PG_FUNCTION_INFO_V1(personalization_current_tenant);

Datum
personalization_current_tenant(PG_FUNCTION_ARGS)
{
	const char *tenant = current_tenant();

	if (tenant == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(tenant));
}

const char *
current_tenant(void)
{
	return session_tenant == NULL || session_tenant[0] == '\0' ? NULL : session_tenant;
}

bool
bound_by_tenancy(void)
{
	return !has_bypassrls_privilege(GetUserId());
}

bool
check_tenant(const char *tenant_id, Fault *fault)
{
	const char *current;

	if (!bound_by_tenancy())
		return true;
	current = current_tenant();
	if (current == NULL)
		return fault_set(fault, ERRCODE_INSUFFICIENT_PRIVILEGE,
						 "An administrator binds the role to a tenant with "
						 "personalization.bind_role(), which takes effect at its next login; a "
						 "pooled role sets personalization.tenant_id with SET LOCAL in each "
						 "transaction.",
						 "this session has no tenant");
	if (strcmp(current, tenant_id) != 0)
		return fault_set(
			fault, ERRCODE_INSUFFICIENT_PRIVILEGE,
			psprintf("The session's tenant is \"%s\", by the setting "
					 "personalization.tenant_id, which a pooled role sets with SET LOCAL.",
					 clipped(current, strlen(current))),
			"tenant_id \"%s\" is not the tenant of this session", tenant_id);
	return true;
}

char *
checked_tenant(char *tenant_id)
{
	Fault fault;

	if (!check_tenant(tenant_id, &fault))
		fault_raise(&fault, -1);
	return tenant_id;
}

Jsonb *
tenant_changes(const char *tenant_id, bool write)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	if ((write ? statement_run : statement_read)(&select_tenant, values, NULL) == 0)
		return NULL;
	return DatumGetJsonbP(result_value(0, 1, NULL));
}

Jsonb *
tenant_existing(const char *tenant_id, bool write)
{
	Jsonb *changes = tenant_changes(tenant_id, write);
	Fault fault;

	if (changes == NULL)
	{
		(void) tenant_unknown(tenant_id, &fault);
		fault.hint = "The table personalization.tenants lists those that do.";
		fault_raise(&fault, -1);
	}
	return changes;
}

bool
tenant_insert(const char *tenant_id, const Jsonb *changes)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(changes)};

	if (statement_run(&insert_tenant, values, NULL) == 0)
		return false;
	(void) statement_run(&insert_ranking, values, NULL);
	return true;
}

static bool
read_settings(const char *tenant_id, TenantSettings *settings, bool write)
{
	Jsonb *changes = tenant_changes(tenant_id, write);

	if (changes == NULL)
		return false;
	settings_decode(changes, settings);
	return true;
}

bool
tenant_read(const char *tenant_id, TenantSettings *settings)
{
	if (read_settings(tenant_id, settings, false))
		return true;
	if (!auto_create_tenants)
		return false;
	settings_decode(json_empty_object(), settings);
	return true;
}

void
owner_begin(OwnerScope *scope)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(extension_objects()->tenants));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for table tenants");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);

	GetUserIdAndSecContext(&scope->user, &scope->context);
	SetUserIdAndSecContext(owner, scope->context | SECURITY_LOCAL_USERID_CHANGE |
									  SECURITY_RESTRICTED_OPERATION);
}

void
owner_end(const OwnerScope *scope)
{
	SetUserIdAndSecContext(scope->user, scope->context);
}

/*
 * An ordinary role may not write tenants; auto_create_tenants, which only a
 * superuser can turn on, lets it make the one that it learns for.
 */
static void
create_missing_tenant(const char *tenant_id)
{
	OwnerScope scope;

	owner_begin(&scope);
	(void) tenant_insert(tenant_id, json_empty_object());
	owner_end(&scope);
}

bool
tenant_prepare(const char *tenant_id, TenantSettings *settings)
{
	if (read_settings(tenant_id, settings, true))
		return true;
	if (!auto_create_tenants)
		return false;
	create_missing_tenant(tenant_id);
	return read_settings(tenant_id, settings, true);
}

bool
tenant_unknown(const char *tenant_id, Fault *fault)
{
	return fault_set(fault, ERRCODE_UNDEFINED_OBJECT,
					 "An administrator makes it with personalization.create_tenant(), or turns on "
					 "personalization.auto_create_tenants.",
					 "tenant \"%s\" does not exist", tenant_id);
}

void
tenant_require(const char *tenant_id, TenantSettings *settings, bool write)
{
	Fault fault;

	if (!(write ? tenant_prepare : tenant_read)(tenant_id, settings))
	{
		(void) tenant_unknown(tenant_id, &fault);
		fault_raise(&fault, -1);
	}
}

static bool
lock_object(Oid relation, uint32 object, uint16 part, LOCKMODE mode, bool wait)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, relation, object, part);
	return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Everybody can see pg_locks.  The hash is mixed with a secret of the cluster,
 * so that nobody can tell from it whose name is locked.
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

/* Whether this transaction may take so many more locks of users. */
static bool
have_user_locks(int n)
{
	/* A rollback to a savepoint may make it too high, which does no harm. */
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

/* Who writes what is shown takes the user's lock in the one mode that learning leaves. */
#define SHOWN_PART 1

bool
lock_shown(const char *tenant_id, const char *user_id, bool wait)
{
	const Objects *ours = extension_objects();
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
 * The strong lock at once.  If the learners' were taken first and then raised, a
 * session that has shown suggestions and goes on to learn would wait for us,
 * while we wait for it.
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

void
tenant_check_current(const char *tenant_id)
{
	Jsonb *seen;
	Jsonb *latest;

	if (!IsolationUsesXactSnapshot())
		return;
	seen = tenant_changes(tenant_id, true);
	PushActiveSnapshot(GetLatestSnapshot());
	latest = tenant_changes(tenant_id, false);
	PopActiveSnapshot();
	if ((seen == NULL) != (latest == NULL) || (seen != NULL && !json_equal(seen, latest)))
		serialization_failure();
}
