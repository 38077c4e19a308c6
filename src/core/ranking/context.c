/*
 * context.c
 *		How much of a context a query has.
 */
#include "core/ranking/context.h"

#include <math.h>
#include <string.h>

#include "core/characters.h"

/* Minimum length of a word that may have a plural with s. */
#define PLURAL_FROM 3

/* Minimum number of letters that may be the beginning of a word. */
#define PREFIX_FROM 2

/* The largest part of its fit that a text loses because of its other words. */
#define BESIDES 0.15

/* How much a word counts that a query only has in the name of a table, and other texts have. */
#define IN_TABLES 0.25

/* An iterator over the words of a text. */
typedef struct WordReader
{
	const char *text;
	size_t len;
	size_t in;
	uint32_t before; /* the character before */
	bool open;		 /* the last word ended with the text */
} WordReader;

/* Whether a new word begins with this character, within a name. */
static bool
begins_word(uint32_t before, uint32_t code)
{
	return character_is_capital(code) && !character_is_capital(before);
}

/* Reads the next word; returns false at the end. */
static bool
next_word(WordReader *reader, ContextWord *word)
{
	word->length = 0;
	reader->open = false;
	while (reader->in < reader->len)
	{
		const char *chars = reader->text + reader->in;
		uint32_t code = 0;
		size_t length = character_read(chars, reader->len - reader->in, &code);
		bool inside =
			length > 0 && code != '_' && (character_is_letter(code) || character_is_digit(code));

		if (word->length > 0 && (!inside || begins_word(reader->before, code)))
			return true;
		reader->in += length > 0 ? length : 1;
		reader->before = inside ? code : 0;
		if (!inside || word->length + length >= sizeof(word->text))
			continue;
		for (size_t i = 0; i < length; i++)
			word->text[word->length++] = character_lower(chars[i]);
	}
	reader->open = word->length > 0;
	return reader->open;
}

static bool
same_word(const ContextWord *a, const ContextWord *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

void
context_read(const char *text, size_t len, Context *context)
{
	WordReader reader = {text, len, 0, 0, false};
	ContextWord word;

	context->n = 0;
	context->open = false;
	while (context->n < CONTEXT_WORDS && next_word(&reader, &word))
	{
		int k = 0;

		while (k < context->n && !same_word(&context->words[k], &word))
			k++;
		if (k == context->n)
			context->words[context->n++] = word;
		context->open = reader.open && k == context->n - 1;
	}
}

static bool
begins_with(const ContextWord *word, const ContextWord *beginning)
{
	return word->length >= beginning->length &&
		   memcmp(word->text, beginning->text, beginning->length) == 0;
}

/* Whether two words are the same, except for the s of a plural. */
static bool
alike(const ContextWord *a, const ContextWord *b)
{
	const ContextWord *longer = a->length > b->length ? a : b;
	const ContextWord *shorter = longer == a ? b : a;

	if (same_word(a, b))
		return true;
	return shorter->length >= PLURAL_FROM && longer->length == shorter->length + 1 &&
		   longer->text[longer->length - 1] == 's' && begins_with(longer, shorter);
}

/*
 * Returns which words of the context a text has, as bits; *nwords is the
 * number of its own.  typed: the last word of the context may be half typed.
 */
static unsigned
matches(const Context *context, bool typed, const char *text, size_t len, int *nwords)
{
	WordReader reader = {text, len, 0, 0, false};
	ContextWord word;
	unsigned found = 0;

	for (*nwords = 0; *nwords < CONTEXT_TEXT_WORDS && next_word(&reader, &word); (*nwords)++)
	{
		for (int k = 0; k < context->n; k++)
		{
			const ContextWord *sought = &context->words[k];
			bool open = typed && k == context->n - 1 && sought->length >= PREFIX_FROM;

			if (alike(&word, sought) || (open && begins_with(&word, sought)))
				found |= 1U << k;
		}
	}
	return found;
}

void
context_match_text(const Context *context, const char *text, size_t len, ContextMatch *match)
{
	match->text = matches(context, context->open, text, len, &match->nwords);
	match->tables = 0;
}

void
context_match_table(const Context *context, const char *table, size_t len, ContextMatch *match)
{
	size_t begin = len;
	int nwords;

	while (begin > 0 && table[begin - 1] != '.')
		begin--;
	match->tables |= matches(context, false, table + begin, len - begin, &nwords);
}

/* How much a word of the context tells, from how many of the queries have it. */
static double
telling(const ContextMatch *matches, int n, unsigned word, bool *in_texts)
{
	int texts = 0;
	int tables = 0;
	int have;

	for (int i = 0; i < n; i++)
	{
		texts += (matches[i].text & word) != 0;
		tables += (matches[i].tables & word) != 0;
	}
	*in_texts = texts > 0;
	have = texts > 0 ? texts : tables;
	return have == 0 ? 0.0 : log((n + 1.0) / (have + 0.5)) + 0.1;
}

bool
context_fits(const Context *context, const ContextMatch *matches, int n, double *fits)
{
	double tells[CONTEXT_WORDS];
	bool in_texts[CONTEXT_WORDS];
	double all = 0.0;

	for (int k = 0; k < context->n; k++)
	{
		tells[k] = telling(matches, n, 1U << k, &in_texts[k]);
		all += tells[k];
	}
	for (int i = 0; i < n; i++)
	{
		double share = 0.0;
		int has = 0;

		for (int k = 0; k < context->n; k++)
		{
			if ((matches[i].text & (1U << k)) != 0)
			{
				share += tells[k];
				has++;
			}
			else if ((matches[i].tables & (1U << k)) != 0)
				share += in_texts[k] ? IN_TABLES * tells[k] : tells[k];
		}
		fits[i] = 0.0;
		if (share > 0.0)
			fits[i] = share / all *
					  (1.0 - BESIDES +
					   BESIDES * (has == 0 ? 0.0 : fmin((double) has / matches[i].nwords, 1.0)));
	}
	return all > 0.0;
}
