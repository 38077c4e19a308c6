/*
 * context.h
 *		How much of a context a query's text has: of the words of what the user is
 *		looking at, or of what they are typing.
 */
#ifndef PERSONALIZATION_CORE_CONTEXT_H
#define PERSONALIZATION_CORE_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Of a context the first so many words are looked at, of a text so many. */
#define CONTEXT_WORDS 32
#define CONTEXT_TEXT_WORDS 64

typedef struct ContextWord
{
	char text[64]; /* lower case, as far as ASCII goes; a longer word is cut */
	size_t length;
} ContextWord;

typedef struct Context
{
	int n;
	ContextWord words[CONTEXT_WORDS]; /* each once */
	bool open;						  /* the last word may still be typed: it need only begin one */
} Context;

/* The words of a text, UTF-8, those of names apart. */
extern void context_read(const char *text, size_t len, Context *context);

/* Which of the context's words a text has, as bits; *nwords: how many words it has itself. */
extern unsigned context_matches(const Context *context, const char *text, size_t len, int *nwords);

/*
 * How well each of n texts fits, 0 to 1, from what they match: the share of the
 * context that a text has, by what its words tell among the texts, and a little
 * less where the text says much besides.  A word that no text has tells nothing.
 * Returns whether any text fits at all.
 */
extern bool context_fits(const Context *context, const unsigned *matches, const int *nwords, int n,
						 double *fits);

#endif
