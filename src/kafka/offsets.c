/*
 * offsets.c
 *		The stored state of topics: subscriptions, the offset learned of each
 *		partition, and statistics.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/rows.h"
#include "base/statement.h"
#include "kafka/offsets.h"

static Statement select_subscriptions =
	STATEMENT("SELECT topic, subscription_id, for_tenant, mapping, start, first_partitions"
			  " FROM personalization.topic_subscriptions"
			  " ORDER BY topic",
			  "");

enum
{
	SUBSCRIPTION_TOPIC = 1,
	SUBSCRIPTION_ID,
	SUBSCRIPTION_TENANT,
	SUBSCRIPTION_MAPPING,
	SUBSCRIPTION_START,
	SUBSCRIPTION_PARTITIONS
};

static Statement select_any =
	STATEMENT("SELECT FROM personalization.topic_subscriptions LIMIT 1", "");

static Statement select_offsets = STATEMENT("SELECT partition, next_offset"
											" FROM personalization.topic_offsets"
											" WHERE topic = $1"
											" ORDER BY partition",
											"text");

enum
{
	OFFSET_PARTITION = 1,
	OFFSET_NEXT
};

static Statement insert_subscription =
	STATEMENT("INSERT INTO personalization.topic_subscriptions (topic, for_tenant, mapping, start)"
			  " VALUES ($1, $2, $3, $4)"
			  " ON CONFLICT (topic) DO NOTHING",
			  "text text jsonb text");

static Statement delete_subscription =
	STATEMENT("DELETE FROM personalization.topic_subscriptions WHERE topic = $1", "text");

static Statement delete_offsets =
	STATEMENT("WITH gone AS ("
			  "   DELETE FROM personalization.topic_offsets"
			  "   WHERE topic = $1"
			  "   RETURNING partition, next_offset)"
			  " SELECT coalesce(jsonb_object_agg(partition, next_offset), '{}')"
			  " FROM gone",
			  "text");

static Statement delete_state =
	STATEMENT("DELETE FROM personalization.topic_state WHERE topic = $1", "text");

/* Locks the subscription, so that it is not deleted meanwhile. */
static Statement note_first = STATEMENT("UPDATE personalization.topic_subscriptions"
										" SET first_partitions = coalesce(first_partitions, $3)"
										" WHERE topic = $1 AND subscription_id = $2",
										"text uuid int4");

static Statement insert_offsets = STATEMENT(
	"INSERT INTO personalization.topic_offsets (topic, partition, next_offset, end_offset)"
	" SELECT $1, o.partition, o.next_offset, o.next_offset"
	" FROM unnest($2, $3) o (partition, next_offset)"
	" ON CONFLICT (topic, partition) DO NOTHING",
	"text int4[] int8[]");

/* In the order of the key, like everything that locks several. */
static Statement lock_offsets = STATEMENT("SELECT o.topic, o.partition, o.next_offset"
										  " FROM personalization.topic_offsets o"
										  " JOIN unnest($1, $2) c (topic, partition)"
										  "   ON o.topic = c.topic AND o.partition = c.partition"
										  " ORDER BY o.topic, o.partition"
										  " FOR UPDATE OF o",
										  "text[] int4[]");

enum
{
	LOCKED_TOPIC = 1,
	LOCKED_PARTITION,
	LOCKED_NEXT
};

static Statement advance_offsets = STATEMENT(
	"UPDATE personalization.topic_offsets o"
	" SET next_offset = c.next_offset, end_offset = greatest(c.end_offset, c.next_offset),"
	"  messages = o.messages + c.messages, learned = o.learned + c.learned,"
	"  rejected = o.rejected + c.rejected,"
	"  last_message = CASE WHEN c.messages > 0 THEN $8 ELSE o.last_message END"
	" FROM unnest($1, $2, $3, $4, $5, $6, $7)"
	"  c (topic, partition, next_offset, end_offset, messages, learned, rejected)"
	" WHERE o.topic = c.topic AND o.partition = c.partition",
	"text[] int4[] int8[] int8[] int8[] int8[] int8[] timestamptz");

static Statement note_ends = STATEMENT(
	"UPDATE personalization.topic_offsets o"
	" SET end_offset = c.end_offset"
	" FROM unnest($1, $2, $3) c (topic, partition, end_offset)"
	" WHERE o.topic = c.topic AND o.partition = c.partition AND c.end_offset > o.end_offset",
	"text[] int4[] int8[]");

static Statement set_state =
	STATEMENT("INSERT INTO personalization.topic_state AS t (topic, state, since)"
			  " VALUES ($1, $2, $3)"
			  " ON CONFLICT (topic) DO UPDATE"
			  " SET state = excluded.state, since = excluded.since",
			  "text text timestamptz");

static Statement fail_state =
	STATEMENT("INSERT INTO personalization.topic_state AS t"
			  "  (topic, state, since, failures, last_error, last_error_at)"
			  " VALUES ($1, $2, $4, 1, $3, $4)"
			  " ON CONFLICT (topic) DO UPDATE"
			  " SET state = excluded.state,"
			  "  since = CASE WHEN t.state = excluded.state THEN t.since ELSE excluded.since END,"
			  "  failures = t.failures + 1, last_error = excluded.last_error,"
			  "  last_error_at = excluded.last_error_at",
			  "text text text timestamptz");

static Statement measure_state = STATEMENT("UPDATE personalization.topic_state"
										   " SET rate = $2, measured_at = $3"
										   " WHERE topic = $1",
										   "text float8 timestamptz");

Subscription *
subscriptions_read(int *n)
{
	uint64 rows = statement_execute(&select_subscriptions, NULL, NULL, SNAPSHOT_NEW);
	Subscription *subscriptions = palloc0(Max(rows, 1) * sizeof(Subscription));

	for (uint64 row = 0; row < rows; row++)
	{
		Subscription *subscription = &subscriptions[row];
		bool isnull;
		Datum partitions = result_value(row, SUBSCRIPTION_PARTITIONS, &isnull);

		subscription->topic = result_text(row, SUBSCRIPTION_TOPIC);
		subscription->id = *DatumGetUUIDP(result_value(row, SUBSCRIPTION_ID, NULL));
		subscription->tenant_id = result_text(row, SUBSCRIPTION_TENANT);
		subscription->mapping = result_jsonb(row, SUBSCRIPTION_MAPPING);
		subscription->start = result_text(row, SUBSCRIPTION_START);
		subscription->first_partitions = isnull ? -1 : DatumGetInt32(partitions);
	}
	*n = (int) rows;
	return subscriptions;
}

bool
subscriptions_exist(void)
{
	return statement_execute(&select_any, NULL, NULL, SNAPSHOT_NEW) > 0;
}

StoredOffset *
offsets_read(const char *topic, int *n)
{
	Datum values[] = {CStringGetTextDatum(topic)};
	uint64 rows = statement_execute(&select_offsets, values, NULL, SNAPSHOT_NEW);
	StoredOffset *offsets = palloc(Max(rows, 1) * sizeof(StoredOffset));

	for (uint64 row = 0; row < rows; row++)
	{
		offsets[row].partition = DatumGetInt32(result_value(row, OFFSET_PARTITION, NULL));
		offsets[row].next_offset = DatumGetInt64(result_value(row, OFFSET_NEXT, NULL));
	}
	*n = (int) rows;
	return offsets;
}

bool
subscription_insert(const char *topic, const char *tenant_id, const Jsonb *mapping,
					const char *start)
{
	Datum values[] = {CStringGetTextDatum(topic),
					  tenant_id != NULL ? CStringGetTextDatum(tenant_id) : (Datum) 0,
					  JsonbPGetDatum(mapping), CStringGetTextDatum(start)};
	const char nulls[] = {' ', tenant_id != NULL ? ' ' : 'n', ' ', ' ', '\0'};

	return statement_execute(&insert_subscription, values, nulls, SNAPSHOT_NEW) > 0;
}

Jsonb *
subscription_delete(const char *topic)
{
	Datum values[] = {CStringGetTextDatum(topic)};

	if (statement_execute(&delete_subscription, values, NULL, SNAPSHOT_NEW) == 0)
		return NULL;
	(void) statement_execute(&delete_state, values, NULL, SNAPSHOT_NEW);
	(void) statement_execute(&delete_offsets, values, NULL, SNAPSHOT_NEW);
	return result_jsonb(0, ONLY_COLUMN);
}

void
offsets_insert(const char *topic, const StoredOffset *offsets, int n)
{
	Column partitions;
	Column next;
	Datum values[3] = {CStringGetTextDatum(topic)};

	column_init(&partitions, INT4OID, n);
	column_init(&next, INT8OID, n);
	for (int i = 0; i < n; i++)
	{
		column_add(&partitions, Int32GetDatum(offsets[i].partition));
		column_add(&next, Int64GetDatum(offsets[i].next_offset));
	}
	values[1] = column_array(&partitions);
	values[2] = column_array(&next);
	(void) statement_execute(&insert_offsets, values, NULL, SNAPSHOT_NEW);
}

bool
offsets_begin(const char *topic, const pg_uuid_t *subscription, int first_partitions,
			  const StoredOffset *offsets, int n)
{
	Datum values[] = {CStringGetTextDatum(topic), UUIDPGetDatum(subscription),
					  Int32GetDatum(first_partitions)};

	if (statement_execute(&note_first, values, NULL, SNAPSHOT_NEW) == 0)
		return false;
	offsets_insert(topic, offsets, n);
	return true;
}

/* There are few changes: a batch is about a few partitions. */
static const OffsetChange *
find_change(const OffsetChange *changes, int n, const char *topic, int32 partition)
{
	for (int i = 0; i < n; i++)
	{
		if (changes[i].partition == partition && strcmp(changes[i].topic, topic) == 0)
			return &changes[i];
	}
	return NULL;
}

bool
offsets_lock(const OffsetChange *changes, int n)
{
	Column topics;
	Column partitions;
	Datum values[2];
	uint64 rows;

	column_init(&topics, TEXTOID, n);
	column_init(&partitions, INT4OID, n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&topics, changes[i].topic);
		column_add(&partitions, Int32GetDatum(changes[i].partition));
	}
	values[0] = column_array(&topics);
	values[1] = column_array(&partitions);
	rows = statement_execute(&lock_offsets, values, NULL, SNAPSHOT_NEW);
	if (rows != (uint64) n)
		return false;
	for (uint64 row = 0; row < rows; row++)
	{
		const OffsetChange *change =
			find_change(changes, n, result_text(row, LOCKED_TOPIC),
						DatumGetInt32(result_value(row, LOCKED_PARTITION, NULL)));

		if (change == NULL || change->from != DatumGetInt64(result_value(row, LOCKED_NEXT, NULL)))
			return false;
	}
	return true;
}

void
offsets_advance(const OffsetChange *changes, int n)
{
	const Oid types[] = {TEXTOID, INT4OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID};
	Column columns[lengthof(types)];
	Datum values[lengthof(types) + 1];

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&columns[0], changes[i].topic);
		column_add(&columns[1], Int32GetDatum(changes[i].partition));
		column_add(&columns[2], Int64GetDatum(changes[i].to));
		column_add(&columns[3], Int64GetDatum(changes[i].end_offset));
		column_add(&columns[4], Int64GetDatum(changes[i].messages));
		column_add(&columns[5], Int64GetDatum(changes[i].learned));
		column_add(&columns[6], Int64GetDatum(changes[i].rejected));
	}
	for (size_t c = 0; c < lengthof(types); c++)
		values[c] = column_array(&columns[c]);
	values[lengthof(types)] = TimestampTzGetDatum(GetCurrentTimestamp());
	(void) statement_execute(&advance_offsets, values, NULL, SNAPSHOT_NEW);
}

void
offsets_note_ends(const OffsetChange *changes, int n)
{
	Column topics;
	Column partitions;
	Column ends;
	Datum values[3];

	column_init(&topics, TEXTOID, n);
	column_init(&partitions, INT4OID, n);
	column_init(&ends, INT8OID, n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&topics, changes[i].topic);
		column_add(&partitions, Int32GetDatum(changes[i].partition));
		column_add(&ends, Int64GetDatum(changes[i].end_offset));
	}
	values[0] = column_array(&topics);
	values[1] = column_array(&partitions);
	values[2] = column_array(&ends);
	(void) statement_execute(&note_ends, values, NULL, SNAPSHOT_NEW);
}

void
topic_state_set(const char *topic, const char *state)
{
	Datum values[] = {CStringGetTextDatum(topic), CStringGetTextDatum(state),
					  TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&set_state, values, NULL, SNAPSHOT_NEW);
}

void
topic_state_fail(const char *topic, const char *state, const char *error)
{
	Datum values[] = {CStringGetTextDatum(topic), CStringGetTextDatum(state),
					  CStringGetTextDatum(error), TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&fail_state, values, NULL, SNAPSHOT_NEW);
}

void
topic_state_measure(const char *topic, double rate)
{
	Datum values[] = {CStringGetTextDatum(topic), Float8GetDatum(rate),
					  TimestampTzGetDatum(GetCurrentTimestamp())};

	(void) statement_execute(&measure_state, values, NULL, SNAPSHOT_NEW);
}
