/*
 * fuzz_kafka.c
 *		Arbitrary bytes as a message, as properties of a client, as a time.
 */
#include "core/json_text.h"
#include "core/kafka_properties.h"
#include "core/message_id.h"

#include "fuzz.h"

/* What is JSON by itself is so as an element, and with space around it; half of it is not. */
static void
check_json(const char *text, size_t size)
{
	char *longer;

	if (json_text_fault(text, size) != NULL)
		return;
	require(utf8_text_is_valid(text, size), "JSON is UTF-8");
	longer = allocate(NULL, size + 4);
	memcpy(longer + 2, text, size);
	longer[0] = '[';
	longer[1] = '\n';
	longer[size + 2] = ' ';
	longer[size + 3] = ']';
	require(json_text_fault(longer, size + 4) == NULL ||
				strcmp(json_text_fault(longer, size + 4), "it is nested too deep") == 0,
			"a value may be an element");
	require(json_text_fault(longer, size + 3) != NULL, "an array needs its end");
	require(json_text_fault(longer + 2, size + 2) != NULL, "nothing may follow a value");
	free(longer);
}

static void
check_properties(const char *text)
{
	static KafkaProperty property;
	const char *begin = text;
	const char *fault;
	const char *before = text;

	while (kafka_property_next(&text, &property, &fault))
	{
		require(text > before, "it goes on");
		before = text;
		require(property.name[0] != '\0' && strlen(property.name) < KAFKA_NAME_SIZE &&
					strlen(property.value) < KAFKA_VALUE_SIZE,
				"name and value fit");
		(void) kafka_property_refused(property.name);
	}
	require(fault != NULL || *text == '\0', "all of it is read, or wrong");
	require(text <= begin + strlen(begin), "it stays within");
}

static void
fuzz(const char *data, size_t size)
{
	char *text = allocate(NULL, size + 1);
	int64_t micros;

	memcpy(text, data, size);
	text[size] = '\0';
	check_json(data, size);
	check_properties(text);
	(void) unix_time_parse(data, size, &micros);
	free(text);
}

static const char *const fragments[] = {"{",	  "}",		"[",	 "]",		 "\"",
										":",	  ",",		"\\",	 "\\u00e9",	 "\\ud83d\\ude00",
										"\\u000", "1",		"-",	 "0.5",		 "e",
										"true",	  "null",	" ",	 "\"a\":",	 "\303\244",
										"\360",	  "\"",		"1e99",	 "a.b=c;d=", "\"}",
										"]}",	  "{\"\":", "99999", "\n",		 "\x01"};

FUZZ_MAIN(fragments, 0, 12, 300000)
