/*
 * expiry.c
 *		Deleting the statistics of queries that nobody asks any more.
 */
#include "postgres.h"

#include <limits.h>

#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "base/statement.h"
#include "suggestions/counting.h"

static Statement select_last_day = STATEMENT("SELECT last_day"
											 " FROM personalization.query_statistics"
											 " WHERE tenant_id = $1 AND last_day < 'infinity'"
											 " AND last_day > '-infinity'"
											 " ORDER BY last_day DESC LIMIT 1",
											 "text");

static Statement delete_old_queries =
	STATEMENT("DELETE FROM personalization.query_statistics"
			  " WHERE tenant_id = $1 AND last_day < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.query_statistics"
			  "   WHERE tenant_id = $1 AND last_day < $2"
			  "   ORDER BY last_day LIMIT $3 FOR UPDATE SKIP LOCKED))",
			  "text date int8");

static Statement delete_old_lists =
	STATEMENT("DELETE FROM personalization.query_lists"
			  " WHERE tenant_id = $1 AND last_day < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.query_lists"
			  "   WHERE tenant_id = $1 AND last_day < $2"
			  "   ORDER BY last_day LIMIT $3 FOR UPDATE SKIP LOCKED))",
			  "text date int8");

int64
statistics_expire(const char *tenant_id, int64 age, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), (Datum) 0, Int64GetDatum(limit)};
	int64 queries;
	int64 lists;

	if (statement_execute(&select_last_day, values, NULL, SNAPSHOT_NEW) == 0)
		return 0;
	values[1] = DateADTGetDatum(DatumGetDateADT(result_value(0, ONLY_COLUMN, NULL)) -
								(DateADT) Min(age / USECS_PER_DAY, INT_MAX / 2));
	queries = (int64) statement_execute(&delete_old_queries, values, NULL, SNAPSHOT_NEW);
	lists = (int64) statement_execute(&delete_old_lists, values, NULL, SNAPSHOT_NEW);
	return Max(queries, lists);
}
