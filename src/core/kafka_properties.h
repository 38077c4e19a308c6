/*
 * kafka_properties.h
 *		The properties of a Kafka client out of one text.
 *
 *		security.protocol=SASL_SSL sasl.mechanism=PLAIN; sasl.password="two words"
 *
 * Pairs are separated by white space or semicolons.  A value in double quotes may
 * hold these, and with a backslash before them the quote and the backslash.
 */
#ifndef PERSONALIZATION_CORE_KAFKA_PROPERTIES_H
#define PERSONALIZATION_CORE_KAFKA_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a name and of a value, terminators included: certificates in PEM are values too. */
#define KAFKA_NAME_SIZE 128
#define KAFKA_VALUE_SIZE (16 * 1024)

typedef struct KafkaProperty
{
	char name[KAFKA_NAME_SIZE];
	char value[KAFKA_VALUE_SIZE];
} KafkaProperty;

/*
 * Takes the next pair off *text, which is terminated, and moves it behind that.
 * False at the end, with *fault NULL, and where the text is wrong, with *fault a
 * sentence that says how, without a value in it: some are secret.
 */
extern bool kafka_property_next(const char **text, KafkaProperty *property, const char **fault);

/*
 * Why a property is not for the user to set, as a sentence; NULL where it is:
 * those on which it hangs that nothing is lost or learned twice, and those that
 * load code into the server.
 */
extern const char *kafka_property_refused(const char *name);

#endif
