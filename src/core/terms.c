/*
 * terms.c
 *		What a query is about: the tables it reads and the words of its question.
 */
#include "core/terms.h"

#include <stdint.h>
#include <string.h>

#define SHORTEST_WORD 3

/*
 * Words of English that say nothing about a question's subject, and the
 * phrases that questions begin with; sorted, of at least three letters.
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

/*
 * The length of the character at text[0..len), len > 0, and its code point; 0
 * for a byte that begins no well-formed one (Unicode, table 3-7).
 */
static size_t
read_char(const unsigned char *text, size_t len, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length;

	if (text[0] < 0x80)
	{
		*code = text[0];
		return 1;
	}
	if (text[0] < 0xC2 || text[0] > 0xF4)
		return 0;
	length = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : 4;
	if (length > len)
		return 0;
	*code = text[0] & (0x7FU >> length);
	for (size_t i = 1; i < length; i++)
	{
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		*code = *code << 6 | (text[i] & 0x3FU);
	}
	if (*code < least[length] || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		return 0;
	return length;
}

/*
 * Whether a character beyond ASCII parts words: white space, punctuation and
 * symbols by the blocks that hold them.  All else counts as a letter.
 */
static bool
parts_words(uint32_t code)
{
	return code < 0xAA || (code > 0xAA && code < 0xB5) || (code > 0xB5 && code < 0xBA) ||
		   (code > 0xBA && code < 0xC0) || code == 0xD7 || code == 0xF7 || code == 0x37E ||
		   code == 0x387 || (code >= 0x55A && code <= 0x55F) || code == 0x589 || code == 0x60C ||
		   code == 0x61B || code == 0x61F || code == 0x6D4 || code == 0x964 || code == 0x965 ||
		   (code >= 0x1361 && code <= 0x1368) || code == 0x1680 ||
		   (code >= 0x2000 && code <= 0x206F) || (code >= 0x20A0 && code <= 0x20CF) ||
		   (code >= 0x2190 && code <= 0x2BFF) || (code >= 0x2E00 && code <= 0x2E7F) ||
		   (code >= 0x3000 && code <= 0x3004) || (code >= 0x3008 && code <= 0x3020) ||
		   (code >= 0xE000 && code <= 0xF8FF) || (code >= 0xFE10 && code <= 0xFE1F) ||
		   (code >= 0xFE30 && code <= 0xFE6F) || code == 0xFEFF ||
		   (code >= 0xFF01 && code <= 0xFF0F) || (code >= 0xFF1A && code <= 0xFF20) ||
		   (code >= 0xFF3B && code <= 0xFF40) || (code >= 0xFF5B && code <= 0xFF65) ||
		   (code >= 0xFFE0 && code <= 0xFFFF) || (code >= 0x1F000 && code <= 0x1FAFF);
}

static bool
is_digit(uint32_t code)
{
	return code >= '0' && code <= '9';
}

static bool
is_letter(uint32_t code)
{
	if (code < 0x80)
		return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || code == '_';
	return !parts_words(code);
}

static char
lower(char c)
{
	return (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* A term as it is being written. */
typedef struct Writing
{
	Term term;
	size_t length; /* bytes written */
	int chars;	   /* read */
	bool letters;  /* not digits only */
	bool full;
} Writing;

static void
write_char(Writing *writing, const char *text, size_t length, uint32_t code)
{
	writing->chars++;
	if (!is_digit(code))
		writing->letters = true;
	writing->full = writing->full || writing->length + length > TERM_LENGTH;
	if (writing->full)
		return;
	for (size_t i = 0; i < length; i++)
		writing->term.text[writing->length++] = lower(text[i]);
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

int
extract_words(const char *text, size_t len, Term words[WORDS_MAX])
{
	Writing writing;
	size_t in = 0;
	int n = 0;

	memset(&writing, 0, sizeof(writing));
	while (in < len && n < WORDS_MAX)
	{
		uint32_t code = 0;
		size_t length = read_char((const unsigned char *) text + in, len - in, &code);

		if (length > 0 && (is_letter(code) || is_digit(code)))
			write_char(&writing, text + in, length, code);
		else
			n = end_word(&writing, words, n);
		in += length > 0 ? length : 1;
	}
	if (n < WORDS_MAX)
		n = end_word(&writing, words, n);
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
		size_t length = read_char((const unsigned char *) table + in, len - in, &code);

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
