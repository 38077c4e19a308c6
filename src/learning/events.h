/*
 * events.h
 *		Events passed by callers, and their checks.
 */
#ifndef PERSONALIZATION_LEARNING_EVENTS_H
#define PERSONALIZATION_LEARNING_EVENTS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/fault.h"

/* The fields of an event, named like the arguments of learn(). */
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

/* Where an event was read, to find it if it could not be learned. */
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

	int index;			   /* in its batch; -1 if there is none */
	const Jsonb *document; /* as in the batch; NULL: use event_document() */

	/* The result. */
	Fault *fault;	 /* why it is set aside; NULL if it is not */
	bool is_new;	 /* set by learn_events(): it was learned, and is not a retry */
	bool is_refused; /* likewise: nothing is recorded of its user */
	bool is_aged;	 /* likewise: it is new, and older than its tenant keeps interactions */
} Event;

/*
 * Makes an event from an object with the argument names of learn().  Returns
 * false and sets fault if it is invalid; tenant_id is set if it is a
 * well-formed name.
 */
extern bool event_decode(const JsonbValue *object, TimestampTz now, Event *event, Fault *fault);

/*
 * The same from values: by EventField, with type jbvNull for absent ones.  A
 * time may also be a jbvDatetime of type timestamptz.
 */
extern bool
event_from_values(const JsonbValue *values, TimestampTz now, Event *event, Fault *fault);

/*
 * Set the fault for a value that is not an object, and for a member that is
 * not a field of events.
 */
extern bool event_object_fault(Fault *fault);
extern bool event_field_fault(const JsonbValue *name, Fault *fault);

/* Returns the interaction type of a name; returns false and sets fault if there is none. */
extern bool interaction_type_decode(const char *name, InteractionType *type, Fault *fault);

/* Returns a well-formed event as an object with the argument names of learn(). */
extern Jsonb *event_document(const Event *event);

#endif
