/*
 * kafka_properties.c
 *		Parsing the properties of a Kafka client.
 */
#include "core/kafka_properties.h"

#include <string.h>

static bool
fail(const char **fault, const char *what)
{
	*fault = what;
	return false;
}

static bool
is_separator(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';';
}

static bool
is_of_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
		   c == '_' || c == '-';
}

static bool
take_name(const char **at, KafkaProperty *property, const char **fault)
{
	size_t n = 0;

	while (is_of_name(**at))
	{
		if (n == sizeof(property->name) - 1)
			return fail(fault, "The name of a property is too long.");
		property->name[n++] = *(*at)++;
	}
	property->name[n] = '\0';
	if (n == 0)
		return fail(fault, "The name of a property is missing, or has a sign that names have not.");
	if (**at != '=')
		return fail(fault, "An equals sign is missing behind the name of a property.");
	(*at)++;
	return true;
}

static bool
take_value(const char **at, KafkaProperty *property, const char **fault)
{
	bool quoted = **at == '"';
	size_t n = 0;

	if (quoted)
		(*at)++;
	while (**at != '\0' && (quoted ? **at != '"' : !is_separator(**at)))
	{
		if (quoted && **at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
			(*at)++;
		if (n == sizeof(property->value) - 1)
			return fail(fault, "The value of a property is too long.");
		property->value[n++] = *(*at)++;
	}
	property->value[n] = '\0';
	if (!quoted)
		return true;
	if (**at != '"')
		return fail(fault, "A quoted value is not terminated.");
	(*at)++;
	if (**at != '\0' && !is_separator(**at))
		return fail(fault, "A quoted value must be followed by a separator.");
	return true;
}

bool
kafka_property_next(const char **text, KafkaProperty *property, const char **fault)
{
	*fault = NULL;
	while (is_separator(**text))
		(*text)++;
	return **text != '\0' && take_name(text, property, fault) && take_value(text, property, fault);
}

const char *
kafka_property_refused(const char *name)
{
	static const struct
	{
		const char *name;
		const char *why;
	} refused[] = {
		{"bootstrap.servers", "Set personalization.kafka_brokers instead."},
		{"metadata.broker.list", "Set personalization.kafka_brokers instead."},
		{"enable.auto.commit", "Offsets are stored in the database."},
		{"enable.auto.offset.store", "Offsets are stored in the database."},
		{"auto.commit.enable", "Offsets are stored in the database."},
		{"auto.offset.reset", "Use the argument start of subscribe_topic() instead."},
		{"enable.partition.eof", "It is always on."},
		{"queued.max.messages.kbytes", "Set personalization.kafka_buffer instead."},
		{"plugin.library.paths", "It would load other code into the server."},
		{"test.mock.num.brokers", "It would read from brokers of its own."},
		{"log.queue", "It is always on."},
		{"enabled_events", "It would remove messages from the queue."},
		{"internal.termination.signal", "Signals are handled by the server."},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		if (strcmp(name, refused[i].name) == 0)
			return refused[i].why;
	}
	return NULL;
}
