/*
 * event_names_user.c
 *		Whether a rejected event is about a user.
 *
 *		The event may be nested as deeply as jsonb allows, which is more than
 *		the functions of the server that search in it stand: jsonpath goes a
 *		level down by calling itself.  What cannot be searched could not be
 *		erased.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "base/jsonutil.h"

PG_FUNCTION_INFO_V1(personalization_event_names_user);

/* Whether a scalar is this name; a number, as it is written. */
static bool
is_name(const JsonbValue *scalar, const char *name, size_t len)
{
	bool same;
	char *number;

	if (scalar->type == jbvString)
		return (size_t) scalar->val.string.len == len &&
			   memcmp(scalar->val.string.val, name, len) == 0;
	if (scalar->type != jbvNumeric)
		return false;
	number =
		DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(scalar->val.numeric)));
	same = strlen(number) == len && memcmp(number, name, len) == 0;
	pfree(number);
	return same;
}

/*
 * Where the event has a member user_id that is text, the user is that; otherwise the
 * one whose name is a value anywhere in it.
 */
Datum
personalization_event_names_user(PG_FUNCTION_ARGS)
{
	Jsonb *event = PG_GETARG_JSONB_P(0);
	text *user_id = PG_GETARG_TEXT_PP(1);
	JsonbValue value;
	const JsonbValue *member = json_member(&event->root, "user_id", &value);
	JsonbIterator *it;
	JsonbIteratorToken token;

	if (member != NULL && member->type == jbvString)
		PG_RETURN_BOOL(is_name(member, VARDATA_ANY(user_id), VARSIZE_ANY_EXHDR(user_id)));
	it = JsonbIteratorInit(&event->root);
	while ((token = JsonbIteratorNext(&it, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if ((token == WJB_VALUE || token == WJB_ELEM) &&
			is_name(&value, VARDATA_ANY(user_id), VARSIZE_ANY_EXHDR(user_id)))
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}
