/*
 * users.h
 *		The format of an exported user.
 *
 *		{"format", "tenant_id", "user_id", "exported_at", "profile", "data":
 *		{table: [row, …]}}.  A row is an object of its columns without
 *		tenant_id and user_id.  profile is for people to read and is ignored
 *		on import.
 */
#ifndef PERSONALIZATION_ADMIN_USERS_H
#define PERSONALIZATION_ADMIN_USERS_H

#define EXPORT_FORMAT "personalization/1"

#endif
