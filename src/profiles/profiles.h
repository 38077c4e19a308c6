/*
 * profiles.h
 *		Documents about a user.  The callers are in SPI; what is returned is in their memory.
 */
#ifndef PERSONALIZATION_PROFILES_PROFILES_H
#define PERSONALIZATION_PROFILES_PROFILES_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "base/read_ahead.h"
#include "preferences/as_of.h"
#include "tenancy/settings.h"

/*
 * Returns the document of get_profile().  With ahead, which may be NULL, its rows are read
 * together with those of other users; their settings and the time are the same.
 */
extern Jsonb *profile_document(const char *tenant_id, const char *user_id, TimestampTz at,
							   const TenantSettings *settings, ReadAhead *ahead);

/* Returns the maximum number of interactions of a user that it reads. */
extern int profile_reach(const TenantSettings *settings);

/* Returns the document of route(), from the user's preferences as of the time. */
extern Jsonb *
routing_document(const char *tenant_id, const char *user_id, const char *query, TimestampTz at,
				 const TenantSettings *settings, const PreferencesAsOf *known);

#endif
