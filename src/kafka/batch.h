/*
 * batch.h
 *		Messages on their way from the client's queue into what is learned.
 */
#ifndef PERSONALIZATION_KAFKA_BATCH_H
#define PERSONALIZATION_KAFKA_BATCH_H

#include "postgres.h"

/* Takes up what waits in the inbox since before this process; in a transaction, and in SPI. */
extern void batch_init(void);

/*
 * Takes messages out of the client's queue until the batch is full or the queue
 * empty; returns whether there is anything to be learned.
 */
extern bool batch_collect(void);

/*
 * Learns the batch and moves the offsets, in one transaction of its own; outside of
 * one.  False where it cannot be done at the moment, which the topics' errors tell:
 * the batch stays as it is, to be tried again after a while.
 */
extern bool batch_learn(void);

/* Whether there is a batch that waits; and gives it up: it will be fetched again. */
extern bool batch_is_empty(void);
extern void batch_drop(void);

#endif
