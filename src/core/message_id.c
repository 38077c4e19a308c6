/*
 * message_id.c
 *		The id of an interaction, computed from the position of its message in
 *		a topic; and times as numbers.
 */
#include "core/message_id.h"

#include <string.h>

/* Bits of an offset, and of an index in an array, that order ids of the same millisecond. */
#define OFFSET_BITS 20
#define INDEX_BITS 14
#define HASH_BITS 40 /* with them the 74 bits that version and variant leave after the time */

static uint64_t
mix(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	hash ^= hash >> 33;
	hash *= UINT64_C(0xc4ceb9fe1a85ec53);
	hash ^= hash >> 33;
	return hash;
}

static uint64_t
hash_place(const MessagePlace *place)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (const char *c = place->topic; *c != '\0'; c++)
		hash = (hash ^ (unsigned char) *c) * UINT64_C(0x100000001b3);
	hash = mix(hash ^ (uint32_t) place->partition);
	hash = mix(hash ^ (uint64_t) place->offset);
	return mix(hash ^ (uint32_t) place->index);
}

void
message_id(const MessagePlace *place, unsigned char id[16])
{
	uint64_t millis = (uint64_t) place->millis;
	uint64_t offset = (uint64_t) place->offset & ((UINT64_C(1) << OFFSET_BITS) - 1);
	uint64_t last = (UINT64_C(1) << INDEX_BITS) - 1;
	uint64_t index = (uint64_t) place->index < last ? (uint64_t) place->index : last;
	uint64_t order = offset << INDEX_BITS | index; /* 34 bits: 12 before the variant, 22 after it */
	uint64_t low =
		(order & 0x3fffff) << HASH_BITS | (hash_place(place) & ((UINT64_C(1) << HASH_BITS) - 1));

	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char) (millis >> (40 - 8 * i));
	id[6] = (unsigned char) (0x80 | (order >> 30 & 0x0f));
	id[7] = (unsigned char) (order >> 22);
	for (int i = 0; i < 8; i++)
		id[8 + i] = (unsigned char) (low >> (56 - 8 * i));
	id[8] = (unsigned char) ((id[8] & 0x3f) | 0x80);
}

/* From these on a number is of the next smaller unit: 1e11 seconds are in the year 5138. */
#define SECONDS_END 1e11
#define MILLIS_END 1e14
#define MICROS_END 1e17

bool
unix_time_parse(const char *text, size_t len, int64_t *micros)
{
	bool negative = len > 0 && text[0] == '-';
	size_t i = negative ? 1 : 0;
	size_t first = i;
	int64_t whole = 0;
	int64_t fraction = 0; /* millionths */
	int64_t scale;
	int64_t value;

	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
	{
		if (whole > (INT64_MAX - 9) / 10)
			return false;
		whole = whole * 10 + (text[i] - '0');
	}
	if (i == first)
		return false;
	if (i < len && text[i] == '.')
	{
		int64_t weight = 100000;

		if (++i == len)
			return false;
		for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		{
			fraction += weight * (text[i] - '0');
			weight /= 10;
		}
	}
	if (i != len)
		return false;
	if ((double) whole >= MICROS_END)
		value = whole / 1000;
	else
	{
		scale = (double) whole < SECONDS_END ? 1000000 : (double) whole < MILLIS_END ? 1000 : 1;
		value = whole * scale + fraction * scale / 1000000;
	}
	*micros = negative ? -value : value;
	return true;
}
