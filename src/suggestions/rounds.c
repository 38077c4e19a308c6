/*
 * rounds.c
 *		Rounds that have ended: a suggestion was shown, and what became of it.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/rows.h"
#include "base/statement.h"
#include "suggestions/rounds.h"

/* An imported document may contain the same id in both tables. */
static RowWriter round_writer =
	ROW_WRITER("personalization.suggestion_rounds",
			   "user_id, suggestion_id, suggestion_type, place, shown_at, outcome, outcome_at",
			   "text uuid personalization.suggestion_type int4 timestamptz \"char\" timestamptz",
			   "ON CONFLICT DO NOTHING");

static Statement delete_expired =
	STATEMENT("DELETE FROM personalization.suggestion_rounds"
			  " WHERE tenant_id = $1 AND shown_at < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.suggestion_rounds"
			  "   WHERE tenant_id = $1 AND shown_at < $2"
			  "   ORDER BY shown_at LIMIT $3 FOR UPDATE SKIP LOCKED))",
			  "text timestamptz int8");

void
rounds_store(const char *tenant_id, const char *user_id, const EndedRound *rounds, int n)
{
	const ExtensionObjects *ours = extension_objects();
	Column *columns;

	if (n == 0)
		return;
	columns = rows_begin(&round_writer, n);
	for (int i = 0; i < n; i++)
	{
		const Shown *shown = rounds[i].shown;
		const ShownRound *round = &rounds[i].round;

		column_add_text(&columns[0], user_id);
		column_add(&columns[1], UUIDPGetDatum((const pg_uuid_t *) shown->suggestion_id));
		column_add(&columns[2], ObjectIdGetDatum(ours->suggestion_values[shown->kind]));
		column_add(&columns[3], Int32GetDatum(shown->place));
		column_add(&columns[4], TimestampTzGetDatum(shown->shown_at));
		column_add(&columns[5], CharGetDatum(round->outcome));
		if (round->at == NO_TIME)
			column_add_null(&columns[6]);
		else
			column_add(&columns[6], TimestampTzGetDatum(round->at));
	}
	(void) rows_write(&round_writer, tenant_id, columns);
}

int64
rounds_expire(const char *tenant_id, TimestampTz before, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(before),
					  Int64GetDatum(limit)};

	return (int64) statement_execute(&delete_expired, values, NULL, SNAPSHOT_NEW);
}
