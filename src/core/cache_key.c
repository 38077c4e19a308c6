/*
 * cache_key.c
 *		Encoding names of tenants and users as parts of a cache key.
 */
#include "core/cache_key.h"

#include <string.h>

size_t
cache_id_encode(const char *id, size_t len, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	char *start = out;

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) id[i];

		if (c == ':' || c == '%' || c < 0x20 || c == 0x7f)
		{
			*out++ = '%';
			*out++ = digits[c >> 4];
			*out++ = digits[c & 15];
		}
		else
			*out++ = id[i];
	}
	return (size_t) (out - start);
}

size_t
cache_glob_escape(const char *text, size_t len, char *out)
{
	char *start = out;

	for (size_t i = 0; i < len; i++)
	{
		if (text[i] != '\0' && strchr("*?[]^-\\", text[i]) != NULL)
			*out++ = '\\';
		*out++ = text[i];
	}
	return (size_t) (out - start);
}
