/*
 * kafka_properties.h
 *		Parsing the properties of a Kafka client.
 *
 *		 security.protocol=SASL_SSL sasl.mechanism=PLAIN; sasl.password="two words"
 *
 *		Pairs are separated by white space or semicolons.  A value in double
 *		quotes may contain these, and also quotes and backslashes, with a
 *		backslash before each.
 */
#ifndef PERSONALIZATION_CORE_KAFKA_PROPERTIES_H
#define PERSONALIZATION_CORE_KAFKA_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Maximum size of a name and of a value, including terminators: certificates
 * in PEM are values too.
 */
#define KAFKA_NAME_SIZE 128
#define KAFKA_VALUE_SIZE (16 * 1024)

typedef struct KafkaProperty
{
	char name[KAFKA_NAME_SIZE];
	char value[KAFKA_VALUE_SIZE];
} KafkaProperty;

/*
 * Reads the next pair of *text, which is terminated, and advances *text.
 * Returns false at the end, with *fault NULL, and if the text is invalid, with
 * a sentence in *fault that does not contain values, because some are secret.
 */
extern bool kafka_property_next(const char **text, KafkaProperty *property, const char **fault);

/*
 * Returns the reason why a property must not be set by the user, as a
 * sentence, or NULL: properties on which exactly-once processing depends, and
 * those that load code into the server.
 */
extern const char *kafka_property_refused(const char *name);

#endif
