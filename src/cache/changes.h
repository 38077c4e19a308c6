/*
 * changes.h
 *		The push to Redis, seen from what changes: whoever changes something that
 *		a document shows says so here, in the same transaction.
 *
 * What is noted is that a document may have changed, no more.  The worker
 * writes the document as it then finds it, or deletes the key where it finds
 * none; so a note too many does no harm, and an erased user's keys go by the
 * same way.  All notes are nothing where no cache is configured.
 *
 * The callers are in SPI, and have checked that the session may act for the
 * tenant.
 */
#ifndef PERSONALIZATION_CACHE_CHANGES_H
#define PERSONALIZATION_CACHE_CHANGES_H

#include "postgres.h"

#include "utils/uuid.h"

/* Whether changes in this database go to a cache. */
extern bool cache_wanted(void);

/* What may have changed: column what of cache_changes. */
typedef enum CacheWhat
{
	CACHE_PROFILE = 1,			 /* of a user */
	CACHE_SUGGESTIONS_STALE = 2, /* of a user: those computed before now */
	CACHE_SUGGESTIONS = 4,		 /* of a user: computed anew */
	CACHE_CONVERSATION = 8,		 /* id is the conversation's */
	CACHE_TENANT = 16			 /* all users of a tenant */
} CacheWhat;

/* A user who learned; asked: among it queries, so that his suggestions are stale. */
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
extern void cache_conversation_ended(const char *tenant_id, const pg_uuid_t *id);

/* What holds for the profiles of all its users, such as its settings. */
extern void cache_tenant_changed(const char *tenant_id);

/*
 * Erasing all of a user or tenant, his conversations included: to be called
 * before their rows are erased.  The rows of cache_changes stay until the keys
 * are gone.
 */
extern void cache_forget_user(const char *tenant_id, const char *user_id);
extern void cache_forget_tenant(const char *tenant_id);

#endif
