/*
 * comparison.c
 *		Users who get suggestions, compared with those who are held out.
 *
 *		Users were divided, not queries, so all intervals are over users: a
 *		user who asks much counts no more than another.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/local_time.h"
#include "base/statement.h"
#include "core/ranking/holdout.h"
#include "core/ranking/shown.h"
#include "suggestions/comparison.h"

#define ON_A_CLOCK HAS_LOCAL_TIME("i.occurred_at")

/*
 * $1 tenant, $2 since, $3 until, $4 how long after a query the next one belongs to the same
 * visit.  A query is refined if a refinement comes before the next query.
 */
static Statement select_users = STATEMENT(
	"WITH steps AS ("
	"  SELECT i.user_id, i.query_id IS NOT NULL AS is_query, i.occurred_at,"
	"   lead(i.query_id IS NULL) OVER w AS then_refined, lead(i.occurred_at) OVER w AS next_at"
	"  FROM personalization.interactions i"
	"  WHERE i.tenant_id = $1 AND i.occurred_at >= $2 AND i.occurred_at < $3"
	"   AND " ON_A_CLOCK "   AND i." BY_TIME
	"   AND (i.query_id IS NOT NULL OR i.interaction_type = 'refinement')"
	"  WINDOW w AS (PARTITION BY i.user_id ORDER BY i.occurred_at, i.interaction_id)),"
	" refined AS ("
	"  SELECT s.user_id, count(*) AS queries,"
	"   count(*) FILTER (WHERE s.then_refined AND s.next_at <= s.occurred_at + $4) AS refined"
	"  FROM steps s WHERE s.is_query GROUP BY s.user_id),"
	" gaps AS ("
	"  SELECT q.user_id, q.occurred_at,"
	"   lead(q.occurred_at) OVER (PARTITION BY q.user_id ORDER BY q.occurred_at) AS next_at"
	"  FROM steps q WHERE q.is_query),"
	" next AS ("
	"  SELECT g.user_id,"
	"   percentile_cont(0.5) WITHIN GROUP ("
	"    ORDER BY extract(epoch FROM g.next_at - g.occurred_at)::float8) AS median"
	"  FROM gaps g WHERE g.next_at <= g.occurred_at + $4 GROUP BY g.user_id)"
	" SELECT r.user_id, r.queries::float8, r.refined::float8, n.median"
	" FROM refined r LEFT JOIN next n ON n.user_id = r.user_id"
	" ORDER BY n.median",
	"text timestamptz timestamptz interval");

enum
{
	USER_ID = 1,
	USER_QUERIES,
	USER_REFINED,
	USER_NEXT
};

/* The users of one side while they are read, with the medians in ascending order. */
typedef struct SideUsers
{
	double *queries;
	double *refined;
	double *next;
	int64 n;
	int64 nnext;
} SideUsers;

static SideUsers
side_users(uint64 size)
{
	SideUsers users = {0};

	size = Max(size, 1);
	users.queries = palloc_extended(size * sizeof(double), MCXT_ALLOC_HUGE);
	users.refined = palloc_extended(size * sizeof(double), MCXT_ALLOC_HUGE);
	users.next = palloc_extended(size * sizeof(double), MCXT_ALLOC_HUGE);
	return users;
}

static void
add_user(SideUsers *users, uint64 row)
{
	bool isnull;
	Datum next = result_value(row, USER_NEXT, &isnull);

	users->queries[users->n] = DatumGetFloat8(result_value(row, USER_QUERIES, NULL));
	users->refined[users->n++] = DatumGetFloat8(result_value(row, USER_REFINED, NULL));
	if (!isnull)
		users->next[users->nnext++] = DatumGetFloat8(next);
}

static Side
summarize(const SideUsers *users)
{
	Side side = {.users = users->n, .has_next = users->nnext > 0};
	double refined = 0.0;

	for (int64 i = 0; i < users->n; i++)
	{
		side.queries += (int64) users->queries[i];
		refined += users->refined[i];
	}
	if (side.has_next)
	{
		side.next = sorted_median(users->next, users->nnext);
		side.next_interval = median_interval(users->next, users->nnext);
	}
	if (side.queries > 0)
	{
		side.refined = refined / (double) side.queries;
		side.refined_interval = grouped_interval(users->refined, users->queries, users->n);
	}
	return side;
}

void
comparison_read(const char *tenant_id, const TenantSettings *settings, TimestampTz since,
				TimestampTz until, Side sides[2])
{
	Interval visit = {.time = TAKEN_WITHIN};
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(since),
					  TimestampTzGetDatum(until), IntervalPGetDatum(&visit)};
	uint64 nrows = statement_execute(&select_users, values, NULL, SNAPSHOT_CALLER);
	SideUsers users[2] = {side_users(nrows), side_users(nrows)};

	for (uint64 row = 0; row < nrows; row++)
	{
		char *user_id = result_text(row, USER_ID);

		add_user(&users[holdout_has(tenant_id, user_id, settings->suggestion_holdout)], row);
		pfree(user_id);
	}
	for (int i = 0; i < 2; i++)
		sides[i] = summarize(&users[i]);
}
