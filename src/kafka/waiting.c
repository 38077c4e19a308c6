/*
 * waiting.c
 *		Events that were read here and wait to be moved to the inbox of their tenant.
 *
 *		The batch that reads them stores them here, in the transaction that advances the
 *		offsets, so that it depends on no other node.  Then they are moved, those of some
 *		tenants of a node in a transaction of both nodes, which commits in two phases.  So a
 *		node that cannot be reached delays its own tenants only, and nothing is lost or moved
 *		twice.
 *
 *		If the connection fails, the rows stay, and the node is tried again after a pause.
 *		If they are refused, each of those tenants is tried alone, and one whose events are
 *		refused then has a pause of its own.  An event that fails by itself is found by
 *		halving, and becomes a rejected one of its tenant; if not even that can be stored,
 *		one of no tenant, without its content.  What is rejected carries its tenant, since
 *		its content may name another one.
 *
 *		The order is kept, since a tenant's rows are moved from the first on, and what is
 *		read later is stored behind them; and since the other node lets nobody take what has
 *		arrived while earlier rows are in doubt (inbox_receive()): it holds a lock for each
 *		tenant until the transaction has ended, also while that is prepared after a crash.
 *		Its worker waits for the lock before it takes rows from the inbox, and so does the
 *		next transaction of the consumer.
 *
 *		A shard that moves meanwhile makes the transaction fail, or comes with its inbox;
 *		so batch.c looks at the inbox again whenever shards have come.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "executor/spi.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/arrival.h"
#include "base/clock.h"
#include "base/extension.h"
#include "base/jsonutil.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "bgworker/session.h"
#include "cluster/send.h"
#include "kafka/waiting.h"
#include "learning/parts.h"

/* What fails, a node or a tenant, is tried again after 1 s, 2 s, 4 s, …, at most this. */
#define MAX_PAUSE (60 * USECS_PER_SEC)

/* A row ends after the event with which it exceeds one of these. */
#define ROW_EVENTS 1000
#define ROW_BYTES ((Size) 1024 * 1024)

/* Rows of a tenant that are looked at for a part; their values are fetched one after another. */
#define ROWS_AT_ONCE 100

/* Tenants of a part: the other node has a lock for each until the transaction has ended. */
#define PART_TENANTS 100

/* Tenants that are looked at together, for how long they are dealt with, and how often without a reason. */
#define LOOK_TENANTS 256
#define LOOK_TIME USECS_PER_SEC
#define LOOK_EVERY USECS_PER_SEC

/* An internal error is that of an event, and not of a connection that has ended, if it occurs so often. */
#define INTERNAL_FAILURES 3

/* What remains of an event that cannot even be stored as a rejected one. */
#define OMITTED "omitted because it could not be stored"

static Statement insert_waiting =
	STATEMENT("INSERT INTO personalization.topic_waiting (for_tenant, position, events)"
			  " VALUES ($1, $2, $3)",
			  "text int8 jsonb");

static Statement select_any = STATEMENT("SELECT FROM personalization.topic_waiting LIMIT 1", "");

static Statement select_of_tenant =
	STATEMENT("SELECT FROM personalization.topic_waiting WHERE for_tenant = $1 LIMIT 1", "text");

/* From one name on; each is found in the index, however many rows it has. */
static Statement select_tenants =
	STATEMENT("WITH RECURSIVE found AS ("
			  "   (SELECT for_tenant FROM personalization.topic_waiting WHERE for_tenant >= $1"
			  "    ORDER BY for_tenant LIMIT 1)"
			  "   UNION ALL"
			  "   SELECT (SELECT w.for_tenant FROM personalization.topic_waiting AS w"
			  "           WHERE w.for_tenant > f.for_tenant ORDER BY w.for_tenant LIMIT 1)"
			  "   FROM found AS f WHERE f.for_tenant IS NOT NULL)"
			  " SELECT for_tenant FROM found WHERE for_tenant IS NOT NULL LIMIT $2",
			  "text int8");

static Statement select_rows =
	STATEMENT("SELECT position, events FROM personalization.topic_waiting WHERE for_tenant = $1"
			  " ORDER BY position LIMIT $2",
			  "text int8");

enum
{
	WAITING_POSITION = 1,
	WAITING_EVENTS
};

static Statement delete_rows =
	STATEMENT("DELETE FROM personalization.topic_waiting WHERE for_tenant = $1 AND position <= $2",
			  "text int8");

static Statement update_row = STATEMENT("UPDATE personalization.topic_waiting SET events = $3"
										" WHERE for_tenant = $1 AND position = $2",
										"text int8 jsonb");

/* How it goes with a node. */
typedef struct Receiver
{
	int node;
	int failures; /* consecutive */
	int64 pause_until;
} Receiver;

static Receiver *receivers = NULL;
static int nreceivers = 0;
static char last_failure[MESSAGE_SIZE];

/* A tenant whose events have been refused, and who is tried alone. */
typedef struct Trouble
{
	char tenant_id[MAX_ID_LENGTH + 1]; /* the key */
	int limit;						   /* events that are tried at once */
	int failures;					   /* consecutive */
	int64 pause_until;
} Trouble;

static HTAB *troubles = NULL;

/* Whether there may be any; a transaction that has added some may have been rolled back. */
static bool any = false;

/* When to look at them next, and from which name on. */
static int64 look_at = 0;
static char look_from[MAX_ID_LENGTH + 1] = "";

/* A tenant who has some, and their node. */
typedef struct WaitingTenant
{
	char *tenant_id;
	int node;
	bool is_done;  /* for this look */
	bool has_good; /* some that were taken are not rejected ones */
} WaitingTenant;

/* One look at them. */
typedef struct Look
{
	MemoryContext context;
	WaitingTenant tenants[LOOK_TENANTS];
	int n;
	bool more;
	List *received; /* see waiting_deliver() */
	bool has_failed;
} Look;

/* Events to be moved to a node: of these tenants, or of the first of them. */
typedef struct Move
{
	int node;
	WaitingTenant *tenants[PART_TENANTS];
	int n;
	int limit; /* of events */

	/* The result, as far as it went. */
	int ntaken; /* tenants */
	int nevents;
	Size bytes;
	bool more;
	bool is_here; /* the node is this one: only known in a transaction */
} Move;

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

/* ---------------------------------------------------------------- pauses */

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

static Trouble *
trouble_of(const char *tenant_id)
{
	return troubles == NULL ? NULL : hash_search(troubles, tenant_id, HASH_FIND, NULL);
}

static void
begin_trouble(const char *tenant_id)
{
	Trouble *trouble;

	if (troubles == NULL)
	{
		HASHCTL control = {.keysize = MAX_ID_LENGTH + 1, .entrysize = sizeof(Trouble)};

		troubles =
			hash_create("personalization refused events", 64, &control, HASH_ELEM | HASH_STRINGS);
	}
	trouble = hash_search(troubles, tenant_id, HASH_ENTER, NULL);
	trouble->limit = PART_EVENTS;
	trouble->failures = 0;
	trouble->pause_until = 0;
}

static void
end_troubles(void)
{
	if (troubles != NULL)
		hash_destroy(troubles);
	troubles = NULL;
}

static int64
pause_after(int failures)
{
	return elapsed_clock() + Min(USECS_PER_SEC << Min(failures - 1, 6), MAX_PAUSE);
}

static void
note_reached(int node)
{
	Receiver *receiver = receiver_of(node);

	receiver->failures = 0;
	receiver->pause_until = 0;
}

/*
 * Whether an error is that of the node, whoever the events are of.  Memory may be exceeded by
 * what was sent.
 */
static bool
is_of_node(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case ERRCODE_CONNECTION_EXCEPTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
			return sqlstate != ERRCODE_OUT_OF_MEMORY;
		default:
			return false;
	}
}

/* Notes an error; if it is that of the node, this one has a pause, and the result is true. */
static bool
note_failure(Look *look, int node, const Failure *failure)
{
	Receiver *receiver = receiver_of(node);

	strlcpy(last_failure, failure->message, sizeof(last_failure));
	look->has_failed = true;
	if (!is_of_node(failure->sqlstate))
		return false;
	receiver->pause_until = pause_after(++receiver->failures);
	return true;
}

/* ---------------------------------------------------------------- storing them */

/* About as many bytes as an event has in a part. */
static Size
event_bytes(const Event *event)
{
	Size bytes = 256;

	if (event->document != NULL)
		return bytes + VARSIZE(event->document);
	bytes += event->data != NULL ? VARSIZE(event->data) : 0;
	return bytes + (event->feedback != NULL ? VARSIZE(event->feedback) : 0);
}

/* Looks at them soon, unless those of this tenant have a pause. */
static void
look_soon(const char *tenant_id)
{
	int64 now = elapsed_clock();
	const Trouble *trouble = trouble_of(tenant_id);

	any = true;
	if (now >= receiver_of(send_node(tenant_id))->pause_until &&
		(trouble == NULL || now >= trouble->pause_until))
		look_at = 0;
}

/* Stores the first of the events as a row; returns their number. */
static int
add_row(const char *tenant_id, const Event *events, int n)
{
	JsonbParseState *state = NULL;
	Datum values[3] = {CStringGetTextDatum(tenant_id), Int64GetDatum(arrival_position())};
	Size bytes = 0;
	int added = 0;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	while (added < n && added < ROW_EVENTS && bytes < ROW_BYTES)
	{
		bytes += event_bytes(&events[added]);
		part_push_event(&state, &events[added++]);
	}
	values[2] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
	(void) statement_execute(&insert_waiting, values, NULL, SNAPSHOT_NEW);
	return added;
}

void
waiting_add(const char *tenant_id, const Event *events, int n)
{
	look_soon(tenant_id);
	for (int i = 0; i < n;)
		i += add_row(tenant_id, &events[i], n - i);
}

/* ---------------------------------------------------------------- taking them */

/* Lists the next tenants who have some, with their nodes. */
static void
find_tenants(void *arg)
{
	Look *look = arg;
	Datum values[2] = {(Datum) 0, Int64GetDatum(LOOK_TENANTS + 1)};
	bool from_first = look_from[0] == '\0';
	uint64 n;

	worker_begin("looking for other nodes");
	values[0] = CStringGetTextDatum(look_from);
	n = statement_execute(&select_tenants, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < Min(n, LOOK_TENANTS); row++)
	{
		char *tenant_id = result_text(row, ONLY_COLUMN);

		look->tenants[look->n++] =
			(WaitingTenant){.tenant_id = MemoryContextStrdup(look->context, tenant_id),
							.node = send_node(tenant_id)};
	}
	look->more = n > LOOK_TENANTS || (n == 0 && !from_first);
	strlcpy(look_from, n > LOOK_TENANTS ? result_text(LOOK_TENANTS, ONLY_COLUMN) : "",
			sizeof(look_from));
	if (n == 0 && from_first)
	{
		any = false;
		end_troubles();
	}
	worker_end();
}

static bool
is_full(const Move *move)
{
	return move->nevents >= move->limit || move->bytes >= PART_BYTES;
}

/* Adds the events of a row to the part, as many as it may have; returns the others, or NULL. */
static Jsonb *
push_events(Move *move, WaitingTenant *tenant, Jsonb *events, JsonbParseState **part)
{
	JsonbIterator *it = JsonbIteratorInit(&events->root);
	JsonbIteratorToken token;
	JsonbValue element;
	JsonbValue ignored;
	JsonbParseState *rest = NULL;

	while ((token = JsonbIteratorNext(&it, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (move->nevents < move->limit)
		{
			(void) pushJsonbValue(part, WJB_ELEM, &element);
			move->nevents++;
			tenant->has_good =
				tenant->has_good || element.type != jbvBinary ||
				json_member(element.val.binary.data, PART_SQLSTATE, &ignored) == NULL;
			continue;
		}
		if (rest == NULL)
			(void) pushJsonbValue(&rest, WJB_BEGIN_ARRAY, NULL);
		(void) pushJsonbValue(&rest, WJB_ELEM, &element);
	}
	return rest == NULL ? NULL : JsonbValueToJsonb(pushJsonbValue(&rest, WJB_END_ARRAY, NULL));
}

/* Deletes n rows of a tenant, up to a position; of the last one the rest stays, if there is one. */
static void
delete_taken(const char *tenant_id, int64 last, const Jsonb *rest, uint64 n)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), Int64GetDatum(rest == NULL ? last : last - 1),
					  (Datum) 0};
	uint64 ndone = statement_execute(&delete_rows, values, NULL, SNAPSHOT_NEW);

	if (rest != NULL)
	{
		values[1] = Int64GetDatum(last);
		values[2] = JsonbPGetDatum(rest);
		ndone += statement_execute(&update_row, values, NULL, SNAPSHOT_NEW);
	}
	if (ndone != n)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("waiting events were changed concurrently"),
						errhint("The transaction might succeed if retried.")));
}

/*
 * Moves a tenant's first events into the part, at least one if it is empty, otherwise as many
 * as it may have.  Returns false if it may not even have the first.
 */
static bool
take_events(Move *move, WaitingTenant *tenant, JsonbParseState **part)
{
	Datum values[] = {CStringGetTextDatum(tenant->tenant_id), Int64GetDatum(ROWS_AT_ONCE)};
	uint64 nrows = statement_execute(&select_rows, values, NULL, SNAPSHOT_NEW);
	Jsonb *rest = NULL;
	int64 last = 0;
	uint64 n = 0;

	for (; n < nrows && !is_full(move); n++)
	{
		Datum events = result_value(n, WAITING_EVENTS, NULL);
		Size bytes = toast_raw_datum_size(events);

		if (move->nevents > 0 && move->bytes + bytes > PART_BYTES)
			break;
		move->bytes += bytes;
		last = DatumGetInt64(result_value(n, WAITING_POSITION, NULL));
		rest = push_events(move, tenant, DatumGetJsonbP(events), part);
	}
	move->more = move->more || n < nrows || n == ROWS_AT_ONCE || rest != NULL;
	if (n > 0)
		delete_taken(tenant->tenant_id, last, rest, n);
	return n > 0 || nrows == 0;
}

/* ---------------------------------------------------------------- moving them */

static void
move_events(void *arg)
{
	Move *move = arg;
	JsonbParseState *state = NULL;
	const char *name;
	Jsonb *part;
	int64 ignored;

	worker_begin("moving events to other nodes");
	move->is_here = move->node == send_here();
	part_begin(&state, PART_WAIT);
	while (move->ntaken < move->n && !is_full(move) &&
		   take_events(move, move->tenants[move->ntaken], &state))
		move->ntaken++;
	if (move->nevents > 0)
	{
		part = part_end(&state);
		name = move->is_here ? NULL : send_name_on(move->node);
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

/* Notes whose events have been moved. */
static void
note_moved(Look *look, const Move *move)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

	note_reached(move->node);
	look->more = look->more || move->more;
	for (int i = 0; i < move->ntaken; i++)
	{
		move->tenants[i]->is_done = true;
		if (move->is_here && move->tenants[i]->has_good)
			look->received = lappend(look->received, pstrdup(move->tenants[i]->tenant_id));
	}
	MemoryContextSwitchTo(old);
}

/* The first event of a tenant is set aside, with this failure. */
typedef struct SettingAside
{
	WaitingTenant *tenant;
	const Failure *failure;
} SettingAside;

/* Writes the event as a rejected one; returns the tenant for whom it waits. */
static const char *
push_set_aside(const SettingAside *setting, const JsonbValue *event, JsonbParseState **state)
{
	JsonbContainer *object = event->type == jbvBinary ? event->val.binary.data : NULL;
	JsonbValue value;
	bool was_rejected = object != NULL && json_member(object, PART_SQLSTATE, &value) != NULL;
	const char *for_tenant = was_rejected ? "" : setting->tenant->tenant_id;

	/* Of what may not even be stored as a rejected event, its place is, under no tenant. */
	if (was_rejected && json_member(object, PART_EVENT, &value) != NULL &&
		value.type == jbvString && strcmp(json_text(&value), OMITTED) == 0)
		ereport(ERROR,
				(errcode(setting->failure->sqlstate),
				 errmsg("a rejected event cannot be stored: %s", setting->failure->message)));
	(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	if (object != NULL && JsonContainerIsObject(object))
	{
		JsonbIterator *it = JsonbIteratorInit(object);
		JsonbIteratorToken token;

		while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
		{
			if (token == WJB_KEY || token == WJB_VALUE)
				(void) pushJsonbValue(state, token, &value);
		}
	}

	/* The last member of a name counts. */
	json_push_int(state, PART_INDEX, -1);
	json_push_text(state, PART_TENANT, for_tenant[0] != '\0' ? for_tenant : NULL);
	if (was_rejected)
		json_push_text(state, PART_EVENT, OMITTED);
	json_push_text(state, PART_SQLSTATE, unpack_sql_state(setting->failure->sqlstate));
	json_push_text(state, PART_REASON, setting->failure->message);
	json_push_null(state, PART_SUMMARY);
	json_push_null(state, PART_HINT);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	return for_tenant;
}

static void
set_aside(void *arg)
{
	const SettingAside *setting = arg;
	Move move = {.limit = 1};
	JsonbParseState *taken = NULL;
	JsonbParseState *state = NULL;
	JsonbValue *events;
	Datum values[3];

	worker_begin("setting an event aside");
	(void) pushJsonbValue(&taken, WJB_BEGIN_ARRAY, NULL);
	(void) take_events(&move, setting->tenant, &taken);
	events = pushJsonbValue(&taken, WJB_END_ARRAY, NULL);
	if (move.nevents == 1)
	{
		Jsonb *array = JsonbValueToJsonb(events);

		(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		values[0] = CStringGetTextDatum(
			push_set_aside(setting, getIthJsonbValueFromContainer(&array->root, 0), &state));
		values[1] = Int64GetDatum(arrival_position());
		values[2] = JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
		(void) statement_execute(&insert_waiting, values, NULL, SNAPSHOT_NEW);
	}
	worker_end();
}

/*
 * Whether an event that was tried by itself has been set aside: as a rejected one of its
 * tenant, which waits behind the others.
 */
static bool
got_past(WaitingTenant *tenant, const Trouble *trouble, const Failure *failure)
{
	SettingAside setting = {tenant, failure};
	Failure ignored;

	return error_is_of_row(failure->sqlstate) &&
		   (ERRCODE_TO_CATEGORY(failure->sqlstate) != ERRCODE_INTERNAL_ERROR ||
			trouble->failures >= INTERNAL_FAILURES) &&
		   worker_try(set_aside, &setting, &ignored);
}

/* Moves events of a tenant that has been refused together with others. */
static void
deliver_alone(Look *look, WaitingTenant *tenant, Trouble *trouble)
{
	Move move = {.node = tenant->node, .tenants = {tenant}, .n = 1, .limit = trouble->limit};
	Failure failure;

	tenant->is_done = true;
	if (worker_try(move_events, &move, &failure))
	{
		note_moved(look, &move);
		trouble->failures = 0;
		trouble->pause_until = 0;
		trouble->limit *= 2;
		if (!move.more || trouble->limit > PART_EVENTS)
			(void) hash_search(troubles, tenant->tenant_id, HASH_REMOVE, NULL);
		return;
	}
	if (note_failure(look, tenant->node, &failure))
		return;
	if (move.nevents > 1 &&
		(error_is_of_row(failure.sqlstate) || failure.sqlstate == ERRCODE_OUT_OF_MEMORY))
	{
		trouble->limit = move.nevents / 2;
		look->more = true;
		return;
	}
	trouble->failures++;
	if (move.nevents == 1 && got_past(tenant, trouble, &failure))
	{
		trouble->failures = 0;
		look->more = true;
		return;
	}
	trouble->pause_until = pause_after(trouble->failures);
}

/* Moves events of tenants of one node, from this one on, of whom none have been refused. */
static void
deliver_together(Look *look, int first)
{
	Move move = {.node = look->tenants[first].node, .limit = PART_EVENTS};
	Failure failure;

	for (int i = first; i < look->n && move.n < PART_TENANTS; i++)
	{
		WaitingTenant *tenant = &look->tenants[i];

		if (tenant->node == move.node && !tenant->is_done && trouble_of(tenant->tenant_id) == NULL)
			move.tenants[move.n++] = tenant;
	}
	if (worker_try(move_events, &move, &failure))
	{
		note_moved(look, &move);
		return;
	}
	if (note_failure(look, move.node, &failure))
		return;
	for (int i = 0; i < Min(move.ntaken + 1, move.n); i++)
		begin_trouble(move.tenants[i]->tenant_id);
}

/* Deals with the tenants in turn, for a while. */
static void
deliver(Look *look)
{
	int64 begun = elapsed_clock();
	bool has_tried = false;

	for (int i = 0; i < look->n;)
	{
		WaitingTenant *tenant = &look->tenants[i];
		int64 now = elapsed_clock();
		Trouble *trouble = trouble_of(tenant->tenant_id);

		if (tenant->is_done || now < receiver_of(tenant->node)->pause_until ||
			(trouble != NULL && now < trouble->pause_until))
		{
			i++;
			continue;
		}
		if (has_tried && now > begun + LOOK_TIME)
		{
			strlcpy(look_from, tenant->tenant_id, sizeof(look_from));
			look->more = true;
			return;
		}
		has_tried = true;
		if (trouble != NULL)
			deliver_alone(look, tenant, trouble);
		else
			deliver_together(look, i);
	}
}

bool
waiting_deliver(List **received, const char **failure)
{
	Look *look;
	Failure failed;
	int64 now = elapsed_clock();
	MemoryContext context;
	bool more;

	*received = NIL;
	*failure = NULL;
	if (!any || (now < look_at && look_at <= now + LOOK_EVERY))
		return false;
	context =
		AllocSetContextCreate(TopMemoryContext, "personalization waiting", ALLOCSET_DEFAULT_SIZES);
	look = MemoryContextAllocZero(context, sizeof(Look));
	look->context = context;
	if (worker_try(find_tenants, look, &failed))
		deliver(look);
	else
		look->more = false;
	look_at = look->more ? 0 : elapsed_clock() + LOOK_EVERY;
	more = look->more;
	*received = look->received;
	if (look->has_failed)
		*failure = last_failure;
	MemoryContextDelete(context);
	return more;
}
