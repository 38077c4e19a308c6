/*
 * envelope.c
 *		The members that the cache adds to a document.
 *
 * jansson writes the values.  It makes no object of them: that would go through
 * its json_object(), and the server has a function of that name, which is found
 * first where jansson's library was not linked to prefer its own.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/envelope.h"

/* The value as JSON, malloc'd; gives the value up.  NULL when there is no memory. */
static char *
dump(json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	return text;
}

bool
cache_head(int64_t version, const char *cached_at, char *head)
{
	char *number = dump(json_integer(version));
	char *time = dump(json_string(cached_at));
	int len = -1;

	if (number != NULL && time != NULL)
		len = snprintf(head, CACHE_HEAD_SIZE, "\"version\":%s,\"cached_at\":%s", number, time);
	free(number);
	free(time);
	return len > 0 && len < CACHE_HEAD_SIZE;
}
