/*
 * uuid.h
 *		UUIDs: new ones in order of time, and conversion from and to text
 *		without errors.
 */
#ifndef PERSONALIZATION_BASE_UUID_H
#define PERSONALIZATION_BASE_UUID_H

#include "postgres.h"

#include "utils/uuid.h"

/* Makes a new interaction id, a version 7 UUID. */
extern void interaction_id_make(pg_uuid_t *id);

/* Returns a UUID as text, in the current memory context. */
extern char *uuid_text(const pg_uuid_t *uuid);

/* Reads a UUID in the usual notation; returns false for anything else. */
extern bool uuid_decode(const char *text, pg_uuid_t *uuid);

#endif
