/*
 * client.h
 *		The Kafka client of this process: librdkafka, and nothing of PostgreSQL's.
 *
 * Nothing else includes librdkafka's headers.  Its threads run no code of ours: what
 * they have to say they put into its queue, and write a byte into client_fd() when
 * that was empty.  All of these functions are for the process's own thread.  None
 * raises an error; what a text says of one stays until the next call.
 */
#ifndef PERSONALIZATION_KAFKA_CLIENT_H
#define PERSONALIZATION_KAFKA_CLIENT_H

#include "postgres.h"

#include "kafka/mapping.h"

typedef enum ClientItemKind
{
	CLIENT_MESSAGE,
	CLIENT_END,	 /* the end of a partition: nothing is behind offset at the moment */
	CLIENT_GAP,	 /* the broker has no such offset (any more) */
	CLIENT_ERROR /* of one partition, or of a topic, with partition -1 */
} ClientItemKind;

/* What came out of the queue. */
typedef struct ClientItem
{
	ClientItemKind kind;
	const char *topic; /* as long as the item; NULL where it is about none */
	int32 partition;
	int64 offset;
	Message message;   /* of a message; without source, which is the caller's to set */
	const char *error; /* of an error */
	void *handle;
} ClientItem;

/* A partition and an offset in it, or a time; and what is wrong with it. */
typedef struct ClientOffset
{
	int32 partition;
	int64 offset;
	const char *error; /* NULL where nothing is */
} ClientOffset;

/* Instead of a time, for client_find_offsets(). */
#define CLIENT_BEGINNING (-2)
#define CLIENT_END_OF_LOG (-1)

/* Whether there is one; makes one of the settings as they are now; false, with what is wrong. */
extern bool client_is_open(void);
extern bool client_open(const char *group, const char **error);

/*
 * Ends it.  False where its threads have not ended within two seconds: they go on by
 * themselves until they have, and the process must not run its exit handlers, which
 * would free beneath them what they use.
 */
extern bool client_close(void);

/* Readable when there may be something in the queue; then to be emptied before it is looked at. */
extern pgsocket client_fd(void);
extern void client_empty_fd(void);

/* The next item of the queue; false when it is empty.  To be released. */
extern bool client_next(ClientItem *item);
extern void client_release(ClientItem *item);

/* Messages that wait in the queue. */
extern int64 client_queued(void);

/* How many partitions a topic has; -1, with what is wrong.  Waits for the broker for a second at most. */
extern int client_partitions(const char *topic, const char **error);

/*
 * Offsets of the first messages of a time on, in milliseconds since 1970, or of
 * either end, in place of the times; -1 where there is none yet.  False, with what
 * is wrong, where nothing at all was learned.  Waits for a second at most.
 */
extern bool
client_find_offsets(const char *topic, ClientOffset *offsets, int n, const char **error);

/* From now on messages come from there; no more come. */
extern bool
client_assign(const char *topic, const ClientOffset *offsets, int n, const char **error);
extern void client_unassign(const char *topic, int32 partition);

/* The end of a partition as of the last time that the broker told it; -1 for never. */
extern int64 client_end_offset(const char *topic, int32 partition);

/* Tells the broker what has been learned, for those who watch it there; without waiting. */
extern void client_tell(const char *topic, const ClientOffset *offsets, int n);

/* What is wrong with the brokers, NULL for nothing; and that it is over. */
extern const char *client_failure(void);
extern void client_forget_failure(void);

#endif
