/*
 * learn.c
 *		learn() and collect_feedback().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/uuid.h"
#include "learning/aged.h"
#include "learning/apply.h"
#include "learning/events.h"
#include "learning/feedback.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_learn);
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
	if (event->is_aged)
		aged_report_at_commit();
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
