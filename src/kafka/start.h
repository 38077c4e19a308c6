/*
 * start.h
 *		Where a topic is begun: the argument start of subscribe_topic().
 */
#ifndef PERSONALIZATION_KAFKA_START_H
#define PERSONALIZATION_KAFKA_START_H

#include "postgres.h"

#include "kafka/offsets.h"

/* Instead of a time. */
#define START_EARLIEST (-2)
#define START_LATEST (-1)

/*
 * Checks an argument, and returns it as it is to be stored, in the same words
 * whatever the session's settings; with the offsets by partition that it consists
 * of, where it does.  An error where it is wrong.
 */
extern char *start_read(char *text, StoredOffset **offsets, int *n);

/* A stored one as a time in milliseconds since 1970, or one of the two above. */
extern int64 start_time(const char *start);

#endif
