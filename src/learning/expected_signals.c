/*
 * expected_signals.c
 *		Estimates of the number of signals of events, to limit batches.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/guc.h"
#include "base/jsonutil.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "learning/expected_signals.h"

/* Bytes of stored data that give a signal, at a guess: of a short name in a list. */
#define BYTES_A_SIGNAL 12

/* Large values are returned as references, and only their size is used. */
static Statement select_subjects =
	STATEMENT("SELECT k.ordinal, i.data"
			  " FROM unnest($2) WITH ORDINALITY AS k (interaction_id, ordinal), LATERAL ("
			  "   SELECT data"
			  "   FROM personalization.interactions"
			  "   WHERE tenant_id = $1 AND interaction_id = k.interaction_id"
			  "   OFFSET 0) i",
			  "text uuid[]");

enum
{
	SUBJECT_ORDINAL = 1,
	SUBJECT_DATA
};

int
expected_signals(const Jsonb *data)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &data->root));
	int n = (int) (VARSIZE(data) / 64);
	JsonbIteratorToken token;
	JsonbValue value;

	while (n < max_signals && (token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
		n += token == WJB_VALUE || token == WJB_ELEM;
	return Min(n, max_signals);
}

static bool
names_interaction(const Event *event, pg_uuid_t *id)
{
	char *text;

	return event->fault == NULL && event->type == INTERACTION_FEEDBACK &&
		   JB_ROOT_IS_OBJECT(event->data) &&
		   json_text_member(&event->data->root, "interaction_id", &text) && text != NULL &&
		   uuid_decode(text, id);
}

/* The interaction may be among the events before it, which are not stored yet. */
static int
expected_of_earlier(const Event *events, int n, const pg_uuid_t *id, const int *expected)
{
	int most = 0;

	for (int i = 0; i < n; i++)
	{
		if (events[i].id_given && events[i].fault == NULL &&
			memcmp(events[i].id.data, id->data, UUID_LEN) == 0)
			most = Max(most, expected[i]);
	}
	return most;
}

bool
expect_of_feedback(const char *tenant_id, const Event *events, int n, int *expected)
{
	Column ids;
	Datum values[2] = {CStringGetTextDatum(tenant_id), (Datum) 0};
	int *feedback = palloc(Max(n, 1) * sizeof(int));
	uint64 nrows;

	column_init(&ids, UUIDOID, Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		pg_uuid_t *id = palloc(sizeof(pg_uuid_t));

		if (!names_interaction(&events[i], id))
			continue;
		expected[i] = Max(expected[i], expected_of_earlier(events, i, id, expected));
		feedback[ids.n] = i;
		column_add(&ids, UUIDPGetDatum(id));
	}
	if (ids.n == 0)
		return false;
	values[1] = column_array(&ids);
	nrows = statement_execute(&select_subjects, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < nrows; row++)
	{
		int64 ordinal = DatumGetInt64(result_value(row, SUBJECT_ORDINAL, NULL));
		Size size = toast_raw_datum_size(result_value(row, SUBJECT_DATA, NULL));
		int *of = &expected[feedback[ordinal - 1]];

		*of = Max(*of, (int) Min(size / BYTES_A_SIGNAL, (Size) max_signals));
	}
	SPI_freetuptable(SPI_tuptable);
	return true;
}
