/*
 * fuzz_cache.c
 *		Arbitrary bytes as ids of the cache's keys and as URL of a Redis.
 */
#include "core/cache_key.h"
#include "core/redis_url.h"

#include "fuzz.h"

/* The inverse of cache_id_encode, which shows that no two ids share a key. */
static size_t
decode(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (text[i] == '%')
		{
			char digits[] = {text[i + 1], text[i + 2], '\0'};

			out[n++] = (char) strtol(digits, NULL, 16);
			i += 2;
		}
		else
			out[n++] = text[i];
	}
	return n;
}

/* What a pattern without unescaped signs matches. */
static size_t
unescape(const char *text, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (text[i] == '\\')
			i++;
		else
			require(text[i] == '\0' || strchr("*?[]", text[i]) == NULL, "signs are escaped");
		out[n++] = text[i];
	}
	return n;
}

static void
fuzz(const char *data, size_t size)
{
	char *encoded = allocate(NULL, 3 * size + 1);
	char *decoded = allocate(NULL, size + 1);
	char *text = allocate(NULL, size + 1);
	RedisUrl url;
	const char *fault = NULL;
	size_t len;

	len = cache_id_encode(data, size, encoded);
	require(len <= 3 * size, "an id grows threefold at most");
	for (size_t i = 0; i < len; i++)
		require(encoded[i] != ':' && ((unsigned char) encoded[i] >= 0x20) && encoded[i] != 0x7f,
				"no colon, no control character");
	require(decode(encoded, len, decoded) == size &&
				(size == 0 || memcmp(decoded, data, size) == 0),
			"the id can be read back");
	len = cache_glob_escape(data, size, encoded);
	require(len <= 2 * size, "a pattern grows twofold at most");
	require(unescape(encoded, len, decoded) == size &&
				(size == 0 || memcmp(decoded, data, size) == 0),
			"the pattern matches the text");

	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (redis_url_parse(text, &url, &fault))
	{
		require(url.local ? url.path[0] == '/' : url.host[0] != '\0', "there is a place");
		require(url.port > 0 && url.port <= 65535 && url.database >= 0, "numbers are in range");
		require(url.user[0] == '\0' || url.password[0] != '\0', "no user without a password");
	}
	else
		require(fault != NULL, "a fault is said");
	free(encoded);
	free(decoded);
	free(text);
}

/* The first three begin a URL. */
static const char *const fragments[] = {
	"redis://", "rediss://", "unix://", "/", "?db=",  ":",	  "@", "[",	 "]",
	"%41",		"%",		 "\r\n",	"1", "99999", "host", "*", "\\", "\303\244"};

FUZZ_MAIN(fragments, 3, 9, 200000)
