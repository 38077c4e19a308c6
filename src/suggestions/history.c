/*
 * history.c
 *		The requests of users, in order of time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "port/pg_bswap.h"
#include "utils/builtins.h"

#include "base/rows.h"
#include "base/statement.h"
#include "core/ranking/links.h"
#include "core/ranking/situation.h"
#include "core/ranking/statistics.h"
#include "suggestions/history.h"

/* Read from the index only, if the table has been vacuumed. */
static Statement select_history = STATEMENT(
	"SELECT occurred_at, interaction_id, query_id"
	" FROM personalization.interactions"
	" WHERE tenant_id = $1 AND user_id = $2 AND query_id IS NOT NULL AND occurred_at <= $3"
	" ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",
	"text text timestamptz int8");

/* The requests before a given one, even if several have the same time. */
static Statement select_before =
	STATEMENT("SELECT occurred_at, interaction_id, query_id"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND query_id IS NOT NULL"
			  " AND (occurred_at, interaction_id) < ($3, $5)"
			  " ORDER BY occurred_at DESC, interaction_id DESC LIMIT $4",
			  "text text timestamptz int8 uuid");

/* The second and third have only the columns of an entry. */
enum
{
	ENTRY_AT = 0,
	ENTRY_INTERACTION,
	ENTRY_QUERY
};
#define ENTRY_ONLY 1

static Statement select_histories = STATEMENT(
	"SELECT u.ordinal, h.*"
	" FROM unnest($2, $3, $4, $5) WITH ORDINALITY AS u (user_id, until, last, n, ordinal), LATERAL ("
	"   SELECT occurred_at, interaction_id, query_id"
	"   FROM personalization.interactions"
	"   WHERE tenant_id = $1 AND user_id = u.user_id AND query_id IS NOT NULL"
	"   AND (occurred_at, interaction_id) <= (u.until, u.last)"
	"   ORDER BY occurred_at DESC, interaction_id DESC LIMIT u.n) h",
	"text text[] timestamptz[] uuid[] int8[]");

enum
{
	HISTORIES_ORDINAL = 1,
	HISTORIES_ENTRY
};

static Statement select_known = STATEMENT("SELECT last_asked, query_id"
										  " FROM ("
										  "   SELECT last_asked, query_id"
										  "   FROM personalization.user_queries"
										  "   WHERE tenant_id = $1 AND user_id = $2"
										  "   LIMIT 1000) known"
										  " WHERE last_asked < $3"
										  " ORDER BY last_asked DESC, query_id LIMIT $4",
										  "text text timestamptz int8");

enum
{
	KNOWN_LAST_ASKED = 1,
	KNOWN_QUERY_ID
};

/* For a user with fewer requests than this, older data is read too. */
#define FEW_ASKS 20

QueryKey
query_key(const pg_uuid_t *id)
{
	QueryKey key;

	memcpy(&key.high, id->data, sizeof(key.high));
	memcpy(&key.low, id->data + sizeof(key.high), sizeof(key.low));
	key.high = pg_ntoh64(key.high);
	key.low = pg_ntoh64(key.low);
	return key;
}

pg_uuid_t *
query_uuid(const QueryKey *key)
{
	pg_uuid_t *id = palloc(sizeof(pg_uuid_t));
	uint64 high = pg_hton64(key->high);
	uint64 low = pg_hton64(key->low);

	memcpy(id->data, &high, sizeof(high));
	memcpy(id->data + sizeof(high), &low, sizeof(low));
	return id;
}

static void
read_entry(uint64 row, int first, HistoryEntry *entry)
{
	entry->at = DatumGetTimestampTz(result_value(row, first + ENTRY_AT, NULL));
	entry->interaction_id = *DatumGetUUIDP(result_value(row, first + ENTRY_INTERACTION, NULL));
	entry->query = query_key(DatumGetUUIDP(result_value(row, first + ENTRY_QUERY, NULL)));
}

static void
read_history(uint64 nrows, TimestampTz until, int64 limit, History *history)
{
	history->entries = palloc(Max(nrows, 1) * sizeof(HistoryEntry));
	history->until = until;
	history->n = (int) nrows;
	history->complete = nrows < (uint64) limit;
	for (uint64 row = 0; row < nrows; row++)
		read_entry(row, ENTRY_ONLY, &history->entries[nrows - 1 - row]);
	SPI_freetuptable(SPI_tuptable);
}

void
history_read(const char *tenant_id, TimestampTz until, int64 limit, History *history)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(history->user_id),
					  TimestampTzGetDatum(until), Int64GetDatum(limit)};

	read_history(statement_execute(&select_history, values, NULL, SNAPSHOT_CALLER), until, limit,
				 history);
}

void
history_read_before(const char *tenant_id, TimestampTz at, const pg_uuid_t *interaction_id,
					int64 limit, History *history)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(history->user_id),
					  TimestampTzGetDatum(at), Int64GetDatum(limit), UUIDPGetDatum(interaction_id)};

	read_history(statement_execute(&select_before, values, NULL, SNAPSHOT_NEW), at, limit, history);
}

void
history_read_many(const char *tenant_id, const HistoryEnd *ends, History *histories, int n)
{
	const Oid types[] = {TEXTOID, TIMESTAMPTZOID, UUIDOID, INT8OID};
	Column columns[lengthof(types)];
	Datum values[1 + lengthof(types)];
	uint64 nrows;
	uint64 end;

	for (size_t c = 0; c < lengthof(types); c++)
		column_init(&columns[c], types[c], n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&columns[0], histories[i].user_id);
		column_add(&columns[1], TimestampTzGetDatum(ends[i].at));
		column_add(&columns[2], UUIDPGetDatum(&ends[i].interaction_id));
		column_add(&columns[3], Int64GetDatum(ends[i].limit));
	}
	values[0] = CStringGetTextDatum(tenant_id);
	for (size_t c = 0; c < lengthof(types); c++)
		values[1 + c] = column_array(&columns[c]);
	nrows = statement_execute(&select_histories, values, NULL, SNAPSHOT_NEW);

	/* The rows of a user are adjacent, the latest first. */
	for (int i = 0; i < n; i++)
	{
		histories[i].until = ends[i].at;
		histories[i].n = 0;
	}
	for (uint64 row = 0; row < nrows; row = end)
	{
		int64 ordinal = DatumGetInt64(result_value(row, HISTORIES_ORDINAL, NULL));
		History *history = &histories[ordinal - 1];

		for (end = row;
			 end < nrows && DatumGetInt64(result_value(end, HISTORIES_ORDINAL, NULL)) == ordinal;
			 end++)
			;
		history->n = (int) (end - row);
		history->entries = palloc(history->n * sizeof(HistoryEntry));
		for (uint64 r = row; r < end; r++)
			read_entry(r, HISTORIES_ENTRY, &history->entries[end - 1 - r]);
	}
	for (int i = 0; i < n; i++)
		histories[i].complete = histories[i].n < ends[i].limit;
	SPI_freetuptable(SPI_tuptable);
}

void
history_complete(const char *tenant_id, History *history)
{
	TimestampTz first = history->n > 0 ? history->entries[0].at : history->until;
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(history->user_id),
					  TimestampTzGetDatum(first), Int64GetDatum(HISTORY_MAX - FEW_ASKS)};
	HistoryEntry *entries;
	uint64 nrows;

	if (history->n >= FEW_ASKS)
		return;
	nrows = statement_execute(&select_known, values, NULL, SNAPSHOT_CALLER);
	entries = palloc((history->n + nrows + 1) * sizeof(HistoryEntry));
	for (uint64 row = 0; row < nrows; row++)
	{
		HistoryEntry *entry = &entries[nrows - 1 - row];

		memset(entry, 0, sizeof(HistoryEntry));
		entry->at = DatumGetTimestampTz(result_value(row, KNOWN_LAST_ASKED, NULL));
		entry->query = query_key(DatumGetUUIDP(result_value(row, KNOWN_QUERY_ID, NULL)));
	}
	if (history->n > 0)
		memcpy(entries + nrows, history->entries, history->n * sizeof(HistoryEntry));
	history->entries = entries;
	history->n += (int) nrows;
	SPI_freetuptable(SPI_tuptable);
}

int
history_before(const History *history, TimestampTz at, const pg_uuid_t *interaction_id)
{
	int low = 0;
	int high = history->n;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		const HistoryEntry *entry = &history->entries[middle];

		if (entry->at < at || (entry->at == at && memcmp(entry->interaction_id.data,
														 interaction_id->data, UUID_LEN) < 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
