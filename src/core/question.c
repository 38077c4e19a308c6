/*
 * question.c
 *		When two questions of users are the same question.
 */
#include "core/question.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads the character at text[0..len), len > 0: sets *code and returns its
 * length.  A byte that does not start a well-formed character is read by
 * itself, with a code that is neither space nor punctuation.
 */
static size_t
read_char(const unsigned char *text, size_t len, uint32_t *code)
{
	uint32_t value;

	if (text[0] < 0x80)
	{
		*code = text[0];
		return 1;
	}
	if (text[0] >= 0xC2 && text[0] <= 0xDF && len >= 2 && (text[1] & 0xC0) == 0x80)
	{
		*code = (uint32_t) (text[0] & 0x1F) << 6 | (uint32_t) (text[1] & 0x3F);
		return 2;
	}
	if ((text[0] & 0xF0) == 0xE0 && len >= 3 && (text[1] & 0xC0) == 0x80 &&
		(text[2] & 0xC0) == 0x80)
	{
		value = (uint32_t) (text[0] & 0x0F) << 12 | (uint32_t) (text[1] & 0x3F) << 6 |
				(uint32_t) (text[2] & 0x3F);
		if (value >= 0x800)
		{
			*code = value;
			return 3;
		}
	}
	if (text[0] >= 0xF0 && text[0] <= 0xF4 && len >= 4 && (text[1] & 0xC0) == 0x80 &&
		(text[2] & 0xC0) == 0x80 && (text[3] & 0xC0) == 0x80)
	{
		value = (uint32_t) (text[0] & 0x07) << 18 | (uint32_t) (text[1] & 0x3F) << 12 |
				(uint32_t) (text[2] & 0x3F) << 6 | (uint32_t) (text[3] & 0x3F);
		if (value >= 0x10000)
		{
			*code = value;
			return 4;
		}
	}
	*code = UINT32_MAX;
	return 1;
}

/* Unicode's property White_Space */
static bool
is_space(uint32_t code)
{
	return code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 || code == 0xA0 ||
		   code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
		   code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/*
 * Unicode's property Default_Ignorable_Code_Point without the fillers of
 * Hangul and the tags, which make flags: characters of no width, marks of the
 * direction of writing, selectors of variants.  Nobody sees them.
 */
static bool
is_invisible(uint32_t code)
{
	return code == 0xAD || code == 0x34F || code == 0x61C || (code >= 0x17B4 && code <= 0x17B5) ||
		   (code >= 0x180B && code <= 0x180F) || (code >= 0x200B && code <= 0x200F) ||
		   (code >= 0x202A && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) ||
		   (code >= 0xFE00 && code <= 0xFE0F) || code == 0xFEFF ||
		   (code >= 0xFFF0 && code <= 0xFFF8) || (code >= 0x1BCA0 && code <= 0x1BCA3) ||
		   (code >= 0x1D173 && code <= 0x1D17A) || (code >= 0xE0100 && code <= 0xE01EF);
}

/*
 * Whether a character ends a sentence or a part of it, in the widely used
 * scripts.  Symbols, such as those in "C++" or "growth in %", have a meaning
 * and are kept, and so are quotes and brackets.
 */
static bool
is_sentence_punctuation(uint32_t code)
{
	switch (code)
	{
		case '.':
		case ',':
		case ';':
		case ':':
		case '!':
		case '?':
		case 0x037E: /* Greek question mark */
		case 0x055C: /* Armenian exclamation mark, comma, question mark, full stop */
		case 0x055D:
		case 0x055E:
		case 0x0589:
		case 0x05C3: /* Hebrew sof pasuq */
		case 0x060C: /* Arabic comma, semicolon, question mark, full stop */
		case 0x061B:
		case 0x061F:
		case 0x06D4:
		case 0x0964: /* danda, double danda */
		case 0x0965:
		case 0x0F0D: /* Tibetan shad, nyis shad */
		case 0x0F0E:
		case 0x104A: /* Myanmar sections */
		case 0x104B:
		case 0x17D4: /* Khmer khan, bariyoosan */
		case 0x17D5:
		case 0x2026: /* ellipsis */
		case 0x203C: /* double marks, interrobang */
		case 0x203D:
		case 0x2047:
		case 0x2048:
		case 0x2049:
		case 0x3001: /* ideographic comma and full stop */
		case 0x3002:
		case 0xFF01: /* fullwidth ! , . : ; ? */
		case 0xFF0C:
		case 0xFF0E:
		case 0xFF1A:
		case 0xFF1B:
		case 0xFF1F:
		case 0xFF61: /* halfwidth ideographic full stop and comma */
		case 0xFF64:
			return true;
		default:
			return code >= 0x1361 && code <= 0x1368; /* Ethiopic */
	}
}

size_t
question_normalize(const char *text, size_t len, char *out)
{
	size_t in = 0;
	size_t written = 0;
	size_t end = 0; /* without trailing punctuation and white space */
	bool space = false;

	/* Never more is written than has been read, so out may be text itself. */
	while (in < len)
	{
		uint32_t code;
		size_t char_len = read_char((const unsigned char *) text + in, len - in, &code);
		size_t next = in + char_len;

		if (is_invisible(code))
		{
			in = next;
			continue;
		}
		if (is_space(code))
		{
			space = written > 0;
			in = next;
			continue;
		}
		if (space)
			out[written++] = ' ';
		space = false;
		for (; in < next; in++)
		{
			char c = text[in];

			out[written++] = (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
		}
		if (!is_sentence_punctuation(code))
			end = written;
	}
	return end;
}
