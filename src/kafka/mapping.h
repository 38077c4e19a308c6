/*
 * mapping.h
 *		Converting a message of a topic to events.
 *
 *		A mapping is a JSON object that specifies the source of each field of
 *		an event:
 *
 *		 "a.b.c", ["a", "b.c"]	a member of the message, by its path
 *		 {"value": …}			a constant
 *		 {"header": "name"}		a header, as text
 *		 {"key": ""}				the message's key, as text; with a path, a member of a key in JSON
 *		 {"topic": "prefix"}		the topic's name without that prefix
 *		 {"timestamp": true}		the message's time
 *
 *		A field without an entry is the member of that name.  "types"
 *		translates interaction types; null means that the message is not an
 *		event.  The empty mapping accepts events in the form of learn_batch(),
 *		and nothing else.
 */
#ifndef PERSONALIZATION_KAFKA_MAPPING_H
#define PERSONALIZATION_KAFKA_MAPPING_H

#include "postgres.h"

#include "base/fault.h"
#include "learning/events.h"
#include "utils/jsonb.h"

/* A message, whose bytes are not trusted. */
typedef struct Message
{
	const EventSource *source;
	int64 millis;	   /* since 1970; 0 if it has no time */
	const char *value; /* NULL for none: a tombstone */
	size_t value_len;
	const char *key; /* NULL for none */
	size_t key_len;

	/* Finds the last header with a name; returns false if there is none. */
	bool (*header)(const struct Message *message, const char *name, const char **value,
				   size_t *len);
	void *handle; /* argument of header() */
} Message;

/* The source of a field. */
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
	char **path; /* of a member of the message or of its key; without elements, all of it */
	int npath;
	char *text; /* the header's name, the topic's prefix */
	Jsonb *value;
} Origin;

typedef struct Mapping
{
	bool strict; /* the mapping is empty: a member that is not a field of an event is an error */
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
 * Reads a mapping, in the current memory context; raises an error if it is
 * invalid.  Both arguments must remain valid as long as the result.
 */
extern Mapping *mapping_read(const Jsonb *document, const char *tenant_id);

/*
 * Adds the events of a message to a list, in the current memory context: one,
 * those of an array, or none.  An invalid event gets a fault; an error is
 * raised only if memory is exhausted, or if the database's encoding lacks a
 * character.
 */
extern void
mapping_apply(const Mapping *mapping, const Message *message, TimestampTz now, EventList *list);

/* Adds a message, unchanged, as one event that cannot be learned. */
extern void mapping_reject(const Mapping *mapping, const Message *message, int sqlstate,
						   const char *reason, EventList *list);

#endif
