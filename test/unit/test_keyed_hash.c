/*
 * test_keyed_hash.c
 *		The keyed hash, against the vectors of its authors.
 */
#include "core/keyed_hash.h"

#include "unit.h"

int
main(void)
{
	/* The key is the bytes 0, 1, … 15; the input 0, 1, … of so many bytes. */
	const HashKey key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	const HashKey other = {UINT64_C(0x0706050403020101), UINT64_C(0x0f0e0d0c0b0a0908)};
	unsigned char input[64];

	for (int i = 0; i < 64; i++)
		input[i] = (unsigned char) i;
	CHECK(keyed_hash(&key, input, 0) == UINT64_C(0x726fdb47dd0e0e31));
	CHECK(keyed_hash(&key, input, 1) == UINT64_C(0x74f839c593dc67fd));
	CHECK(keyed_hash(&key, input, 7) == UINT64_C(0xab0200f58b01d137));
	CHECK(keyed_hash(&key, input, 8) == UINT64_C(0x93f5f5799a932462));
	CHECK(keyed_hash(&key, input, 15) == UINT64_C(0xa129ca6149be45e5));
	CHECK(keyed_hash(&key, input, 63) == UINT64_C(0x958a324ceb064572));
	CHECK(keyed_hash(&key, input, 63) != keyed_hash(&other, input, 63));
	return unit_result("test_keyed_hash");
}
