/*
 * unit.h
 *		The unit tests' harness: one program a test, no dependencies.
 */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int unit_passed;
static int unit_failed;

static inline bool
unit_check(bool ok, const char *file, int line, const char *what)
{
	if (ok)
		unit_passed++;
	else
	{
		unit_failed++;
		fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
	}
	return ok;
}

/* Compares bytes; about names the case, such as a table's input. */
static inline bool
unit_check_bytes(const char *got, size_t got_len, const char *expected, size_t expected_len,
				 const char *file, int line, const char *about)
{
	if (got_len == expected_len && (got_len == 0 || memcmp(got, expected, got_len) == 0))
	{
		unit_passed++;
		return true;
	}
	unit_failed++;
	fprintf(stderr, "%s:%d: failed: %s\n\texpected [%.*s]\n\tgot      [%.*s]\n", file, line, about,
			(int) expected_len, expected, (int) got_len, got);
	return false;
}

static inline int
unit_result(const char *name)
{
	printf("%s: %d passed, %d failed\n", name, unit_passed, unit_failed);
	return unit_failed > 0 ? 1 : 0;
}

#define CHECK(condition) unit_check((condition), __FILE__, __LINE__, #condition)

/* got need not be terminated. */
#define CHECK_BYTES(got, got_len, expected, expected_len, about)                                   \
	unit_check_bytes((got), (got_len), (expected), (expected_len), __FILE__, __LINE__, (about))
#define CHECK_STR(got, got_len, expected, about)                                                   \
	CHECK_BYTES((got), (got_len), (expected), strlen(expected), (about))

#endif
