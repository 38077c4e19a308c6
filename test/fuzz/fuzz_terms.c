/*
 * fuzz_terms.c
 *		Any bytes at all for extract_words, table_term and a query's content.
 */
#include "core/ranking/content.h"
#include "core/ranking/terms.h"

#include "fuzz.h"

/* UTF-8 that no character was cut out of, as far as lead and continuation bytes say. */
static bool
is_whole(const char *text)
{
	const unsigned char *c = (const unsigned char *) text;

	while (*c != 0)
	{
		int more = *c < 0x80 ? 0 : *c < 0xC2 ? -1 : *c < 0xE0 ? 1 : *c < 0xF0 ? 2 : 3;

		if (more < 0)
			return false;
		for (c++; more > 0; more--, c++)
		{
			if ((*c & 0xC0) != 0x80)
				return false;
		}
	}
	return true;
}

static void
check_term(const Term *term)
{
	size_t len = strnlen(term->text, sizeof(term->text));

	require(len > 0 && len <= TERM_LENGTH, "a term's length");
	require(is_whole(term->text), "a term is UTF-8");
	for (size_t i = 0; i < len; i++)
		require(term->text[i] < 'A' || term->text[i] > 'Z', "a term is in lower case");
}

static void
check_words(const char *text, size_t size)
{
	Term words[WORDS_MAX];
	Term again[WORDS_MAX];
	int n = extract_words(text, size, words);

	require(n >= 0 && n <= WORDS_MAX, "the number of words");
	for (int i = 0; i < n; i++)
	{
		size_t len = strlen(words[i].text);

		check_term(&words[i]);
		require(len >= 3, "a word's least length");
		for (int k = 0; k < i; k++)
			require(strcmp(words[i].text, words[k].text) != 0, "each word once");
		/* What was cut may have become a stop word or a number; parts come before the name. */
		if (len < TERM_LENGTH - 3)
		{
			int nagain = extract_words(words[i].text, len, again);

			require(nagain >= 1 && strcmp(again[nagain - 1].text, words[i].text) == 0,
					"a word is its own word");
		}
	}
}

static void
check_table(const char *text, size_t size)
{
	Term term;

	if (table_term(text, size, &term))
		check_term(&term);
	else
		require(term.text[0] == '\0', "no table is no text");
}

static void
check_content(const char *text, size_t size)
{
	QueryContent content;
	QueryContent twice;

	content_init(&content);
	content_add_text(&content, text, size);
	content_add_table(&content, text, size);
	require(content.nwords >= 0 && content.nwords <= CONTENT_MAX, "the number of words");
	require(content.nnames >= 0 && content.nnames <= CONTENT_MAX, "the number of names");
	require(content.ntables >= 0 && content.ntables <= 1, "the number of tables");
	twice = content;
	content_add_table(&twice, text, size);
	require(twice.ntables == content.ntables, "each table once");
}

static void
fuzz(const char *text, size_t size)
{
	check_words(text, size);
	check_table(text, size);
	check_content(text, size);
}

static const char *const fragments[] = {"show me ",
										"the ",
										"Revenue",
										"orders.",
										"_",
										"\"",
										"`",
										" ",
										".",
										"2024",
										"\xC3\xA4",
										"\xE5\xA3",
										"\xE5\xA3\xB2",
										"\xF0\x9F\x98",
										"\xF0\x9F\x98\x80",
										"\xFF",
										"\xC2\xA0",
										"\xED\xA0\x80",
										"-",
										"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};

FUZZ_MAIN(fragments, 0, 20, 20000)
