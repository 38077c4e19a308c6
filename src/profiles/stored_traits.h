/*
 * stored_traits.h
 *		The traits that were set by hand, now and earlier.
 *
 * A profile keeps the traits that set_profile() replaced, with the time until
 * which they held, as far back as the tenant's history_retention.
 */
#ifndef PERSONALIZATION_PROFILES_STORED_TRAITS_H
#define PERSONALIZATION_PROFILES_STORED_TRAITS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/statement.h"

/* NULL for those that are not set.  Names of earlier ones may be none that we know. */
typedef struct SetTraits
{
	bool known; /* there is a profile */
	char *skill;
	Jsonb *expertise;
	char *style;
	TimestampTz created;
	TimestampTz updated; /* when they were set */
	Jsonb *earlier;		 /* what was before, as stored; NULL for nothing */
} SetTraits;

/* The traits that held at a time.  The caller is in SPI. */
extern void set_traits_read(const char *tenant_id, const char *user_id, TimestampTz at, ReadAs as,
							SetTraits *traits);

/*
 * What the profile is to keep once these traits are replaced: them, and those
 * before them of which the history's retention (in microseconds) still tells.
 */
extern Jsonb *set_traits_kept(const SetTraits *traits, TimestampTz now, int64 retention);

#endif
