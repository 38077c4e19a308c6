/*
 * parts.c
 *		Parts: events that one node of a cluster sends to another, and learn_part(),
 *		which is called there.
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
#include "utils/guc.h"
#include "utils/numeric.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "cluster/send.h"
#include "learning/apply.h"
#include "learning/inbox.h"
#include "learning/parts.h"
#include "learning/rejected.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

/* Not a Statement: Citus sends it only with the values in place, so with a plan for each call. */
#define LEARN_PART "SELECT p.learned, p.aged FROM personalization.learn_part($1, $2) AS p"

enum
{
	PART_LEARNED = 1,
	PART_AGED
};

/* How long events for the inbox wait there for a lock, as the sender has others to go on with. */
#define WAIT_LOCK_TIMEOUT "200ms"

/* The events of a part, as they are read. */
typedef struct Part
{
	Event *events;
	int n;
	bool raise;
	bool wait;
} Part;

PG_FUNCTION_INFO_V1(personalization_learn_part);

/* ---------------------------------------------------------------- the sending node */

void
part_begin(JsonbParseState **state, const char *on_error)
{
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	/* now() of this transaction, as a number: a text would depend on the session's settings. */
	json_push_int(state, "now", GetCurrentTransactionStartTimestamp());
	json_push_text(state, "on_error", on_error);
	json_push_key(state, "events");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
}

void
part_push_event(JsonbParseState **state, const Event *event)
{
	const Fault *fault = event->fault;

	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(state, PART_INDEX, event->index);
	if (fault != NULL)
		json_push_jsonb(state, PART_EVENT, rejected_document(event));
	else
		json_push_jsonb(state, PART_EVENT,
						event->document != NULL ? event->document : event_document(event));
	if (fault != NULL)
	{
		/* Its document may name another one than its subscription, or none. */
		json_push_text(state, PART_TENANT, event->tenant_id);
		json_push_text(state, PART_SQLSTATE, unpack_sql_state(fault->sqlstate));
		json_push_text(state, PART_REASON, fault->message);
		json_push_text(state, PART_SUMMARY, fault->summary);
		json_push_text(state, PART_HINT, fault->hint);
	}
	if (event->source != NULL)
	{
		json_push_text(state, "topic", event->source->topic);
		json_push_int(state, "partition", event->source->partition);
		json_push_int(state, "offset", event->source->offset);
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

Jsonb *
part_end(JsonbParseState **state)
{
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(pushJsonbValue(state, WJB_END_OBJECT, NULL));
}

void
part_send(const char *tenant_id, const Jsonb *part, int64 *learned, int64 *aged)
{
	const Oid types[] = {TEXTOID, JSONBOID};
	const Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(part)};

	if (send_query(LEARN_PART, lengthof(types), types, values) != 1)
		elog(ERROR, "learn_part() returned no row");
	*learned = DatumGetInt64(result_value(0, PART_LEARNED, NULL));
	*aged = DatumGetInt64(result_value(0, PART_AGED, NULL));
	SPI_freetuptable(SPI_tuptable);
}

/* ---------------------------------------------------------------- the receiving node */

static void
raise_part_without(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("part has no valid %s", name),
					errhint("Call personalization.learn_batch(), which calls this function.")));
}

/* Returns a member that send_part() has written, of the type; others are not its work. */
static JsonbValue *
part_member(const JsonbContainer *object, const char *name, enum jbvType type, JsonbValue *value)
{
	if (json_member(object, name, value) == NULL || value->type != type)
		raise_part_without(name);
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
	const char *sqlstate = part_text(object, PART_SQLSTATE);
	Fault *fault = palloc0(sizeof(Fault));

	fault->sqlstate = strlen(sqlstate) == 5 ? MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2],
															sqlstate[3], sqlstate[4])
											: ERRCODE_INTERNAL_ERROR;
	fault->message = part_text(object, PART_REASON);
	fault->summary = part_text(object, PART_SUMMARY);
	fault->hint = part_text(object, PART_HINT);
	if (fault->message == NULL)
		fault->message = "";
	return fault;
}

/* Where the sending node has read an event. */
static const EventSource *
part_source(const JsonbContainer *object)
{
	EventSource *source = palloc(sizeof(EventSource));

	source->topic = part_text(object, "topic");
	if (source->topic == NULL)
		return NULL;
	source->partition = (int32) part_number(object, "partition");
	source->offset = part_number(object, "offset");
	return source;
}

/* Reads an event as its sender has read it. */
static void
decode_sent(const JsonbContainer *object, TimestampTz started, TimestampTz now, Part *part)
{
	Event *event = &part->events[part->n++];
	JsonbValue value;
	JsonbValue given;
	Fault fault;

	/* Anything may have been set aside. */
	if (json_member(object, PART_EVENT, &value) == NULL)
		value.type = jbvNull;
	if (!event_decode(&value, now, event, &fault))
	{
		event->fault = palloc(sizeof(Fault));
		*event->fault = fault;
	}
	else if (json_member(value.val.binary.data, event_field_names[FIELD_OCCURRED_AT], &given) ==
			 NULL)
		event->occurred_at = started;
	if (part_text(object, PART_SQLSTATE) != NULL)
	{
		event->fault = part_fault(object);
		event->tenant_id = part_text(object, PART_TENANT);
	}
	else if (part->wait && event->tenant_id == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("event of a part has no valid tenant")));
	event->index = (int) part_number(object, PART_INDEX);
	if (event->fault != NULL && part->raise)
		fault_raise(event->fault, event->index);
	if (part->wait)
		event->source = part_source(object);
	if (event->fault != NULL || !(part->raise || part->wait))
		event->document = JsonbValueToJsonb(&value);
}

static void
decode_part(const JsonbContainer *object, Part *part)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz started = part_number(object, "now");
	const char *on_error;
	JsonbValue events;
	JsonbValue element;
	JsonbIterator *it;
	JsonbIteratorToken token;
	Fault fault;

	if (!check_occurred_at(started, now, &fault))
		fault_raise(&fault, -1);
	/* Such a time could be stored, but neither read nor dumped. */
	if (!IS_VALID_TIMESTAMP(started))
		raise_part_without("now");
	on_error = json_text(part_member(object, "on_error", jbvString, &element));
	part->wait = strcmp(on_error, PART_WAIT) == 0;
	part->raise = !part->wait && strcmp(on_error, PART_DIVERT) != 0;
	(void) part_member(object, "events", jbvBinary, &events);
	part->events = palloc(Max(JsonContainerSize(events.val.binary.data), 1) * sizeof(Event));
	it = JsonbIteratorInit(events.val.binary.data);
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM || element.type != jbvBinary)
			continue;
		CHECK_FOR_INTERRUPTS();
		decode_sent(element.val.binary.data, started, now, part);
	}
}

/* Learns the events; returns the number of new ones, and of those that are aged in *aged. */
static int64
learn(Part *part, int64 *aged)
{
	int64 learned = learn_events(part->events, part->n, !part->raise);

	if (!part->raise)
		rejected_store(part->events, part->n);
	*aged = 0;
	for (int i = 0; i < part->n; i++)
		*aged += part->events[i].is_aged;
	return learned;
}

/*
 * Puts the events into the inbox, those of each tenant together, in their order.  What has been
 * rejected is stored, but not for a tenant on hold: then it all waits where it is.
 */
static void
let_wait(Part *part)
{
	const Event **waiting = palloc(Max(part->n, 1) * sizeof(Event *));

	for (int i = 0; i < part->n;)
	{
		const char *tenant_id = part->events[i].tenant_id;
		int n = 0;

		/* Those of no tenant have been rejected, too. */
		if (part->events[i].fault != NULL)
		{
			i++;
			continue;
		}
		for (; i < part->n && part->events[i].fault == NULL &&
			   strcmp(part->events[i].tenant_id, tenant_id) == 0;
			 i++)
			waiting[n++] = &part->events[i];
		inbox_receive(tenant_id, waiting, n);
	}
	rejected_store(part->events, part->n);
}

void
part_wait(const Jsonb *document)
{
	Part part = {0};

	decode_part(&document->root, &part);
	let_wait(&part);
}

/* Only a consumer, which is no tenant's, says where events were read. */
static void
let_wait_for_sender(Part *part)
{
	int level = NewGUCNestLevel();

	if (bound_by_tenancy())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied to have events of topics wait"),
						errhint("Call personalization.learn_batch(), which calls this function.")));
	(void) set_config_option("lock_timeout", WAIT_LOCK_TIMEOUT, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	let_wait(part);
	AtEOXact_GUC(true, level);
}

Datum
personalization_learn_part(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	Jsonb *document;
	Part part = {0};
	int64 learned = 0;
	int64 aged = 0;
	Datum values[2];
	bool nulls[2] = {false};

	prevent_if_read_only("learn_part()");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	(void) tenant_argument(fcinfo, 0);
	require_argument(fcinfo, 1, "part");
	document = PG_GETARG_JSONB_P(1);

	SPI_connect();
	decode_part(&document->root, &part);
	if (part.wait)
		let_wait_for_sender(&part);
	else
		learned = learn(&part, &aged);
	SPI_finish();
	values[PART_LEARNED - 1] = Int64GetDatum(learned);
	values[PART_AGED - 1] = Int64GetDatum(aged);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
