/*
 * catalogue.h
 *		The catalogue of a tenant: the tables that its users can query, told by
 *		hand or found in linked schemas.
 *
 * Whether a linked table is there, and may be read, is asked of PostgreSQL by
 * its name when the question comes up; what is stored says when it appeared.
 */
#ifndef PERSONALIZATION_CATALOGUE_CATALOGUE_H
#define PERSONALIZATION_CATALOGUE_CATALOGUE_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/timestamp.h"

/* A table that is new to a user.  What is pointed to is in the current memory context. */
typedef struct NewTable
{
	const char *name;	/* to show and to query: schema.table, quoted as needed; as registered */
	const char *schema; /* NULL for a registered table */
	const char *table;	/* without schema; as registered */
	const char *description;  /* of a linked table its comment; may be NULL */
	const ArrayType *columns; /* text[]; NULL for linked tables and where none were told */
	TimestampTz appeared_at;
} NewTable;

/* The names of the tables that a user has used, as they were told; *n: how many. */
typedef char **(*UsedTables)(const char *tenant_id, const char *user_id, int *n);

/*
 * The tables that appeared within a window (in microseconds) before a time,
 * are not dropped, may be read by the current role and have not been used by
 * the user, as used says: newest first, those of one time by schema and name.  At most max,
 * found among the newest NEW_TABLES_REACH.  Returns how many.  The caller is in
 * SPI; nothing is written.
 */
#define NEW_TABLES_REACH 200

extern int catalogue_new_tables(const char *tenant_id, const char *user_id, UsedTables used,
								int64 window, TimestampTz at, NewTable *out, int max);

/* Whether schemas are linked to a tenant: what may be shown then depends on who asks. */
extern bool catalogue_is_linked(const char *tenant_id);

/*
 * Which of n names of tables, written as users and products write them, must
 * not be shown: the catalogue knows them, and each table that they may mean is
 * dropped or may not be read by the current role.  A name that it does not know
 * is not hidden.  Sets hidden[0..n); returns whether any is.  One statement, of
 * an index probe a name.  The caller is in SPI; nothing is written.
 */
extern bool catalogue_filter(const char *tenant_id, const char *const *names, int n, bool *hidden);

/*
 * Compares the linked schemas of a tenant with what is stored, as of a time,
 * and deletes the rows of tables that were dropped before kept_since: limit
 * rows of each kind at most, whose number is added to *changed.  Returns
 * whether there may be more.  A schema in which nothing can have changed since
 * this process last compared it costs nothing.  The caller is in SPI and may
 * see all of the tenant's rows.
 */
extern bool catalogue_refresh(const char *tenant_id, TimestampTz at, TimestampTz kept_since,
							  int64 limit, int64 *changed);

/*
 * Links a schema to a tenant: the tables that are in it are not new.  One that is
 * linked already stays as it is.
 */
extern void
catalogue_link(const char *tenant_id, const char *schema, Oid namespace, TimestampTz at);

/* Unlinks it and forgets its tables; false when it was not linked.  The callers of both are in SPI. */
extern bool catalogue_unlink(const char *tenant_id, const char *schema);

#endif
