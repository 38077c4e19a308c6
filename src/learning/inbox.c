/*
 * inbox.c
 *		The inbox: rows are learned in batches.
 *
 *		A row is removed and learned in one transaction, so it is learned
 *		exactly once.  The order within a user is kept, because only one
 *		session at a time empties the inbox, in order of arrival.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/arrival.h"
#include "base/clock.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/guc.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/subxact.h"
#include "base/tenant_queue.h"
#include "base/uuid.h"
#include "cluster/nodes.h"
#include "learning/aged.h"
#include "learning/apply.h"
#include "learning/events.h"
#include "learning/expected_signals.h"
#include "learning/inbox.h"
#include "learning/rejected.h"
#include "tenancy/hold.h"
#include "tenancy/locks.h"
#include "tenancy/session.h"

/* A batch ends after the row with which it exceeds this size, in bytes, uncompressed. */
#define BATCH_BYTES ((Size) 16 * 1024 * 1024)

/* It also ends after the row with which it exceeds this estimated number of signals. */
#define BATCH_SIGNALS 20000

#define INBOX_COLUMNS                                                                              \
	"tenant_id, position, user_id, interaction_type, data, occurred_at, interaction_id, feedback," \
	" topic, partition, \"offset\""

enum
{
	INBOX_TENANT = 1,
	INBOX_POSITION,
	INBOX_USER,
	INBOX_TYPE,
	INBOX_DATA,
	INBOX_OCCURRED_AT,
	INBOX_ID,
	INBOX_FEEDBACK,
	INBOX_TOPIC,
	INBOX_PARTITION,
	INBOX_OFFSET,
	INBOX_PLACE
};

static TenantQueue queue = TENANT_QUEUE("inbox");

/*
 * A tenant's first rows.  Large values are returned as references, so values that are
 * not used are not read.  Learned rows are deleted by their ctid.
 */
static Statement select_rows = STATEMENT("SELECT " INBOX_COLUMNS ", ctid"
										 " FROM personalization.inbox"
										 " WHERE tenant_id = $1 AND position >= $3"
										 " ORDER BY position LIMIT $2",
										 "text int8 int8");

static Statement delete_rows = STATEMENT("DELETE FROM personalization.inbox"
										 " WHERE tenant_id = $1 AND ctid = ANY ($2)",
										 "text tid[]");

static Statement delete_rejected_row = STATEMENT("DELETE FROM personalization.inbox"
												 " WHERE tenant_id = $1 AND position = $2",
												 "text int8");

static Statement select_row = STATEMENT("SELECT " INBOX_COLUMNS " FROM personalization.inbox"
										" WHERE tenant_id = $1 AND position = $2",
										"text int8");

static Statement select_topic_tenants =
	STATEMENT("SELECT DISTINCT tenant_id FROM personalization.inbox WHERE topic IS NOT NULL", "");

static Statement select_topic_row =
	STATEMENT("SELECT FROM personalization.inbox WHERE tenant_id = $1 AND topic IS NOT NULL"
			  " LIMIT 1",
			  "text");

static RowWriter inbox_writer = ROW_WRITER(
	"personalization.inbox",
	"position, user_id, interaction_type, data, occurred_at, interaction_id, feedback, topic,"
	" partition, \"offset\"",
	"int8 text text jsonb timestamptz uuid jsonb text int4 int8", "");

static Statement select_backlog =
	STATEMENT("SELECT count(*), clock_timestamp() - min(personalization.inbox_arrival(position))"
			  " FROM personalization.inbox",
			  "");

enum
{
	BACKLOG_ROWS = 1,
	BACKLOG_LAG
};

PG_FUNCTION_INFO_V1(personalization_inbox_backlog);
PG_FUNCTION_INFO_V1(personalization_inbox_position);

/* The first row of the last batch, whether or not that succeeded. */
static char first_tenant[MAX_ID_LENGTH + 1] = "";
static int64 first_position = 0;

/*
 * The default of column tenant_id, so that a row without a tenant raises an
 * error with a useful hint, before the error of row-level security.
 */
Datum
personalization_inbox_position(PG_FUNCTION_ARGS)
{
	if (bound_by_tenancy() && current_tenant() == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("no tenant is set for this session"), errhint("%s", no_tenant_hint())));
	PG_RETURN_INT64(arrival_position());
}

/* Takes the lock, so that only one session empties the inbox. */
static bool
lock_inbox(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("inbox", extension_objects()->schema),
					   0, 0);
	return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * Returns a text that is not longer than any name, or NULL for null.  For a
 * longer one, returns the beginning, with its size in bytes in *too_long: the
 * rest is not even fetched.
 */
static char *
short_text(uint64 row, int column, Size *too_long)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);
	Size size = isnull ? 0 : toast_raw_datum_size(value) - VARHDRSZ;
	text *start;

	*too_long = size > MAX_ID_LENGTH ? size : 0;
	if (isnull)
		return NULL;
	if (*too_long == 0)
		return TextDatumGetCString(value);
	start = (text *) PG_DETOAST_DATUM_SLICE(value, 0, MAX_ID_LENGTH);
	return pnstrdup(VARDATA_ANY(start),
					pg_mbcliplen(VARDATA_ANY(start), VARSIZE_ANY_EXHDR(start), MAX_ID_LENGTH));
}

/* NULL also if the value is larger than allowed, with its size: it is then not even fetched. */
static const Jsonb *
jsonb_or_null(uint64 row, int column, Size *too_large)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	*too_large = isnull ? 0 : toast_raw_datum_size(value);
	if (*too_large <= (Size) max_payload)
		*too_large = 0;
	return isnull || *too_large > 0 ? NULL : DatumGetJsonbPCopy(value);
}

static void
push_payload(JsonbParseState **state, const char *name, uint64 row, int column, bool whole)
{
	Size too_large = 0;
	const Jsonb *payload = whole ? jsonb_or_null(row, column, &too_large) : NULL;

	if (too_large > 0)
		json_push_text(state, name, "omitted because it is too large");
	else if (!whole)
		json_push_text(state, name, "omitted because the row could not be stored whole");
	else
		json_push_jsonb(state, name, payload);
}

/*
 * Returns the row as an object with the argument names of learn(), for
 * rejected_events; without its payloads unless it is to be complete.
 */
static const Jsonb *
row_document(uint64 row, bool whole)
{
	JsonbParseState *state = NULL;
	Size ignored;
	bool isnull;
	Datum value;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, "tenant_id", short_text(row, INBOX_TENANT, &ignored));
	json_push_text(&state, "user_id", short_text(row, INBOX_USER, &ignored));
	json_push_text(&state, "interaction_type", short_text(row, INBOX_TYPE, &ignored));
	push_payload(&state, "data", row, INBOX_DATA, whole);
	value = result_value(row, INBOX_OCCURRED_AT, &isnull);
	if (isnull)
		json_push_null(&state, "occurred_at");
	else if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
		json_push_text(&state, "occurred_at",
					   TIMESTAMP_IS_NOEND(DatumGetTimestampTz(value)) ? "infinity" : "-infinity");
	else
		json_push_time(&state, "occurred_at", DatumGetTimestampTz(value));
	value = result_value(row, INBOX_ID, &isnull);
	if (isnull)
		json_push_null(&state, "interaction_id");
	else
		json_push_text(&state, "interaction_id", uuid_text(DatumGetUUIDP(value)));
	push_payload(&state, "feedback", row, INBOX_FEEDBACK, whole);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/*
 * Returns where the row was read before it was put into the inbox; NULL if it
 * was inserted directly.
 */
static const EventSource *
row_source(uint64 row)
{
	EventSource *source;
	bool isnull;
	char *topic = result_text(row, INBOX_TOPIC);

	if (topic == NULL)
		return NULL;
	source = palloc(sizeof(EventSource));
	source->topic = topic;
	source->partition = DatumGetInt32(result_value(row, INBOX_PARTITION, &isnull));
	source->offset = DatumGetInt64(result_value(row, INBOX_OFFSET, &isnull));
	return source;
}

/* Makes an event from a row; returns false and sets fault if it is invalid. */
static bool
row_event(uint64 row, TimestampTz now, Event *event, Fault *fault)
{
	Size user_too_long;
	Size type_too_long;
	char *type = short_text(row, INBOX_TYPE, &type_too_long);
	Size data_too_large;
	Size feedback_too_large;
	bool isnull;
	Datum value;

	memset(event, 0, sizeof(*event));
	event->tenant_id = result_text(row, INBOX_TENANT);
	event->user_id = short_text(row, INBOX_USER, &user_too_long);
	event->source = row_source(row);
	event->data = jsonb_or_null(row, INBOX_DATA, &data_too_large);
	event->feedback = jsonb_or_null(row, INBOX_FEEDBACK, &feedback_too_large);
	value = result_value(row, INBOX_OCCURRED_AT, &isnull);
	event->occurred_at = isnull ? now : DatumGetTimestampTz(value);
	value = result_value(row, INBOX_ID, &isnull);
	event->id_given = !isnull;
	if (isnull)
		interaction_id_make(&event->id);
	else
		event->id = *DatumGetUUIDP(value);

	if (user_too_long > 0)
		return check_id("user_id", event->user_id, user_too_long, fault);
	if (data_too_large > 0 || feedback_too_large > 0)
		return fault_set(
			fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			psprintf("The maximum is %d bytes, set by personalization.max_payload.", max_payload),
			"%s is too large: %zu bytes", data_too_large > 0 ? "data" : "feedback",
			data_too_large > 0 ? data_too_large : feedback_too_large);
	if (event->user_id == NULL || type == NULL || event->data == NULL)
		return fault_set(fault, ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s is missing",
						 event->user_id == NULL ? "user_id"
						 : type == NULL			? "interaction_type"
												: "data");
	return interaction_type_decode(type, &event->type, fault) &&
		   check_id("tenant_id", event->tenant_id, strlen(event->tenant_id), fault) &&
		   check_id("user_id", event->user_id, strlen(event->user_id), fault) &&
		   check_payload("data", event->data, fault) &&
		   (event->feedback == NULL || check_payload("feedback", event->feedback, fault)) &&
		   check_occurred_at(event->occurred_at, now, fault);
}

/* Rows of tenants on hold wait. */
char *
inbox_next_tenant(const char *previous)
{
	char *next = tenant_queue_next(&queue, previous);

	while (next != NULL && tenant_hold(next, SNAPSHOT_NEW) != HOLD_NONE)
		next = tenant_queue_next(&queue, next);
	return next;
}

void
inbox_look_at_all(void)
{
	tenant_queue_forget(&queue);
}

/* Returns the number of bytes of a row that will be read. */
static Size
row_bytes(uint64 row)
{
	static const int columns[] = {INBOX_USER, INBOX_TYPE, INBOX_DATA, INBOX_FEEDBACK};
	Size bytes = 0;

	for (size_t i = 0; i < lengthof(columns); i++)
	{
		bool isnull;
		Datum value = result_value(row, columns[i], &isnull);
		Size size = isnull ? 0 : toast_raw_datum_size(value);

		/* A value that is too large is not read. */
		bytes += Min(size, columns[i] < INBOX_DATA ? (Size) MAX_ID_LENGTH : (Size) max_payload);
	}
	return bytes;
}

/* The size of a batch so far. */
typedef struct BatchSize
{
	Event *events;
	int n;
	int limit;
	Size bytes;
	int signals;
	int64 last; /* position of the last row */
} BatchSize;

static bool
is_full(const BatchSize *taken)
{
	return taken->n == taken->limit || taken->bytes >= BATCH_BYTES ||
		   taken->signals >= BATCH_SIGNALS;
}

/*
 * Deletes rows by their ctid.  With a condition on the tenant alone the
 * planner might choose the tenant's index, and go through every row that an
 * old snapshot keeps.
 */
static uint64
delete_by_place(Datum *values)
{
	bool index_scans = enable_indexscan;
	bool bitmap_scans = enable_bitmapscan;
	uint64 n;

	enable_indexscan = false;
	enable_bitmapscan = false;
	PG_TRY();
	{
		n = statement_execute(&delete_rows, values, NULL, SNAPSHOT_NEW);
	}
	PG_FINALLY();
	{
		enable_indexscan = index_scans;
		enable_bitmapscan = bitmap_scans;
	}
	PG_END_TRY();
	return n;
}

/*
 * The lock that keeps events of topics in their order on a cluster: whoever receives some
 * for a tenant holds it until they are committed, also in a prepared transaction, and
 * whoever takes rows waits for it.
 */
static LOCKTAG
arrival_lock(const char *tenant_id)
{
	LOCKTAG tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("inbox", extension_objects()->schema),
					   tenant_hash(tenant_id), 1);
	return tag;
}

/*
 * Waits for it, but not for one after another while many are held, as by transactions of a
 * node that has crashed: then at once with an error that has the tenant tried again.
 */
static void
wait_for_arrivals(const LOCKTAG *tag)
{
	static int64 waited_at = 0; /* in vain */
	int64 now;

	if (LockAcquire(tag, ShareLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
		return;
	now = elapsed_clock();
	if (waited_at != 0 && now < waited_at + USECS_PER_SEC)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("events are still arriving for this tenant")));
	waited_at = now;
	(void) LockAcquire(tag, ShareLock, false, false);
	waited_at = 0;
}

/* Reads the first rows of a tenant; returns their number. */
static uint64
select_first(const char *tenant_id, int limit)
{
	bool many = nodes_are_many();
	Datum values[] = {CStringGetTextDatum(tenant_id), Int64GetDatum(limit), (Datum) 0};
	LOCKTAG tag;
	uint64 n;

	if (many)
	{
		tag = arrival_lock(tenant_id);
		wait_for_arrivals(&tag);
	}
	values[2] = Int64GetDatum(tenant_queue_mark(&queue, tenant_id));
	n = statement_execute(&select_rows, values, NULL, SNAPSHOT_NEW);
	if (many)
		(void) LockRelease(&tag, ShareLock, false);
	return n;
}

/*
 * Leaves out the last events of a batch that would exceed the number of signals by feedback
 * on interactions.  Returns the number of the others, of which there is at least one.
 */
static int
leave_out_last(const char *tenant_id, BatchSize *taken, int *expected)
{
	int n = 0;

	if (!expect_of_feedback(tenant_id, taken->events, taken->n, expected))
		return taken->n;
	taken->signals = 0;
	while (n < taken->n && taken->signals < BATCH_SIGNALS)
		taken->signals += expected[n++];
	return n;
}

/* Takes rows of a tenant; returns their number. */
static int
take_events(const char *tenant_id, TimestampTz now, BatchSize *taken)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), (Datum) 0};
	uint64 nrows = select_first(tenant_id, taken->limit);
	SPITupleTable *rows = SPI_tuptable;
	int64 *positions = palloc(Max(nrows, 1) * sizeof(int64));
	int *expected = palloc0(Max(nrows, 1) * sizeof(int));
	Column places;

	if (nrows > 0)
	{
		strlcpy(first_tenant, tenant_id, sizeof(first_tenant));
		first_position = DatumGetInt64(result_value(0, INBOX_POSITION, NULL));
	}
	column_init(&places, TIDOID, (int) nrows);
	for (uint64 n = 0; n < nrows && !is_full(taken); n++)
	{
		Event *event = &taken->events[taken->n];
		Fault fault;

		taken->bytes += row_bytes(n);
		if (!row_event(n, now, event, &fault))
		{
			event->fault = palloc(sizeof(Fault));
			*event->fault = fault;
			event->document = row_document(n, true);
		}
		else
			expected[n] = expected_signals(event->data);
		taken->signals += expected[n];
		column_add(&places, result_value(n, INBOX_PLACE, NULL));
		positions[n] = DatumGetInt64(result_value(n, INBOX_POSITION, NULL));
		taken->n++;
	}
	if (taken->n > 0)
	{
		taken->n = places.n = leave_out_last(tenant_id, taken, expected);
		taken->last = positions[taken->n - 1];
		values[1] = column_array(&places);
		if (delete_by_place(values) != (uint64) taken->n)
			ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
							errmsg("rows of the inbox were deleted concurrently"),
							errhint("The transaction might succeed if retried.")));
	}
	SPI_freetuptable(rows);
	return taken->n;
}

void
inbox_drain(const char *tenant_id, int limit, InboxResult *drained)
{
	BatchSize taken = {.limit = limit};
	int64 naged = 0;

	*drained = (InboxResult){0};
	if (!lock_inbox() || tenant_hold(tenant_id, SNAPSHOT_NEW) != HOLD_NONE)
		return;
	taken.events = palloc(limit * sizeof(Event));
	(void) take_events(tenant_id, GetCurrentTimestamp(), &taken);
	drained->attempted = taken.n;
	for (int i = 0; i < taken.n; i++)
		taken.events[i].index = i;
	if (taken.n == 0)
		return;
	drained->taken = taken.n;
	drained->learned = learn_events(taken.events, taken.n, true);
	drained->more = is_full(&taken);
	rejected_store(taken.events, taken.n);
	tenant_queue_taken(&queue, tenant_id, taken.last, drained->more);
	for (int i = 0; i < taken.n; i++)
		naged += taken.events[i].is_aged;
	aged_report(naged, drained->learned);
}

/* How the first row is set aside: complete, or without its payloads. */
typedef struct SettingAside
{
	const Fault *fault;
	bool whole;
} SettingAside;

static void
set_aside(void *arg)
{
	const SettingAside *setting = arg;
	Datum values[] = {CStringGetTextDatum(first_tenant), Int64GetDatum(first_position)};
	Event event = {0};

	if (statement_execute(&select_row, values, NULL, SNAPSHOT_NEW) == 0)
		return;
	event.tenant_id = result_text(0, INBOX_TENANT);
	event.document = row_document(0, setting->whole);
	event.source = row_source(0);
	event.fault = unconstify(Fault *, setting->fault);
	(void) statement_execute(&delete_rejected_row, values, NULL, SNAPSHOT_NEW);
	rejected_store(&event, 1);
}

void
inbox_set_aside_first(const char *tenant_id, int sqlstate, const char *message)
{
	Fault fault = {.sqlstate = sqlstate, .message = message};
	SettingAside setting = {&fault, true};

	if (strcmp(tenant_id, first_tenant) != 0 || !lock_inbox() ||
		run_in_subxact(set_aside, &setting) == NULL)
		return;
	setting.whole = false;
	set_aside(&setting);
}

static void
add_nullable(Column *column, bool isnull, Datum value)
{
	if (isnull)
		column_add_null(column);
	else
		column_add(column, value);
}

void
inbox_add(const char *tenant_id, const Event *const *events, int n)
{
	const Oid types[] = {INT8OID, TEXTOID,	TEXTOID, JSONBOID, TIMESTAMPTZOID,
						 UUIDOID, JSONBOID, TEXTOID, INT4OID,  INT8OID};
	Column columns[lengthof(types)];

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		const Event *event = events[i];
		const EventSource *source = event->source;

		column_add(&columns[0], Int64GetDatum(arrival_position()));
		column_add_text(&columns[1], event->user_id);
		column_add_text(&columns[2], interaction_type_names[event->type]);
		column_add(&columns[3], JsonbPGetDatum(event->data));
		column_add(&columns[4], TimestampTzGetDatum(event->occurred_at));
		column_add(&columns[5], UUIDPGetDatum(&event->id));
		add_nullable(&columns[6], event->feedback == NULL, PointerGetDatum(event->feedback));
		column_add_text(&columns[7], source != NULL ? source->topic : NULL);
		add_nullable(&columns[8], source == NULL,
					 Int32GetDatum(source != NULL ? source->partition : 0));
		add_nullable(&columns[9], source == NULL,
					 Int64GetDatum(source != NULL ? source->offset : 0));
	}
	(void) rows_write(&inbox_writer, tenant_id, columns);
}

void
inbox_receive(const char *tenant_id, const Event *const *events, int n)
{
	LOCKTAG tag = arrival_lock(tenant_id);

	/* Before the positions are determined. */
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	inbox_add(tenant_id, events, n);
}

List *
inbox_tenants_of_topics(void)
{
	List *tenants = NIL;
	uint64 n = statement_execute(&select_topic_tenants, NULL, NULL, SNAPSHOT_NEW);

	for (uint64 row = 0; row < n; row++)
		tenants = lappend(tenants, result_text(row, ONLY_COLUMN));
	return tenants;
}

bool
inbox_has_of_topics(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id)};

	return statement_execute(&select_topic_row, values, NULL, SNAPSHOT_NEW) > 0;
}

Datum
personalization_inbox_backlog(PG_FUNCTION_ARGS)
{
	TupleDesc desc;
	Datum values[2];
	bool nulls[2] = {false};
	HeapTuple tuple;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	SPI_connect();
	(void) statement_execute(&select_backlog, NULL, NULL, SNAPSHOT_CALLER);
	values[0] = result_value(0, BACKLOG_ROWS, NULL);
	values[1] = result_value(0, BACKLOG_LAG, &nulls[1]);
	desc = BlessTupleDesc(desc);
	tuple = SPI_copytuple(heap_form_tuple(desc, values, nulls));
	SPI_finish();
	PG_RETURN_DATUM(HeapTupleGetDatum(tuple));
}
