/*
 * message_id.h
 *		The id of an interaction, computed from the position of its message in
 *		a topic; and times as numbers.
 */
#ifndef PERSONALIZATION_CORE_MESSAGE_ID_H
#define PERSONALIZATION_CORE_MESSAGE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The position of an event. */
typedef struct MessagePlace
{
	const char *topic;
	int32_t partition;
	int64_t offset;
	int32_t index;	/* in an array of events in one message; 0 for a single one */
	int64_t millis; /* of the message, since 1970; 0 if it has no time */
} MessagePlace;

/*
 * Computes the id of the interaction, 16 bytes: a UUID of version 8 that is
 * the same whenever the message is read, and grows with the message's time
 * and, within it, with its position in the partition.  The time is part of it
 * so that a topic that was deleted and created again has other ids.
 */
extern void message_id(const MessagePlace *place, unsigned char id[16]);

/*
 * Parses a time since 1970 in seconds, milliseconds, microseconds or
 * nanoseconds, with or without a fraction; the unit is recognized by the size:
 * seconds up to the year 5138.  Returns false if text[0..len) is not such a
 * number, or exceeds 63 bits of microseconds.
 */
extern bool unix_time_parse(const char *text, size_t len, int64_t *micros);

#endif
