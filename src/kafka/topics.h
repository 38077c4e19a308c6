/*
 * topics.h
 *		The topics that this process reads, with their partitions and
 *		positions.
 *
 *		All functions are called outside transactions, and start their own.
 */
#ifndef PERSONALIZATION_KAFKA_TOPICS_H
#define PERSONALIZATION_KAFKA_TOPICS_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "kafka/client.h"
#include "kafka/mapping.h"

struct Topic;

typedef struct Partition
{
	struct Topic *topic;
	int32 number;
	bool assigned;	/* its messages are fetched into the client's queue */
	bool lost;		/* the broker does not have the next message; the reason is to be found out */
	int64 next;		/* the next offset to learn, as stored */
	int64 fetched;	/* the next offset from the queue, or later */
	int64 reported; /* the offset reported to the broker */
	int change;		/* its position in the batch, -1 for none */
} Partition;

typedef struct Topic
{
	MemoryContext context; /* of all its memory */
	char *name;
	pg_uuid_t subscription;
	const Mapping *mapping;
	int64 start;		  /* as for start_time() */
	int first_partitions; /* those begin at start, later ones at their beginning; -1 if not known */
	Partition **partitions; /* by number; NULL if its beginning is not known */
	int npartitions;
	int64 look_at;	   /* when the broker is to be asked about it again, by elapsed_clock() */
	bool stuck;		   /* its last batch could not be learned */
	int failures;	   /* consecutive failures of asking */
	const char *state; /* as stored; NULL if not yet */
	char *error;	   /* to be stored; NULL for none */
	int64 messages;	   /* since the rate was measured */
	bool measured;	   /* the stored rate is not 0 */
} Topic;

/* All topics. */
extern List *topics_all(void);

/* Compares them with the subscriptions, and adds and removes topics. */
extern void topics_refresh(void);

/* Removes a topic, to be read again from the stored state if it is still subscribed to. */
extern void topic_drop(Topic *topic);

/* Returns the partition of an item; NULL if it is not one of ours. */
extern Partition *topics_find(const char *topic, int32 partition);

/*
 * Asks the brokers about a topic that is due, and starts fetching its new
 * partitions; one topic at a time.
 */
extern void topics_look(void);

/* Records that the client is a new one, to which no partitions are assigned. */
extern void topics_unassigned(void);

/* Stores the state of topics that has changed; an error is kept until the next topics_note(). */
extern void topic_set_error(Topic *topic, const char *error);
extern void topics_note(bool measure, double seconds);

/* Reports the learned offsets to the brokers. */
extern void topics_report_offsets(void);

#endif
