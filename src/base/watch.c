/*
 * watch.c
 *		Whether a table that most installations leave empty has rows.
 */
#include "postgres.h"

#include "access/table.h"
#include "executor/spi.h"
#include "storage/bufmgr.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/invalidation.h"
#include "base/leaf.h"
#include "base/owner.h"
#include "base/watch.h"

/* How long a session remembers that a table is empty. */
#define REMEMBERED USECS_PER_SEC

static void
forget(Oid relation, void *arg)
{
	TableWatch *watch = arg;

	if (!OidIsValid(relation) || relation == watch->relation)
		watch->looked_at = 0;
}

static void
find_table(TableWatch *watch)
{
	const ExtensionObjects *ours = extension_objects();

	if (watch->generation == ours->generation)
		return;
	if (watch->generation == 0)
		listen_for_invalidation(forget, watch);
	watch->relation = get_relname_relid(watch->table, ours->schema);
	watch->generation = ours->generation;
	watch->looked_at = 0;
}

static bool
has_pages(Oid relation)
{
	Relation opened = table_open(relation, AccessShareLock);
	bool found = RelationGetNumberOfBlocks(opened) > 0;

	table_close(opened, AccessShareLock);
	return found;
}

bool
table_has_pages(const char *table, const char *tenant_id)
{
	Oid leaf = leaf_of_tenant(table, tenant_id);

	return !OidIsValid(leaf) || has_pages(leaf);
}

bool
table_has_rows(TableWatch *watch, const char *tenant_id)
{
	Oid leaf = leaf_of_tenant(watch->table, tenant_id);
	TimestampTz now;
	OwnerScope scope;

	if (OidIsValid(leaf))
		return has_pages(leaf);

	find_table(watch);
	now = GetCurrentTimestamp();
	if (watch->looked_at != 0 && now >= watch->looked_at && now < watch->looked_at + REMEMBERED)
		return watch->has_rows;

	/* As the owner, who sees the rows of all tenants; and whatever the transaction's snapshot. */
	owner_begin(&scope);
	PushActiveSnapshot(GetLatestSnapshot());
	watch->has_rows = statement_execute(&watch->look, NULL, NULL, SNAPSHOT_CALLER) > 0;
	PopActiveSnapshot();
	owner_end(&scope);
	SPI_freetuptable(SPI_tuptable);
	watch->looked_at = now;
	return watch->has_rows;
}

void
table_announce_row(TableWatch *watch)
{
	find_table(watch);
	CacheInvalidateRelcacheByRelid(watch->relation);
	watch->looked_at = 0;
}
