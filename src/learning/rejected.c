/*
 * rejected.c
 *		The events that could not be learned.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/extension.h"
#include "base/rows.h"
#include "base/statement.h"
#include "learning/rejected.h"
#include "tenancy/hold.h"
#include "tenancy/session.h"

static Statement insert_rejected = STATEMENT(
	"INSERT INTO personalization.rejected_events (tenant_id, event, sqlstate, reason, hint,"
	" topic, partition, \"offset\") SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)",
	"text[] jsonb[] text[] text[] text[] text[] int4[] int8[]");

/* Where the event was read, if it comes from a topic. */
static void
add_source(Column *columns, const EventSource *source)
{
	column_add_text(&columns[0], source != NULL ? source->topic : NULL);
	if (source == NULL)
	{
		column_add_null(&columns[1]);
		column_add_null(&columns[2]);
		return;
	}
	column_add(&columns[1], Int32GetDatum(source->partition));
	column_add(&columns[2], Int64GetDatum(source->offset));
}

/*
 * The oldest first.  The condition is repeated outside the sub-select, for rows
 * that are updated between being found and being deleted.
 */
static Statement delete_rejected = STATEMENT("DELETE FROM personalization.rejected_events"
											 " WHERE tenant_id = $1 AND rejected_at < $2"
											 " AND ctid = ANY (ARRAY("
											 "   SELECT ctid"
											 "   FROM personalization.rejected_events"
											 "   WHERE tenant_id = $1 AND rejected_at < $2"
											 "   ORDER BY rejected_at LIMIT $3))",
											 "text timestamptz int8");

void
rejected_store(const Event *events, int n)
{
	bool bound = bound_by_tenancy();
	const char *current = current_tenant();
	const char *last = NULL;
	const Oid types[] = {TEXTOID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID};
	Column columns[lengthof(types)];
	Datum values[lengthof(types)];

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		const Event *event = &events[i];
		const char *own;

		if (event->fault == NULL)
			continue;
		own = event->tenant_id != NULL && strlen(event->tenant_id) <= MAX_ID_LENGTH
				  ? event->tenant_id
				  : "";
		own = bound ? current : own;
		if (last == NULL || strcmp(own, last) != 0)
			tenant_check_held(own);
		last = own;
		column_add_text(&columns[0], own);
		column_add(&columns[1], JsonbPGetDatum(event->document != NULL ? event->document
																	   : event_document(event)));
		column_add_text(&columns[2], unpack_sql_state(event->fault->sqlstate));
		column_add_text(&columns[3], event->fault->message);
		column_add_text(&columns[4], event->fault->hint);
		add_source(&columns[5], event->source);
	}
	if (columns[0].n == 0)
		return;
	for (size_t c = 0; c < lengthof(types); c++)
		values[c] = column_array(&columns[c]);
	(void) statement_execute(&insert_rejected, values, NULL, SNAPSHOT_NEW);
}

int64
rejected_expire(const char *tenant_id, TimestampTz before, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(before),
					  Int64GetDatum(limit)};

	return (int64) statement_execute(&delete_rejected, values, NULL, SNAPSHOT_NEW);
}
