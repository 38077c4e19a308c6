/*
 * client.h
 *		The Kafka client of this process: the interface to librdkafka, without
 *		PostgreSQL's.
 *
 *		No other file includes librdkafka's headers.  Its threads run no code
 *		of ours: they put their results into its queue, and write a byte to
 *		client_fd() if the queue was empty.  All these functions are for the
 *		process's own thread.  None raises an error; the text of an error is
 *		valid until the next call.
 */
#ifndef PERSONALIZATION_KAFKA_CLIENT_H
#define PERSONALIZATION_KAFKA_CLIENT_H

#include "postgres.h"

#include "kafka/mapping.h"

typedef enum ClientItemKind
{
	CLIENT_MESSAGE,
	CLIENT_END,	 /* the end of a partition: there is nothing after offset at present */
	CLIENT_GAP,	 /* the broker does not have such an offset (any more) */
	CLIENT_ERROR /* of one partition, or of a topic if partition is -1 */
} ClientItemKind;

/* An item from the queue. */
typedef struct ClientItem
{
	ClientItemKind kind;
	const char *topic; /* valid as long as the item; NULL if there is none */
	int32 partition;
	int64 offset;
	Message message;   /* of a message; the caller sets source */
	const char *error; /* of an error */
	void *handle;
} ClientItem;

/* A partition and an offset in it, or a time; and its error. */
typedef struct ClientOffset
{
	int32 partition;
	int64 offset;
	const char *error; /* NULL if there is none */
} ClientOffset;

/* Instead of a time, for client_find_offsets(). */
#define CLIENT_BEGINNING (-2)
#define CLIENT_END_OF_LOG (-1)

/*
 * The first returns whether there is a client.  The second creates one with
 * the present settings; on failure it returns false and sets error.
 */
extern bool client_is_open(void);
extern bool client_open(const char *group, const char **error);

/*
 * Closes it.  Returns false if its threads have not ended within two seconds:
 * they continue until they end, and the process must not run its exit
 * handlers, which would free memory that they use.
 */
extern bool client_close(void);

/*
 * Becomes readable when there may be something in the queue; it must be
 * emptied before the queue is read.
 */
extern pgsocket client_fd(void);
extern void client_empty_fd(void);

/* Returns the next item of the queue; false if it is empty.  The item must be released. */
extern bool client_next(ClientItem *item);
extern void client_release(ClientItem *item);

/*
 * Number of partitions of a topic; -1 and error on failure.  Waits at most a
 * second for the broker.
 */
extern int client_partitions(const char *topic, const char **error);

/*
 * Replaces times, in milliseconds since 1970, with the offsets of the first
 * messages from then on, or with either end; -1 if there is none yet.  Returns
 * false and sets error if nothing was found out.  Waits at most a second.
 */
extern bool
client_find_offsets(const char *topic, ClientOffset *offsets, int n, const char **error);

/* Start and stop fetching messages of partitions. */
extern bool
client_assign(const char *topic, const ClientOffset *offsets, int n, const char **error);
extern void client_unassign(const char *topic, int32 partition);

/* The end of a partition, as last reported by the broker; -1 if never. */
extern int64 client_end_offset(const char *topic, int32 partition);

/* Reports the offsets learned to the broker, for monitoring there; does not wait. */
extern void client_tell(const char *topic, const ClientOffset *offsets, int n);

/* Return the error that the brokers reported last, or NULL; and clear it. */
extern const char *client_failure(void);
extern void client_forget_failure(void);

#endif
