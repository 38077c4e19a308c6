/*
 * routing.c
 *		The tables that a query of a user is likely about.
 */
#include "core/profile/routing.h"

#include <string.h>

static bool
has_word(const QueryWords *words, const char *word, size_t len)
{
	for (int i = 0; i < words->n; i++)
	{
		if (words->lens[i] == len && memcmp(words->words[i], word, len) == 0)
			return true;
	}
	return false;
}

static bool
keep_word(const char *word, size_t len, void *arg)
{
	QueryWords *words = arg;

	if (!has_word(words, word, len))
	{
		memcpy(words->words[words->n], word, len);
		words->lens[words->n++] = len;
	}
	return words->n < QUERY_WORDS;
}

void
query_words(const char *text, size_t len, QueryWords *words)
{
	words->n = 0;
	words_of(text, len < QUERY_REACH ? len : QUERY_REACH, keep_word, words);
}

typedef struct Fit
{
	const QueryWords *words;
	int n;
	int found;
} Fit;

static bool
compare_word(const char *word, size_t len, void *arg)
{
	Fit *fit = arg;

	fit->n++;
	fit->found += has_word(fit->words, word, len);
	return true;
}

static double
share_of_words(const QueryWords *words, const char *name, size_t len)
{
	Fit fit = {words, 0, 0};

	words_of(name, len, compare_word, &fit);
	return fit.n > 0 ? (double) fit.found / fit.n : 0;
}

double
table_fit(const QueryWords *words, const char *table, size_t len)
{
	size_t own = len;

	while (own > 0 && table[own - 1] != '.')
		own--;
	return (share_of_words(words, table + own, len - own) + share_of_words(words, table, len)) / 2;
}
