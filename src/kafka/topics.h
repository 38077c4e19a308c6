/*
 * topics.h
 *		The topics that this process reads: their partitions, and where each stands.
 *
 * All of it is outside of transactions, and makes its own.
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
	bool assigned; /* its messages come out of the client's queue */
	bool lost;	   /* the broker has not what is learned next: to be found out why */
	int64 next;	   /* what is learned next, as it is stored */
	int64 fetched; /* what comes out of the queue next, or later */
	int64 told;	   /* what the broker has been told */
	int change;	   /* its place in the batch, -1 for none */
} Partition;

typedef struct Topic
{
	MemoryContext context; /* of all of it */
	char *name;
	pg_uuid_t subscription;
	const Mapping *mapping;
	int64 start;		  /* as start_time() has it */
	int first_partitions; /* those are begun there, later ones at their beginning; -1: not known */
	Partition **partitions; /* by number; NULL for one that is not known where to begin */
	int npartitions;
	TimestampTz look_at; /* when the broker is asked about it again */
	int failures;		 /* in a row, of asking */
	const char *state;	 /* as it is noted; NULL: not yet */
	char *error;		 /* to be noted; NULL for none */
	int64 messages;		 /* since the rate was measured */
	bool measured;		 /* the rate that is noted is not 0 */
} Topic;

/* All of them. */
extern List *topics_all(void);

/* Compares them with the subscriptions: new ones come, and those that are no more go. */
extern void topics_refresh(void);

/* Gives one up, to be read anew from what is stored, where it is still subscribed to. */
extern void topic_drop(Topic *topic);

/* The partition that an item is about; NULL where it is none of ours. */
extern Partition *topics_find(const char *topic, int32 partition);

/* Asks the brokers about a topic whose turn it is, and has what is new of it fetched; one at a time. */
extern void topics_look(void);

/* The client is another one: nothing is assigned any more. */
extern void topics_unassigned(void);

/* Notes how a topic goes, where that has changed; an error is kept until the next topics_note(). */
extern void topic_set_error(Topic *topic, const char *error);
extern void topics_note(bool measure, double seconds);

/* Tells the brokers what has been learned. */
extern void topics_tell(void);

#endif
