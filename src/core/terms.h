/*
 * terms.h
 *		What a query is about: the tables it reads and the words of its question.
 *
 * Terms are compared byte by byte.  A table and a word are the same term when
 * they read the same, so that "orders by month" is about orders.
 */
#ifndef PERSONALIZATION_CORE_TERMS_H
#define PERSONALIZATION_CORE_TERMS_H

#include <stdbool.h>
#include <stddef.h>

/* Longer terms are cut, at a character; so many bytes, and a terminating zero. */
#define TERM_LENGTH 63

/* So many words of a question are taken, the first ones, parts of names included. */
#define WORDS_MAX 24

typedef struct Term
{
	char text[TERM_LENGTH + 1];
} Term;

/*
 * The words of text[0..len), UTF-8, each once, in order: letters, digits and
 * underscores that stand together, at least three characters, not all of them
 * digits, and no stop word; of names like orders_by_day and firstPurchase the
 * parts too, before the name itself.  ASCII letters are lowered; case beyond ASCII is
 * the caller's to fold beforehand.  Where bytes are no valid UTF-8, they part
 * words.  Returns how many, at most WORDS_MAX.
 */
extern int extract_words(const char *text, size_t len, Term words[WORDS_MAX]);

/*
 * A table as a term: the last part of its name, without quotes, ASCII letters
 * lowered.  Returns whether anything is left.
 */
extern bool table_term(const char *table, size_t len, Term *term);

#endif
