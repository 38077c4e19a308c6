/*
 * context.h
 *		How much of a context a query has: of the words of what the user is looking
 *		at, or of what they are typing.
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

/* Which words of a context a query has, as bits. */
typedef struct ContextMatch
{
	unsigned text;	 /* its text has */
	unsigned tables; /* the names of its tables have */
	int nwords;		 /* number of words of its text */
} ContextMatch;

/* Finds the words that a text has; none of a table. */
extern void
context_match_text(const Context *context, const char *text, size_t len, ContextMatch *match);

/*
 * Adds the words that the last part of a table's name has; none that is half
 * typed, because what is completed is the text.
 */
extern void
context_match_table(const Context *context, const char *table, size_t len, ContextMatch *match);

/*
 * Computes how well each of n queries fits, 0 to 1: the share of the context
 * that it has.  A word counts more the fewer texts have it, and not at all if
 * no query has it.  One that some text has counts a quarter for a query that
 * only has it in a table's name.  A text with many other words fits a little less.
 * Returns whether any query fits.
 */
extern bool context_fits(const Context *context, const ContextMatch *matches, int n, double *fits);

#endif
