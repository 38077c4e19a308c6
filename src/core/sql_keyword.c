/*
 * sql_keyword.c
 *		The SQL keywords that the lexer and the scanner use.
 */
#include "core/sql_keyword.h"

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

SqlKeyword
sql_keyword_find(const char *word, size_t len)
{
	char lower[MAX_KEYWORD_LENGTH];
	size_t low = 1;
	size_t high = sizeof(keywords) / sizeof(keywords[0]);
	size_t i;

	if (len >= sizeof(lower))
		return KW_NONE;
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
