/*
 * stored_traits.c
 *		Traits set by hand, now and earlier.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"

#include "base/jsonutil.h"
#include "base/statement.h"
#include "profiles/stored_traits.h"

/* Maximum number of earlier settings of traits in a profile. */
#define EARLIER_TRAITS 100

static Statement select_profile =
	STATEMENT("SELECT skill_level, to_jsonb(domain_expertise), communication_style,"
			  "  created_at, updated_at, earlier_traits"
			  " FROM personalization.profiles"
			  " WHERE tenant_id = $1 AND user_id = $2",
			  "text text");

enum
{
	PROFILE_SKILL = 1,
	PROFILE_EXPERTISE,
	PROFILE_STYLE,
	PROFILE_CREATED_AT,
	PROFILE_UPDATED_AT,
	PROFILE_EARLIER
};

/* Returns the name of a trait's value, NULL for null. */
static char *
trait_name(int column)
{
	bool isnull;
	Datum value = result_value(0, column, &isnull);

	return isnull ? NULL : DatumGetCString(DirectFunctionCall1(enum_out, value));
}

/* Returns the first of the earlier traits that were in force until after a time, or NULL. */
static const JsonbContainer *
traits_then(const Jsonb *earlier, TimestampTz at)
{
	Datum time = NumericGetDatum(int64_to_numeric(at));
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue item;

	if (earlier == NULL || !JB_ROOT_IS_ARRAY(earlier))
		return NULL;
	it = JsonbIteratorInit(unconstify(JsonbContainer *, &earlier->root));
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
	{
		JsonbValue value;
		const JsonbValue *until;

		if (token != WJB_ELEM || item.type != jbvBinary)
			continue;
		until = json_member(item.val.binary.data, "until", &value);
		if (until != NULL && until->type == jbvNumeric &&
			DatumGetBool(
				DirectFunctionCall2(numeric_gt, NumericGetDatum(until->val.numeric), time)))
			return item.val.binary.data;
	}
	return NULL;
}

/* Replaces the present traits with those of an earlier time. */
static void
replace_traits(SetTraits *traits, const JsonbContainer *then)
{
	JsonbValue value;
	JsonbValue *found;
	double updated;

	(void) json_text_member(then, "skill_level", &traits->skill);
	(void) json_text_member(then, "communication_style", &traits->style);
	found = json_member(then, "domain_expertise", &value);
	traits->expertise =
		found != NULL && found->type == jbvBinary && JsonContainerIsArray(found->val.binary.data)
			? JsonbValueToJsonb(found)
			: NULL;
	found = json_member(then, "updated_at", &value);
	if (found != NULL && found->type == jbvNumeric && json_number(found, &updated) &&
		updated >= (double) MIN_TIMESTAMP && updated < (double) END_TIMESTAMP)
		traits->updated = (TimestampTz) updated;
}

/* Takes the traits set at a time from the result of select_profile. */
static void
read_row(TimestampTz at, SetTraits *traits)
{
	const JsonbContainer *then = NULL;

	traits->skill = trait_name(PROFILE_SKILL);
	traits->expertise = result_jsonb(0, PROFILE_EXPERTISE);
	traits->style = trait_name(PROFILE_STYLE);
	traits->created = DatumGetTimestampTz(result_value(0, PROFILE_CREATED_AT, NULL));
	traits->updated = DatumGetTimestampTz(result_value(0, PROFILE_UPDATED_AT, NULL));
	traits->earlier = result_jsonb(0, PROFILE_EARLIER);

	/* Later traits do not affect the present. */
	if (at < GetCurrentTransactionStartTimestamp())
		then = traits_then(traits->earlier, at);
	if (then != NULL)
		replace_traits(traits, then);
	else if (at < traits->created && at < GetCurrentTransactionStartTimestamp())
	{
		/* They were set when the user was created, or later. */
		traits->skill = traits->style = NULL;
		traits->expertise = NULL;
	}
}

void
set_traits_read(const char *tenant_id, const char *user_id, TimestampTz at, ReadAhead *ahead,
				SetTraits *traits)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};

	memset(traits, 0, sizeof(*traits));
	traits->known = read_ahead_execute(ahead, &select_profile, values) > 0;
	if (traits->known)
		read_row(at, traits);
}

void
set_traits_read_locked(const char *tenant_id, const char *user_id, TimestampTz at,
					   SetTraits *traits)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};

	memset(traits, 0, sizeof(*traits));
	traits->known = statement_execute(&select_profile, values, NULL, SNAPSHOT_NEW) > 0;
	if (traits->known)
		read_row(at, traits);
}

Jsonb *
set_traits_kept(const SetTraits *traits, TimestampTz now, int64 retention)
{
	JsonbParseState *state = NULL;
	int surplus = traits->earlier == NULL || !JB_ROOT_IS_ARRAY(traits->earlier)
					  ? 0
					  : (int) JB_ROOT_COUNT(traits->earlier) - (EARLIER_TRAITS - 1);

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	if (traits->earlier != NULL)
	{
		JsonbIterator *it = JsonbIteratorInit(&traits->earlier->root);
		JsonbIteratorToken token;
		JsonbValue item;

		while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
		{
			JsonbValue value;
			JsonbValue *until;
			double number;

			if (token != WJB_ELEM || surplus-- > 0 || item.type != jbvBinary)
				continue;
			until = json_member(item.val.binary.data, "until", &value);
			if (until != NULL && until->type == jbvNumeric && json_number(until, &number) &&
				number > (double) (now - retention))
				(void) pushJsonbValue(&state, WJB_ELEM, &item);
		}
	}
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_int(&state, "until", now);
	json_push_text(&state, "skill_level", traits->skill);
	json_push_jsonb(&state, "domain_expertise", traits->expertise);
	json_push_text(&state, "communication_style", traits->style);
	json_push_int(&state, "updated_at", traits->updated);
	(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}
