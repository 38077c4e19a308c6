/*
 * fuzz_html.c
 *		Any bytes at all for html_text and the wording of preferences.
 *
 * Built for libFuzzer; with FUZZ_STANDALONE a program of its own, which reads
 * the files it is given, or else makes as many inputs as FUZZ_RUNS says
 * (default 20000) from fragments, the same ones each time.
 */
#include "core/html_text.h"
#include "core/wording.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/characters.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool ok, const char *what)
{
	if (!ok)
	{
		fprintf(stderr, "failed: %s\n", what);
		abort();
	}
}

/* Returns the length of a reference at text[0..len), which begins with '&'. */
static size_t
reference_length(const char *text, size_t len)
{
	static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
	size_t n = 2;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (len >= strlen(names[i]) && memcmp(text, names[i], strlen(names[i])) == 0)
			return strlen(names[i]);
	}
	require(len > 3 && text[1] == '#', "a reference");
	while (n < len && character_is_digit((unsigned char) text[n]))
		n++;
	require(n > 2 && n < len && text[n] == ';', "a reference's end");
	return n + 1;
}

/* Whether all that the text opens is closed in it, as a browser sees it. */
typedef struct Open
{
	bool isolates[64];
	int depth;
} Open;

static void
see_bidi(Open *open, uint32_t code)
{
	if (code == 0x202C)
	{
		require(open->depth > 0 && !open->isolates[open->depth - 1], "PDF closes something");
		open->depth--;
	}
	else if (code == 0x2069)
	{
		while (open->depth > 0 && !open->isolates[open->depth - 1])
			open->depth--;
		require(open->depth > 0, "PDI closes something");
		open->depth--;
	}
	else if ((code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2068))
	{
		require(open->depth < 64, "depth");
		open->isolates[open->depth++] = code >= 0x2066;
	}
}

static void
check_html(const char *text, size_t size, bool ascii)
{
	size_t room = HTML_TEXT_SIZE(size);
	char *out = malloc(room);
	size_t n;
	Open open = {.depth = 0};

	require(out != NULL, "memory");
	n = html_text(text, size, ascii, out);
	require(n <= room, "the size of the result");
	for (size_t i = 0; i < n;)
	{
		uint32_t code;
		size_t length = character_read(out + i, n - i, &code);

		require(length > 0, "the result is UTF-8");
		require(!ascii || code < 0x80, "the result is ASCII");
		require(code >= 0x20 || code == '\t' || code == '\n', "no control character");
		require(code < 0x7F || code >= 0xA0, "no control character of Latin 1");
		require(code != '<' && code != '>' && code != '"' && code != '\'', "no markup");
		if (code == '&')
		{
			length = reference_length(out + i, n - i);
			if (out[i + 1] == '#')
				code = (uint32_t) strtoul(out + i + 2, NULL, 10);
			require(code < 0xFFFE || (code & 0xFFFE) != 0xFFFE, "a character that may stand there");
		}
		see_bidi(&open, code);
		i += length;
	}
	require(open.depth == 0, "all is closed");
	free(out);
}

/* The first half as a key, the second as a value. */
static void
check_wording(const char *text, size_t size)
{
	size_t half = size / 2;
	char *key = calloc(half + 1, 1);
	char *value = calloc(size - half + 1, 1);

	require(key != NULL && value != NULL, "memory");
	memcpy(key, text, half);
	memcpy(value, text + half, size - half);
	for (int with_value = 0; with_value < 2; with_value++)
	{
		Wording wording;

		preference_wording(key, with_value ? value : NULL, &wording);
		require(wording.before != NULL && wording.after != NULL, "words");
		require(wording.own != NULL || wording.before[0] != '\0', "something is said");
		require(wording.own == NULL ||
					(wording.own >= key && wording.own + strlen(wording.own) <= key + half) ||
					(wording.own >= value &&
					 wording.own + strlen(wording.own) <= value + (size - half)),
				"the user's words are of the key or the value");
		require(!wording.value_follows || with_value, "a value that there is");
	}
	free(key);
	free(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy of exactly that size, so that a sanitizer sees any overrun. */
	char *text = malloc(size > 0 ? size : 1);

	require(text != NULL, "memory");
	if (size > 0)
		memcpy(text, data, size);
	check_html(text, size, false);
	check_html(text, size, true);
	check_wording(text, size);
	free(text);
	return 0;
}

#ifdef FUZZ_STANDALONE

static const char *const fragments[] = {"<script>",
										"</style>",
										"\"",
										"'",
										"&",
										"&lt;",
										"&#x3c;",
										"]]>",
										"\r\n",
										"\x1B[",
										"\xC2\x85",
										"\xE2\x80\xAA",
										"\xE2\x80\xAB",
										"\xE2\x80\xAC",
										"\xE2\x80\xAD",
										"\xE2\x80\xAE",
										"\xE2\x81\xA6",
										"\xE2\x81\xA8",
										"\xE2\x81\xA9",
										"\xE2\x81\xA9",
										"\xEF\xBF\xBE",
										"\xF0\x9F\x98\x80",
										"\xF0\x9F\x98",
										"\xED\xA0\x80",
										"\xFF",
										"frequent_table:",
										"preferred_chart_type",
										"Stacked Bar",
										"export_format",
										"csv"};

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void
run_generated(long runs)
{
	char text[800];
	uint32_t state = 1;

	for (long run = 0; run < runs; run++)
	{
		size_t size = 0;
		uint32_t parts = next_random(&state) % 24;

		for (uint32_t p = 0; p < parts; p++)
		{
			const char *fragment =
				fragments[next_random(&state) % (sizeof(fragments) / sizeof(fragments[0]))];
			size_t len = strlen(fragment);

			memcpy(text + size, fragment, len);
			size += len;
			if (next_random(&state) % 8 == 0)
				text[size++] = (char) next_random(&state);
		}
		LLVMFuzzerTestOneInput((const uint8_t *) text, size);
	}
}

static void
run_file(const char *path)
{
	static uint8_t data[1 << 16];
	FILE *file = fopen(path, "rb");
	size_t size;

	require(file != NULL, path);
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
}

int
main(int argc, char **argv)
{
	const char *runs = getenv("FUZZ_RUNS");

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	run_generated(runs == NULL ? 20000 : strtol(runs, NULL, 10));
	printf("fuzz_html: nothing found\n");
	return 0;
}

#endif
