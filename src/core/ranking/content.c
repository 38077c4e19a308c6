/*
 * content.c
 *		The content of a query, as hashes of its words, names and tables.
 */
#include "core/ranking/content.h"

#include <string.h>

#include "core/characters.h"
#include "core/ranking/terms.h"

#define SHORTEST_NAME 3

/* FNV-1a, by Fowler, Noll and Vo. */
#define HASH_START UINT32_C(2166136261)
#define HASH_FACTOR UINT32_C(16777619)

/* Conjunctions, prepositions and the like; with two or more letters, in lower case. */
static const char *const joining[] = {"the", "of", "and", "to",	  "in", "for",
									  "by",	 "on", "is",  "with", "as"};

/* A word or a name that is being read. */
typedef struct Reading
{
	uint32_t hash;
	int chars;
	char begin[5]; /* its beginning, to recognize such words */
} Reading;

static void
reading_start(Reading *reading)
{
	memset(reading, 0, sizeof(Reading));
	reading->hash = HASH_START;
}

static void
reading_add(Reading *reading, const char *chars, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		char c = character_lower(chars[i]);

		reading->hash = (reading->hash ^ (unsigned char) c) * HASH_FACTOR;
		if (reading->chars < (int) sizeof(reading->begin) - 1)
			reading->begin[reading->chars] = length == 1 ? c : '\0';
	}
	reading->chars++;
}

static bool
joins(const Reading *reading)
{
	for (size_t i = 0; i < sizeof(joining) / sizeof(joining[0]); i++)
	{
		if (reading->chars == (int) strlen(joining[i]) && strcmp(reading->begin, joining[i]) == 0)
			return true;
	}
	return false;
}

static void
add_hash(uint32_t *hashes, int *n, uint32_t hash)
{
	for (int i = 0; i < *n; i++)
	{
		if (hashes[i] == hash)
			return;
	}
	if (*n < CONTENT_MAX)
		hashes[(*n)++] = hash;
}

static void
end_word(QueryContent *content, Reading *word)
{
	if (word->chars > 0 && !joins(word))
		add_hash(content->words, &content->nwords, word->hash);
	reading_start(word);
}

static void
end_name(QueryContent *content, Reading *name, bool is_name)
{
	if (is_name && name->chars >= SHORTEST_NAME)
		add_hash(content->names, &content->nnames, name->hash);
	reading_start(name);
}

void
content_init(QueryContent *content)
{
	memset(content, 0, sizeof(QueryContent));
}

void
content_add_text(QueryContent *content, const char *text, size_t len)
{
	Reading word;
	Reading name;
	bool is_name = false;
	uint32_t before = 0;
	size_t in = 0;

	content->text = text;
	content->length = len;
	reading_start(&word);
	reading_start(&name);
	while (in <= len && (content->nwords < CONTENT_MAX || content->nnames < CONTENT_MAX))
	{
		uint32_t code = 0;
		size_t length = in < len ? character_read(text + in, len - in, &code) : 0;
		bool inside = length > 0 && (character_is_letter(code) || character_is_digit(code));
		bool capital = inside && character_is_capital(code);

		if (!inside || code == '_' || (capital && !character_is_capital(before)))
			end_word(content, &word);
		if (!inside)
		{
			end_name(content, &name, is_name);
			is_name = false;
		}
		else
		{
			reading_add(&name, text + in, length);

			/* A sentence starts with a capital too. */
			is_name = is_name || code == '_' || (capital && in > 0);
			if (code != '_')
				reading_add(&word, text + in, length);
		}
		before = code;
		in += length > 0 ? length : 1;
	}
}

void
content_add_table(QueryContent *content, const char *table, size_t len)
{
	Term term;
	Reading reading;
	int n = content->ntables;

	if (!table_term(table, len, &term))
		return;
	reading_start(&reading);
	for (const char *c = term.text; *c != '\0'; c++)
		reading_add(&reading, c, 1);
	add_hash(content->tables, &content->ntables, reading.hash);
	if (content->ntables == n)
		return;
	content->table_names[n].name = table;
	content->table_names[n].length = len;
}
