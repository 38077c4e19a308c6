/*
 * json_text.c
 *		Whether untrusted bytes are JSON that PostgreSQL's jsonb accepts.
 *
 *		The input function of jsonb raises an error for what it does not
 *		accept, and surviving an error requires a subtransaction.  So each
 *		text is checked here first.  Where the two disagree, this one must be
 *		stricter.
 */
#include "core/json_text.h"

#include <stdint.h>
#include <string.h>

/*
 * Maximum number of digits on either side of the point; numeric allows 131072
 * and 16383.  An exponent moves the point.
 */
#define MAX_DIGITS_BEFORE 131000
#define MAX_DIGITS_BEHIND 16000

typedef struct Scan
{
	const unsigned char *at;
	const unsigned char *end;
	const char *fault;
	int depth;
	unsigned char is_object[JSON_TEXT_MAX_DEPTH];
} Scan;

static bool
fail(Scan *scan, const char *fault)
{
	scan->fault = fault;
	return false;
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static void
skip_space(Scan *scan)
{
	while (scan->at < scan->end &&
		   (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

/*
 * Returns the length of the UTF-8 character at the beginning of s[0..len), or
 * 0 if it is invalid.
 */
static int
utf8_length(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	int n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if ((size_t) n > len)
		return 0;

	/* Neither overlong, nor a surrogate, nor beyond the last plane. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (int i = 2; i < n; i++)
	{
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

bool
utf8_text_is_valid(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *) text;

	for (size_t i = 0; i < len;)
	{
		int n = utf8_length(s + i, len - i);

		if (n == 0 || s[i] == '\0')
			return false;
		i += (size_t) n;
	}
	return true;
}

/* Reads four hexadecimal digits; returns -1 if they are invalid. */
static int
hex4(Scan *scan)
{
	int value = 0;

	if (scan->end - scan->at < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		unsigned char c = *scan->at++;

		if (is_digit(c))
			value = value * 16 + (c - '0');
		else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
			value = value * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

/* Scans an escape sequence after the backslash. */
static bool
scan_escape(Scan *scan)
{
	int first;
	int second;

	if (scan->at == scan->end)
		return fail(scan, "a string is not ended");
	if (*scan->at != 'u')
		return memchr("\"\\/bfnrt", *scan->at++, 8) != NULL || fail(scan, "an escape is invalid");
	scan->at++;
	first = hex4(scan);
	if (first < 0)
		return fail(scan, "an escape is invalid");
	if (first == 0)
		return fail(scan, "a string has \\u0000, which text cannot have");
	if (first >= 0xdc00 && first <= 0xdfff)
		return fail(scan, "half of a surrogate pair stands alone");
	if (first < 0xd800 || first > 0xdbff)
		return true;
	if (scan->end - scan->at < 2 || scan->at[0] != '\\' || scan->at[1] != 'u')
		return fail(scan, "half of a surrogate pair stands alone");
	scan->at += 2;
	second = hex4(scan);
	return (second >= 0xdc00 && second <= 0xdfff) ||
		   fail(scan, "half of a surrogate pair stands alone");
}

/* Scans from the opening quote to after the closing one. */
static bool
scan_string(Scan *scan)
{
	if (scan->at == scan->end || *scan->at != '"')
		return fail(scan, "a name in quotes is missing");
	scan->at++;
	while (scan->at < scan->end)
	{
		unsigned char c = *scan->at;
		int n;

		if (c == '"')
		{
			scan->at++;
			return true;
		}
		if (c < 0x20)
			return fail(scan, "a string has a control character");
		if (c == '\\')
		{
			scan->at++;
			if (!scan_escape(scan))
				return false;
			continue;
		}
		n = utf8_length(scan->at, (size_t) (scan->end - scan->at));
		if (n == 0)
			return fail(scan, "it is not UTF-8");
		scan->at += n;
	}
	return fail(scan, "a string is not ended");
}

/* Scans a run of digits, which may be empty; returns their number. */
static long
scan_digits(Scan *scan)
{
	const unsigned char *begin = scan->at;

	while (scan->at < scan->end && is_digit(*scan->at))
		scan->at++;
	return (long) (scan->at - begin);
}

static bool
scan_number(Scan *scan)
{
	long before;
	long behind = 0;
	long exponent = 0;
	bool zero;

	if (*scan->at == '-')
		scan->at++;
	zero = scan->at < scan->end && *scan->at == '0';
	before = scan_digits(scan);
	if (before == 0 || (zero && before > 1))
		return fail(scan, "a number is invalid");
	if (scan->at < scan->end && *scan->at == '.')
	{
		scan->at++;
		behind = scan_digits(scan);
		if (behind == 0)
			return fail(scan, "a number is invalid");
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E'))
	{
		bool negative = false;
		const unsigned char *begin;

		scan->at++;
		if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
			negative = *scan->at++ == '-';
		begin = scan->at;
		if (scan_digits(scan) == 0)
			return fail(scan, "a number is invalid");
		for (const unsigned char *d = begin; d < scan->at && exponent < 1000000; d++)
			exponent = exponent * 10 + (*d - '0');
		if (negative)
			exponent = -exponent;
	}
	if (before + exponent > MAX_DIGITS_BEFORE || behind - exponent > MAX_DIGITS_BEHIND)
		return fail(scan, "a number is out of range");
	return true;
}

static bool
scan_word(Scan *scan)
{
	static const char *const words[] = {"true", "false", "null"};

	for (int i = 0; i < 3; i++)
	{
		size_t len = strlen(words[i]);

		if ((size_t) (scan->end - scan->at) >= len && memcmp(scan->at, words[i], len) == 0)
		{
			scan->at += len;
			return true;
		}
	}
	return fail(scan, "a value is missing or unknown");
}

static bool
scan_name(Scan *scan)
{
	if (!scan_string(scan))
		return false;
	skip_space(scan);
	if (scan->at == scan->end || *scan->at != ':')
		return fail(scan, "a colon is missing");
	scan->at++;
	skip_space(scan);
	return true;
}

/* Enters an array or object; *value: whether a value follows, which is not so in an empty one. */
static bool
scan_open(Scan *scan, bool *value)
{
	bool object = *scan->at++ == '{';

	if (scan->depth == JSON_TEXT_MAX_DEPTH)
		return fail(scan, "it is nested too deep");
	scan->is_object[scan->depth++] = object;
	skip_space(scan);
	*value = scan->at == scan->end || *scan->at != (object ? '}' : ']');
	return !*value || !object || scan_name(scan);
}

/* After a value: closes what ends here.  *value: whether another one follows. */
static bool
scan_after(Scan *scan, bool *value)
{
	*value = false;
	while (scan->depth > 0)
	{
		bool object = scan->is_object[scan->depth - 1];

		skip_space(scan);
		if (scan->at == scan->end)
			return fail(scan, object ? "an object is not ended" : "an array is not ended");
		if (*scan->at == ',')
		{
			scan->at++;
			skip_space(scan);
			*value = true;
			return !object || scan_name(scan);
		}
		if (*scan->at != (object ? '}' : ']'))
			return fail(scan, "a comma is missing");
		scan->at++;
		scan->depth--;
	}
	return true;
}

static bool
scan_value(Scan *scan)
{
	bool value = true;

	while (value)
	{
		unsigned char c = scan->at < scan->end ? *scan->at : '\0';
		bool opened = false;
		bool done;

		if (c == '{' || c == '[')
		{
			done = scan_open(scan, &opened);
			if (done && opened)
				continue;
		}
		else if (c == '"')
			done = scan_string(scan);
		else if (c == '-' || is_digit(c))
			done = scan_number(scan);
		else
			done = scan_word(scan);
		if (!done || !scan_after(scan, &value))
			return false;
	}
	return true;
}

const char *
json_text_fault(const char *text, size_t len)
{
	Scan scan;

	if (len > JSON_TEXT_MAX_SIZE)
		return "it is larger than 16 MB";
	scan.at = (const unsigned char *) text;
	scan.end = scan.at + len;
	scan.fault = NULL;
	scan.depth = 0;
	skip_space(&scan);
	if (scan.at == scan.end)
		return "it is empty";
	if (!scan_value(&scan))
		return scan.fault;
	skip_space(&scan);
	return scan.at == scan.end ? NULL : "something follows the value";
}
