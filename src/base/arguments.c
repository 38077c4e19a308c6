/*
 * arguments.c
 *		Checks of the arguments of functions that are called from SQL.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "base/arguments.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/guc.h"
#include "base/local_time.h"

bool
check_id(const char *what, const char *id, size_t len, Fault *fault)
{
	if (len == 0)
		return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must not be empty",
						 what);
	if (len > MAX_ID_LENGTH)
		return fault_set(fault, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
						 psprintf("The maximum is %d bytes.", MAX_ID_LENGTH),
						 "%s is too long: %zu bytes", what, len);
	return true;
}

/*
 * jsonb stores 1e131071 in ten bytes, and writes it in a hundred thousand.  Numbers that
 * float8 does not have are of no use to anybody, and of those that it has the digits count.
 */
#define GREATEST_NUMBER "1.7976931348623158e308"
#define LONG_NUMBER "1e20"
#define LONG_NUMBER_DIGITS 309
#define MAX_NUMBER_SCALE 400 /* digits after the point */

/* A constant for comparisons, kept for the session. */
static Numeric
number_constant(Numeric *kept, const char *text)
{
	if (*kept == NULL)
	{
		MemoryContext context = MemoryContextSwitchTo(TopMemoryContext);

		*kept = DatumGetNumeric(DirectFunctionCall3(
			numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		MemoryContextSwitchTo(context);
	}
	return *kept;
}

/* Whether a number is larger in magnitude than a constant. */
static bool
is_beyond(Numeric number, Numeric constant)
{
	Datum magnitude = DirectFunctionCall1(numeric_abs, NumericGetDatum(number));

	return DatumGetBool(DirectFunctionCall2(numeric_gt, magnitude, NumericGetDatum(constant)));
}

/*
 * How many bytes more than stored a number takes as text, at most; -1 if it is not one
 * of float8.
 */
static int
number_length(Numeric number)
{
	static Numeric greatest = NULL;
	static Numeric large = NULL;
	int scale = DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(number)));

	if (scale > MAX_NUMBER_SCALE || is_beyond(number, number_constant(&greatest, GREATEST_NUMBER)))
		return -1;
	return scale +
		   (is_beyond(number, number_constant(&large, LONG_NUMBER)) ? LONG_NUMBER_DIGITS : 0);
}

/* The properties of a payload that are checked. */
typedef struct PayloadShape
{
	int depth;		   /* of arrays and objects */
	size_t digits;	   /* that its numbers take beyond what they take as stored */
	bool has_unusable; /* a number that is not one of float8 */
} PayloadShape;

/* Stops as soon as something is too large. */
static void
measure_payload(const Jsonb *payload, PayloadShape *shape)
{
	JsonbIterator *it = JsonbIteratorInit(unconstify(JsonbContainer *, &payload->root));
	JsonbIteratorToken token;
	JsonbValue value;
	int depth = 0;

	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
		{
			depth++;
			shape->depth = Max(shape->depth, depth);
		}
		else if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
		else if ((token == WJB_VALUE || token == WJB_ELEM) && value.type == jbvNumeric)
		{
			int digits = number_length(value.val.numeric);

			if (digits < 0)
				shape->has_unusable = true;
			else
				shape->digits += digits;
		}
		if (shape->depth > MAX_NESTING || shape->has_unusable)
			break;
	}
}

bool
check_payload(const char *what, const Jsonb *payload, Fault *fault)
{
	size_t size = VARSIZE(payload);
	PayloadShape shape = {0};

	if (size <= (size_t) max_payload)
	{
		measure_payload(payload, &shape);
		size += shape.digits;
	}
	if (size > (size_t) max_payload)
		return fault_set(
			fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
			psprintf("The maximum is %d bytes, set by personalization.max_payload.", max_payload),
			"%s is too large: %zu bytes", what, size);
	if (shape.depth > MAX_NESTING)
		return fault_set(fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
						 "%s is nested deeper than %d levels", what, MAX_NESTING);
	if (shape.has_unusable)
		return fault_set(fault, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
						 "Numbers must be within the range of double precision, with at most 400 "
						 "digits after the decimal point.",
						 "%s contains a number that is out of range", what);
	return true;
}

bool
check_occurred_at(TimestampTz at, TimestampTz now, Fault *fault)
{
	if (TIMESTAMP_NOT_FINITE(at))
		return fault_set(fault, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, NULL,
						 "occurred_at must be finite");
	if (at > now + MAX_CLOCK_SKEW)
		return fault_set(fault, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
						 "It may be at most five minutes ahead of the server's clock.",
						 "occurred_at is in the future: %s", timestamptz_to_str(at));
	return true;
}

void
prevent_if_read_only(const char *function)
{
	PreventCommandDuringRecovery(function);
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
}

void
serialization_failure(void)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("could not serialize access due to concurrent update"),
					errhint("The transaction might succeed if retried.")));
}

void
require_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
}

char *
id_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	text *value;
	Fault fault;

	require_argument(fcinfo, n, name);
	value = PG_GETARG_TEXT_PP(n);
	if (!check_id(name, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &fault))
		fault_raise(&fault, -1);
	return text_to_cstring(value);
}

/* Raises an error if an argument is too large. The size is known before it is decompressed. */
static void
require_size(Size size, const char *name)
{
	Fault fault;

	if (size <= (Size) max_payload)
		return;
	(void) fault_set(
		&fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		psprintf("The maximum is %d bytes, set by personalization.max_payload.", max_payload),
		"%s is too large: %zu bytes", name, size);
	fault_raise(&fault, -1);
}

Jsonb *
jsonb_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	Jsonb *value;
	Fault fault;

	require_argument(fcinfo, n, name);
	require_size(toast_raw_datum_size(PG_GETARG_DATUM(n)), name);
	value = PG_GETARG_JSONB_P(n);
	if (!check_payload(name, value, &fault))
		fault_raise(&fault, -1);
	return value;
}

Jsonb *
object_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	Jsonb *value = jsonb_argument(fcinfo, n, name);

	if (!JB_ROOT_IS_OBJECT(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be a JSON object", name)));
	return value;
}

text *
text_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	require_argument(fcinfo, n, name);
	require_size(toast_raw_datum_size(PG_GETARG_DATUM(n)) - VARHDRSZ, name);
	return PG_GETARG_TEXT_PP(n);
}

ArrayType *
texts_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (PG_ARGISNULL(n))
		return NULL;
	require_size(toast_raw_datum_size(PG_GETARG_DATUM(n)) - VARHDRSZ, name);
	return PG_GETARG_ARRAYTYPE_P(n);
}

TimestampTz
time_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	TimestampTz value;

	require_argument(fcinfo, n, name);
	value = PG_GETARG_TIMESTAMPTZ(n);
	if (TIMESTAMP_NOT_FINITE(value))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("%s must be finite", name)));
	return value;
}
