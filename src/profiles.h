/*
 * profiles.h
 *		The profile document.
 */
#ifndef PROFILES_H
#define PROFILES_H

#include "postgres.h"

#include "settings.h"
#include "utils/timestamp.h"

/* What get_profile() returns, in the caller's memory.  The caller is in SPI. */
extern Jsonb *
profile_document(char *tenant_id, char *user_id, TimestampTz at, const TenantSettings *settings);

#endif
