/*
 * restore.c
 *		Whether a dump is being restored into the worker's database.
 *
 *		A dump contains rows that are older than this database's extension,
 *		including the inbox and the tenants, and at the end, because of the
 *		table's name, a row of worker_restores.  Until that row has been
 *		restored the worker does nothing, because rows that it learned or
 *		deleted would conflict with rows still to be restored.
 *
 *		A database without tenants may be one whose restore begins just after
 *		the check, between two steps of the worker.  There is nothing to do in
 *		it.  With auto_create_tenants, however, the worker creates the tenants
 *		of an inbox or of topics that are not part of a dump, because there may
 *		never be any other.
 */
#include "postgres.h"

#include "executor/spi.h"

#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/restore.h"
#include "bgworker/session.h"

/*
 * When the extension was created here, and whether the last row of a dump has
 * been restored; no row once settled.
 */
static Statement select_state =
	STATEMENT("SELECT created_at, ("
			  "   SELECT count(*) FROM personalization.worker_restores) > 1"
			  " FROM personalization.worker_state"
			  " WHERE NOT settled",
			  "");

enum
{
	STATE_CREATED_AT = 1,
	STATE_RESTORED
};

/*
 * Whether there is work and no row is older than the extension, except tenants
 * that are copied from the database where they are at home.  Old rows are
 * looked for last, because this reads the whole inbox if there are none.
 */
static Statement look_for_old_rows = STATEMENT(
	"SELECT ("
	"   EXISTS (SELECT 1 FROM personalization.tenants) OR $1"
	"   AND (EXISTS (SELECT 1 FROM personalization.inbox)"
	"     OR EXISTS (SELECT 1 FROM personalization.topic_subscriptions))) AND NOT EXISTS ("
	"   SELECT 1 FROM personalization.tenants"
	"   WHERE created_at < $2 AND home IS NULL) AND NOT EXISTS ("
	"   SELECT 1"
	"   FROM personalization.topic_subscriptions"
	"   WHERE subscribed_at < $2) AND NOT EXISTS ("
	"   SELECT 1"
	"   FROM personalization.inbox"
	"   WHERE personalization.inbox_arrival(position) < $2)",
	"bool timestamptz");

static Statement settle = STATEMENT("UPDATE personalization.worker_state"
									" SET settled = true"
									" WHERE NOT settled",
									"");

/* Whether the present rows are not part of a dump that is still being restored. */
static bool
is_whole(void)
{
	Datum values[2];

	if (statement_execute(&select_state, NULL, NULL, SNAPSHOT_NEW) == 0 ||
		DatumGetBool(result_value(0, STATE_RESTORED, NULL)))
		return true;
	values[0] = BoolGetDatum(auto_create_tenants);
	values[1] = result_value(0, STATE_CREATED_AT, NULL);
	(void) statement_execute(&look_for_old_rows, values, NULL, SNAPSHOT_NEW);
	return DatumGetBool(result_value(0, ONLY_COLUMN, NULL));
}

void
worker_settle(void)
{
	(void) statement_execute(&settle, NULL, NULL, SNAPSHOT_NEW);
}

bool
worker_is_settled(void)
{
	static bool settled = false;

	if (settled)
		return true;
	worker_begin("checking for a restore in progress");
	settled = is_whole();
	if (settled)
		worker_settle();
	worker_end();
	return settled;
}
