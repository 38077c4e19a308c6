/*
 * changes.h
 *		The queue of changes for Redis.  Code that changes the content of a
 *		document records it here, in the same transaction.
 *
 *		A row means only that a document may have changed.  The worker writes
 *		the document in its present state, or deletes the key if there is
 *		none.  So a superfluous row does no harm, and the keys of a forgotten
 *		user are deleted by the same mechanism.  Without a cache these
 *		functions do nothing.
 *
 *		The callers are in SPI, and have checked that the session may act for
 *		the tenant.
 */
#ifndef PERSONALIZATION_CACHE_CHANGES_H
#define PERSONALIZATION_CACHE_CHANGES_H

#include "postgres.h"

#include "utils/uuid.h"

/* Whether changes in this database are pushed to a cache. */
extern bool cache_wanted(void);

/* What may have changed: column what of cache_changes. */
typedef enum CacheWhat
{
	CACHE_PROFILE = 1,			 /* of a user */
	CACHE_SUGGESTIONS_STALE = 2, /* of a user: suggestions computed before now are invalid */
	CACHE_SUGGESTIONS = 4,		 /* of a user: suggestions are to be computed */
	CACHE_CONVERSATION = 8,		 /* id is the id of the conversation */
	CACHE_TENANT = 16			 /* all users of a tenant */
} CacheWhat;

/*
 * A user for whom something was learned.  asked: it included queries, so that
 * the user's cached suggestions are invalid.
 */
typedef struct CacheUser
{
	const char *user_id;
	bool asked;
} CacheUser;

extern void cache_users_learned(const char *tenant_id, const CacheUser *users, int n);
extern void cache_profile_changed(const char *tenant_id, const char *user_id);

extern void cache_suggestions_changed(const char *tenant_id, const char *user_id);
extern void cache_suggestions_stale(const char *tenant_id, const char *user_id);

extern void cache_conversation_changed(const char *tenant_id, const pg_uuid_t *id);

/*
 * A change that affects the profiles of all users of a tenant, such as a setting,
 * or that the tenant is dropped.
 */
extern void cache_tenant_changed(const char *tenant_id);

/*
 * A user is erased.  For the keys of conversations, also those of a dropped
 * tenant, see conversations_erased().  The rows of cache_changes stay until the
 * keys have been deleted.
 */
extern void cache_user_erased(const char *tenant_id, const char *user_id);

#endif
