/*
 * learn.c
 *		learn(), learn_batch() and collect_feedback().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "learning/apply.h"
#include "learning/events.h"
#include "learning/feedback.h"
#include "learning/rejected.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_learn);
PG_FUNCTION_INFO_V1(personalization_learn_batch);
PG_FUNCTION_INFO_V1(personalization_collect_feedback);

/* Learns one event; returns its id, or 0 if nothing may be recorded of its user. */
static Datum
learn_one(Event *event)
{
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	Fault fault;

	if (!check_occurred_at(event->occurred_at, GetCurrentTimestamp(), &fault))
		fault_raise(&fault, -1);
	event->index = -1;
	if (!event->id_given)
		interaction_id_make(&event->id);
	*id = event->id;

	SPI_connect();
	(void) learn_events(event, 1, false);
	SPI_finish();
	return event->is_refused ? (Datum) 0 : UUIDPGetDatum(id);
}

Datum
personalization_learn(PG_FUNCTION_ARGS)
{
	Event event = {0};
	Datum id;

	prevent_if_read_only("learn()");
	event.tenant_id = tenant_argument(fcinfo, 0);
	event.user_id = id_argument(fcinfo, 1, "user_id");
	require_argument(fcinfo, 2, "interaction_type");
	event.type = interaction_type_of(PG_GETARG_OID(2));
	event.data = jsonb_argument(fcinfo, 3, "data");
	event.occurred_at = time_argument(fcinfo, 4, "occurred_at");
	if (!PG_ARGISNULL(5))
	{
		event.id = *PG_GETARG_UUID_P(5);
		event.id_given = true;
	}
	if (!PG_ARGISNULL(6))
	{
		Jsonb *feedback = jsonb_argument(fcinfo, 6, "feedback");
		JsonbValue scalar;

		/* JSON null counts as none, as in a batch. */
		if (!JsonbExtractScalar(&feedback->root, &scalar) || scalar.type != jbvNull)
			event.feedback = feedback;
	}
	id = learn_one(&event);
	if (event.is_refused)
		PG_RETURN_NULL();
	return id;
}

Datum
personalization_collect_feedback(PG_FUNCTION_ARGS)
{
	Event event = {0};
	pg_uuid_t *id;

	prevent_if_read_only("collect_feedback()");
	event.tenant_id = tenant_argument(fcinfo, 0);
	event.user_id = id_argument(fcinfo, 1, "user_id");
	event.type = INTERACTION_FEEDBACK;
	event.data = jsonb_argument(fcinfo, 2, "feedback");
	event.feedback = event.data;
	event.occurred_at = GetCurrentTimestamp();
	event.index = -1;
	interaction_id_make(&event.id);
	id = palloc(sizeof(pg_uuid_t));
	*id = event.id;

	SPI_connect();
	feedback_learn(&event);
	SPI_finish();
	if (event.is_refused)
		PG_RETURN_NULL();
	PG_RETURN_UUID_P(id);
}

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

/* More events in one call are probably a mistake, and better passed in several calls. */
#define MAX_BATCH 1000000

/* Reads the events from the array. */
static Event *
decode_batch(const Jsonb *array, bool divert, int *n)
{
	TimestampTz now = GetCurrentTimestamp();
	Event *events = palloc(Max(JB_ROOT_COUNT(array), 1) * sizeof(Event));
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &array->root));
	JsonbIteratorToken token;
	JsonbValue element;

	*n = 0;
	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		Event *event = &events[*n];
		Fault fault;

		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (!event_decode(&element, now, event, &fault))
		{
			if (!divert)
				fault_raise(&fault, *n);
			event->fault = palloc(sizeof(Fault));
			*event->fault = fault;
		}
		event->index = (*n)++;
		if (divert)
			event->document = JsonbValueToJsonb(&element);
	}
	return events;
}

Datum
personalization_learn_batch(PG_FUNCTION_ARGS)
{
	Jsonb *array;
	bool divert;
	Event *events;
	int n;
	int64 nnew;
	int64 naged = 0;

	prevent_if_read_only("learn_batch()");
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("events must not be null"),
						errhint("jsonb_agg() returns null if there are no rows. Use "
								"coalesce(jsonb_agg(...), '[]').")));
	divert = divert_argument(fcinfo, 1);
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
	events = decode_batch(array, divert, &n);
	nnew = learn_events(events, n, divert);
	if (divert)
		rejected_store(events, n);
	for (int i = 0; i < n; i++)
		naged += events[i].is_aged;
	events_report_aged(naged, nnew);
	SPI_finish();
	PG_RETURN_INT64(nnew);
}
