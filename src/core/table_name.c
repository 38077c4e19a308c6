/*
 * table_name.c
 *		When two names refer to the same table.
 */
#include "core/table_name.h"

#include <string.h>

static char
closing_quote(char c)
{
	switch (c)
	{
		case '"':
		case '`':
			return c;
		case '[':
			return ']';
		default:
			return '\0';
	}
}

static char
lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

size_t
table_name_fold(const char *name, size_t len, char *out, size_t *last)
{
	size_t n = 0;
	bool part_begins = true;

	*last = 0;
	for (size_t i = 0; i < len; i++)
	{
		char quote = part_begins ? closing_quote(name[i]) : '\0';

		part_begins = false;
		if (quote != '\0')
		{
			for (i++; i < len; i++)
			{
				/* A doubled quote stands for one, a single one ends the name. */
				if (name[i] == quote)
				{
					if (i + 1 == len || name[i + 1] != quote)
						break;
					i++;
				}
				out[n++] = lower(name[i]);
			}
			continue;
		}
		out[n++] = lower(name[i]);
		if (name[i] == '.')
		{
			*last = n;
			part_begins = true;
		}
	}
	return n;
}

bool
table_name_matches(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *longer = a_len >= b_len ? a : b;
	const char *shorter = a_len >= b_len ? b : a;
	size_t longer_len = a_len >= b_len ? a_len : b_len;
	size_t shorter_len = a_len >= b_len ? b_len : a_len;
	size_t before = longer_len - shorter_len;

	if (shorter_len == 0)
		return longer_len == 0;
	if (memcmp(longer + before, shorter, shorter_len) != 0)
		return false;
	return before == 0 || longer[before - 1] == '.';
}
