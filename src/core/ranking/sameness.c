/*
 * sameness.c
 *		When two questions say the same in other words.
 */
#include "core/ranking/sameness.h"

#include <stdbool.h>
#include <string.h>

#include "core/characters.h"

/* Words that only ask, in alphabetical order. */
static const char *const asking[] = {
	"a",  "an", "and",	"are", "by",  "can",  "could",	"display", "each",	"for",	 "get",	 "give",
	"i",  "is", "me",	"of",  "our", "per",  "please", "pls",	   "see",	"show",	 "tell", "the",
	"to", "us", "want", "was", "we",  "were", "what",	"what's",  "whats", "would", "you"};

static bool
only_asks(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
	{
		if (strlen(asking[i]) == length && memcmp(asking[i], word, length) == 0)
			return true;
	}
	return false;
}

/* Whether a character may be part of a word: letters, digits, apostrophes. */
static bool
is_word(uint32_t code)
{
	return code != '_' && (character_is_letter(code) || character_is_digit(code) || code == '\'' ||
						   code == 0x2019);
}

static bool
is_space(uint32_t code)
{
	return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xA0;
}

/* Whether a character may follow a word, before a space. */
static bool
is_punctuation(uint32_t code)
{
	return code == '.' || code == ',' || code == '?' || code == '!' || code == ':' || code == ';';
}

/* Ends a word of the gist: it is removed if it only asks, and a plural loses its s. */
static size_t
end_word(char *gist, size_t begin, size_t end)
{
	size_t length = end - begin;

	if (length == 0 || only_asks(gist + begin, length))
		return begin;
	if (length > 3 && gist[end - 1] == 's' && gist[end - 2] != 's')
		end--;
	gist[end] = ' ';
	return end + 1;
}

size_t
question_gist(const char *text, size_t len, char *gist)
{
	size_t in = 0;
	size_t begin = 0; /* of the word being written */
	size_t out = 0;
	bool punctuated = false; /* after a word: only a space, or more such characters, may follow */

	while (in < len)
	{
		uint32_t code = 0;
		size_t length = character_read(text + in, len - in, &code);

		if (length == 0)
			return 0;
		if (is_word(code))
		{
			if (punctuated)
				return 0;
			for (size_t i = 0; i < length; i++)
				gist[out++] = character_lower(text[in + i]);
		}
		else
		{
			if (!is_space(code) && !is_punctuation(code))
				return 0;
			begin = out = end_word(gist, begin, out);
			punctuated = is_punctuation(code);
		}
		in += length;
	}
	out = end_word(gist, begin, out);
	return out > 0 ? out - 1 : 0;
}
