/*
 * watch.c
 *		Whether a table that most installations leave empty has rows.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/invalidation.h"
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

bool
table_has_rows(TableWatch *watch)
{
	TimestampTz now = GetCurrentTimestamp();
	OwnerScope scope;

	find_table(watch);
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
