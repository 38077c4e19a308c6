/*
 * talk.c
 *		Sentences among SQL: questions, requests and explanations.
 *
 *		People and language models write "Select the vans from York" and
 *		"Insert a row into pets".  Such a text is not SQL if it has none of the
 *		signs that nearly all SQL has, and either a word that SQL has no use
 *		for, or lacks the word without which its first one is no statement.
 *		A text that PostgreSQL's parser accepts never gets here.
 */
#include "core/sql/talk.h"
#include "core/sql/lexer_int.h"

#include <string.h>

/* Fewer words are no explanation. */
#define MIN_EXPLANATION 4

typedef struct Text
{
	const char *text;
	size_t len;
} Text;

/* The first are no names of tables either; the others may be. */
static const char *const no_tables[] = {"the",	"my",	 "our",	  "your",  "their", "his",
										"her",	"its",	 "these", "those", "which", "whom",
										"them", "every", "each",  "any",   "some",	"another"};
static const char *const others[] = {"this", "that", "me",	"us",	"you",	  "we",
									 "they", "than", "was", "were", "please", "there"};
static const char *const of_sql[] = {"every", "each", "any", "some"};
static const char *const befores[] = {"last", "next", "past", "previous", "this"};
static const char *const times[] = {"day",	  "days", "night", "week",	  "weeks",	 "month",
									"months", "year", "years", "quarter", "quarters"};

static bool
is_among(const char *word, size_t len, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (sql_is_word(word, len, words[i]))
			return true;
	}
	return false;
}

#define IS_AMONG(word, len, words) is_among(word, len, words, sizeof(words) / sizeof((words)[0]))

bool
sql_is_no_table(const char *word, size_t len, const char *next, size_t next_len)
{
	/* And "from x import y" is Python. */
	return IS_AMONG(word, len, no_tables) || sql_is_word(word, len, "of") ||
		   sql_is_word(next, next_len, "import") ||
		   (IS_AMONG(word, len, befores) && IS_AMONG(next, next_len, times));
}

/* Finds the next word from *pos on and moves *pos behind it; false if there is none. */
static bool
next_word(const Text *in, size_t *pos, Text *word)
{
	size_t start = *pos;

	while (start < in->len && !sql_is_word_byte(in->text[start]))
		start++;
	word->text = in->text + start;
	for (*pos = start; *pos < in->len && sql_is_word_byte(in->text[*pos]); (*pos)++)
		;
	word->len = *pos - start;
	return word->len > 0;
}

/* Whether one of the words is in the text, not being a part of a longer name. */
static bool
has_one_of(const Text *in, const char *const *words, size_t n)
{
	Text word;

	for (size_t pos = 0; next_word(in, &pos, &word);)
	{
		if (is_among(word.text, word.len, words, n))
			return true;
	}
	return false;
}

#define HAS_ONE_OF(in, words) has_one_of(in, words, sizeof(words) / sizeof((words)[0]))

/* Whether a word of the text belongs to a sentence; *words is the number of all words. */
static bool
has_talk(const Text *in, int *words)
{
	Text word;
	Text next;
	bool talk = false;

	*words = 0;
	for (size_t pos = 0; next_word(in, &pos, &word);)
	{
		size_t after = pos;
		char c = pos < in->len ? in->text[pos] : '\0';

		(*words)++;
		if (talk || c == '.' || c == '-' ||
			(word.text > in->text && (word.text[-1] == '.' || word.text[-1] == '-')))
			continue;
		/* An element of a list is a name. */
		if (c == ',' || (c == ' ' && pos + 1 < in->len && in->text[pos + 1] == ','))
			continue;
		talk =
			(IS_AMONG(word.text, word.len, no_tables) && !IS_AMONG(word.text, word.len, of_sql)) ||
			IS_AMONG(word.text, word.len, others) ||
			(IS_AMONG(word.text, word.len, befores) && next_word(in, &after, &next) &&
			 IS_AMONG(next.text, next.len, times));
	}
	return talk;
}

/* Returns the text up to a semicolon or an empty line, at most SQL_MAX_TALK bytes of it. */
static Text
first_part(const char *text, size_t len, bool *cut)
{
	Text part = {text, 0};
	bool line = false;

	*cut = len > SQL_MAX_TALK;
	if (*cut)
		len = SQL_MAX_TALK;
	while (part.len < len && text[part.len] != ';')
	{
		if (sql_is_newline(text[part.len]))
		{
			if (line && text[part.len] == '\n')
				break;
			line = true;
		}
		else if (sql_space_length(text + part.len, len - part.len) == 0)
			line = false;
		part.len++;
	}
	*cut = *cut && part.len == len;
	return part;
}

/* Whether the statement lacks the word that it cannot do without. */
static bool
lacks_its_word(const Text *part)
{
	static const char *const of_insert[] = {"values", "value", "select", "set",	   "default",
											"table",  "exec",  "from",	 "format", "execute"};
	static const char *const of_merge[] = {"using"};
	static const char *const of_create[] = {"table", "view", "as", "select"};
	size_t pos = 0;
	Text word;

	if (!next_word(part, &pos, &word))
		return false;
	if (sql_is_word(word.text, word.len, "insert") || sql_is_word(word.text, word.len, "replace"))
		return !HAS_ONE_OF(part, of_insert);
	if (sql_is_word(word.text, word.len, "merge"))
		return !HAS_ONE_OF(part, of_merge);
	if (sql_is_word(word.text, word.len, "delete"))
		return next_word(part, &pos, &word) && sql_is_word(word.text, word.len, "all");
	return sql_is_word(word.text, word.len, "create") && !HAS_ONE_OF(part, of_create);
}

bool
sql_is_talk(const char *text, size_t len)
{
	bool cut;
	Text part = first_part(text, len, &cut);
	int words;

	for (size_t i = 0; i < part.len; i++)
	{
		/* An apostrophe in a word is none of SQL's. */
		if (text[i] == '\'' && i > 0 && i + 1 < part.len && sql_is_word_byte(text[i - 1]) &&
			sql_is_word_byte(text[i + 1]))
			continue;
		if (text[i] != '\0' && strchr("=<>*(\"'`[]{}$", text[i]) != NULL)
			return false;
	}
	return has_talk(&part, &words) || (!cut && lacks_its_word(&part));
}

bool
sql_is_explanation(const char *text, size_t len)
{
	bool cut;
	Text part = first_part(text, len, &cut);
	int words;

	for (size_t i = 0; i < part.len; i++)
	{
		if (text[i] != '\0' && strchr("=<>*{}$", text[i]) != NULL)
			return false;
	}
	return has_talk(&part, &words) && words >= MIN_EXPLANATION;
}

bool
sql_may_be_statement(const char *text, size_t len)
{
	static const char *const words[] = {"select", "from",  "into",	"join", "update",
										"table",  "merge", "group", "using"};
	bool cut;
	Text part = first_part(text, len, &cut);

	return cut || HAS_ONE_OF(&part, words);
}
