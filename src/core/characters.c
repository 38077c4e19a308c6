/*
 * characters.c
 *		Characters of UTF-8, for splitting text into words.
 */
#include "core/characters.h"

size_t
character_read(const char *chars, size_t len, uint32_t *code)
{
	const unsigned char *text = (const unsigned char *) chars;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length;

	if (text[0] < 0x80)
	{
		*code = text[0];
		return 1;
	}
	if (text[0] < 0xC2 || text[0] > 0xF4)
		return 0;
	length = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
	if (length > len)
		return 0;
	*code = text[0] & (0x7FU >> length);
	for (size_t i = 1; i < length; i++)
	{
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3FU);
	}
	if (*code < least[length] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		return 0;
	return length;
}

/*
 * Whether a character outside ASCII separates words: white space, punctuation
 * and symbols, by Unicode block.  All others count as letters.
 */
static bool
parts_words(uint32_t code)
{
	return code < 0xAA || (code > 0xAA && code < 0xB5) || (code > 0xB5 && code < 0xBA) ||
		   (code > 0xBA && code < 0xC0) || code == 0xD7 || code == 0xF7 || code == 0x37E ||
		   code == 0x387 || (code >= 0x55A && code <= 0x55F) || code == 0x589 || code == 0x60C ||
		   code == 0x61B || code == 0x61F || code == 0x6D4 || code == 0x964 || code == 0x965 ||
		   (code >= 0x1361 && code <= 0x1368) || code == 0x1680 ||
		   (code >= 0x2000 && code <= 0x206F) || (code >= 0x20A0 && code <= 0x20CF) ||
		   (code >= 0x2190 && code <= 0x2BFF) || (code >= 0x2E00 && code <= 0x2E7F) ||
		   (code >= 0x3000 && code <= 0x3004) || (code >= 0x3008 && code <= 0x3020) ||
		   (code >= 0xE000 && code <= 0xF8FF) || (code >= 0xFE10 && code <= 0xFE1F) ||
		   (code >= 0xFE30 && code <= 0xFE6F) || code == 0xFEFF ||
		   (code >= 0xFF01 && code <= 0xFF0F) || (code >= 0xFF1A && code <= 0xFF20) ||
		   (code >= 0xFF3B && code <= 0xFF40) || (code >= 0xFF5B && code <= 0xFF65) ||
		   (code >= 0xFFE0 && code <= 0xFFFF) || (code >= 0x1F000 && code <= 0x1FAFF);
}

bool
character_is_letter(uint32_t code)
{
	if (code < 0x80)
		return (code >= 'a' && code <= 'z') || character_is_capital(code) || code == '_';
	return !parts_words(code);
}
