/*
 * used_tables.h
 *		The tables that a user has used, as the built-in rules keep them: in the
 *		keys of preferences.
 */
#ifndef PERSONALIZATION_PREFERENCES_USED_TABLES_H
#define PERSONALIZATION_PREFERENCES_USED_TABLES_H

#include "postgres.h"

#include "preferences/preferences.h"

/* The table that a preference says is asked often; NULL for any other preference. */
extern const char *frequent_table(const Preference *preference);

/*
 * The tables that a user has asked or explored, at most USED_TABLES_REACH of
 * each; *n: how many.  The caller is in SPI.
 */
#define USED_TABLES_REACH 10000

extern char **used_tables(const char *tenant_id, const char *user_id, int *n);

#endif
