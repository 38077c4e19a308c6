/*
 * cache_push_none.c
 *		The worker's part of the push to Redis, where the library is built
 *		without hiredis: it says so.
 */
#include "postgres.h"

#include "cache.h"
#include "cache_push.h"

const bool cache_supported = false;

bool
cache_push(void)
{
	static bool said = false;
	bool wanted = redis_url != NULL && redis_url[0] != '\0';

	if (wanted && !said)
		ereport(LOG, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					  errmsg("personalization.redis_url is set, but this build has no hiredis"),
					  errhint("Build it with hiredis and jansson installed, or empty "
							  "personalization.redis_url.")));
	said = wanted;
	return false;
}
