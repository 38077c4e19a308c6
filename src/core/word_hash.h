/*
 * word_hash.h
 *		Words in a form from which they cannot be read, but in which equal ones
 *		are still equal.
 */
#ifndef PERSONALIZATION_CORE_WORD_HASH_H
#define PERSONALIZATION_CORE_WORD_HASH_H

#include <stddef.h>

#include "core/keyed_hash.h"

/* Bytes of a hashed word, which is a word itself: letters. */
#define WORD_HASH_LENGTH 9

/* Returns the key for the words of a tenant: the same word has another hash in another tenant. */
extern HashKey word_hash_key(const char *tenant_id);

/* Writes the hash of word[0..len), and a zero byte.  Who guesses the word can check the guess. */
extern void
word_hash(const HashKey *key, const char *word, size_t len, char out[WORD_HASH_LENGTH + 1]);

#endif
