/*
 * import_values.c
 *		Converting values of an untrusted document: each is checked by its
 *		column's type, and by the checks of learning.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "admin/import.h"
#include "base/arguments.h"
#include "base/fault.h"
#include "base/guc.h"
#include "base/jsonutil.h"
#include "base/local_time.h"

void
import_error(int sqlstate, const char *hint, const char *format, ...)
{
	Fault fault;
	va_list args;

	va_start(args, format);
	(void) fault_vset(&fault, sqlstate, hint, format, args);
	va_end(args);
	fault_raise(&fault, -1);
}

/* Rejects a value that learning would not have stored. */
static void
check_value(const Import *import, const char *column, Oid type, Datum value, const char *path)
{
	Fault fault;

	switch (type)
	{
		case FLOAT8OID:
			if (!(DatumGetFloat8(value) >= 0 && DatumGetFloat8(value) <= 1))
				import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be between 0 and 1",
							 path);
			return;
		case INT4OID:
			if (DatumGetInt32(value) < 0)
				import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must not be negative",
							 path);
			return;
		case INT8OID:
			if (DatumGetInt64(value) < 0)
				import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must not be negative",
							 path);
			return;
		case TIMESTAMPTZOID:
			if (TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(value)))
				import_error(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, NULL, "%s must be finite", path);
			if (strncmp(column, "expires", 7) != 0 &&
				DatumGetTimestampTz(value) > import->now + MAX_CLOCK_SKEW)
				import_error(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE,
							 "It may be at most five minutes ahead of the server's clock.",
							 "%s is in the future", path);
			return;
		case TEXTOID:
			if (strcmp(column, "key") == 0 || strcmp(column, "keys") == 0)
			{
				int len = VARSIZE_ANY_EXHDR(DatumGetPointer(value));

				if (len == 0 || len > MAX_KEY_LENGTH)
					import_error(ERRCODE_PROGRAM_LIMIT_EXCEEDED, NULL,
								 "%s must have between 1 and %d bytes", path, MAX_KEY_LENGTH);
			}
			else if (strcmp(column, "domain_expertise") == 0 &&
					 !check_id(path, VARDATA_ANY(DatumGetPointer(value)),
							   VARSIZE_ANY_EXHDR(DatumGetPointer(value)), &fault))
				fault_raise(&fault, -1);
			return;
		case JSONBOID:
			if (strcmp(column, "value") == 0 && VARSIZE(DatumGetPointer(value)) > MAX_VALUE_SIZE)
				import_error(ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							 psprintf("The maximum is %d bytes.", MAX_VALUE_SIZE),
							 "%s is too large: %zu bytes", path,
							 (size_t) VARSIZE(DatumGetPointer(value)));
			return;
		default:
			return;
	}
}

/* Returns a scalar as text for its type's input function. */
static char *
scalar_text(const Import *import, const JsonbValue *value, const char *path)
{
	switch (value->type)
	{
		case jbvString:
			if (import != NULL && value->val.string.len > max_payload)
				import_error(
					ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					psprintf("The maximum is %d bytes, set by personalization.max_payload.",
							 max_payload),
					"%s is too large: %d bytes", path, value->val.string.len);
			return json_text(value);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be a scalar", path);
	}
}

/*
 * Converts a text by its type's input function, whose error has the text in its message,
 * and so in the server's log.
 */
static Datum
input_value(Oid type, char *text, const char *path)
{
	MemoryContext context = CurrentMemoryContext;
	Datum datum;
	Oid input;
	Oid parameter;

	getTypeInputInfo(type, &input, &parameter);
	PG_TRY();
	{
		datum = OidInputFunctionCall(input, text, parameter, -1);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		FlushErrorState();
		import_error(error->sqlerrcode, error->hint, "%s is not a value of type %s: %s", path,
					 format_type_be(type), private_text(text, strlen(text)));
	}
	PG_END_TRY();
	return datum;
}

Datum
import_scalar(const Import *import, const char *column, const JsonbValue *value, Oid type,
			  const char *path)
{
	Datum datum;

	if (type == JSONBOID)
	{
		Jsonb *document = JsonbValueToJsonb(unconstify(JsonbValue *, value));
		Fault fault;

		if (import != NULL && !check_payload(path, document, &fault))
			fault_raise(&fault, -1);
		datum = JsonbPGetDatum(document);
	}
	else
		datum = input_value(type, scalar_text(import, value, path), path);
	if (import != NULL)
		check_value(import, column, type, datum, path);
	return datum;
}

Datum
import_array(const Import *import, const char *column, const JsonbValue *value, Oid element,
			 const char *path)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue item;
	Datum *items;
	bool *nulls;
	int dims[1];
	int lower[1] = {1};
	int n = 0;
	int16 length;
	bool by_value;
	char align;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an array", path);
	items = palloc((JsonContainerSize(value->val.binary.data) + 1) * sizeof(Datum));
	nulls = palloc(JsonContainerSize(value->val.binary.data) + 1);
	it = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		nulls[n] = item.type == jbvNull;
		if (nulls[n] && element != JSONBOID)
			import_error(ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s[%d] must not be null", path, n);
		items[n] = nulls[n]
					   ? (Datum) 0
					   : import_scalar(import, column, &item, element, psprintf("%s[%d]", path, n));
		n++;
	}
	if (n == 0)
		return PointerGetDatum(construct_empty_array(element));
	get_typlenbyvalalign(element, &length, &by_value, &align);
	dims[0] = n;
	return PointerGetDatum(
		construct_md_array(items, nulls, 1, dims, lower, element, length, by_value, align));
}

JsonbContainer *
import_member(const Jsonb *document, const char *name, bool array)
{
	JsonbValue value;
	JsonbValue *found = json_member(&document->root, name, &value);

	if (found == NULL)
		return NULL;
	if (found->type != jbvBinary || JsonContainerIsArray(found->val.binary.data) != array)
		import_error(ERRCODE_INVALID_PARAMETER_VALUE, NULL, "%s must be an %s", name,
					 array ? "array" : "object");
	return found->val.binary.data;
}
