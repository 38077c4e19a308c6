/*
 * context.h
 *		How much of a context a query's text has: of the words of what the user is
 *		looking at, or of what they are typing.
 */
#ifndef PERSONALIZATION_CORE_RANKING_CONTEXT_H
#define PERSONALIZATION_CORE_RANKING_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Maximum number of words that are used: of a context, and of a text. */
#define CONTEXT_WORDS 32
#define CONTEXT_TEXT_WORDS 64

typedef struct ContextWord
{
	char text[64]; /* ASCII letters in lower case; longer words are truncated */
	size_t length;
} ContextWord;

typedef struct Context
{
	int n;
	ContextWord words[CONTEXT_WORDS]; /* each once */
	bool open;						  /* the last word may be the beginning of one */
} Context;

/* Reads the words of a text, in UTF-8.  The parts of a name are separate words. */
extern void context_read(const char *text, size_t len, Context *context);

/*
 * Returns which words of the context a text has, as bits; *nwords is the
 * number of its own words.
 */
extern unsigned context_matches(const Context *context, const char *text, size_t len, int *nwords);

/*
 * Computes how well each of n texts fits, 0 to 1, from the words that it
 * matches: the share of the context that it has.  A word counts more the fewer
 * texts have it, and not at all if none has.  A text with many other words
 * fits a little less.  Returns whether any text fits.
 */
extern bool context_fits(const Context *context, const unsigned *matches, const int *nwords, int n,
						 double *fits);

#endif
