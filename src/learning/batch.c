/*
 * batch.c
 *		learn_batch(): an array of events, wherever their tenants are.
 *
 *		On a cluster the events of tenants of other nodes are sent there, in
 *		parts, to be learned by learn_part() in the same transaction.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/arguments.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "cluster/nodes.h"
#include "cluster/send.h"
#include "learning/aged.h"
#include "learning/apply.h"
#include "learning/events.h"
#include "learning/parts.h"
#include "learning/rejected.h"
#include "tenancy/session.h"
#include "tenancy/tenancy.h"

/* More events in one call are probably a mistake, and better passed in several calls. */
#define MAX_BATCH 1000000

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

/* Sends the first of the events, which are of one node; returns their number. */
static int
send_part(Batch *batch, const Located *located, int n)
{
	JsonbParseState *state = NULL;
	int64 learned;
	int64 aged;
	Size bytes = 0;
	int sent = 0;

	part_begin(&state, batch->divert ? PART_DIVERT : PART_RAISE);
	while (sent < n && sent < PART_EVENTS && bytes < PART_BYTES)
	{
		const Event *event = located[sent++].event;

		part_push_event(&state, event);
		bytes += VARSIZE(event->document);
	}
	part_send(located[0].tenant_id, part_end(&state), &learned, &aged);
	batch->nnew += learned;
	batch->naged += aged;
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
	aged_report(batch.naged, batch.nnew);
	SPI_finish();
	PG_RETURN_INT64(batch.nnew);
}
