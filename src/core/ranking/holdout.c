/*
 * holdout.c
 *		The users of a tenant who get no suggestions, so that they can be
 *		compared with those who do.
 */
#include <string.h>

#include "core/ranking/holdout.h"
#include "core/keyed_hash.h"

/* Part of who is held out: never to be changed. */
static const HashKey holdout_key = {UINT64_C(0x70657273686f6c64), UINT64_C(0x6f75742d76657231)};

bool
holdout_has(const char *tenant_id, const char *user_id, double share)
{
	uint64_t hashes[2];

	if (!(share > 0.0))
		return false;

	/* A hash of hashes: where one name ends and the other begins is part of it. */
	hashes[0] = keyed_hash(&holdout_key, tenant_id, strlen(tenant_id));
	hashes[1] = keyed_hash(&holdout_key, user_id, strlen(user_id));
	for (int i = 0; i < 2; i++)
	{
		unsigned char bytes[8];

		/* In one order of bytes, whatever the machine's. */
		for (int b = 0; b < 8; b++)
			bytes[b] = (unsigned char) (hashes[i] >> (8 * b));
		memcpy(&hashes[i], bytes, 8);
	}

	/* 53 bits make a double in [0, 1) exactly. */
	return (double) (keyed_hash(&holdout_key, hashes, sizeof(hashes)) >> 11) * 0x1p-53 < share;
}
