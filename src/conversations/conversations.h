/*
 * conversations.h
 *		Conversations.
 *
 *		A conversation lives until it is ended, which deletes it, or until the
 *		tenant's conversation_ttl has passed since its last change.  Expiry is
 *		computed when it is read; deleting expired ones changes nothing that
 *		is visible through the functions.
 *
 *		The callers are in SPI.
 */
#ifndef PERSONALIZATION_CONVERSATIONS_CONVERSATIONS_H
#define PERSONALIZATION_CONVERSATIONS_CONVERSATIONS_H

#include "postgres.h"

#include <limits.h>

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/statement.h"
#include "tenancy/settings.h"

/* For the document of a whole conversation. */
#define ALL_MESSAGES INT_MAX

/*
 * Returns the document of a conversation with its latest messages, or NULL if the tenant has no such
 * conversation, if there is no such tenant, or if the conversation has expired
 * at that time.
 */
extern Jsonb *conversation_document(const char *tenant_id, const pg_uuid_t *id, TimestampTz at,
									int messages, ReadAs as);

/*
 * Raises an error for a conversation that is unknown, has ended or has
 * expired.  The cases cannot be distinguished, because an erased conversation
 * leaves nothing behind.  A write that is not made must be an error, so that
 * nothing is lost silently.
 */
pg_noreturn extern void conversation_missing(const pg_uuid_t *id);

/*
 * Finds the user's conversation that changed last and has not expired at that
 * time; returns false if there is none.
 */
extern bool conversation_active(const char *tenant_id, const char *user_id,
								const TenantSettings *settings, TimestampTz at, pg_uuid_t *id);

/*
 * Records that the conversations of a user, or of a whole tenant where user_id
 * is NULL, are erased, so that their keys in the cache are deleted.  To be
 * called before their rows are deleted.
 */
extern void conversations_erased(const char *tenant_id, const char *user_id);

/*
 * Deletes expired conversations with their messages: at most limit rows, or
 * one conversation if that alone has more.  Adds the number of conversations
 * to *deleted.  Returns whether there may be more.
 */
extern bool conversations_expire(const char *tenant_id, const TenantSettings *settings,
								 TimestampTz at, int64 limit, int64 *deleted);

#endif
