/*
 * characters.h
 *		Characters of UTF-8, for splitting text into words.
 */
#ifndef PERSONALIZATION_CORE_CHARACTERS_H
#define PERSONALIZATION_CORE_CHARACTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Returns the length of the character at text[0..len), len > 0, and its code
 * point; 0 for a byte that does not start a well-formed one (Unicode, table
 * 3-7).
 */
extern size_t character_read(const char *text, size_t len, uint32_t *code);

/* Letters and underscores; outside ASCII, every character that does not separate words. */
extern bool character_is_letter(uint32_t code);

static inline bool
character_is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

static inline bool
character_is_capital(uint32_t code)
{
	return code >= 'A' && code <= 'Z';
}

static inline char
character_lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

#endif
