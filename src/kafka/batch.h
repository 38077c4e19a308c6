/*
 * batch.h
 *		Batches of messages: from the client's queue until they are learned.
 */
#ifndef PERSONALIZATION_KAFKA_BATCH_H
#define PERSONALIZATION_KAFKA_BATCH_H

#include "postgres.h"

/*
 * Finds the tenants whose events already wait in the inbox; to be called in a
 * transaction, in SPI.
 */
extern void batch_init(void);

/*
 * Takes messages from the client's queue until the batch is full or the queue
 * is empty; returns whether there is anything to learn.
 */
extern bool batch_collect(void);

/*
 * Learns the batch and advances the offsets, in a transaction of its own; to
 * be called outside a transaction.  Returns false if that is not possible at
 * present, with the reason in the topics' errors: the batch is kept, to be
 * tried again after a while.
 */
extern bool batch_learn(void);

/*
 * On a cluster, moves events that batches have left for other nodes there, in transactions of
 * its own; returns whether there may be more at once.
 */
extern bool batch_move(void);

/* Whether it is as large as it may be, so that more messages may wait. */
extern bool batch_is_full(void);

/* Whether there is no batch waiting; and dropping it, so that it is fetched again. */
extern bool batch_is_empty(void);
extern void batch_drop(void);

#endif
