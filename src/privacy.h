/*
 * privacy.h
 *		The document that a user's data travel in.
 *
 * {"format", "tenant_id", "user_id", "exported_at", "profile", "data": {table:
 * [row, …]}}.  A row is an object of its columns without tenant_id and user_id;
 * profile is there for people to read, and is not read again.
 */
#ifndef PRIVACY_H
#define PRIVACY_H

#define EXPORT_FORMAT "personalization/1"

#endif
