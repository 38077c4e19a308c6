/*
 * routing.h
 *		The tables that a query of a user is likely about.
 */
#ifndef PERSONALIZATION_CORE_PROFILE_ROUTING_H
#define PERSONALIZATION_CORE_PROFILE_ROUTING_H

#include <stddef.h>
#include <stdint.h>

#include "core/profile/trait_inference.h"

/* Maximum number of distinct words of a query, and of bytes of text, that are used. */
#define QUERY_WORDS 64
#define QUERY_REACH 4096

typedef struct QueryWords
{
	char words[QUERY_WORDS][WORD_MAX];
	size_t lens[QUERY_WORDS];
	int n;
} QueryWords;

/* Reads the distinct words of a query as words_of() does. */
extern void query_words(const char *text, size_t len, QueryWords *words);

/*
 * Returns how well a table fits a query: the mean of two shares of words that
 * occur in the query, among the words of its own name, and among those
 * including its schema's.  1 if all do, 0 if none does.
 */
extern double table_fit(const QueryWords *words, const char *table, size_t len);

#endif
