/*
 * mapping_apply.c
 *		Converting a message of a topic to events, by a mapping.
 */
#include "postgres.h"

#include "common/base64.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/jsonutil.h"
#include "core/json_text.h"
#include "core/message_id.h"
#include "kafka/mapping.h"

#define UNIX_EPOCH INT64CONST(946684800000000) /* from 1970 to 2000, in microseconds */

/* Number of bytes that are kept of a message that cannot be read. */
#define KEPT_BYTES 4096

/* The type in the map of types that stands for all others. */
#define ANY_TYPE "*"

/* One message, or one element of its array, during conversion. */
typedef struct Reading
{
	const Mapping *mapping;
	const Message *message;
	const JsonbValue *element;
	Jsonb *key; /* parsed when first needed; NULL if not yet */
	TimestampTz now;
	JsonbValue values[EVENT_FIELDS];
} Reading;

/* Parses bytes as JSON; false, with the fault, where they are not valid. */
static bool
parse(const char *what, const char *bytes, size_t len, Jsonb **document, Fault *fault)
{
	const char *wrong = json_text_fault(bytes, len);
	char *text;

	if (wrong != NULL)
	{
		(void) fault_set(fault, ERRCODE_INVALID_TEXT_REPRESENTATION, NULL,
						 "%s is not valid JSON: %s", what, wrong);
		return false;
	}
	text = pnstrdup(bytes, len);
	*document = DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(pg_any_to_server(text, (int) len, PG_UTF8))));
	return true;
}

/* Converts bytes to a JSON string; returns false and sets fault if they are not text. */
static bool
text_value(const char *what, const char *name, const char *bytes, size_t len, JsonbValue *value,
		   Fault *fault)
{
	char *text;

	if (!utf8_text_is_valid(bytes, len))
		return fault_set(fault, ERRCODE_CHARACTER_NOT_IN_REPERTOIRE, NULL,
						 "%s%s is not valid UTF-8", what, name);
	text = pnstrdup(bytes, len);
	text = pg_any_to_server(text, (int) len, PG_UTF8);
	value->type = jbvString;
	value->val.string.val = text;
	value->val.string.len = (int) strlen(text);
	return true;
}

/* Converts a JSON document to a value: a scalar, or a reference to it. */
static void
document_value(const Jsonb *document, JsonbValue *value)
{
	if (JsonbExtractScalar(&unconstify(Jsonb *, document)->root, value))
		return;
	value->type = jbvBinary;
	value->val.binary.data = &unconstify(Jsonb *, document)->root;
	value->val.binary.len = (int) (VARSIZE(document) - VARHDRSZ);
}

/* Follows a path; the result is null if there is nothing. */
static void
follow(const JsonbValue *from, const Origin *origin, JsonbValue *value)
{
	JsonbValue found = *from;

	for (int i = 0; i < origin->npath; i++)
	{
		JsonbValue member;

		if (found.type != jbvBinary ||
			json_member(found.val.binary.data, origin->path[i], &member) == NULL)
		{
			value->type = jbvNull;
			return;
		}
		found = member;
	}
	*value = found;
}

static bool
take_header(Reading *reading, const Origin *origin, JsonbValue *value, Fault *fault)
{
	const char *bytes;
	size_t len;

	return !reading->message->header(reading->message, origin->text, &bytes, &len) ||
		   bytes == NULL || text_value("header ", origin->text, bytes, len, value, fault);
}

static bool
take_key(Reading *reading, const Origin *origin, JsonbValue *value, Fault *fault)
{
	const Message *message = reading->message;
	JsonbValue key;

	if (message->key == NULL)
		return true;
	if (origin->npath == 0)
		return text_value("key", "", message->key, message->key_len, value, fault);
	if (reading->key == NULL && !parse("key", message->key, message->key_len, &reading->key, fault))
		return false;
	document_value(reading->key, &key);
	follow(&key, origin, value);
	return true;
}

static void
take_topic(Reading *reading, const Origin *origin, JsonbValue *value)
{
	const char *topic = reading->message->source->topic;
	size_t prefix = strlen(origin->text);

	if (strncmp(topic, origin->text, prefix) != 0)
		return;
	value->type = jbvString;
	value->val.string.val = unconstify(char *, topic + prefix);
	value->val.string.len = (int) strlen(topic + prefix);
}

static void
time_value(TimestampTz at, JsonbValue *value)
{
	value->type = jbvDatetime;
	value->val.datetime.value = TimestampTzGetDatum(at);
	value->val.datetime.typid = TIMESTAMPTZOID;
	value->val.datetime.typmod = -1;
	value->val.datetime.tz = 0;
}

/* The time of the message; the present if its clock is ahead of ours. */
static void
take_timestamp(const Reading *reading, JsonbValue *value)
{
	if (reading->message->millis > 0 && reading->message->millis < PG_INT64_MAX / 1000)
		time_value(Min(reading->message->millis * 1000 - UNIX_EPOCH, reading->now), value);
}

static bool
take(Reading *reading, const Origin *origin, JsonbValue *value, Fault *fault)
{
	value->type = jbvNull;
	switch (origin->kind)
	{
		case ORIGIN_MEMBER:
			follow(reading->element, origin, value);
			return true;
		case ORIGIN_VALUE:
			document_value(origin->value, value);
			return true;
		case ORIGIN_HEADER:
			return take_header(reading, origin, value, fault);
		case ORIGIN_KEY:
			return take_key(reading, origin, value, fault);
		case ORIGIN_TOPIC:
			take_topic(reading, origin, value);
			return true;
		case ORIGIN_TIMESTAMP:
			take_timestamp(reading, value);
			return true;
	}
	return true;
}

static char *
number_text(const JsonbValue *value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
}

/* In many products ids are numbers. */
static void
number_to_text(JsonbValue *value)
{
	char *text;

	if (value->type != jbvNumeric)
		return;
	text = number_text(value);
	value->type = jbvString;
	value->val.string.val = text;
	value->val.string.len = (int) strlen(text);
}

/*
 * Kafka Connect and Debezium write a column of type jsonb, and headers and keys
 * are always texts: a text that begins like an object is parsed.
 */
static bool
text_to_object(const char *name, JsonbValue *value, Fault *fault)
{
	char *text;
	Jsonb *document;

	if (value->type != jbvString)
		return true;
	text = json_text(value);
	if (text[strspn(text, " \t\r\n")] != '{')
		return true;
	text = pg_server_to_any(text, (int) strlen(text), PG_UTF8);
	if (!parse(name, text, strlen(text), &document, fault))
		return false;
	document_value(document, value);
	return true;
}

/* A text with this many digits is a number of seconds, milliseconds or microseconds, not a date. */
static bool
is_unix_time(const char *text, size_t len)
{
	size_t digits = strspn(text, "0123456789");

	return (digits == 10 || digits == 13 || digits == 16) && (digits == len || text[digits] == '.');
}

/* A number is a time since 1970; an absent time is that of the message. */
static bool
convert_time(const Reading *reading, JsonbValue *value, Fault *fault)
{
	char *text = NULL;
	int64 micros;

	if (value->type == jbvNull)
		take_timestamp(reading, value);
	else if (value->type == jbvNumeric)
		text = number_text(value);
	else if (value->type == jbvString)
	{
		char *given = json_text(value);

		if (is_unix_time(given, strlen(given)))
			text = given;
	}
	if (text == NULL)
		return true;
	if (!unix_time_parse(text, strlen(text), &micros) || micros < PG_INT64_MIN + UNIX_EPOCH ||
		!IS_VALID_TIMESTAMP(micros - UNIX_EPOCH))
		return fault_set(fault, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, NULL,
						 "occurred_at is out of range: %s", private_text(text, strlen(text)));
	time_value(micros - UNIX_EPOCH, value);
	return true;
}

/* Applies the map of types; returns false if the message is not an event. */
static bool
convert_type(const Mapping *mapping, JsonbValue *value)
{
	JsonbContainer *types;
	JsonbValue *found;

	if (mapping->types == NULL || value->type != jbvString)
		return true;
	types = &unconstify(Jsonb *, mapping->types)->root;
	found = getKeyJsonValueFromContainer(types, value->val.string.val, value->val.string.len, NULL);
	if (found == NULL)
		found = getKeyJsonValueFromContainer(types, ANY_TYPE, strlen(ANY_TYPE), NULL);
	if (found != NULL)
		*value = *found;
	return found == NULL || found->type != jbvNull;
}

/* The subscription's tenant, if it has one: a message must not name another. */
static bool
convert_tenant(const Mapping *mapping, JsonbValue *value, Fault *fault)
{
	size_t len;

	if (mapping->tenant_id == NULL)
		return true;
	len = strlen(mapping->tenant_id);
	if (value->type == jbvString && ((size_t) value->val.string.len != len ||
									 memcmp(value->val.string.val, mapping->tenant_id, len) != 0))
		return fault_set(fault, ERRCODE_INSUFFICIENT_PRIVILEGE,
						 "To accept messages of several tenants, subscribe without tenant_id.",
						 "message names tenant \"%s\", but the subscription is for \"%s\"",
						 clipped(value->val.string.val, value->val.string.len), mapping->tenant_id);
	if (value->type != jbvNull && value->type != jbvString)
		return true;
	value->type = jbvString;
	value->val.string.val = unconstify(char *, mapping->tenant_id);
	value->val.string.len = (int) len;
	return true;
}

/*
 * Checks for members that are not fields of an event; returns false and sets
 * fault if there is one.
 */
static bool
check_members(const JsonbValue *element, Fault *fault)
{
	JsonbIterator *it = JsonbIteratorInit(element->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue name;

	while ((token = JsonbIteratorNext(&it, &name, true)) != WJB_DONE)
	{
		if (token == WJB_KEY && find_name(event_field_names, EVENT_FIELDS, name.val.string.val,
										  name.val.string.len) < 0)
			return event_field_fault(&name, fault);
	}
	return true;
}

/* Returns the values as an object with the argument names of learn(), for rejected_events. */
static const Jsonb *
values_document(Reading *reading)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int field = 0; field < EVENT_FIELDS; field++)
	{
		JsonbValue *value = &reading->values[field];

		if (value->type == jbvDatetime)
			json_push_time(&state, event_field_names[field],
						   DatumGetTimestampTz(value->val.datetime.value));
		else if (value->type != jbvNull)
			json_push_jsonb(&state, event_field_names[field], JsonbValueToJsonb(value));
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* Reads all fields from the places in the mapping; *skip if the message is not an event. */
static bool
take_values(Reading *reading, bool *skip, Fault *fault)
{
	const Mapping *mapping = reading->mapping;
	bool taken = true;

	for (int field = 0; field < EVENT_FIELDS; field++)
		reading->values[field].type = jbvNull;
	for (int field = 0; field < EVENT_FIELDS && taken; field++)
		taken = take(reading, &mapping->origins[field], &reading->values[field], fault);
	if (!taken)
		return false;
	if (!mapping->strict)
	{
		number_to_text(&reading->values[FIELD_TENANT_ID]);
		number_to_text(&reading->values[FIELD_USER_ID]);
		number_to_text(&reading->values[FIELD_INTERACTION_TYPE]);
	}
	*skip = !convert_type(mapping, &reading->values[FIELD_INTERACTION_TYPE]);
	if (*skip)
		return true;
	return convert_tenant(mapping, &reading->values[FIELD_TENANT_ID], fault) &&
		   convert_time(reading, &reading->values[FIELD_OCCURRED_AT], fault) &&
		   (mapping->strict ||
			(text_to_object("data", &reading->values[FIELD_DATA], fault) &&
			 text_to_object("feedback", &reading->values[FIELD_FEEDBACK], fault)));
}

static Event *
next_event(EventList *list)
{
	if (list->n == list->size)
	{
		list->size = Max(64, list->size * 2);
		list->events = list->events == NULL
						   ? palloc_extended(list->size * sizeof(Event), MCXT_ALLOC_HUGE)
						   : repalloc_huge(list->events, list->size * sizeof(Event));
	}
	return &list->events[list->n];
}

/* Uses the next element of the list for an event, with a fault if it is invalid. */
static void
add_event(EventList *list, const Reading *reading, const Fault *fault, const Jsonb *document)
{
	Event *event = &list->events[list->n];

	event->index = list->n++;
	event->source = reading->message->source;
	if (event->tenant_id == NULL)
		event->tenant_id = reading->mapping->tenant_id;
	if (fault == NULL)
		return;
	event->document = document;
	event->fault = palloc(sizeof(Fault));
	*event->fault = *fault;
}

/* The id of an event without one: it is the same whenever the message is read. */
static void
make_id(const Message *message, int index, Event *event)
{
	MessagePlace place = {message->source->topic, message->source->partition,
						  message->source->offset, index, message->millis};

	message_id(&place, event->id.data);
	event->id_given = true;
}

/* The tenant of a message of which nothing else is known; NULL if it does not name one. */
static const char *
named_tenant(const Reading *reading)
{
	const JsonbValue *value = &reading->values[FIELD_TENANT_ID];
	Fault ignored;

	if (reading->mapping->tenant_id != NULL || value->type != jbvString ||
		!check_id("tenant_id", value->val.string.val, value->val.string.len, &ignored))
		return NULL;
	return json_text(value);
}

static void
apply_to_element(Reading *reading, int index, EventList *list)
{
	Event *event = next_event(list);
	bool is_object = reading->element->type == jbvBinary &&
					 JsonContainerIsObject(reading->element->val.binary.data);
	Fault fault;
	bool skip = false;
	bool good = false;

	memset(event, 0, sizeof(*event));
	reading->values[FIELD_TENANT_ID].type = jbvNull;
	if (!is_object)
		(void) event_object_fault(&fault);
	else if (take_values(reading, &skip, &fault))
	{
		if (skip)
			return;
		good = (!reading->mapping->strict || check_members(reading->element, &fault)) &&
			   event_from_values(reading->values, reading->now, event, &fault);
	}
	if (good && reading->values[FIELD_INTERACTION_ID].type == jbvNull)
		make_id(reading->message, index, event);
	if (!good && event->tenant_id == NULL)
		event->tenant_id = named_tenant(reading);
	if (good)
		add_event(list, reading, NULL, NULL);
	else if (reading->mapping->strict || !is_object)
		add_event(list, reading, &fault,
				  JsonbValueToJsonb(unconstify(JsonbValue *, reading->element)));
	else
		add_event(list, reading, &fault, values_document(reading));
}

/* What is kept of a message that is not JSON: its beginning as text, or its bytes in base64. */
static const Jsonb *
bytes_document(const Message *message)
{
	JsonbParseState *state = NULL;
	size_t len = Min(message->value_len, KEPT_BYTES);
	size_t whole = len;

	/* Not in the middle of a character. */
	while (whole > 0 && whole < message->value_len && len - whole < 4 &&
		   ((unsigned char) message->value[whole] & 0xc0) == 0x80)
		whole--;
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (utf8_text_is_valid(message->value, whole) && GetDatabaseEncoding() == PG_UTF8)
		json_push_text(&state, "message", pnstrdup(message->value, whole));
	else
	{
		int room = pg_b64_enc_len((int) len);
		char *text = palloc(room + 1);
		int n = pg_b64_encode((const void *) message->value, (int) len, text, room);

		text[Max(n, 0)] = '\0';
		json_push_text(&state, "base64", text);
	}
	if (whole < message->value_len)
		json_push_int(&state, "bytes", (int64) message->value_len);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

void
mapping_reject(const Mapping *mapping, const Message *message, int sqlstate, const char *reason,
			   EventList *list)
{
	Reading reading = {.mapping = mapping, .message = message};
	Fault fault = {.sqlstate = sqlstate, .message = reason};

	memset(next_event(list), 0, sizeof(Event));
	add_event(list, &reading, &fault, bytes_document(message));
}

void
mapping_apply(const Mapping *mapping, const Message *message, TimestampTz now, EventList *list)
{
	Reading reading = {.mapping = mapping, .message = message, .now = now};
	JsonbValue value;
	Jsonb *document;
	Fault fault;
	JsonbIterator *it;
	JsonbIteratorToken token;
	int index = 0;

	/* In a compacted topic it marks a deleted key. */
	if (message->value == NULL)
		return;
	if (!parse("message", message->value, message->value_len, &document, &fault))
	{
		mapping_reject(mapping, message, fault.sqlstate, fault.message, list);
		return;
	}
	document_value(document, &value);
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
	{
		reading.element = &value;
		apply_to_element(&reading, 0, list);
		return;
	}
	it = JsonbIteratorInit(&document->root);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		CHECK_FOR_INTERRUPTS();
		reading.element = &value;
		apply_to_element(&reading, index++, list);
	}
}
