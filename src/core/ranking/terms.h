/*
 * terms.h
 *		The terms of a query: the tables that it reads and the words of its
 *		question.
 *
 *		Terms are compared byte by byte.  A table and a word with the same
 *		name are the same term, so "orders by month" is about orders.
 */
#ifndef PERSONALIZATION_CORE_RANKING_TERMS_H
#define PERSONALIZATION_CORE_RANKING_TERMS_H

#include <stdbool.h>
#include <stddef.h>

/* Longer terms are truncated to this number of bytes, at a character; a zero byte follows. */
#define TERM_LENGTH 63

/* Maximum number of words of a question, including parts of names. */
#define WORDS_MAX 24

typedef struct Term
{
	char text[TERM_LENGTH + 1];
} Term;

/*
 * Finds the words of text[0..len), UTF-8, without duplicates, in order.  A
 * word consists of adjacent letters, digits and underscores, has at least
 * three characters that are not all digits, and is not a stop word.  The parts
 * of names like orders_by_day and firstPurchase are words too, before the name
 * itself.  ASCII letters are converted to lower case; the caller has already
 * folded case outside ASCII.  Bytes that are not valid UTF-8 separate words.
 * Returns the number of words, at most WORDS_MAX.
 */
extern int extract_words(const char *text, size_t len, Term words[WORDS_MAX]);

/*
 * Makes a term of a table: the last part of its name, without quotes, ASCII
 * letters in lower case.  Returns whether it is not empty.
 */
extern bool table_term(const char *table, size_t len, Term *term);

#endif
