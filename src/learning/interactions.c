/*
 * interactions.c
 *		The history of interactions.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "base/statement.h"
#include "learning/interactions.h"

/*
 * The oldest first.  The condition is repeated outside the sub-select, for rows
 * that are updated between being found and being deleted.
 */
static Statement delete_interactions =
	STATEMENT("DELETE FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND occurred_at < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.interactions"
			  "   WHERE tenant_id = $1 AND occurred_at < $2 AND " BY_TIME
			  "   ORDER BY occurred_at LIMIT $3))",
			  "text timestamptz int8");

int64
interactions_expire(const char *tenant_id, TimestampTz before, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(before),
					  Int64GetDatum(limit)};

	return (int64) statement_execute(&delete_interactions, values, NULL, SNAPSHOT_NEW);
}
