/*
 * waiting.c
 *		Events that were read here and wait to be moved to the inbox of their tenant.
 *
 *		The batch that reads them stores them here, in the transaction that advances the
 *		offsets, so that it depends on no other node.  Then they are moved, those of each node
 *		in a transaction of both nodes, which commits in two phases.  So a node that cannot
 *		be reached delays its own tenants only, and nothing is lost or moved twice.
 *
 *		The order is kept, since a tenant's rows are moved from the first on, and what is
 *		read later is stored behind them; and since the other node lets nobody take what has
 *		arrived while earlier rows are in doubt (inbox_receive()).
 */
#include "postgres.h"

#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/arrival.h"
#include "base/extension.h"
#include "base/statement.h"
#include "bgworker/session.h"
#include "cluster/send.h"
#include "kafka/waiting.h"
#include "learning/parts.h"

/* A node that fails is tried again after 1 s, 2 s, 4 s, …, at most this. */
#define MAX_PAUSE (60 * USECS_PER_SEC)

/* Rows of a tenant that are moved at once. */
#define ROWS_AT_ONCE 64

static Statement insert_waiting =
	STATEMENT("INSERT INTO personalization.topic_waiting (for_tenant, position, events)"
			  " VALUES ($1, $2, $3)",
			  "text int8 jsonb");

static Statement select_any = STATEMENT("SELECT FROM personalization.topic_waiting LIMIT 1", "");

static Statement select_of_tenant =
	STATEMENT("SELECT FROM personalization.topic_waiting WHERE for_tenant = $1 LIMIT 1", "text");

static Statement select_next_tenant =
	STATEMENT("SELECT for_tenant FROM personalization.topic_waiting WHERE for_tenant > $1"
			  " ORDER BY for_tenant LIMIT 1",
			  "text");

static Statement select_first_tenant = STATEMENT(
	"SELECT for_tenant FROM personalization.topic_waiting ORDER BY for_tenant LIMIT 1", "");

/* The order of a DELETE is not known. */
static Statement take_rows = STATEMENT("WITH taken AS ("
									   "   DELETE FROM personalization.topic_waiting"
									   "   WHERE for_tenant = $1 AND position = ANY (ARRAY("
									   "     SELECT position FROM personalization.topic_waiting"
									   "     WHERE for_tenant = $1"
									   "     ORDER BY position LIMIT $2))"
									   "   RETURNING position, events)"
									   " SELECT events FROM taken ORDER BY position",
									   "text int8");

/* How it goes with a node. */
typedef struct Receiver
{
	int node;
	int failures; /* consecutive */
	TimestampTz pause_until;
} Receiver;

static Receiver *receivers = NULL;
static int nreceivers = 0;
static char last_failure[MESSAGE_SIZE];

/* Whether there may be any; a transaction that has added some may have been rolled back. */
static bool any = false;

/* A tenant who has some, and their node. */
typedef struct WaitingTenant
{
	char *tenant_id;
	int node;
} WaitingTenant;

/* One look at them. */
typedef struct Look
{
	MemoryContext context;
	WaitingTenant *tenants;
	int n;
	int size;
	bool more;

	/* The node to which some are being moved, and the tenants of this one who have got some. */
	int node;
	List *received;
} Look;

bool
waiting_init(void)
{
	/* Objects of an older script do not have the table. */
	any = OidIsValid(get_relname_relid("topic_waiting", extension_objects()->schema)) &&
		  statement_execute(&select_any, NULL, NULL, SNAPSHOT_NEW) > 0;
	return any;
}

bool
waiting_any(void)
{
	return any;
}

bool
waiting_has(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	return any && statement_execute(&select_of_tenant, values, NULL, SNAPSHOT_NEW) > 0;
}

void
waiting_add(const char *tenant_id, const Event *events, int n)
{
	JsonbParseState *state = NULL;
	Datum values[3] = {CStringGetTextDatum(tenant_id), Int64GetDatum(arrival_position())};

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
		part_push_event(&state, &events[i]);
	values[2] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
	any = true;
	(void) statement_execute(&insert_waiting, values, NULL, SNAPSHOT_NEW);
}

/* ---------------------------------------------------------------- moving them */

static Receiver *
receiver_of(int node)
{
	for (int i = 0; i < nreceivers; i++)
	{
		if (receivers[i].node == node)
			return &receivers[i];
	}
	receivers = receivers == NULL ? MemoryContextAlloc(TopMemoryContext, sizeof(Receiver))
								  : repalloc(receivers, (nreceivers + 1) * sizeof(Receiver));
	receivers[nreceivers] = (Receiver){.node = node};
	return &receivers[nreceivers++];
}

/* Lists the tenants who have some, with their nodes. */
static void
find_tenants(void *arg)
{
	Look *look = arg;
	char *tenant_id = NULL;

	worker_begin("looking for other nodes");
	for (;;)
	{
		Datum values[] = {tenant_id == NULL ? (Datum) 0 : CStringGetTextDatum(tenant_id)};

		if (statement_execute(tenant_id == NULL ? &select_first_tenant : &select_next_tenant,
							  values, NULL, SNAPSHOT_NEW) == 0)
			break;
		tenant_id = result_text(0, ONLY_COLUMN);
		if (look->n == look->size)
		{
			look->size = Max(16, look->size * 2);
			look->tenants =
				look->tenants == NULL
					? MemoryContextAlloc(look->context, look->size * sizeof(WaitingTenant))
					: repalloc(look->tenants, look->size * sizeof(WaitingTenant));
		}
		look->tenants[look->n++] =
			(WaitingTenant){MemoryContextStrdup(look->context, tenant_id), send_node(tenant_id)};
	}
	if (look->n == 0)
		any = false;
	worker_end();
}

/* Takes rows of the node's tenants, as many as a part may have; returns their arrays. */
static Jsonb **
take_arrays(Look *look, int *n)
{
	Jsonb **arrays = palloc(look->n * ROWS_AT_ONCE * sizeof(Jsonb *));
	Size bytes = 0;
	int events = 0;

	*n = 0;
	for (int i = 0; i < look->n; i++)
	{
		Datum values[] = {CStringGetTextDatum(look->tenants[i].tenant_id),
						  Int64GetDatum(ROWS_AT_ONCE)};
		uint64 nrows;

		if (look->tenants[i].node != look->node)
			continue;
		if (events >= PART_EVENTS || bytes >= PART_BYTES)
		{
			look->more = true;
			break;
		}
		nrows = statement_execute(&take_rows, values, NULL, SNAPSHOT_NEW);
		for (uint64 row = 0; row < nrows; row++)
		{
			const Jsonb *array = result_jsonb(row, ONLY_COLUMN);
			Jsonb *copy = palloc(VARSIZE(array));

			memcpy(copy, array, VARSIZE(array));
			arrays[(*n)++] = copy;
			bytes += VARSIZE(array);
			events += (int) JB_ROOT_COUNT(array);
		}
		if (nrows == ROWS_AT_ONCE)
			look->more = true;
		if (nrows > 0 && look->node == send_here())
		{
			MemoryContext old = MemoryContextSwitchTo(look->context);

			look->received = lappend(look->received, look->tenants[i].tenant_id);
			MemoryContextSwitchTo(old);
		}
	}
	return arrays;
}

static void
move_to_node(void *arg)
{
	Look *look = arg;
	const char *name;
	Jsonb **arrays;
	Jsonb *part;
	int64 ignored;
	int n;

	worker_begin("moving events to other nodes");
	arrays = take_arrays(look, &n);
	if (n > 0)
	{
		part = part_of_arrays(arrays, n);
		name = look->node == send_here() ? NULL : send_name_on(look->node);
		if (name == NULL)
			part_wait(part);
		else
		{
			send_begin();
			part_send(name, part, &ignored, &ignored);
		}
	}
	worker_end();
}

/* Notes how it went with a node. */
static void
note_result(Receiver *receiver, bool moved)
{
	receiver->failures = moved ? 0 : receiver->failures + 1;
	receiver->pause_until =
		moved ? 0
			  : GetCurrentTimestamp() +
					Min(USECS_PER_SEC << Min(receiver->failures - 1, 6), MAX_PAUSE);
}

bool
waiting_deliver(List **received, const char **failure)
{
	Look look = {0};
	Failure failed;
	ListCell *cell;

	*received = NIL;
	*failure = NULL;
	if (!any)
		return false;
	look.context =
		AllocSetContextCreate(TopMemoryContext, "personalization waiting", ALLOCSET_DEFAULT_SIZES);
	if (!worker_try(find_tenants, &look, &failed))
		look.n = 0;
	for (int i = 0; i < look.n; i++)
	{
		Receiver *receiver = receiver_of(look.tenants[i].node);
		bool is_first = true;
		bool more = look.more;
		bool moved;

		for (int j = 0; j < i; j++)
			is_first = is_first && look.tenants[j].node != look.tenants[i].node;
		if (!is_first || GetCurrentTimestamp() < receiver->pause_until)
			continue;
		look.node = receiver->node;
		moved = worker_try(move_to_node, &look, &failed);
		note_result(receiver, moved);
		if (!moved)
		{
			strlcpy(last_failure, failed.message, sizeof(last_failure));
			*failure = last_failure;
			look.more = more;
		}
	}
	foreach (cell, look.received)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		*received = lappend(*received, pstrdup(lfirst(cell)));
		MemoryContextSwitchTo(old);
	}
	MemoryContextDelete(look.context);
	return look.more;
}
