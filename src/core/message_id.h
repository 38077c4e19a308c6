/*
 * message_id.h
 *		What a message of a topic says by where it stands: an interaction's id; and
 *		times as numbers.
 */
#ifndef PERSONALIZATION_CORE_MESSAGE_ID_H
#define PERSONALIZATION_CORE_MESSAGE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where an event stands. */
typedef struct MessagePlace
{
	const char *topic;
	int32_t partition;
	int64_t offset;
	int32_t index;	/* of an array of events in one message; 0 for a single one */
	int64_t millis; /* of the message, since 1970; 0 where it has no time */
} MessagePlace;

/*
 * The id of the interaction, 16 bytes: a UUID of version 8 that is the same whenever
 * the message is read, grows with the message's time and, within it, with its place in
 * the partition.  The time is part of it so that a topic that was deleted and made anew
 * has other ids.
 */
extern void message_id(const MessagePlace *place, unsigned char id[16]);

/*
 * A time since 1970 in seconds, milliseconds, microseconds or nanoseconds, with or
 * without a fraction, told apart by their size: seconds up to the year 5138.  False
 * when text[0..len) is no such number, or out of the range of the 63 bits that the
 * microseconds have.
 */
extern bool unix_time_parse(const char *text, size_t len, int64_t *micros);

#endif
