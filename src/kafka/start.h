/*
 * start.h
 *		The argument start of subscribe_topic(): where reading a topic begins.
 */
#ifndef PERSONALIZATION_KAFKA_START_H
#define PERSONALIZATION_KAFKA_START_H

#include "postgres.h"

#include "kafka/offsets.h"

/* Instead of a time. */
#define START_EARLIEST (-2)
#define START_LATEST (-1)

/*
 * Checks an argument, and returns it in the form in which it is stored,
 * independent of the session's settings, with the offsets by partition if it
 * consists of them.  Raises an error if it is invalid.
 */
extern char *start_read(char *text, StoredOffset **offsets, int *n);

/*
 * Converts a stored start to a time in milliseconds since 1970, or to one of
 * the two constants above.
 */
extern int64 start_time(const char *start);

#endif
