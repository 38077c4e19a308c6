/*
 * offsets.h
 *		What the database knows of topics: subscriptions, how far each partition has
 *		been learned, and how it goes.
 *
 * All callers are in SPI.  What is returned is in the current memory context.
 */
#ifndef PERSONALIZATION_KAFKA_OFFSETS_H
#define PERSONALIZATION_KAFKA_OFFSETS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

typedef struct Subscription
{
	char *topic;
	pg_uuid_t id;	 /* another one each time the topic is subscribed to */
	char *tenant_id; /* NULL for none */
	Jsonb *mapping;
	char *start;
	int first_partitions; /* -1: not seen yet */
} Subscription;

typedef struct StoredOffset
{
	int32 partition;
	int64 next_offset;
} StoredOffset;

/* What a batch has done to a partition. */
typedef struct OffsetChange
{
	const char *topic;
	int32 partition;
	int64 from;		  /* the next_offset that it began with */
	int64 to;		  /* and the one that it ends with */
	int64 end_offset; /* -1 where it is not known */
	int64 messages;
	int64 learned;
	int64 rejected;
} OffsetChange;

/* All subscriptions, and whether there is any; the offsets of a topic. */
extern Subscription *subscriptions_read(int *n);
extern bool subscriptions_exist(void);
extern StoredOffset *offsets_read(const char *topic, int *n);

/* Adds a subscription, with offsets where they are given; false where there is one. */
extern bool subscription_insert(const char *topic, const char *tenant_id, const Jsonb *mapping,
								const char *start);

/* Adds offsets to one that was just made. */
extern void offsets_insert(const char *topic, const StoredOffset *offsets, int n);

/* Takes one away with its offsets, which are returned; NULL where there is none. */
extern Jsonb *subscription_delete(const char *topic);

/* Notes where partitions begin, and how many there were at first; false where the subscription is no more. */
extern bool offsets_begin(const char *topic, const pg_uuid_t *subscription, int first_partitions,
						  const StoredOffset *offsets, int n);

/*
 * Locks the offsets of partitions until the end of the transaction; false where one
 * is no more, or is not where the batch begins.
 */
extern bool offsets_lock(const OffsetChange *changes, int n);

/* Moves them. */
extern void offsets_advance(const OffsetChange *changes, int n);

/* Notes where partitions end at the broker, and no more; where that is known. */
extern void offsets_note_ends(const OffsetChange *changes, int n);

/* How a topic goes: its state; an error, which makes it failing; messages a second. */
extern void topic_state_set(const char *topic, const char *state);
extern void topic_state_fail(const char *topic, const char *state, const char *error);
extern void topic_state_measure(const char *topic, double rate);

#endif
