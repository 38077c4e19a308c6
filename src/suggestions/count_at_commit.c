/*
 * count_at_commit.c
 *		Counting requests just before a transaction commits, in a database
 *		without a worker.
 *
 *		In the call itself the lock on the tenant's row of rankings would be
 *		held until the caller commits.  Before the commit it is held for
 *		milliseconds, and no other lock is requested while it is held.  A
 *		session that forgets a user waits for it, but it waits for nobody, so
 *		no order of calls can deadlock.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "bgworker/state.h"
#include "suggestions/counting.h"
#include "suggestions/count_at_commit.h"
#include "tenancy/tenancy.h"

/*
 * Reading and writing a tenant's own statistics costs the same for one request
 * as for eight, so requests are counted when eight are waiting; in a tenant
 * with few, where each matters, when they are a quarter of those counted.
 */
#define ENOUGH 8

/*
 * A transaction counts twice as many requests as it has added, so that a queue
 * becomes shorter; within these limits.
 */
#define SHARE_AT_LEAST 16
#define SHARE_AT_MOST 40

/*
 * In a tenant with this many requests, a few more or less do not matter: a
 * session spends at most one part in REST_FACTOR + 1 of its time on them.
 */
#define MANY_ASKS 1000
#define REST_FACTOR 10

static Statement select_waiting =
	STATEMENT("SELECT r.asks, r.rebuild_from IS NOT NULL, ("
			  "   SELECT count(*)"
			  "   FROM ("
			  "     SELECT FROM personalization.query_events"
			  "     WHERE tenant_id = $1 ORDER BY position LIMIT $2) e)"
			  " FROM (VALUES ($1)) AS t (tenant_id)"
			  " LEFT JOIN personalization.rankings r ON r.tenant_id = t.tenant_id",
			  "text int8");

enum
{
	WAITING_ASKS = 1,
	WAITING_REBUILDING,
	WAITING_EVENTS
};

/* The tenants with new requests of this transaction, as far as it counts for them. */
#define MAX_TENANTS 8

typedef struct ShareTenant
{
	char *name; /* in TopTransactionContext */
	int added;	/* requests */
	Oid role;	/* that made the call, and its rights, as for SetUserIdAndSecContext() */
	int rights;
} ShareTenant;

static ShareTenant tenants[MAX_TENANTS];
static int ntenants = 0;

/* After an error that may recur, this session leaves counting to others for a time, in microseconds. */
#define REST_AFTER_ERROR (60 * USECS_PER_SEC)
static int64 failed_until = 0; /* by elapsed_clock() */

/* The tenant with many requests for which this session has counted last, and how long it rests. */
static char resting_tenant[MAX_ID_LENGTH + 1];
static int64 resting_until = 0;

static bool
is_resting(const char *tenant_id)
{
	return strcmp(tenant_id, resting_tenant) == 0 && elapsed_clock() < resting_until;
}

/*
 * Whether enough requests of a tenant are waiting.  *many: the tenant has so
 * many that counting may rest afterwards.
 */
static bool
is_worthwhile(const char *tenant_id, bool *many)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), Int64GetDatum(ENOUGH)};
	bool missing;
	int64 asks;
	bool rebuilding;

	(void) statement_execute(&select_waiting, values, NULL, SNAPSHOT_NEW);
	asks = DatumGetInt64(result_value(0, WAITING_ASKS, &missing));
	*many = asks >= MANY_ASKS;
	rebuilding = DatumGetBool(result_value(0, WAITING_REBUILDING, NULL));
	return missing || rebuilding ||
		   DatumGetInt64(result_value(0, WAITING_EVENTS, NULL)) >= Min(1 + asks / 4, ENOUGH);
}

/* Counts requests of a tenant, at most limit; returns their number. */
static int
count_for(const ShareTenant *tenant, int limit)
{
	int64 begun = elapsed_clock();
	int64 counted = 0;
	Fault fault;
	bool many;

	/* The session may be another tenant's by now. */
	if (is_resting(tenant->name) || !check_tenant(tenant->name, &fault) ||
		!is_worthwhile(tenant->name, &many))
		return 0;
	limit = Min(limit, Max(2 * tenant->added, SHARE_AT_LEAST));
	(void) count_queries_if_free(tenant->name, limit, &counted);
	if (many && counted > 0)
	{
		int64 now = elapsed_clock();

		strlcpy(resting_tenant, tenant->name, sizeof(resting_tenant));
		resting_until = now + REST_FACTOR * (now - begun);
	}
	return (int) counted;
}

/* Counts for the tenants that were noted, acting as the roles that made the calls. */
static void
count_share(void *arg)
{
	Oid role;
	int rights;
	int left = SHARE_AT_MOST;

	GetUserIdAndSecContext(&role, &rights);
	for (int i = 0; i < ntenants && left > 0; i++)
	{
		SetUserIdAndSecContext(tenants[i].role, tenants[i].rights | SECURITY_LOCAL_USERID_CHANGE);
		left -= count_for(&tenants[i], left);
	}
	/* After an error, the end of the subtransaction does this. */
	SetUserIdAndSecContext(role, rights);
}

/* Whether an error is caused by what another session does at this moment. */
static bool
is_transient(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TRANSACTION_ROLLBACK ||
		   sqlstate == ERRCODE_LOCK_NOT_AVAILABLE;
}

static void
set_for_now(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * Runs it with the settings that the extension's SQL functions have.  Where
 * something unusual would have to be waited for, such as a change of a table,
 * lock_timeout ends it.
 */
static void
count_before_commit(void)
{
	int level = NewGUCNestLevel();
	ErrorData *error;

	set_for_now("search_path", "pg_catalog, pg_temp");
	set_for_now("enable_seqscan", "off");
	set_for_now("jit", "off");
	set_for_now("lock_timeout", "1ms");
	PushActiveSnapshot(GetTransactionSnapshot());
	error = run_in_subxact_at_commit(count_share, NULL);
	PopActiveSnapshot();
	AtEOXact_GUC(true, level);
	if (error == NULL)
		return;
	if (!is_transient(error->sqlerrcode))
		failed_until = elapsed_clock() + REST_AFTER_ERROR;
	ereport(DEBUG1, (errmsg("requests were not counted: %s", error->message)));
	FreeErrorData(error);
}

/*
 * A serializable transaction could fail at its end because of what is read and
 * written here.
 */
static bool
may_count(void)
{
	return count_at_commit && statement_router == NULL && !XactReadOnly &&
		   !IsolationIsSerializable() && !worker_is_working() && elapsed_clock() >= failed_until &&
		   !(ntenants == 1 && is_resting(tenants[0].name));
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (ntenants > 0 && may_count())
				count_before_commit();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			ntenants = 0;
			break;
		default:
			break;
	}
}

void
counting_share_note(const char *tenant_id, int added)
{
	static bool registered = false;
	int i;

	if (!registered)
		RegisterXactCallback(at_transaction_end, NULL);
	registered = true;
	for (i = 0; i < ntenants && strcmp(tenants[i].name, tenant_id) != 0;)
		i++;
	if (i == MAX_TENANTS)
		return;
	if (i == ntenants)
	{
		tenants[i].name = MemoryContextStrdup(TopTransactionContext, tenant_id);
		tenants[i].added = 0;
		GetUserIdAndSecContext(&tenants[i].role, &tenants[i].rights);
		ntenants++;
	}
	tenants[i].added = Min(tenants[i].added + added, SHARE_AT_MOST);
}
