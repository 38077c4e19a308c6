/*
 * cache_key.h
 *		Names of tenants and users as parts of a key in the cache.
 */
#ifndef PERSONALIZATION_CORE_CACHE_KEY_H
#define PERSONALIZATION_CORE_CACHE_KEY_H

#include <stddef.h>

/*
 * Writes id so that it holds no colon and no control character: those and the
 * percent sign become %XX, all other bytes stay.  Distinct ids stay distinct,
 * and so do pairs of ids joined by a colon.  out has room for 3 * len bytes;
 * returns the length, without a terminator.
 */
extern size_t cache_id_encode(const char *id, size_t len, char *out);

/*
 * Writes text so that a pattern of Redis matches it and nothing else.  out has
 * room for 2 * len bytes; returns the length, without a terminator.
 */
extern size_t cache_glob_escape(const char *text, size_t len, char *out);

#endif
