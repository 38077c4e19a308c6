/*
 * word_hash.c
 *		Words in a form from which they cannot be read, but in which equal ones
 *		are still equal.
 */
#include <string.h>

#include "core/word_hash.h"

/* Part of what is stored: never to be changed. */
static const HashKey tenants_key = {UINT64_C(0x70657273776f7264), UINT64_C(0x68617368766f6e31)};

HashKey
word_hash_key(const char *tenant_id)
{
	HashKey key = {keyed_hash(&tenants_key, tenant_id, strlen(tenant_id)), 0};
	HashKey turned = {tenants_key.k1, tenants_key.k0};

	key.k1 = keyed_hash(&turned, tenant_id, strlen(tenant_id));
	return key;
}

void
word_hash(const HashKey *key, const char *word, size_t len, char out[WORD_HASH_LENGTH + 1])
{
	uint64_t hash = keyed_hash(key, word, len);

	/* A letter that no stop word has at its beginning, and one for each of eight half bytes. */
	out[0] = 'q';
	for (int i = 1; i < WORD_HASH_LENGTH; i++)
	{
		out[i] = (char) ('a' + (hash & 15));
		hash >>= 4;
	}
	out[WORD_HASH_LENGTH] = '\0';
}
