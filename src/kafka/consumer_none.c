/*
 * consumer_none.c
 *		The process that reads topics if the library is built without
 *		librdkafka: there is none, and an error reports that.
 */
#include "postgres.h"

#include "base/guc.h"
#include "kafka/consumer.h"

const bool kafka_supported = false;

void
consumer_look_after(void)
{
	static bool said = false;
	bool wanted = kafka_brokers != NULL && kafka_brokers[0] != '\0';

	if (wanted && !said)
		ereport(LOG, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					  errmsg("personalization: " KAFKA_NOT_SUPPORTED),
					  errhint("Install librdkafka-dev and build with WITH_KAFKA=1, or reset "
							  "personalization.kafka_brokers.")));
	said = wanted;
}
