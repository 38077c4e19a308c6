/*
 * push_none.c
 *		The worker's part of the push to Redis if the library is built without
 *		hiredis: it reports that.
 */
#include "postgres.h"

#include "base/guc.h"
#include "bgworker/session.h"
#include "redis/push.h"

#define NOT_SUPPORTED "personalization.redis_url is set, but this build does not support Redis"

bool
cache_push(void)
{
	static bool said = false;
	bool wanted = redis_url != NULL && redis_url[0] != '\0';

	if (wanted && !said)
	{
		ereport(LOG, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg(NOT_SUPPORTED),
					  errhint("Build the library with hiredis and jansson installed, or set "
							  "personalization.redis_url to an empty string.")));
		worker_begin("recording that the build has no hiredis");
		worker_note_cache_failure(NOT_SUPPORTED);
		worker_end();
	}
	said = wanted;
	return false;
}
