/*
 * json_text.h
 *		Whether untrusted bytes are JSON that PostgreSQL's jsonb accepts.
 */
#ifndef PERSONALIZATION_CORE_JSON_TEXT_H
#define PERSONALIZATION_CORE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Maximum nesting depth of arrays and objects. */
#define JSON_TEXT_MAX_DEPTH 256

/* Maximum size of a text: far below the numbers of elements and bytes that jsonb can count. */
#define JSON_TEXT_MAX_SIZE (16 * 1024 * 1024)

/*
 * Returns NULL if text[0..len) is one JSON value of RFC 8259 in UTF-8 that the
 * input function of jsonb accepts in a database with that encoding: no NUL,
 * not even as \u0000, surrogates in pairs, numbers within numeric's range.
 * Otherwise returns the problem, in a few words for a message.  The text need
 * not be terminated, and nothing is read beyond len.
 */
extern const char *json_text_fault(const char *text, size_t len);

/* Whether text[0..len) is UTF-8 without a NUL. */
extern bool utf8_text_is_valid(const char *text, size_t len);

#endif
