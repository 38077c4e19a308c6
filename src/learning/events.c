/*
 * events.c
 *		Events passed by callers, and their checks.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/uuid.h"
#include "learning/events.h"

#define TIME_HINT "Use ISO 8601 format, such as \"2026-03-01T09:30:00+00:00\"."

/*
 * Whether the names of time zones in a text that contain a slash are known.
 * Before version 16 DecodeDateTime() raises an error for an unknown one.
 */
static bool
time_zones_are_known(char **field, const int *ftype, int nf)
{
	for (int i = 0; i < nf; i++)
	{
		if (ftype[i] == DTK_DATE && !isdigit((unsigned char) field[i][0]) &&
			pg_tzset(field[i]) == NULL)
			return false;
	}
	return true;
}

/* Like timestamptz_in(), but without raising errors. */
static bool
decode_time(const char *text, TimestampTz *at, Fault *fault)
{
	char work[MAXDATELEN + MAXDATEFIELDS];
	char *field[MAXDATEFIELDS];
	int ftype[MAXDATEFIELDS];
	int nf;
	int dtype;
	int tz;
	struct pg_tm tm;
	fsec_t fsec;

	if (ParseDateTime(text, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nf) != 0 ||
		!time_zones_are_known(field, ftype, nf) ||
		decode_date_time(field, ftype, nf, &dtype, &tm, &fsec, &tz) != 0)
		return fault_set(fault, ERRCODE_INVALID_DATETIME_FORMAT, TIME_HINT,
						 "invalid value for occurred_at: %s", private_text(text, strlen(text)));
	if (dtype == DTK_LATE || dtype == DTK_EARLY)
		return fault_set(fault, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, TIME_HINT,
						 "occurred_at must be finite");
	if (dtype == DTK_EPOCH)
		*at = SetEpochTimestamp();
	else if (dtype != DTK_DATE || tm2timestamp(&tm, fsec, &tz, at) != 0)
		return fault_set(fault, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, TIME_HINT,
						 "occurred_at is out of range: %s", private_text(text, strlen(text)));
	return true;
}

bool
interaction_type_decode(const char *name, InteractionType *type, Fault *fault)
{
	int number = find_name(interaction_type_names, INTERACTION_TYPES, name, strlen(name));

	if (number < 0)
		return fault_set(fault, ERRCODE_INVALID_TEXT_REPRESENTATION,
						 "The types are query, visualization, export, dashboard, feedback, "
						 "refinement, exploration and custom.",
						 "invalid value for interaction_type: %s",
						 private_text(name, strlen(name)));
	*type = (InteractionType) number;
	return true;
}

const char *const event_field_names[EVENT_FIELDS] = {"tenant_id", "user_id",	 "interaction_type",
													 "data",	  "occurred_at", "interaction_id",
													 "feedback"};

/* Sets the event's field from one member. */
static bool
decode_field(EventField field, const JsonbValue *value, TimestampTz now, Event *event, Fault *fault)
{
	const char *name = event_field_names[field];
	char *text = NULL;

	if (field == FIELD_OCCURRED_AT && value->type == jbvDatetime)
	{
		event->occurred_at = DatumGetTimestampTz(value->val.datetime.value);
		return check_occurred_at(event->occurred_at, now, fault);
	}
	if (field != FIELD_DATA && field != FIELD_FEEDBACK)
	{
		if (value->type != jbvString)
			return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
							 field == FIELD_OCCURRED_AT ? TIME_HINT
														: "Write the value as a JSON string.",
							 "%s must be a string", name);
		text = json_text(value);
	}
	switch (field)
	{
		case FIELD_TENANT_ID:
			if (!check_id(name, text, strlen(text), fault))
				return false;
			event->tenant_id = text;
			return true;
		case FIELD_USER_ID:
			if (!check_id(name, text, strlen(text), fault))
				return false;
			event->user_id = text;
			return true;
		case FIELD_INTERACTION_TYPE:
			return interaction_type_decode(text, &event->type, fault);
		case FIELD_DATA:
			event->data = JsonbValueToJsonb(unconstify(JsonbValue *, value));
			return check_payload(name, event->data, fault);
		case FIELD_OCCURRED_AT:
			return decode_time(text, &event->occurred_at, fault) &&
				   check_occurred_at(event->occurred_at, now, fault);
		case FIELD_INTERACTION_ID:
			event->id_given = uuid_decode(text, &event->id);
			if (!event->id_given)
				return fault_set(fault, ERRCODE_INVALID_TEXT_REPRESENTATION, "It must be a UUID.",
								 "invalid value for interaction_id: %s",
								 private_text(text, strlen(text)));
			return true;
		case FIELD_FEEDBACK:
			event->feedback = JsonbValueToJsonb(unconstify(JsonbValue *, value));
			return check_payload(name, event->feedback, fault);
	}
	return false;
}

static void
begin_event(Event *event)
{
	memset(event, 0, sizeof(*event));
	event->index = -1;
	event->occurred_at = GetCurrentTransactionStartTimestamp(); /* the now() of learn() */
}

/* Completes an event after all given fields have been decoded. */
static bool
finish_event(const bool *given, Event *event, Fault *fault)
{
	for (int field = FIELD_TENANT_ID; field <= FIELD_DATA; field++)
	{
		if (!given[field])
			return fault_set(fault, ERRCODE_NULL_VALUE_NOT_ALLOWED, NULL, "%s is missing",
							 event_field_names[field]);
	}
	if (!event->id_given)
		interaction_id_make(&event->id);
	return true;
}

bool
event_object_fault(Fault *fault)
{
	return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
					 "The members of an event have the names of the arguments of "
					 "personalization.learn().",
					 "event must be a JSON object");
}

bool
event_field_fault(const JsonbValue *name, Fault *fault)
{
	return fault_set(fault, ERRCODE_INVALID_PARAMETER_VALUE,
					 "The fields are tenant_id, user_id, interaction_type, data, occurred_at, "
					 "interaction_id and feedback. Put other information into data.",
					 "unrecognized field %s",
					 private_name(name->val.string.val, name->val.string.len));
}

bool
event_decode(const JsonbValue *object, TimestampTz now, Event *event, Fault *fault)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue name;
	JsonbValue value;
	bool given[EVENT_FIELDS] = {false};

	begin_event(event);
	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		return event_object_fault(fault);

	/* The tenant comes first, because it determines where a rejected event is stored. */
	if (json_member(object->val.binary.data, event_field_names[FIELD_TENANT_ID], &value) != NULL &&
		!decode_field(FIELD_TENANT_ID, &value, now, event, fault))
		return false;

	/* Null counts as absent, because many serializers write it for absent members. */
	it = JsonbIteratorInit(object->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		int field;

		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&it, &value, true);
		field =
			find_name(event_field_names, EVENT_FIELDS, name.val.string.val, name.val.string.len);
		if (field < 0)
			return event_field_fault(&name, fault);
		if (value.type == jbvNull)
			continue;
		given[field] = true;
		if (!decode_field((EventField) field, &value, now, event, fault))
			return false;
	}
	return finish_event(given, event, fault);
}

bool
event_from_values(const JsonbValue *values, TimestampTz now, Event *event, Fault *fault)
{
	bool given[EVENT_FIELDS];

	begin_event(event);
	for (int field = 0; field < EVENT_FIELDS; field++)
	{
		given[field] = values[field].type != jbvNull;
		if (given[field] && !decode_field((EventField) field, &values[field], now, event, fault))
			return false;
	}
	return finish_event(given, event, fault);
}

Jsonb *
event_document(const Event *event)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	json_push_text(&state, event_field_names[FIELD_TENANT_ID], event->tenant_id);
	json_push_text(&state, event_field_names[FIELD_USER_ID], event->user_id);
	json_push_text(&state, event_field_names[FIELD_INTERACTION_TYPE],
				   interaction_type_names[event->type]);
	json_push_jsonb(&state, event_field_names[FIELD_DATA], event->data);
	json_push_time(&state, event_field_names[FIELD_OCCURRED_AT], event->occurred_at);
	if (event->id_given)
		json_push_text(&state, event_field_names[FIELD_INTERACTION_ID], uuid_text(&event->id));
	json_push_jsonb(&state, event_field_names[FIELD_FEEDBACK], event->feedback);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
