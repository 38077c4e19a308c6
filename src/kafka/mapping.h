/*
 * mapping.h
 *		From a message of a topic to events.
 *
 * A mapping is a JSON object that says for each of an event's fields where it is
 * taken from:
 *
 *		"a.b.c", ["a", "b.c"]	a member of the message, by its path
 *		{"value": …}			a constant
 *		{"header": "name"}		a header, as text
 *		{"key": ""}				the message's key, as text; with a path, of a key in JSON
 *		{"topic": "prefix"}		the topic's name without that prefix
 *		{"timestamp": true}		the message's time
 *
 * A field that it does not name is the member of that name.  "types" translates
 * interaction types; null there means that the message is no event for us.  The
 * empty mapping takes events as learn_batch() takes them, and nothing else.
 */
#ifndef PERSONALIZATION_KAFKA_MAPPING_H
#define PERSONALIZATION_KAFKA_MAPPING_H

#include "postgres.h"

#include "base/fault.h"
#include "learning/events.h"
#include "utils/jsonb.h"

/* A message; its bytes are nobody's word. */
typedef struct Message
{
	const EventSource *source;
	int64 millis;	   /* since 1970; 0 where it has no time */
	const char *value; /* NULL for none: a tombstone */
	size_t value_len;
	const char *key; /* NULL for none */
	size_t key_len;

	/* The last header of a name; false where there is none. */
	bool (*header)(const struct Message *message, const char *name, const char **value,
				   size_t *len);
	void *handle; /* for it */
} Message;

/* Where a field is taken from. */
typedef enum OriginKind
{
	ORIGIN_MEMBER,
	ORIGIN_VALUE,
	ORIGIN_HEADER,
	ORIGIN_KEY,
	ORIGIN_TOPIC,
	ORIGIN_TIMESTAMP
} OriginKind;

typedef struct Origin
{
	OriginKind kind;
	char **path; /* of a member, of the message or of its key; none: all of it */
	int npath;
	char *text; /* the header's name, the topic's prefix */
	Jsonb *value;
} Origin;

typedef struct Mapping
{
	bool strict; /* it is empty: what is no field of an event is an error */
	Origin origins[EVENT_FIELDS];
	const Jsonb *types;	   /* NULL for none */
	const char *tenant_id; /* the subscription's, NULL for none */
} Mapping;

/* The events of a batch, in the order of their messages. */
typedef struct EventList
{
	Event *events;
	int n;
	int size;
} EventList;

/*
 * Reads a mapping, in the current memory context; an error where it is wrong.  Both
 * arguments must last as long as the result.
 */
extern Mapping *mapping_read(const Jsonb *document, const char *tenant_id);

/*
 * Adds the events of a message to a list, in the current memory context: one, those
 * of an array, or none.  What is wrong with one is its fault; an error is raised only
 * where memory ends, or where the database's encoding lacks a character.
 */
extern void
mapping_apply(const Mapping *mapping, const Message *message, TimestampTz now, EventList *list);

/* Adds a message, as it is, as one event that cannot be learned. */
extern void mapping_reject(const Mapping *mapping, const Message *message, int sqlstate,
						   const char *reason, EventList *list);

#endif
