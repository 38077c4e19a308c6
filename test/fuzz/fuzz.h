/*
 * fuzz.h
 *		The fuzzers' harness.
 *
 * A fuzzer defines fuzz(), which examines one input, and ends with FUZZ_MAIN.
 * Built for libFuzzer, that is all.  With FUZZ_STANDALONE it is a program of
 * its own, which reads the files that it is given, and then makes inputs from
 * the fragments, the same ones each time: as many as FUZZ_RUNS says.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The present input. */
static const uint8_t *fuzz_input;
static size_t fuzz_input_size;

/* Examines an input, in memory of exactly that size. */
static void fuzz(const char *text, size_t size);

static inline void
require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "failed: %s\nof: ", what);
	for (size_t i = 0; i < fuzz_input_size; i++)
		fprintf(stderr, fuzz_input[i] >= ' ' && fuzz_input[i] < 0x7F ? "%c" : "\\%03o",
				fuzz_input[i]);
	fprintf(stderr, "\n");
	abort();
}

/* Returns memory of exactly that size, so that a sanitizer sees any overrun; data may be NULL. */
static inline char *
allocate(const void *data, size_t size)
{
	char *memory = malloc(size > 0 ? size : 1);

	require(memory != NULL, "there is memory");
	if (size > 0 && data != NULL)
		memcpy(memory, data, size);
	return memory;
}

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = allocate(data, size);

	fuzz_input = data;
	fuzz_input_size = size;
	fuzz(text, size);
	free(text);
	return 0;
}

#ifdef FUZZ_STANDALONE

#define FUZZ_FRAGMENT_MAX 40
#define FUZZ_PARTS_MAX 40

/* What inputs are made of. */
typedef struct FuzzFragments
{
	const char *const *fragments; /* at most FUZZ_FRAGMENT_MAX bytes each */
	size_t n;
	size_t nbegin; /* with one of the first so many an input often begins; 0 for none */
	uint32_t most; /* fewer than this many parts, at most FUZZ_PARTS_MAX, make an input */
} FuzzFragments;

/* xorshift: the same everywhere */
static inline uint32_t
fuzz_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline void
fuzz_generated(const FuzzFragments *from, long runs)
{
	uint32_t state = 20240229;

	for (long run = 0; run < runs; run++)
	{
		uint8_t text[FUZZ_PARTS_MAX * FUZZ_FRAGMENT_MAX];
		size_t size = 0;
		uint32_t parts = fuzz_random(&state) % from->most;

		for (uint32_t p = 0; p < parts; p++)
		{
			bool begin = p == 0 && from->nbegin > 0 && fuzz_random(&state) % 2 == 0;
			size_t choice = fuzz_random(&state) % (begin ? from->nbegin : from->n + 2);

			if (choice < from->n)
			{
				memcpy(text + size, from->fragments[choice], strlen(from->fragments[choice]));
				size += strlen(from->fragments[choice]);
			}
			else
				text[size++] = (uint8_t) fuzz_random(&state);
		}
		(void) LLVMFuzzerTestOneInput(text, size);
	}
}

static inline void
fuzz_file(const char *path)
{
	size_t room = (size_t) 1 << 22;
	char *data = allocate(NULL, room);
	FILE *file = fopen(path, "rb");
	size_t size;

	require(file != NULL, path);
	size = fread(data, 1, room, file);
	fclose(file);
	(void) LLVMFuzzerTestOneInput((const uint8_t *) data, size);
	free(data);
}

static inline int
fuzz_main(int argc, char **argv, const FuzzFragments *fragments, long usual_runs)
{
	const char *runs = getenv("FUZZ_RUNS");

	for (int i = 1; i < argc; i++)
		fuzz_file(argv[i]);
	fuzz_generated(fragments, runs == NULL ? usual_runs : strtol(runs, NULL, 10));
	puts("ok");
	return 0;
}

#define FUZZ_MAIN(fragments, nbegin, most, runs)                                                   \
	int main(int argc, char **argv)                                                                \
	{                                                                                              \
		const FuzzFragments from = {fragments, sizeof(fragments) / sizeof(*(fragments)), nbegin,   \
									most};                                                         \
                                                                                                   \
		return fuzz_main(argc, argv, &from, runs);                                                 \
	}

#else

#define FUZZ_MAIN(fragments, nbegin, most, runs)

#endif

#endif
