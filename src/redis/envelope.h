/*
 * envelope.h
 *		The members that the cache adds to a document.
 *
 *		This file includes no server header, because jansson.h also declares
 *		json_object() and others.
 */
#ifndef PERSONALIZATION_REDIS_ENVELOPE_H
#define PERSONALIZATION_REDIS_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_HEAD_SIZE 128

/*
 * Writes the members "version" and "cached_at", separated by a comma, as at
 * the beginning of an object; returns false if out of memory.  To be called
 * outside a transaction.  Raises no error.
 */
extern bool cache_head(int64_t version, const char *cached_at, char *head);

#endif
