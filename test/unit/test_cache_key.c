/*
 * test_cache_key.c
 *		Tests of cache_id_encode and cache_glob_escape.
 */
#include "core/cache_key.h"
#include "unit.h"

/* A string literal with its length, so that it may hold zero bytes. */
#define S(literal) literal, sizeof(literal) - 1

static const struct
{
	const char *id;
	size_t len;
	const char *encoded;
} ids[] = {
	{S(""), ""},
	{S("ana"), "ana"},
	{S("a b"), "a b"},
	{S("a:b"), "a%3Ab"},
	{S("a%3Ab"), "a%253Ab"},
	{S("%"), "%25"},
	{S("\r\nDEL x\t"), "%0D%0ADEL x%09"},
	{S("\0\037\177"), "%00%1F%7F"},
	{S("\303\244\342\202\254"), "\303\244\342\202\254"},
	{S("\377\200"), "\377\200"},
	{S("{a}*?[x]\"'\\"), "{a}*?[x]\"'\\"},
};

static const struct
{
	const char *text;
	const char *escaped;
} globs[] = {
	{"", ""},
	{"acme", "acme"},
	{"a*b?c", "a\\*b\\?c"},
	{"[a-z]^\\", "\\[a\\-z\\]\\^\\\\"},
	{"\303\244 %3A", "\303\244 %3A"},
};

/* All pairs of short names out of an alphabet of troublemakers give keys of their own. */
static void
check_pairs(void)
{
	static const char alphabet[] = "a:%3A\n";
	enum
	{
		LETTERS = sizeof(alphabet) - 1,
		NAMES = 1 + LETTERS + LETTERS * LETTERS
	};
	char names[NAMES][3];
	static char keys[NAMES * NAMES][16];
	int n = 1;
	int nkeys = 0;
	int same = 0;

	names[0][0] = '\0';
	for (int i = 0; i < LETTERS; i++)
	{
		snprintf(names[n++], sizeof(names[0]), "%c", alphabet[i]);
		for (int j = 0; j < LETTERS; j++)
			snprintf(names[n++], sizeof(names[0]), "%c%c", alphabet[i], alphabet[j]);
	}
	CHECK(n == NAMES);
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < n; j++)
		{
			char *key = keys[nkeys++];
			size_t len = cache_id_encode(names[i], strlen(names[i]), key);

			key[len++] = ':';
			len += cache_id_encode(names[j], strlen(names[j]), key + len);
			key[len] = '\0';
		}
	}
	for (int i = 0; i < nkeys; i++)
	{
		for (int j = 0; j < i; j++)
			same += strcmp(keys[i], keys[j]) == 0;
	}
	CHECK(same == 0);
}

int
main(void)
{
	char out[256];

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
	{
		size_t len = cache_id_encode(ids[i].id, ids[i].len, out);

		CHECK_STR(out, len, ids[i].encoded, ids[i].encoded);
	}
	for (size_t i = 0; i < sizeof(globs) / sizeof(globs[0]); i++)
	{
		size_t len = cache_glob_escape(globs[i].text, strlen(globs[i].text), out);

		CHECK_STR(out, len, globs[i].escaped, globs[i].text);
	}
	check_pairs();
	return unit_result("test_cache_key");
}
