/*
 * changes.c
 *		The queue of changes for Redis: settings, and inserting rows.
 *
 *		A row of cache_changes is inserted in the transaction that makes the
 *		change, so it exists if and only if that commits.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/arrival.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"

bool
cache_wanted(void)
{
	char *name;
	bool ours;

#ifndef USE_REDIS
	return false;
#endif
	if (redis_url == NULL || redis_url[0] == '\0')
		return false;
	if (cache_database == NULL || cache_database[0] == '\0')
		return true;
	name = get_database_name(MyDatabaseId);
	if (name == NULL)
		return false;
	ours = strcmp(name, cache_database) == 0;
	pfree(name);
	return ours;
}

/*
 * Whether the latest row recorded the same change and still exists, so that
 * repeated calls in a loop insert one row.
 */
static bool
recorded_just_now(const char *tenant_id, const char *id, int what)
{
	static LocalTransactionId transaction = InvalidLocalTransactionId;
	static SubTransactionId subtransaction;
	static uint64 generation;
	static char tenant[MAX_ID_LENGTH + 1];
	static char noted[MAX_ID_LENGTH + 1];
	static int noted_what;

	if (transaction == my_local_transaction() && subtransaction == GetCurrentSubTransactionId() &&
		generation == extension_objects()->generation && noted_what == what &&
		strcmp(noted, id) == 0 && strcmp(tenant, tenant_id) == 0)
		return true;
	transaction = my_local_transaction();
	subtransaction = GetCurrentSubTransactionId();
	generation = extension_objects()->generation;
	strlcpy(tenant, tenant_id, sizeof(tenant));
	strlcpy(noted, id, sizeof(noted));
	noted_what = what;
	return false;
}

/* The only partition of cache_changes, which contains its rows; on Citus the table has none. */
static Relation
open_changes(void)
{
	static Oid partition = InvalidOid;
	static uint64 generation = 0;

	if (generation != extension_objects()->generation || !OidIsValid(partition))
	{
		generation = extension_objects()->generation;
		partition = get_relname_relid("cache_changes_0", extension_objects()->schema);
		if (!OidIsValid(partition))
			partition = get_relname_relid("cache_changes", extension_objects()->schema);
		if (!OidIsValid(partition))
			ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
							errmsg("table personalization.cache_changes does not exist"),
							errhint("Run ALTER EXTENSION " EXTENSION_NAME " UPDATE.")));
	}
	return table_open(partition, RowExclusiveLock);
}

/*
 * Inserts a row without SQL, which would make learning several times as
 * expensive.  The table has no index, no trigger, and only NOT NULL
 * constraints.  No role has privileges on it; that the caller may write for
 * the tenant has been checked.
 */
static void
insert_change(Relation changes, const char *tenant_id, const char *id, int what)
{
	bool nulls[4] = {false};
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(id),
					  Int16GetDatum((int16) what), Int64GetDatum(arrival_position())};
	HeapTuple tuple = heap_form_tuple(RelationGetDescr(changes), values, nulls);

	simple_heap_insert(changes, tuple);
	heap_freetuple(tuple);
}

static void
record_change(const char *tenant_id, const char *id, int what)
{
	Relation changes;

	if (!cache_wanted() || recorded_just_now(tenant_id, id, what))
		return;
	changes = open_changes();
	insert_change(changes, tenant_id, id, what);
	table_close(changes, NoLock);
}

static int
what_of(const CacheUser *user)
{
	return CACHE_PROFILE | (user->asked ? CACHE_SUGGESTIONS_STALE : 0);
}

void
cache_users_learned(const char *tenant_id, const CacheUser *users, int n)
{
	for (int i = 0; i < n; i++)
		record_change(tenant_id, users[i].user_id, what_of(&users[i]));
}

void
cache_profile_changed(const char *tenant_id, const char *user_id)
{
	record_change(tenant_id, user_id, CACHE_PROFILE);
}

void
cache_suggestions_changed(const char *tenant_id, const char *user_id)
{
	record_change(tenant_id, user_id, CACHE_SUGGESTIONS);
}

void
cache_suggestions_stale(const char *tenant_id, const char *user_id)
{
	record_change(tenant_id, user_id, CACHE_SUGGESTIONS_STALE);
}

void
cache_conversation_changed(const char *tenant_id, const pg_uuid_t *id)
{
	if (cache_wanted())
		record_change(tenant_id, uuid_text(id), CACHE_CONVERSATION);
}

void
cache_tenant_changed(const char *tenant_id)
{
	record_change(tenant_id, "", CACHE_TENANT);
}

void
cache_user_erased(const char *tenant_id, const char *user_id)
{
	record_change(tenant_id, user_id, CACHE_PROFILE | CACHE_SUGGESTIONS_STALE);
}
