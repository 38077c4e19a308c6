/*
 * conversations.h
 *		The memory of conversations.
 *
 * A conversation lives until it is ended, which erases it, or until the
 * tenant's conversation_ttl has passed since its last change.  Expiry is
 * computed where it is read; the deletion of what has expired changes nothing
 * that can be seen through the functions.
 *
 * All functions here are called within SPI.
 */
#ifndef PERSONALIZATION_CONVERSATIONS_CONVERSATIONS_H
#define PERSONALIZATION_CONVERSATIONS_CONVERSATIONS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/statement.h"
#include "tenancy/settings.h"

/*
 * The document of a conversation; NULL when there is no such conversation of
 * the tenant, or no such tenant, or when it has expired at that time.
 */
extern Jsonb *
conversation_document(const char *tenant_id, const pg_uuid_t *id, TimestampTz at, ReadAs as);

/* The user's conversation that changed last and has not expired at that time; false for none. */
extern bool conversation_active(const char *tenant_id, const char *user_id,
								const TenantSettings *settings, TimestampTz at, pg_uuid_t *id);

/*
 * Deletes conversations that have expired, with their messages, limit rows at
 * most, or one conversation where that alone has more, and adds the number of
 * conversations to *deleted.  Returns whether there may be others.
 */
extern bool conversations_expire(const char *tenant_id, const TenantSettings *settings,
								 TimestampTz at, int64 limit, int64 *deleted);

#endif
