/*
 * consumer.h
 *		The process that reads topics: one for each database with
 *		subscriptions, started by the database's worker.
 *
 *		Implemented in consumer.c, or in consumer_none.c if the library is
 *		built without librdkafka.
 */
#ifndef PERSONALIZATION_KAFKA_CONSUMER_H
#define PERSONALIZATION_KAFKA_CONSUMER_H

#include "postgres.h"

/* Whether the library is built with librdkafka. */
extern const bool kafka_supported;

#define KAFKA_NOT_SUPPORTED "Kafka is not supported by this build"

/*
 * Starts the consumer if there is something to read and none is running.  To
 * be called by the worker, outside a transaction, about once a second.
 */
extern void consumer_look_after(void);

#endif
