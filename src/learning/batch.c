/*
 * batch.c
 *		learn_batch(): an array of events, wherever their tenants are.
 *
 *		On a cluster the events of tenants of other nodes are sent there, in
 *		parts, to be learned by learn_part() in the same transaction.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "cluster/nodes.h"
#include "cluster/send.h"
#include "learning/apply.h"
#include "learning/events.h"
#include "learning/rejected.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

/* More events in one call are probably a mistake, and better passed in several calls. */
#define MAX_BATCH 1000000

/* A part ends after the event with which it exceeds one of these. */
#define PART_EVENTS 10000
#define PART_BYTES ((Size) 16 * 1024 * 1024)

/* Not a Statement: Citus sends it only with the values in place, so with a plan for each call. */
#define LEARN_PART "SELECT p.learned, p.aged FROM personalization.learn_part($1, $2) AS p"

enum
{
	PART_LEARNED = 1,
	PART_AGED
};

typedef struct Batch
{
	Event *events;
	int n;
	bool divert;

	/* The result. */
	int64 nnew;
	int64 naged;
} Batch;

/* An event, and the tenant whose node has to do with it. */
typedef struct Located
{
	Event *event;
	const char *tenant_id;
	int node;
} Located;

PG_FUNCTION_INFO_V1(personalization_learn_batch);
PG_FUNCTION_INFO_V1(personalization_learn_part);

static bool
divert_argument(FunctionCallInfo fcinfo, int n)
{
	char *mode;

	require_argument(fcinfo, n, "on_error");
	mode = text_to_cstring(PG_GETARG_TEXT_PP(n));
	if (strcmp(mode, "raise") != 0 && strcmp(mode, "divert") != 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("on_error must be \"raise\" or \"divert\", not \"%s\"",
							   clipped(mode, strlen(mode)))));
	return strcmp(mode, "divert") == 0;
}

/* Reads the events from the array; keeps their documents if they may be needed. */
static void
decode_batch(const Jsonb *array, bool keep, Batch *batch)
{
	TimestampTz now = GetCurrentTimestamp();
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &array->root));
	JsonbIteratorToken token;
	JsonbValue element;

	batch->events = palloc(Max(JB_ROOT_COUNT(array), 1) * sizeof(Event));
	batch->n = 0;
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		Event *event = &batch->events[batch->n];
		Fault fault;

		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (!event_decode(&element, now, event, &fault))
		{
			if (!batch->divert)
				fault_raise(&fault, batch->n);
			event->fault = palloc(sizeof(Fault));
			*event->fault = fault;
		}
		event->index = batch->n++;
		if (keep)
			event->document = JsonbValueToJsonb(&element);
	}
}

/* Learns events on this node. */
static void
learn_here(Batch *batch, Event *events, int n)
{
	batch->nnew += learn_events(events, n, batch->divert);
	if (batch->divert)
		rejected_store(events, n);
	for (int i = 0; i < n; i++)
		batch->naged += events[i].is_aged;
}

/* ---------------------------------------------------------------- on a cluster */

/*
 * Finds the nodes of the events.  What a bound role sends is all for its tenant, also
 * what is set aside.  A pooled role has its tenant in this session only, so its events
 * stay here; if the tenant is elsewhere, learning them raises that error.
 */
static Located *
locate(const Batch *batch)
{
	Located *located = palloc_extended(Max(batch->n, 1) * sizeof(Located), MCXT_ALLOC_HUGE);
	int here = send_here();
	const char *only = bound_by_tenancy() && !may_set_tenant() ? current_tenant() : NULL;
	bool stays = bound_by_tenancy() && only == NULL;

	for (int i = 0; i < batch->n; i++)
	{
		const char *tenant_id = only != NULL ? only : batch->events[i].tenant_id;

		/* One without a tenant can only be set aside, for administrators. */
		located[i].event = &batch->events[i];
		located[i].tenant_id = tenant_id;
		located[i].node = stays || tenant_id == NULL ? here : send_node(tenant_id);
	}
	return located;
}

/* All batches lock tenants in the same order: by node, and there by name. */
static int
compare_located(const void *a, const void *b)
{
	const Located *x = a;
	const Located *y = b;
	int order = x->node < y->node ? -1 : x->node > y->node;

	if (order == 0 && x->tenant_id != NULL && y->tenant_id != NULL)
		order = strcmp(x->tenant_id, y->tenant_id);
	return order != 0 ? order : x->event->index - y->event->index;
}

static int
compare_by_index(const void *a, const void *b)
{
	return ((const Event *) a)->index - ((const Event *) b)->index;
}

static void
push_event(JsonbParseState **state, const Event *event)
{
	const Fault *fault = event->fault;

	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(state, "index", event->index);
	json_push_jsonb(state, "event", fault == NULL ? event->document : rejected_document(event));
	if (fault != NULL)
	{
		json_push_text(state, "sqlstate", unpack_sql_state(fault->sqlstate));
		json_push_text(state, "reason", fault->message);
		json_push_text(state, "summary", fault->summary);
		json_push_text(state, "hint", fault->hint);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* Sends the first of the events, which are of one node; returns their number. */
static int
send_part(Batch *batch, const Located *located, int n)
{
	const Oid types[] = {TEXTOID, JSONBOID};
	Datum values[lengthof(types)];
	JsonbParseState *state = NULL;
	Size bytes = 0;
	int sent = 0;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	/* now() of this transaction, as a number: a text would depend on the session's settings. */
	json_push_int(&state, "now", GetCurrentTransactionStartTimestamp());
	json_push_text(&state, "on_error", batch->divert ? "divert" : "raise");
	json_push_key(&state, "events");
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	while (sent < n && sent < PART_EVENTS && bytes < PART_BYTES)
	{
		const Event *event = located[sent++].event;

		push_event(&state, event);
		bytes += VARSIZE(event->document);
	}
	(void) pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	values[0] = CStringGetTextDatum(located[0].tenant_id);
	values[1] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
	if (send_query(LEARN_PART, lengthof(types), types, values) != 1)
		elog(ERROR, "learn_part() returned no row");
	batch->nnew += DatumGetInt64(result_value(0, PART_LEARNED, NULL));
	batch->naged += DatumGetInt64(result_value(0, PART_AGED, NULL));
	SPI_freetuptable(SPI_tuptable);
	return sent;
}

/* Learns the events of this node, in the order of the batch. */
static void
learn_located(Batch *batch, const Located *located, int n)
{
	Event *events = palloc_extended(n * sizeof(Event), MCXT_ALLOC_HUGE);

	for (int i = 0; i < n; i++)
		events[i] = *located[i].event;
	qsort(events, n, sizeof(Event), compare_by_index);
	learn_here(batch, events, n);
}

static void
learn_on_nodes(Batch *batch)
{
	Located *located = locate(batch);
	int here = send_here();
	bool begun = false;

	qsort(located, batch->n, sizeof(Located), compare_located);
	for (int i = 0; i < batch->n;)
	{
		int n = 1;

		while (i + n < batch->n && located[i + n].node == located[i].node)
			n++;
		if (located[i].node == here)
		{
			learn_located(batch, &located[i], n);
			i += n;
			continue;
		}
		if (!begun)
			send_begin();
		begun = true;
		i += send_part(batch, &located[i], n);
	}
}

Datum
personalization_learn_batch(PG_FUNCTION_ARGS)
{
	Jsonb *array;
	Batch batch = {0};
	bool many;

	prevent_if_read_only("learn_batch()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("events must not be null"),
						errhint("jsonb_agg() returns null if there are no rows. Use "
								"coalesce(jsonb_agg(...), '[]').")));
	batch.divert = divert_argument(fcinfo, 1);
	if (bound_by_tenancy() && current_tenant() == NULL)
		(void) checked_tenant("");
	array = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_ARRAY(array) || JB_ROOT_IS_SCALAR(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("events must be a JSON array"),
				 errhint("Use personalization.learn() for a single event.")));

	if (JB_ROOT_COUNT(array) > MAX_BATCH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events in one call: %u", (unsigned) JB_ROOT_COUNT(array)),
				 errhint("Split them into calls of about a thousand events. The maximum is %d.",
						 MAX_BATCH)));

	SPI_connect();
	many = nodes_are_many();
	decode_batch(array, batch.divert || many, &batch);
	if (many)
		learn_on_nodes(&batch);
	else
		learn_here(&batch, batch.events, batch.n);
	events_report_aged(batch.naged, batch.nnew);
	SPI_finish();
	PG_RETURN_INT64(batch.nnew);
}

/* ---------------------------------------------------------------- the receiving node */

/* Returns a member that send_part() has written, of the type; others are not its work. */
static JsonbValue *
part_member(const JsonbContainer *object, const char *name, enum jbvType type, JsonbValue *value)
{
	if (json_member(object, name, value) == NULL || value->type != type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("part has no valid %s", name),
				 errhint("Call personalization.learn_batch(), which calls this function.")));
	return value;
}

static int64
part_number(const JsonbContainer *object, const char *name)
{
	JsonbValue value;

	(void) part_member(object, name, jbvNumeric, &value);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
}

static char *
part_text(const JsonbContainer *object, const char *name)
{
	char *text = NULL;

	(void) json_text_member(object, name, &text);
	return text;
}

/* The fault with which the sending node has set an event aside. */
static Fault *
part_fault(const JsonbContainer *object)
{
	const char *sqlstate = part_text(object, "sqlstate");
	Fault *fault = palloc0(sizeof(Fault));

	fault->sqlstate = strlen(sqlstate) == 5 ? MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2],
															sqlstate[3], sqlstate[4])
											: ERRCODE_INTERNAL_ERROR;
	fault->message = part_text(object, "reason");
	fault->summary = part_text(object, "summary");
	fault->hint = part_text(object, "hint");
	if (fault->message == NULL)
		fault->message = "";
	return fault;
}

/* Reads an event as its sender has read it. */
static void
decode_sent(const JsonbContainer *object, TimestampTz started, TimestampTz now, Batch *batch)
{
	Event *event = &batch->events[batch->n++];
	JsonbValue value;
	JsonbValue given;
	Fault fault;

	/* Anything may have been set aside. */
	if (json_member(object, "event", &value) == NULL)
		value.type = jbvNull;
	if (!event_decode(&value, now, event, &fault))
	{
		event->fault = palloc(sizeof(Fault));
		*event->fault = fault;
	}
	else if (json_member(value.val.binary.data, event_field_names[FIELD_OCCURRED_AT], &given) ==
			 NULL)
		event->occurred_at = started;
	if (part_text(object, "sqlstate") != NULL)
		event->fault = part_fault(object);
	event->index = (int) part_number(object, "index");
	if (event->fault != NULL && !batch->divert)
		fault_raise(event->fault, event->index);
	if (batch->divert)
		event->document = JsonbValueToJsonb(&value);
}

static void
decode_part(const JsonbContainer *part, Batch *batch)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz started = part_number(part, "now");
	JsonbValue events;
	JsonbValue element;
	JsonbIterator *it;
	JsonbIteratorToken token;
	Fault fault;

	if (!check_occurred_at(started, now, &fault))
		fault_raise(&fault, -1);
	batch->divert =
		strcmp(json_text(part_member(part, "on_error", jbvString, &element)), "divert") == 0;
	(void) part_member(part, "events", jbvBinary, &events);
	batch->events = palloc(Max(JsonContainerSize(events.val.binary.data), 1) * sizeof(Event));
	it = JsonbIteratorInit(events.val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM || element.type != jbvBinary)
			continue;
		CHECK_FOR_INTERRUPTS();
		decode_sent(element.val.binary.data, started, now, batch);
	}
}

Datum
personalization_learn_part(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	Jsonb *part;
	Batch batch = {0};
	Datum values[2];
	bool nulls[2] = {false};

	prevent_if_read_only("learn_part()");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	(void) tenant_argument(fcinfo, 0);
	require_argument(fcinfo, 1, "part");
	part = PG_GETARG_JSONB_P(1);

	SPI_connect();
	decode_part(&part->root, &batch);
	learn_here(&batch, batch.events, batch.n);
	SPI_finish();
	values[PART_LEARNED - 1] = Int64GetDatum(batch.nnew);
	values[PART_AGED - 1] = Int64GetDatum(batch.naged);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
