/*
 * keyword.c
 *		The SQL keywords that the lexer and the scanner use.
 */
#include "core/sql/keyword.h"

#include <string.h>

#define MAX_KEYWORD_LENGTH 24

static const struct
{
	const char *word;
	unsigned flags;
} keywords[] = {{"", 0},
#define K(id, word, flags) {word, flags},
				SQL_KEYWORDS(K)
#undef K
};

/*
 * The number of the first keyword of each letter, and the number of all: where
 * keywords are added, so are these.  test_sql_text.c checks them.
 */
static const unsigned char letters[] = {1,	9,	12,	 24,  29,  35,	40,	 44,  45,
										54, 55, 55,	 61,  64,  67,	76,	 79,  80,
										88, 98, 105, 110, 112, 116, 117, 117, 117};

SqlKeyword
sql_keyword_find(const char *word, size_t len)
{
	char lower[MAX_KEYWORD_LENGTH];
	size_t low;
	size_t high;
	size_t i;

	if (len >= sizeof(lower) || len == 0)
		return KW_NONE;
	i = (unsigned char) (word[0] | 0x20) - (size_t) 'a';
	if (i >= 26)
		return KW_NONE;
	low = letters[i];
	high = letters[i + 1];
	for (i = 0; i < len; i++)
		lower[i] = (char) (word[i] >= 'A' && word[i] <= 'Z' ? word[i] + ('a' - 'A') : word[i]);
	lower[len] = '\0';

	while (low < high)
	{
		size_t mid = low + (high - low) / 2;
		int order = strcmp(lower, keywords[mid].word);

		if (order == 0)
		{
			/* A zero byte inside the word would make it appear shorter. */
			return strlen(lower) == len ? (SqlKeyword) mid : KW_NONE;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return KW_NONE;
}

unsigned
sql_keyword_flags(SqlKeyword keyword)
{
	return keywords[keyword].flags;
}
