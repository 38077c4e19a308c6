/*
 * restore.c
 *		Whether a dump is being restored into the worker's database.
 *
 * A dump that is being restored brings rows that are older than this
 * database's extension, the inbox and the tenants among them, and last, as its
 * name sorts behind the others', a row of worker_restores.  Until then hands
 * off: what the worker learned or deleted now would meet what is still to come.
 *
 * A database without tenants may be one whose restore begins the moment after we
 * looked, between two of our steps.  There is nothing to do in it but to wait; or,
 * where auto_create_tenants is on, to make the tenants of an inbox that is not a
 * dump's, as no other may ever come.
 */
#include "postgres.h"

#include "executor/spi.h"

#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/restore.h"
#include "bgworker/session.h"

/* When the extension was made here, and whether a dump's last row has come; a row while not settled. */
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
 * Whether there is something to work for and nothing is older than the extension.  What is
 * old is looked for last: that goes through all of an inbox in which nothing is.
 */
static Statement look_for_old_rows =
	STATEMENT("SELECT ("
			  "   EXISTS (SELECT 1 FROM personalization.tenants) OR $1"
			  "   AND EXISTS (SELECT 1 FROM personalization.inbox)) AND NOT EXISTS ("
			  "   SELECT 1 FROM personalization.tenants WHERE created_at < $2) AND NOT EXISTS ("
			  "   SELECT 1"
			  "   FROM personalization.inbox"
			  "   WHERE personalization.inbox_arrival(position) < $2)",
			  "bool timestamptz");

static Statement settle = STATEMENT("UPDATE personalization.worker_state"
									" SET settled = true"
									" WHERE NOT settled",
									"");

/* Whether what is there is not a part of a dump that is still coming in. */
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

bool
worker_is_settled(void)
{
	static bool settled = false;

	if (settled)
		return true;
	worker_begin("checking for a restore in progress");
	settled = is_whole();
	if (settled)
		(void) statement_execute(&settle, NULL, NULL, SNAPSHOT_NEW);
	worker_end();
	return settled;
}
