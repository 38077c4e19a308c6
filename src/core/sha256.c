/*
 * sha256.c
 *		SHA-256, as in FIPS 180-4.
 */
#include <string.h>

#include "core/sha256.h"

#define BLOCK 64
#define ROUNDS 64
#define WORDS 8

/* The bits of the cube roots of the first primes, after the point. */
static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t
rotate(uint32_t x, int bits)
{
	return x >> bits | x << (32 - bits);
}

/* The highest byte first, whatever the machine's order. */
static uint32_t
read_word(const uint8_t *bytes)
{
	return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
		   bytes[3];
}

static void
write_word(uint32_t word, uint8_t *bytes)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t) (word >> (24 - 8 * i));
}

/* Takes a block of the message into the state. */
static void
take_block(uint32_t state[WORDS], const uint8_t *block)
{
	uint32_t schedule[ROUNDS];
	uint32_t v[WORDS];

	for (int i = 0; i < 16; i++)
		schedule[i] = read_word(block + 4 * i);
	for (int i = 16; i < ROUNDS; i++)
	{
		uint32_t early = schedule[i - 15];
		uint32_t late = schedule[i - 2];

		schedule[i] = schedule[i - 16] + schedule[i - 7] +
					  (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) +
					  (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
	}
	memcpy(v, state, sizeof(v));
	for (int i = 0; i < ROUNDS; i++)
	{
		uint32_t added = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
						 ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + schedule[i];
		uint32_t major = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		uint32_t first = added + (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + major;

		memmove(v + 1, v, (WORDS - 1) * sizeof(uint32_t));
		v[4] += added;
		v[0] = first;
	}
	for (int i = 0; i < WORDS; i++)
		state[i] += v[i];
}

void
sha256(const void *data, size_t len, uint8_t digest[SHA256_BYTES])
{
	/* The bits of the square roots of the first primes, after the point. */
	uint32_t state[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
							 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	const uint8_t *bytes = data;
	uint8_t last[2 * BLOCK] = {0};
	size_t rest = len % BLOCK;
	size_t nlast = rest + 9 <= BLOCK ? BLOCK : 2 * BLOCK;

	for (size_t at = 0; at + BLOCK <= len; at += BLOCK)
		take_block(state, bytes + at);

	/* The rest, a bit that is set, and at the end of the block the length in bits. */
	if (rest > 0)
		memcpy(last, bytes + (len - rest), rest);
	last[rest] = 0x80;
	write_word((uint32_t) ((uint64_t) len >> 29), last + nlast - 8);
	write_word((uint32_t) ((uint64_t) len << 3), last + nlast - 4);
	for (size_t at = 0; at < nlast; at += BLOCK)
		take_block(state, last + at);
	for (int i = 0; i < WORDS; i++)
		write_word(state[i], digest + 4 * i);
}
