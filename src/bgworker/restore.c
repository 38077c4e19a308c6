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

/* What is old is looked for last: that goes through all of an inbox in which nothing is. */
static Statement look_for_restore =
	STATEMENT("SELECT (SELECT count(*) FROM personalization.worker_restores) > 1"
			  " OR (EXISTS (SELECT FROM personalization.tenants)"
			  "  OR $1 AND EXISTS (SELECT FROM personalization.inbox))"
			  " AND NOT EXISTS (SELECT FROM personalization.tenants t"
			  "  WHERE t.created_at < s.created_at)"
			  " AND NOT EXISTS (SELECT FROM personalization.inbox i"
			  "  WHERE personalization.inbox_arrival(i.position) < s.created_at)"
			  " FROM personalization.worker_state s WHERE NOT s.settled",
			  "bool");

static Statement settle = STATEMENT("UPDATE personalization.worker_state SET settled = true", "");

bool
worker_is_settled(void)
{
	static bool settled = false;
	Datum values[1];

	if (settled)
		return true;
	worker_begin("looking whether a dump is being restored");
	values[0] = BoolGetDatum(auto_create_tenants);
	if (statement_execute(&look_for_restore, values, NULL, SNAPSHOT_NEW) == 0)
		settled = true;
	else if (DatumGetBool(result_value(0, 1, NULL)))
	{
		(void) statement_execute(&settle, NULL, NULL, SNAPSHOT_NEW);
		settled = true;
	}
	worker_end();
	return settled;
}
