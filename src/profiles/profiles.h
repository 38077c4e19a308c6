/*
 * profiles.h
 *		The profile document.
 */
#ifndef PERSONALIZATION_PROFILES_PROFILES_H
#define PERSONALIZATION_PROFILES_PROFILES_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "tenancy/settings.h"

/* Returns the document of get_profile(), in the caller's memory. The caller is in SPI. */
extern Jsonb *profile_document(const char *tenant_id, const char *user_id, TimestampTz at,
							   const TenantSettings *settings);

#endif
