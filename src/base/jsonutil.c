/*
 * jsonutil.c
 *		Helper functions for jsonb.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "base/jsonutil.h"

Jsonb *
json_empty_object(void)
{
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")));
}

Jsonb *
json_document(JsonbValue *value)
{
	JsonbValue array;
	Jsonb *roomy;
	Jsonb *document;

	/* A scalar is converted to this anyway; doing it here leaves no parse state behind. */
	array.type = jbvArray;
	array.val.array.nElems = 1;
	array.val.array.elems = value;
	array.val.array.rawScalar = true;
	roomy = JsonbValueToJsonb(IsAJsonbScalar(value) ? &array : value);
	document = memcpy(palloc(VARSIZE(roomy)), roomy, VARSIZE(roomy));
	pfree(roomy);
	return document;
}

Jsonb *
json_keep(const Jsonb *document)
{
	return memcpy(SPI_palloc(VARSIZE(document)), document, VARSIZE(document));
}

JsonbValue *
json_member(const JsonbContainer *object, const char *name, JsonbValue *value)
{
	JsonbValue *found;

	/* The lookup only asserts this, and would read an array's elements as keys. */
	if (!JsonContainerIsObject(object))
		return NULL;
	found = getKeyJsonValueFromContainer(unconstify(JsonbContainer *, object), name, strlen(name),
										 value);
	return found == NULL || found->type == jbvNull ? NULL : found;
}

char *
json_text(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

bool
json_text_member(const JsonbContainer *object, const char *name, char **text)
{
	JsonbValue value;
	JsonbValue *found = json_member(object, name, &value);

	*text = NULL;
	if (found == NULL)
		return true;
	if (found->type != jbvString)
		return false;
	*text = json_text(found);
	return true;
}

bool
json_number(const JsonbValue *value, double *number)
{
	/* The "no overflow" variant returns infinity instead of raising an error. */
	*number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	return *number >= -DBL_MAX && *number <= DBL_MAX;
}

void
json_scalar(const Jsonb *document, JsonbValue *value)
{
	if (!JsonbExtractScalar(unconstify(JsonbContainer *, &document->root), value))
		elog(ERROR, "jsonb value is not a scalar");
}

bool
json_equal(const Jsonb *a, const Jsonb *b)
{
	if (VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0)
		return true;
	return compareJsonbContainers(unconstify(JsonbContainer *, &a->root),
								  unconstify(JsonbContainer *, &b->root)) == 0;
}

/* Pushes the members of patch merged into target. target is NULL if it is not an object. */
static void
push_merged(JsonbParseState **state, const JsonbContainer *target, const JsonbContainer *patch)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;
	JsonbValue other;

	check_stack_depth();
	if (target != NULL)
	{
		it = JsonbIteratorInit(unconstify(JsonbContainer *, target));
		while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
		{
			if (token != WJB_KEY)
				continue;
			(void) JsonbIteratorNext(&it, &value, true);
			if (getKeyJsonValueFromContainer(unconstify(JsonbContainer *, patch),
											 name.val.string.val, name.val.string.len, &other))
				continue;
			(void) pushJsonbValue(state, WJB_KEY, &name);
			(void) pushJsonbValue(state, WJB_VALUE, &value);
		}
	}

	it = JsonbIteratorInit(unconstify(JsonbContainer *, patch));
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		const JsonbContainer *inner = NULL;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		if (value.type == jbvNull)
			continue;
		(void) pushJsonbValue(state, WJB_KEY, &name);
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
		{
			(void) pushJsonbValue(state, WJB_VALUE, &value);
			continue;
		}
		if (target != NULL &&
			getKeyJsonValueFromContainer(unconstify(JsonbContainer *, target), name.val.string.val,
										 name.val.string.len, &other) &&
			other.type == jbvBinary && JsonContainerIsObject(other.val.binary.data))
			inner = other.val.binary.data;
		(void) pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_merged(state, inner, value.val.binary.data);
		(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
}

Jsonb *
json_merge_patch(const Jsonb *target, const Jsonb *patch)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_merged(&state, JB_ROOT_IS_OBJECT(target) ? &target->root : NULL, &patch->root);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

void
json_from_double(double number, JsonbValue *value)
{
	char text[DOUBLE_SHORTEST_DECIMAL_LEN];

	/* JSON has no NaN or infinity. */
	if (isnan(number) || isinf(number))
	{
		value->type = jbvNull;
		return;
	}

	/* float8_numeric() would round to 15 digits. */
	double_to_shortest_decimal_buf(number, text);
	value->type = jbvNumeric;
	value->val.numeric = DatumGetNumeric(DirectFunctionCall3(
		numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

void
json_push_key(JsonbParseState **state, const char *name)
{
	JsonbValue key;

	key.type = jbvString;
	key.val.string.val = pstrdup(name);
	key.val.string.len = strlen(name);
	(void) pushJsonbValue(state, WJB_KEY, &key);
}

/* Pushes an element of an array if name is NULL. */
static void
push(JsonbParseState **state, const char *name, JsonbValue *value)
{
	if (name != NULL)
		json_push_key(state, name);
	(void) pushJsonbValue(state, name == NULL ? WJB_ELEM : WJB_VALUE, value);
}

void
json_push_text(JsonbParseState **state, const char *name, const char *text)
{
	JsonbValue value;

	if (text == NULL)
	{
		json_push_null(state, name);
		return;
	}
	value.type = jbvString;
	value.val.string.val = pstrdup(text);
	value.val.string.len = strlen(text);
	push(state, name, &value);
}

void
json_push_double(JsonbParseState **state, const char *name, double number)
{
	JsonbValue value;

	json_from_double(number, &value);
	push(state, name, &value);
}

void
json_push_int(JsonbParseState **state, const char *name, int64 number)
{
	JsonbValue value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	push(state, name, &value);
}

/* Larger numbers have no decimals to speak of. */
#define LARGEST_ROUNDED 1e12

void
json_push_rounded(JsonbParseState **state, const char *name, double number)
{
	JsonbValue value;
	int64 digits;
	int decimals = 3;

	if (!(fabs(number) < LARGEST_ROUNDED))
	{
		json_push_double(state, name, number);
		return;
	}
	digits = (int64) rint(number * 1000);
	for (; decimals > 0 && digits % 10 == 0; decimals--)
		digits /= 10;
	value.type = jbvNumeric;
	value.val.numeric = int64_div_fast_to_numeric(digits, decimals);
	push(state, name, &value);
}

void
json_push_jsonb(JsonbParseState **state, const char *name, const Jsonb *document)
{
	JsonbValue value;

	if (document == NULL)
	{
		json_push_null(state, name);
		return;
	}
	if (!JB_ROOT_IS_SCALAR(document))
	{
		value.type = jbvBinary;
		value.val.binary.data = unconstify(JsonbContainer *, &document->root);
		value.val.binary.len = VARSIZE(document) - VARHDRSZ;
	}
	else
		json_scalar(document, &value);
	push(state, name, &value);
}

void
json_push_null(JsonbParseState **state, const char *name)
{
	JsonbValue value;

	value.type = jbvNull;
	push(state, name, &value);
}

void
json_push_time(JsonbParseState **state, const char *name, TimestampTz at)
{
	char text[MAXDATELEN + 1];
	int utc = 0;

	json_push_text(state, name,
				   JsonEncodeDateTime(text, TimestampTzGetDatum(at), TIMESTAMPTZOID, &utc));
}
