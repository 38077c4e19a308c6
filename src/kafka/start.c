/*
 * start.c
 *		The argument start of subscribe_topic(): where reading a topic begins.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/fault.h"
#include "base/jsonutil.h"
#include "kafka/start.h"

#define EARLIEST "earliest"
#define LATEST "latest"

#define UNIX_EPOCH_MILLIS INT64CONST(946684800000) /* from 1970 to 2000 */

static void
hint_at_start(void *arg)
{
	errhint("Specify \"earliest\", \"latest\", a time, or an object with the next offset of each "
			"partition, such as {\"0\": 1200, \"1\": 1187}.");
}

pg_noreturn static void
offsets_error(void)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("start must map partition numbers to offsets")));
}

/* {"0": 1200, …} */
static StoredOffset *
read_offsets(char *text, int *n)
{
	Jsonb *document = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	StoredOffset *offsets = palloc(Max(JB_ROOT_COUNT(document), 1) * sizeof(StoredOffset));
	JsonbIterator *it = JsonbIteratorInit(&document->root);
	JsonbIteratorToken token;
	JsonbValue value;

	*n = 0;
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		StoredOffset *offset = &offsets[*n];
		char *name;
		char *end;
		long number;

		if (token != WJB_KEY)
			continue;
		name = json_text(&value);
		errno = 0;
		number = strtol(name, &end, 10);
		(void) JsonbIteratorNext(&it, &value, true);
		if (errno != 0 || end == name || *end != '\0' || number < 0 || number > PG_INT32_MAX ||
			value.type != jbvNumeric)
			offsets_error();
		offset->partition = (int32) number;
		offset->next_offset =
			DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
		if (offset->next_offset < 0)
			offsets_error();
		(*n)++;
	}
	return offsets;
}

static TimestampTz
read_time(const char *text)
{
	TimestampTz at = DatumGetTimestampTz(DirectFunctionCall3(
		timestamptz_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("start must be finite")));
	return at;
}

char *
start_read(char *text, StoredOffset **offsets, int *n)
{
	ErrorContextCallback hint = {error_context_stack, hint_at_start, NULL};
	char *stored = text;

	*offsets = NULL;
	*n = 0;
	if (strcmp(text, EARLIEST) == 0 || strcmp(text, LATEST) == 0)
		return text;
	error_context_stack = &hint;
	if (text[strspn(text, " \t\n")] == '{')
		*offsets = read_offsets(text, n);
	else
	{
		TimestampTz at = read_time(text);
		int utc = 0;

		stored = palloc(MAXDATELEN + 1);
		(void) JsonEncodeDateTime(stored, TimestampTzGetDatum(at), TIMESTAMPTZOID, &utc);
	}
	error_context_stack = hint.previous;
	return stored;
}

int64
start_time(const char *start)
{
	if (strcmp(start, LATEST) == 0)
		return START_LATEST;
	if (strcmp(start, EARLIEST) == 0 || start[strspn(start, " \t\n")] == '{')
		return START_EARLIEST;
	return Max(read_time(start) / 1000 + UNIX_EPOCH_MILLIS, 0);
}
