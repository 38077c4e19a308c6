/*
 * rejected.c
 *		The events that could not be learned.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/arguments.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "cluster/route.h"
#include "learning/rejected.h"
#include "queries/without_text.h"
#include "tenancy/consent.h"
#include "tenancy/hold.h"
#include "tenancy/session.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

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

/* Returns the tenant under which an event is stored. */
static const char *
tenant_of(const Event *event)
{
	if (bound_by_tenancy())
		return current_tenant();
	return event->tenant_id != NULL && strlen(event->tenant_id) <= MAX_ID_LENGTH ? event->tenant_id
																				 : "";
}

/*
 * Whether a document can be read again: it is not too deeply nested for the
 * server's functions, and its numbers do not become much longer as text.
 */
static bool
is_readable(const Jsonb *document)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &document->root));
	JsonbIteratorToken token;
	JsonbValue value;
	Size digits = 0;
	int depth = 0;

	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
			depth++;
		else if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if ((token == WJB_VALUE || token == WJB_ELEM) && value.type == jbvNumeric)
		{
			char *number = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));

			digits += strlen(number);
			pfree(number);
		}
		if (depth > MAX_NESTING || digits > (Size) VARSIZE(document) + (Size) max_payload)
			return false;
	}
	return true;
}

/* Returns the document of a rejected event without members that cannot be read again. */
static const Jsonb *
readable_part(const Jsonb *document)
{
	static const char *const omitted = "omitted because it is nested too deeply or too long";
	JsonbParseState *state = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue value;

	if (is_readable(document))
		return document;
	if (!JB_ROOT_IS_OBJECT(document))
		return DatumGetJsonbP(
			DirectFunctionCall1(jsonb_in, CStringGetDatum(psprintf("\"%s\"", omitted))));
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &document->root));
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			(void) pushJsonbValue(&state, WJB_KEY, &value);
		else if (token == WJB_VALUE && is_readable(JsonbValueToJsonb(&value)))
			(void) pushJsonbValue(&state, WJB_VALUE, &value);
		else if (token == WJB_VALUE)
		{
			value.type = jbvString;
			value.val.string.val = unconstify(char *, omitted);
			value.val.string.len = (int) strlen(omitted);
			(void) pushJsonbValue(&state, WJB_VALUE, &value);
		}
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

const Jsonb *
rejected_document(const Event *event)
{
	return readable_part(event->document != NULL ? event->document : event_document(event));
}

/* The text of a field of an event that may not have been understood; NULL if it has none. */
static const char *
field_of(const Event *event, EventField field, const char *known)
{
	char *text = NULL;

	if (known == NULL && event->document != NULL && JB_ROOT_IS_OBJECT(event->document))
		(void) json_text_member(&event->document->root, event_field_names[field], &text);
	return known != NULL ? known : text;
}

/*
 * Whether anything may be stored of an event's user; *settings are those of its tenant,
 * the defaults if there is no such tenant.  An event is stored without a tenant if its own
 * is on hold: then that one decides nevertheless.  If that one is on another node of a
 * cluster, its decisions are not known here, and nothing is stored that it could forbid.
 */
static bool
may_store(const char *tenant_id, const Event *event, TenantSettings *settings)
{
	const char *owner =
		tenant_id[0] != '\0' ? tenant_id : field_of(event, FIELD_TENANT_ID, event->tenant_id);
	const char *user_id = field_of(event, FIELD_USER_ID, event->user_id);
	bool is_here;
	Jsonb *changes;
	Fault ignored;

	/* Any text may be in its place. */
	if (owner != NULL && !check_id("tenant_id", owner, strlen(owner), &ignored))
		owner = NULL;
	is_here = owner == NULL || route_is_here(owner);
	changes = owner == NULL || !is_here ? NULL : tenant_changes(owner, SNAPSHOT_NEW);
	(void) settings_read(changes != NULL ? changes : json_empty_object(), settings, &ignored);
	if (!is_here)
	{
		settings->store_query_text = false;
		return user_id == NULL;
	}
	return changes == NULL || user_id == NULL ||
		   learning_allowed(owner, user_id, settings, SNAPSHOT_NEW);
}

/* Stores those of one tenant, from an event on. */
static void
store(const char *tenant_id, const Event *events, int n)
{
	const Oid types[] = {JSONBOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT8OID};
	Column columns[lengthof(types)];
	Datum values[1 + lengthof(types)];
	TenantSettings settings;

	tenant_check_held(tenant_id);
	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		const Event *event = &events[i];
		const Jsonb *document;

		if (event->fault == NULL || strcmp(tenant_of(event), tenant_id) != 0 ||
			!may_store(tenant_id, event, &settings))
			continue;
		document = rejected_document(event);
		if (!settings.store_query_text)
			document = event_without_text(document);
		column_add(&columns[0], JsonbPGetDatum(document));
		column_add_text(&columns[1], unpack_sql_state(event->fault->sqlstate));
		column_add_text(&columns[2], settings.store_query_text || event->fault->summary == NULL
										 ? event->fault->message
										 : event->fault->summary);
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

void
rejected_store_held(Event *events, int n)
{
	for (int i = 0; i < n; i++)
	{
		Event *event = &events[i];

		if (event->fault == NULL || event->tenant_id == NULL ||
			tenant_hold(event->tenant_id, SNAPSHOT_NEW) == HOLD_NONE)
			continue;
		if (event->document == NULL)
			event->document = event_document(event);
		event->tenant_id = NULL;
	}
	rejected_store(events, n);
}
