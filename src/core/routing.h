/*
 * routing.h
 *		Which tables a query, as its user put it, is likely about.
 */
#ifndef PERSONALIZATION_CORE_ROUTING_H
#define PERSONALIZATION_CORE_ROUTING_H

#include <stddef.h>
#include <stdint.h>

#include "core/trait_inference.h"

/* So many different words of a query are looked at, in so many bytes. */
#define QUERY_WORDS 64
#define QUERY_REACH 4096

typedef struct QueryWords
{
	char words[QUERY_WORDS][WORD_MAX];
	size_t lens[QUERY_WORDS];
	int n;
} QueryWords;

/* The different words of a query, as words_of() reads them. */
extern void query_words(const char *text, size_t len, QueryWords *words);

/*
 * How well a table fits a query: the mean of the shares of its words that are
 * words of the query, of its own name's and of those with its schema's.  1 where
 * all are, 0 where none is.
 */
extern double table_fit(const QueryWords *words, const char *table, size_t len);

#endif
