/*
 * used_tables.h
 *		The tables that a user has used, which the built-in rules store in the
 *		keys of preferences.
 */
#ifndef PERSONALIZATION_PREFERENCES_USED_TABLES_H
#define PERSONALIZATION_PREFERENCES_USED_TABLES_H

#include "postgres.h"

#include "preferences/preferences.h"

/* Returns the table of a preference for a frequent table, or NULL for any other preference. */
extern const char *frequent_table(const Preference *preference);

/*
 * Returns the tables that a user has queried or explored, at most
 * USED_TABLES_REACH of each; *n is their number.  The caller is in SPI.
 */
#define USED_TABLES_REACH 10000

extern char **used_tables(const char *tenant_id, const char *user_id, int *n);

#endif
