/*
 * push_none.c
 *		The worker's part of the push to Redis if the library is built without
 *		hiredis: it reports that.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/session.h"
#include "redis/push.h"

#define NOT_SUPPORTED "personalization.redis_url is set, but this build does not support Redis"

static Statement note_failure = STATEMENT(
	"UPDATE personalization.worker_state"
	" SET cache_failures = cache_failures + 1, cache_last_error = $1, cache_last_error_at = $2",
	"text timestamptz");

bool
cache_push(void)
{
	static bool said = false;
	bool wanted = redis_url != NULL && redis_url[0] != '\0';

	if (wanted && !said)
	{
		Datum values[2];

		ereport(LOG, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg(NOT_SUPPORTED),
					  errhint("Build the library with hiredis and jansson installed, or set "
							  "personalization.redis_url to an empty string.")));
		worker_begin("recording that the build has no hiredis");
		values[0] = CStringGetTextDatum(NOT_SUPPORTED);
		values[1] = TimestampTzGetDatum(GetCurrentTimestamp());
		(void) statement_execute(&note_failure, values, NULL, SNAPSHOT_NEW);
		worker_end();
	}
	said = wanted;
	return false;
}
