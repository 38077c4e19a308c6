/*
 * restore.c
 *		Whether a dump is being restored into the worker's database.
 *
 *		Rows that the worker learned or deleted in the middle of a restore would
 *		conflict with rows still to be restored.  Whether one is going on is
 *		decided by what can be seen, never by a clock:
 *
 *		- Sessions that restore: those of pg_restore, by their name, and those that
 *		  write into a partition without its parent, as only COPY of a dump does.
 *		  With several jobs the tables come in any order, so the worker waits until
 *		  the last of these sessions has gone.
 *		- The last row of a dump, in worker_restores, whose name sorts after those of
 *		  the other tables.
 *		- Rows of a dump without it: a tenant that was created here has a row in
 *		  rankings, which is not dumped; and only a dump has users' rows without any
 *		  tenant.
 *
 *		A database without tenants may be one whose restore begins just after the
 *		check.  There is nothing to do in it.  With auto_create_tenants, however, the
 *		worker creates the tenants of an inbox or of topics that are not part of a
 *		dump, because there may never be any other.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/rows.h"
#include "base/statement.h"
#include "bgworker/restore.h"
#include "bgworker/session.h"

/* Maximum number of restoring sessions that are noted; others are ignored. */
#define MAX_SEEN 64

/* Whether a restore may still be going on, and whether the last row of a dump has been restored. */
static Statement select_state =
	STATEMENT("SELECT ("
			  "   SELECT count(*) FROM personalization.worker_restores) > 1"
			  " FROM personalization.worker_state"
			  " WHERE NOT settled",
			  "");

/*
 * The sessions that restore, and those seen before ($1, $2) that are still there.  Anyone
 * can call their session pg_restore; who cannot write the last row does not restore.
 * cache_changes is written without its parent by everyone.
 */
static Statement select_sessions = STATEMENT(
	"SELECT a.pid, a.backend_start"
	" FROM pg_catalog.pg_stat_activity a"
	" WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()"
	" AND a.backend_type = 'client backend'"
	" AND EXISTS ("
	"  SELECT"
	"  FROM pg_catalog.pg_roles r"
	"  WHERE pg_catalog.pg_has_role(a.usesysid, r.oid, 'MEMBER')"
	"  AND pg_catalog.has_table_privilege(r.oid, 'personalization.worker_restores', 'INSERT'))"
	" AND (a.application_name ~ '^pg_restore'"
	"  OR EXISTS ("
	"   SELECT FROM unnest($1, $2) s (pid, backend_start)"
	"   WHERE s.pid = a.pid AND s.backend_start = a.backend_start)"
	"  OR EXISTS ("
	"   SELECT"
	"   FROM pg_catalog.pg_locks l"
	"   JOIN pg_catalog.pg_inherits h ON h.inhrelid = l.relation"
	"   JOIN pg_catalog.pg_class c ON c.oid = h.inhparent"
	"   WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.mode = 'RowExclusiveLock'"
	"   AND l.database = a.datid AND c.relkind = 'p' AND c.relname <> 'cache_changes'"
	"   AND c.relnamespace = 'personalization'::regnamespace"
	"   AND NOT EXISTS ("
	"    SELECT FROM pg_catalog.pg_locks p"
	"    WHERE p.pid = l.pid AND p.locktype = 'relation' AND p.relation = h.inhparent"
	"    AND p.database = l.database)))",
	"int4[] timestamptz[]");

enum
{
	SESSION_PID = 1,
	SESSION_START
};

/*
 * Whether there is work; and whether there are rows of a dump.  A tenant that is
 * copied from the database where it is at home is none of these.
 */
static Statement look_for_rows =
	STATEMENT("SELECT"
			  "  EXISTS (SELECT FROM personalization.tenants) OR $1"
			  "   AND (EXISTS (SELECT FROM personalization.inbox)"
			  "    OR EXISTS (SELECT FROM personalization.topic_subscriptions)),"
			  "  EXISTS ("
			  "   SELECT FROM personalization.tenants t"
			  "   WHERE home IS NULL AND NOT EXISTS ("
			  "    SELECT FROM personalization.rankings r WHERE r.tenant_id = t.tenant_id))"
			  "  OR NOT EXISTS (SELECT FROM personalization.tenants)"
			  "   AND (EXISTS (SELECT FROM personalization.interactions)"
			  "    OR EXISTS (SELECT FROM personalization.preferences)"
			  "    OR EXISTS (SELECT FROM personalization.profiles)"
			  "    OR EXISTS (SELECT FROM personalization.conversations))",
			  "bool");

enum
{
	ROWS_WORK = 1,
	ROWS_OF_DUMP
};

static Statement settle = STATEMENT("UPDATE personalization.worker_state"
									" SET settled = true"
									" WHERE NOT settled",
									"");

/* Sessions that were seen to restore. */
static struct
{
	int32 pids[MAX_SEEN];
	TimestampTz starts[MAX_SEEN];
	int n;
} seen;

/* Notes the sessions that restore now; returns their number. */
static int
look_for_sessions(void)
{
	Column pids;
	Column starts;
	Datum values[2];
	uint64 nrows;

	column_init(&pids, INT4OID, Max(seen.n, 1));
	column_init(&starts, TIMESTAMPTZOID, Max(seen.n, 1));
	for (int i = 0; i < seen.n; i++)
	{
		column_add(&pids, Int32GetDatum(seen.pids[i]));
		column_add(&starts, TimestampTzGetDatum(seen.starts[i]));
	}
	values[0] = column_array(&pids);
	values[1] = column_array(&starts);
	nrows = statement_execute(&select_sessions, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < nrows; row++)
	{
		int32 pid = DatumGetInt32(result_value(row, SESSION_PID, NULL));
		TimestampTz start = DatumGetTimestampTz(result_value(row, SESSION_START, NULL));
		bool known = false;

		for (int i = 0; i < seen.n && !known; i++)
			known = seen.pids[i] == pid && seen.starts[i] == start;
		if (known || seen.n == MAX_SEEN)
			continue;
		seen.pids[seen.n] = pid;
		seen.starts[seen.n++] = start;
	}
	return (int) nrows;
}

/* What the worker waits for; NULL when the present rows are whole. */
static const char *
what_is_missing(void)
{
	Datum values[] = {BoolGetDatum(auto_create_tenants)};
	bool restored;

	if (statement_execute(&select_state, NULL, NULL, SNAPSHOT_NEW) == 0)
		return NULL;
	restored = DatumGetBool(result_value(0, ONLY_COLUMN, NULL));

	/* A single session restores table after table, the last row last; it may stay. */
	if (look_for_sessions() > 0 && !(restored && seen.n == 1))
		return "the end of the sessions that restore a dump";
	if (restored)
		return NULL;
	(void) statement_execute(&look_for_rows, values, NULL, SNAPSHOT_NEW);
	if (DatumGetBool(result_value(0, ROWS_OF_DUMP, NULL)))
		return "the last row of a dump, in table worker_restores";
	if (!DatumGetBool(result_value(0, ROWS_WORK, NULL)))
		return "the first tenant";
	return NULL;
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
	static bool was_whole = false;
	const char *missing;

	if (settled)
		return true;
	worker_begin("checking for a restore in progress");
	missing = what_is_missing();

	/* Twice in a row: between two tables of a dump there is a moment without a lock. */
	settled = missing == NULL && was_whole;
	was_whole = missing == NULL;
	if (settled)
		worker_settle();
	worker_end();
	if (missing != NULL)
		worker_show_waiting(missing);
	return settled;
}
