/*
 * envelope.c
 *		The members that the cache adds to a document.
 *
 *		jansson formats the values, but is not used to build the object: its
 *		json_object() has the same name as a function of the server, which
 *		would be called instead if jansson was not linked with symbolic
 *		binding.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/envelope.h"

/* Returns the value as JSON, malloc'd, and frees the value.  NULL if out of memory. */
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
