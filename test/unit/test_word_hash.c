/*
 * test_word_hash.c
 *		Hashed words: words themselves, equal if and only if the words are.
 */
#include "core/word_hash.h"

#include "core/ranking/terms.h"
#include "unit.h"

int
main(void)
{
	HashKey acme = word_hash_key("acme");
	HashKey globex = word_hash_key("globex");
	char revenue[WORD_HASH_LENGTH + 1];
	char other[WORD_HASH_LENGTH + 1];
	Term words[WORDS_MAX];
	int collisions = 0;

	word_hash(&acme, "revenue", 7, revenue);
	word_hash(&acme, "revenues", 7, other);
	CHECK_STR(revenue, strlen(revenue), other, "the same bytes");
	CHECK(strlen(revenue) == WORD_HASH_LENGTH);
	word_hash(&globex, "revenue", 7, other);
	CHECK(strcmp(revenue, other) != 0);

	/* For ever. */
	CHECK_STR(revenue, strlen(revenue), "qdlmdfppa", "revenue of acme");

	/* Of each the terms find one word, which is the hash. */
	for (int i = 0; i < 5000; i++)
	{
		char word[16];
		int len = snprintf(word, sizeof(word), "word%d", i);

		word_hash(&acme, word, (size_t) len, other);
		collisions += strcmp(other, revenue) == 0;
		CHECK(extract_words(other, strlen(other), words) == 1 && strcmp(words[0].text, other) == 0);
	}
	CHECK(collisions == 0);
	return unit_result("word_hash");
}
