/*
 * redis_url.c
 *		Parsing the URL of a Redis server.
 */
#include "core/redis_url.h"

#include <string.h>

/* A part of the text: [start, end). */
typedef struct Span
{
	const char *start;
	const char *end;
} Span;

static bool
fail(const char **fault, const char *sentence)
{
	*fault = sentence;
	return false;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes the percent-encoding of a part. */
static bool
decode(Span part, char *out, size_t size, const char **fault)
{
	size_t n = 0;

	for (const char *p = part.start; p < part.end; p++)
	{
		char c = *p;

		if (c == '%')
		{
			int high = part.end - p > 2 ? hex_digit(p[1]) : -1;
			int low = high >= 0 ? hex_digit(p[2]) : -1;

			if (low < 0)
				return fail(fault, "A percent sign must be followed by two hexadecimal digits.");
			if (high == 0 && low == 0)
				return fail(fault, "It must not contain %00.");
			c = (char) (high * 16 + low);
			p += 2;
		}
		if (n + 1 >= size)
			return fail(fault, "One of its parts is too long.");
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

/* Parses a decimal number up to max; returns -1 if it is not one. */
static int
number(Span part, int max)
{
	int value = 0;

	if (part.start == part.end)
		return -1;
	for (const char *p = part.start; p < part.end; p++)
	{
		if (*p < '0' || *p > '9')
			return -1;
		value = value * 10 + (*p - '0');
		if (value > max)
			return -1;
	}
	return value;
}

static bool
skip(const char **text, const char *prefix)
{
	if (strncmp(*text, prefix, strlen(prefix)) != 0)
		return false;
	*text += strlen(prefix);
	return true;
}

/* Finds the first occurrence of a character in a part, or NULL. */
static const char *
find(Span part, char c)
{
	return part.start == part.end ? NULL : memchr(part.start, c, (size_t) (part.end - part.start));
}

static bool
parse_database(Span part, RedisUrl *url, const char **fault)
{
	url->database = number(part, 1000000);
	return url->database >= 0 || fail(fault, "The database must be a number.");
}

/* user:password, :password */
static bool
parse_login(Span login, RedisUrl *url, const char **fault)
{
	const char *colon = find(login, ':');

	if (colon == NULL)
		return fail(fault, "Before the @ there must be user:password or :password.");
	if (!decode((Span){login.start, colon}, url->user, sizeof(url->user), fault) ||
		!decode((Span){colon + 1, login.end}, url->password, sizeof(url->password), fault))
		return false;
	return url->password[0] != '\0' || fail(fault, "The password is empty.");
}

/* host, host:port, [address], [address]:port */
static bool
parse_host(Span part, RedisUrl *url, const char **fault)
{
	Span host = part;
	const char *colon;

	if (part.start < part.end && *part.start == '[')
	{
		const char *bracket = find(part, ']');

		if (bracket == NULL)
			return fail(fault, "The bracket is not closed.");
		host.start++;
		host.end = bracket;
		colon = bracket + 1 < part.end ? bracket + 1 : NULL;
		if (colon != NULL && *colon != ':')
			return fail(fault, "The bracket can only be followed by a port.");
	}
	else
	{
		colon = find(part, ':');
		if (colon != NULL)
			host.end = colon;
	}
	if (!decode(host, url->host, sizeof(url->host), fault))
		return false;
	if (url->host[0] == '\0')
		return fail(fault, "The host is missing.");
	if (colon != NULL)
	{
		url->port = number((Span){colon + 1, part.end}, 65535);
		if (url->port <= 0)
			return fail(fault, "The port must be a number from 1 to 65535.");
	}
	return true;
}

bool
redis_url_parse(const char *text, RedisUrl *url, const char **fault)
{
	Span rest;
	const char *query;
	const char *slash;
	const char *at;

	memset(url, 0, sizeof(*url));
	url->port = REDIS_DEFAULT_PORT;
	url->tls = skip(&text, "rediss://");
	url->local = !url->tls && skip(&text, "unix://");
	if (!url->tls && !url->local && !skip(&text, "redis://"))
		return fail(fault, "It must begin with redis://, rediss:// or unix://.");
	rest = (Span){text, text + strlen(text)};

	query = find(rest, '?');
	if (query != NULL)
	{
		const char *value = query + 1;

		if (!skip(&value, "db="))
			return fail(fault, "Only db=number is allowed after the question mark.");
		if (!parse_database((Span){value, rest.end}, url, fault))
			return false;
		rest.end = query;
	}
	slash = find(rest, '/');
	at = find((Span){rest.start, slash != NULL ? slash : rest.end}, '@');
	if (at != NULL)
	{
		if (!parse_login((Span){rest.start, at}, url, fault))
			return false;
		rest.start = at + 1;
	}
	if (url->local)
	{
		if (rest.start != slash)
			return fail(fault, "The socket's path must begin with a slash.");
		return decode(rest, url->path, sizeof(url->path), fault);
	}
	if (slash != NULL)
	{
		if (slash + 1 < rest.end)
		{
			if (query != NULL)
				return fail(fault, "The database is specified twice.");
			if (!parse_database((Span){slash + 1, rest.end}, url, fault))
				return false;
		}
		rest.end = slash;
	}
	return parse_host(rest, url, fault);
}
