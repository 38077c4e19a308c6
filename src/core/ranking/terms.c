/*
 * terms.c
 *		The terms of a query: the tables that it reads and the words of its
 *		question.
 */
#include "core/ranking/terms.h"

#include <stdint.h>
#include <string.h>

#include "core/characters.h"

#define SHORTEST_WORD 3

/*
 * English words without content, and the words with which questions begin;
 * sorted, with at least three letters.
 */
static const char *const stop_words[] = {
	"about", "after",  "all",	"also",	 "and",	 "any",	 "are",	   "been",	"before", "both",
	"but",	 "can",	   "could", "did",	 "does", "each", "find",   "for",	"from",	  "get",
	"give",	 "had",	   "has",	"have",	 "her",	 "his",	 "how",	   "into",	"its",	  "just",
	"last",	 "let",	   "list",	"many",	 "more", "most", "much",   "not",	"now",	  "off",
	"only",	 "our",	   "out",	"over",	 "per",	 "pls",	 "please", "same",	"see",	  "select",
	"she",	 "should", "show",	"some",	 "such", "tell", "than",   "that",	"the",	  "their",
	"them",	 "then",   "there", "these", "they", "this", "those",  "was",	"were",	  "what",
	"when",	 "where",  "which", "who",	 "why",	 "will", "with",   "would", "you",	  "your"};

static bool
is_stop_word(const char *word)
{
	size_t low = 0;
	size_t high = sizeof(stop_words) / sizeof(stop_words[0]);

	while (low < high)
	{
		size_t middle = (low + high) / 2;
		int order = strcmp(word, stop_words[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* A term that is being written. */
typedef struct Writing
{
	Term term;
	size_t length; /* number of bytes written */
	int chars;	   /* number of characters read */
	bool letters;  /* does not consist of digits only */
	bool full;
} Writing;

static void
write_char(Writing *writing, const char *text, size_t length, uint32_t code)
{
	writing->chars++;
	if (!character_is_digit(code))
		writing->letters = true;
	writing->full = writing->full || writing->length + length > TERM_LENGTH;
	if (writing->full)
		return;
	for (size_t i = 0; i < length; i++)
		writing->term.text[writing->length++] = character_lower(text[i]);
}

static int
end_word(Writing *writing, Term *words, int n)
{
	bool wanted;

	writing->term.text[writing->length] = '\0';
	wanted =
		writing->chars >= SHORTEST_WORD && writing->letters && !is_stop_word(writing->term.text);
	for (int i = 0; wanted && i < n; i++)
		wanted = strcmp(words[i].text, writing->term.text) != 0;
	if (wanted)
		memcpy(words[n++].text, writing->term.text, writing->length + 1);
	memset(writing, 0, sizeof(Writing));
	return n;
}

/*
 * Whether a new part of a name starts: after an underscore, and at a capital
 * after anything else, as in orders_by_day and firstPurchase.
 */
static bool
begins_part(uint32_t before, uint32_t code)
{
	return code == '_' || before == '_' ||
		   (character_is_capital(code) && before != 0 && !character_is_capital(before));
}

int
extract_words(const char *text, size_t len, Term words[WORDS_MAX])
{
	Writing word;
	Writing part;
	uint32_t before = 0;
	size_t in = 0;
	int n = 0;

	memset(&word, 0, sizeof(word));
	memset(&part, 0, sizeof(part));
	while (in <= len && n < WORDS_MAX - 1)
	{
		uint32_t code = 0;
		size_t length = in < len ? character_read(text + in, len - in, &code) : 0;
		bool inside = length > 0 && (character_is_letter(code) || character_is_digit(code));

		if (!inside || begins_part(before, code))
			n = end_word(&part, words, n);
		if (!inside)
			n = end_word(&word, words, n);
		else
			write_char(&word, text + in, length, code);
		if (inside && code != '_')
			write_char(&part, text + in, length, code);
		before = inside ? code : 0;
		in += length > 0 ? length : 1;
	}
	return n;
}

bool
table_term(const char *table, size_t len, Term *term)
{
	Writing writing;
	bool quoted = false;
	size_t in = 0;

	memset(&writing, 0, sizeof(writing));
	while (in < len)
	{
		uint32_t code = 0;
		size_t length = character_read(table + in, len - in, &code);

		if (length == 1 && (code == '"' || code == '`'))
			quoted = !quoted;
		else if (length == 1 && code == '.' && !quoted)
			memset(&writing, 0, sizeof(writing));
		else if (length > 0 && code != 0)
			write_char(&writing, table + in, length, code);
		in += length > 0 ? length : 1;
	}
	writing.term.text[writing.length] = '\0';
	memcpy(term->text, writing.term.text, writing.length + 1);
	return writing.length > 0;
}
