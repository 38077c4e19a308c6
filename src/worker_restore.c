/*
 * worker_restore.c
 *		Whether a dump is being restored into the worker's database.
 *
 * A dump that is being restored brings rows that are older than this
 * database's extension, the inbox and the tenants among them, and last, as its
 * name sorts behind the others', a row of worker_restores.  Until then hands
 * off: what the worker learned or deleted now would meet what is still to come.
 *
 * A database without tenants may be one whose restore begins the moment after we
 * looked, between two of our steps.  There is nothing to do in it but to wait.
 */
#include "postgres.h"

#include "executor/spi.h"

#include "statement.h"
#include "worker_restore.h"
#include "worker_session.h"

static Statement look_for_restore =
	STATEMENT("SELECT s.settled, (SELECT count(*) FROM personalization.worker_restores) > 1,"
			  " EXISTS (SELECT FROM personalization.tenants),"
			  " EXISTS (SELECT FROM personalization.tenants t WHERE t.created_at < s.created_at)"
			  " OR EXISTS (SELECT FROM personalization.inbox i"
			  "  WHERE personalization.inbox_arrival(i.position) < s.created_at)"
			  " FROM personalization.worker_state s WHERE NOT s.settled",
			  "");

static Statement settle = STATEMENT("UPDATE personalization.worker_state SET settled = true", "");

bool
worker_is_settled(void)
{
	static bool settled = false;
	bool restored;
	bool used;
	bool old;

	if (settled)
		return true;
	worker_begin("looking whether a dump is being restored");
	if (statement_run(&look_for_restore, NULL, NULL) == 0)
	{
		settled = true;
		worker_end();
		return true;
	}
	restored = DatumGetBool(result_value(0, 2, NULL));
	used = DatumGetBool(result_value(0, 3, NULL));
	old = DatumGetBool(result_value(0, 4, NULL));
	if (restored || (used && !old))
	{
		(void) statement_run(&settle, NULL, NULL);
		settled = true;
	}
	worker_end();
	return settled;
}
