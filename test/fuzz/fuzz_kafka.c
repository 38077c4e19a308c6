/*
 * fuzz_kafka.c
 *		Arbitrary bytes as a message, as properties of a client, as a time.
 *
 * Without libFuzzer (-DFUZZ_STANDALONE) it runs on bytes of its own making.
 */
#include "core/json_text.h"
#include "core/kafka_properties.h"
#include "core/message_id.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

/* What is JSON by itself is so as an element, and with space around it; half of it is not. */
static void
check_json(const char *text, size_t size)
{
	char *longer;

	if (json_text_fault(text, size) != NULL)
		return;
	require(utf8_text_is_valid(text, size), "JSON is UTF-8");
	longer = malloc(size + 4);
	require(longer != NULL, "there is memory");
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exact sizes, so that the sanitizer sees a byte too many. */
	char *bytes = malloc(size > 0 ? size : 1);
	char *text = malloc(size + 1);
	int64_t micros;

	require(bytes != NULL && text != NULL, "there is memory");
	if (size > 0)
	{
		memcpy(bytes, data, size);
		memcpy(text, data, size);
	}
	text[size] = '\0';
	check_json(bytes, size);
	check_properties(text);
	(void) unix_time_parse(bytes, size, &micros);
	free(bytes);
	free(text);
	return 0;
}

#ifdef FUZZ_STANDALONE
int
main(void)
{
	static const char *const pieces[] = {"{",	   "}",		 "[",	  "]",		  "\"",
										 ":",	   ",",		 "\\",	  "\\u00e9",  "\\ud83d\\ude00",
										 "\\u000", "1",		 "-",	  "0.5",	  "e",
										 "true",   "null",	 " ",	  "\"a\":",	  "\303\244",
										 "\360",   "\"",	 "1e99",  "a.b=c;d=", "\"}",
										 "]}",	   "{\"\":", "99999", "\n",		  "\x01"};
	uint32_t state = 1;
	char input[128];

	for (int round = 0; round < 300000; round++)
	{
		size_t size = 0;
		int n;

		state = state * 1664525u + 1013904223u;
		n = (int) (state >> 16) % 12;
		for (int i = 0; i < n; i++)
		{
			const char *piece;
			size_t len;

			state = state * 1664525u + 1013904223u;
			piece = pieces[(state >> 16) % (sizeof(pieces) / sizeof(pieces[0]))];
			len = strlen(piece);
			if (size + len > sizeof(input))
				break;
			memcpy(input + size, piece, len);
			size += len;
		}
		(void) LLVMFuzzerTestOneInput((const uint8_t *) input, size);
	}
	puts("ok");
	return 0;
}
#endif
