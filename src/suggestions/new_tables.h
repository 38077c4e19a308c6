/*
 * new_tables.h
 *		The tables that are new to a user: those of the catalogue that they
 *		have not used.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_NEW_TABLES_H
#define PERSONALIZATION_SUGGESTIONS_NEW_TABLES_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "catalogue/catalogue.h"

/* See catalogue_new_tables(). */
extern int new_tables(const char *tenant_id, const char *user_id, int64 window, TimestampTz at,
					  NewTable *out, int max);

#endif
