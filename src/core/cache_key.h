/*
 * cache_key.h
 *		Encoding names of tenants and users as parts of a cache key.
 */
#ifndef PERSONALIZATION_CORE_CACHE_KEY_H
#define PERSONALIZATION_CORE_CACHE_KEY_H

#include <stddef.h>

/*
 * Writes id without colons and control characters: these and the percent sign
 * become %XX, all other bytes are unchanged.  Distinct ids stay distinct, and
 * so do pairs of ids joined by a colon.  out must have space for 3 * len
 * bytes; returns the length, without a terminator.
 */
extern size_t cache_id_encode(const char *id, size_t len, char *out);

/*
 * Writes text so that as a Redis pattern it matches only itself.  out must
 * have space for 2 * len bytes; returns the length, without a terminator.
 */
extern size_t cache_glob_escape(const char *text, size_t len, char *out);

#endif
