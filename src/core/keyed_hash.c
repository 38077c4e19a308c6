/*
 * keyed_hash.c
 *		SipHash-2-4, by Aumasson and Bernstein.
 */
#include "core/keyed_hash.h"

/* The state. */
typedef struct Sip
{
	uint64_t v[4];
} Sip;

static uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
mix(Sip *sip, int rounds)
{
	uint64_t *v = sip->v;

	for (int i = 0; i < rounds; i++)
	{
		v[0] += v[1];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[0] = rotate(v[0], 32);
		v[2] += v[3];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void
take_word(Sip *sip, uint64_t word)
{
	sip->v[3] ^= word;
	mix(sip, 2);
	sip->v[0] ^= word;
}

/* Up to eight bytes, the first the lowest, whatever the machine's order. */
static uint64_t
read_word(const unsigned char *bytes, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++)
		word |= (uint64_t) bytes[i] << (8 * i);
	return word;
}

uint64_t
keyed_hash(const HashKey *key, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	Sip sip = {{key->k0 ^ UINT64_C(0x736f6d6570736575), key->k1 ^ UINT64_C(0x646f72616e646f6d),
				key->k0 ^ UINT64_C(0x6c7967656e657261), key->k1 ^ UINT64_C(0x7465646279746573)}};
	size_t at = 0;

	for (; at + 8 <= len; at += 8)
		take_word(&sip, read_word(bytes + at, 8));
	take_word(&sip, read_word(bytes + at, len - at) | (uint64_t) len << 56);
	sip.v[2] ^= 0xff;
	mix(&sip, 4);
	return sip.v[0] ^ sip.v[1] ^ sip.v[2] ^ sip.v[3];
}
