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
	" topic, partition, \"offset\") SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8)",
	"text jsonb[] text[] text[] text[] text[] int4[] int8[]");

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

/* Whose an event is said to be, as far as it may be stored under that name. */
static const char *
tenant_of(const Event *event)
{
	if (bound_by_tenancy())
		return current_tenant();
	return event->tenant_id != NULL && strlen(event->tenant_id) <= MAX_ID_LENGTH ? event->tenant_id
																				 : "";
}

/* Stores those of one tenant, from an event on. */
static void
store(const char *tenant_id, const Event *events, int n)
{
	const Oid types[] = {JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID};
	Column columns[lengthof(types)];
	Datum values[1 + lengthof(types)];

	tenant_check_held(tenant_id);
	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		const Event *event = &events[i];

		if (event->fault == NULL || strcmp(tenant_of(event), tenant_id) != 0)
			continue;
		column_add(&columns[0], JsonbPGetDatum(event->document != NULL ? event->document
																	   : event_document(event)));
		column_add_text(&columns[1], unpack_sql_state(event->fault->sqlstate));
		column_add_text(&columns[2], event->fault->message);
		column_add_text(&columns[3], event->fault->hint);
		add_source(&columns[4], event->source);
	}
	values[0] = CStringGetTextDatum(tenant_id);
	for (size_t c = 0; c < lengthof(types); c++)
		values[1 + c] = column_array(&columns[c]);
	(void) statement_execute(&insert_rejected, values, NULL, SNAPSHOT_NEW);
}

int64
rejected_expire(const char *tenant_id, TimestampTz before, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(before),
					  Int64GetDatum(limit)};

	return (int64) statement_execute(&delete_rejected, values, NULL, SNAPSHOT_NEW);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void
rejected_store(const Event *events, int n)
{
	const char **tenants = palloc(Max(n, 1) * sizeof(char *));
	int ntenants = 0;

	for (int i = 0; i < n; i++)
	{
		if (events[i].fault != NULL)
			tenants[ntenants++] = tenant_of(&events[i]);
	}
	qsort(tenants, ntenants, sizeof(char *), compare_names);
	for (int i = 0; i < ntenants; i++)
	{
		if (i == 0 || strcmp(tenants[i], tenants[i - 1]) != 0)
			store(tenants[i], events, n);
	}
	pfree(tenants);
}
