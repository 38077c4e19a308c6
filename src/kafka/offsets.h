/*
 * offsets.h
 *		The stored state of topics: subscriptions, the offset learned of each
 *		partition, and statistics.
 *
 *		All callers are in SPI.  Results are in the current memory context.
 */
#ifndef PERSONALIZATION_KAFKA_OFFSETS_H
#define PERSONALIZATION_KAFKA_OFFSETS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

typedef struct Subscription
{
	char *topic;
	pg_uuid_t id;	 /* a new one each time the topic is subscribed to */
	char *tenant_id; /* NULL for none */
	Jsonb *mapping;
	char *start;
	int first_partitions; /* -1 if not known yet */
} Subscription;

typedef struct StoredOffset
{
	int32 partition;
	int64 next_offset;
} StoredOffset;

/* The effect of a batch on a partition. */
typedef struct OffsetChange
{
	const char *topic;
	int32 partition;
	int64 from;		  /* the next_offset at its beginning */
	int64 to;		  /* and at its end */
	int64 end_offset; /* -1 if not known */
	int64 messages;
	int64 learned;
	int64 rejected;
} OffsetChange;

/* Return all subscriptions, whether there are any, and the offsets of a topic. */
extern Subscription *subscriptions_read(int *n);
extern bool subscriptions_exist(void);
extern StoredOffset *offsets_read(const char *topic, int *n);

/* Adds a subscription, with offsets if they are given; returns false if there is one. */
extern bool subscription_insert(const char *topic, const char *tenant_id, const Jsonb *mapping,
								const char *start);

/* Adds offsets to a subscription that was just created. */
extern void offsets_insert(const char *topic, const StoredOffset *offsets, int n);

/* Deletes a subscription with its offsets, which are returned; NULL if there is none. */
extern Jsonb *subscription_delete(const char *topic);

/*
 * Stores where partitions begin, and their number at first; returns false if
 * the subscription does not exist any more.
 */
extern bool offsets_begin(const char *topic, const pg_uuid_t *subscription, int first_partitions,
						  const StoredOffset *offsets, int n);

/*
 * Locks the offsets of partitions until the end of the transaction; returns
 * false if one does not exist any more, or is not where the batch begins.
 */
extern bool offsets_lock(const OffsetChange *changes, int n);

/* Advances the offsets. */
extern void offsets_advance(const OffsetChange *changes, int n);

/* Stores the ends of partitions at the broker, if they are known. */
extern void offsets_note_ends(const OffsetChange *changes, int n);

/*
 * Store statistics of a topic: its state, its error (the state is then
 * failing), its messages per second.
 */
extern void topic_state_set(const char *topic, const char *state);
extern void topic_state_fail(const char *topic, const char *state, const char *error);
extern void topic_state_measure(const char *topic, double rate);

#endif
