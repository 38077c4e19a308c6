/*
 * uuid.h
 *		UUIDs: new ones in the order of time, and as text, and out of text without an error.
 */
#ifndef PERSONALIZATION_BASE_UUID_H
#define PERSONALIZATION_BASE_UUID_H

#include "postgres.h"

#include "utils/uuid.h"

/* A new interaction id: a version 7 UUID. */
extern void interaction_id_make(pg_uuid_t *id);

/* A UUID as text, in the current memory context. */
extern char *uuid_text(const pg_uuid_t *uuid);

/* A UUID in the usual notation; false for anything else. */
extern bool uuid_decode(const char *text, pg_uuid_t *uuid);

#endif
