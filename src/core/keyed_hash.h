/*
 * keyed_hash.h
 *		A hash of bytes that reveals nothing without the key.
 */
#ifndef PERSONALIZATION_CORE_KEYED_HASH_H
#define PERSONALIZATION_CORE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The key, 128 bits. */
typedef struct HashKey
{
	uint64_t k0;
	uint64_t k1;
} HashKey;

/*
 * SipHash-2-4 of data[0 .. len).  From hashes of known or chosen inputs nobody
 * can compute that of another input, or recognize it.
 */
extern uint64_t keyed_hash(const HashKey *key, const void *data, size_t len);

#endif
