/*
 * events.h
 *		Interactions on their way in: what a caller tells, checked.
 */
#ifndef PERSONALIZATION_LEARNING_EVENTS_H
#define PERSONALIZATION_LEARNING_EVENTS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/fault.h"

/* What an event has, by the names of learn()'s arguments. */
typedef enum EventField
{
	FIELD_TENANT_ID,
	FIELD_USER_ID,
	FIELD_INTERACTION_TYPE,
	FIELD_DATA,
	FIELD_OCCURRED_AT,
	FIELD_INTERACTION_ID,
	FIELD_FEEDBACK
} EventField;
#define EVENT_FIELDS (FIELD_FEEDBACK + 1)

extern const char *const event_field_names[EVENT_FIELDS];

/* Where an event was read, for who looks for it when it could not be learned. */
typedef struct EventSource
{
	const char *topic;
	int32 partition;
	int64 offset;
} EventSource;

typedef struct Event
{
	const char *tenant_id;
	const char *user_id;
	InteractionType type;
	const Jsonb *data;
	const Jsonb *feedback; /* NULL for none */
	TimestampTz occurred_at;
	pg_uuid_t id;
	bool id_given;
	const EventSource *source; /* NULL for none */

	int index;			   /* in its batch; -1 outside one */
	const Jsonb *document; /* as it stood in the batch; NULL: event_document() tells it */

	/* What becomes of it. */
	Fault *fault; /* why it is set aside, by whoever finds out; NULL when it is not */
	bool is_new;  /* set by learn_events(): it was learned, and is not a retry */
} Event;

/*
 * Takes an event from an object with learn()'s argument names.  Returns false,
 * with the fault, where it is wrong; tenant_id is set whenever it is a
 * well-formed name.
 */
extern bool event_decode(const JsonbValue *object, TimestampTz now, Event *event, Fault *fault);

/*
 * The same from values that were taken from wherever they are: by EventField, of
 * type jbvNull for what is absent.  A time may be a jbvDatetime of a timestamptz too.
 */
extern bool
event_from_values(const JsonbValue *values, TimestampTz now, Event *event, Fault *fault);

/* What is said of something that is no object, and of a member that is none of an event's. */
extern bool event_object_fault(Fault *fault);
extern bool event_field_fault(const JsonbValue *name, Fault *fault);

/* The interaction type of a name; false, with the fault, for a name that is none. */
extern bool interaction_type_decode(const char *name, InteractionType *type, Fault *fault);

/* A well-formed event as an object with learn()'s argument names. */
extern Jsonb *event_document(const Event *event);

#endif
