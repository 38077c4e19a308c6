/*
 * consent.h
 *		Whether anything may be recorded of a user.
 *
 *		A user may refuse, or in a tenant whose setting learning is off, agree.  The
 *		choice is stored under a pseudonym, so that it outlives forget_user().
 */
#ifndef PERSONALIZATION_TENANCY_CONSENT_H
#define PERSONALIZATION_TENANCY_CONSENT_H

#include "postgres.h"

#include "base/statement.h"
#include "tenancy/settings.h"

/*
 * Returns whether interactions of a user may be recorded.  While learning, the user is
 * locked, and as is SNAPSHOT_NEW: then it is a serialization failure if the user has
 * decided otherwise since the snapshot of the transaction.  The caller is in SPI.
 */
extern bool learning_allowed(const char *tenant_id, const char *user_id,
							 const TenantSettings *settings, ReadAs as);

/* The user's own choice: *enabled; returns false if they have made none.  The caller is in SPI. */
extern bool learning_choice(const char *tenant_id, const char *user_id, bool *enabled, ReadAs as);

/* Stores a choice.  The user is locked; the caller is in SPI. */
extern void learning_choose(const char *tenant_id, const char *user_id, bool enabled);

#endif
