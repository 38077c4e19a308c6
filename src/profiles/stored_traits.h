/*
 * stored_traits.h
 *		Traits set by hand, now and earlier.
 *
 *		A profile keeps the traits that set_profile() replaced, with the time
 *		until which they were set, as far back as the tenant's
 *		history_retention.
 */
#ifndef PERSONALIZATION_PROFILES_STORED_TRAITS_H
#define PERSONALIZATION_PROFILES_STORED_TRAITS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/read_ahead.h"
#include "base/statement.h"

/* NULL for traits that are not set. Names of earlier ones may be unknown. */
typedef struct SetTraits
{
	bool known; /* there is a profile */
	char *skill;
	Jsonb *expertise;
	char *style;
	TimestampTz created;
	TimestampTz updated; /* when they were set */
	Jsonb *earlier;		 /* earlier traits, as stored; NULL if there are none */
} SetTraits;

/* Reads the traits set at a time, in the snapshot of the calling query. The caller is in SPI. */
extern void set_traits_read(const char *tenant_id, const char *user_id, TimestampTz at,
							ReadAhead *ahead, SetTraits *traits);

/* The same for the present ones of a user who is locked, in a new snapshot. */
extern void set_traits_read_locked(const char *tenant_id, const char *user_id, TimestampTz at,
								   SetTraits *traits);

/*
 * Returns the earlier traits to store when these are replaced: these, and the
 * earlier ones within the retention of the history (in microseconds).
 */
extern Jsonb *set_traits_kept(const SetTraits *traits, TimestampTz now, int64 retention);

#endif
