/*
 * catalogue.h
 *		The catalogue of a tenant: the tables that its users can query,
 *		registered by hand or found in linked schemas.
 *
 *		Whether a linked table exists and may be read is checked against
 *		PostgreSQL's catalogs at each call, by its name.  The stored rows
 *		record when it appeared.
 */
#ifndef PERSONALIZATION_CATALOGUE_CATALOGUE_H
#define PERSONALIZATION_CATALOGUE_CATALOGUE_H

#include "postgres.h"

#include "utils/array.h"
#include "utils/timestamp.h"

/* A table that is new to a user. The members point into the current memory context. */
typedef struct NewTable
{
	const char *
		name; /* for display and for queries: schema.table, quoted if necessary, or the registered name */
	const char *schema;		  /* NULL for a registered table */
	const char *table;		  /* without schema, or the registered name */
	const char *description;  /* of a linked table, its comment; may be NULL */
	const ArrayType *columns; /* text[]; NULL for linked tables and if none were registered */
	TimestampTz appeared_at;
} NewTable;

/*
 * Returns the names of the tables that a user has used, as written in queries;
 * *n is their number.
 */
typedef char **(*UsedTables)(const char *tenant_id, const char *user_id, int *n);

/*
 * Finds the tables that appeared within a window (in microseconds) before a
 * time, are not dropped, may be read by the current role, and have not been
 * used by the user according to used: newest first, and tables of the same
 * time by schema and name.  At most max are returned, from the newest
 * NEW_TABLES_REACH.  Returns their number.  The caller is in SPI; nothing is
 * written.
 */
#define NEW_TABLES_REACH 200

extern int catalogue_new_tables(const char *tenant_id, const char *user_id, UsedTables used,
								int64 window, TimestampTz at, NewTable *out, int max);

/* Whether schemas are linked to a tenant; the tables shown then depend on the current role. */
extern bool catalogue_is_linked(const char *tenant_id);

/*
 * Determines which of n names of tables, as written by users and products,
 * must not be shown: the catalogue knows them, and each table that they may
 * refer to is dropped or may not be read by the current role.  A name that the
 * catalogue does not know is not hidden.  Sets hidden[0..n), and returns
 * whether any is hidden.  Executes one statement, with one index probe per
 * name.  The caller is in SPI; nothing is written.
 */
extern bool catalogue_filter(const char *tenant_id, const char *const *names, int n, bool *hidden);

/*
 * Compares the linked schemas of a tenant with the stored rows, as of a time,
 * and deletes the rows of tables that were dropped before kept_since: at most
 * limit rows of each kind, whose number is added to *changed.  Returns whether
 * there may be more.  A schema in which nothing can have changed since this
 * process last compared it costs nothing.  The caller is in SPI and may see
 * all rows of the tenant.
 */
extern bool catalogue_refresh(const char *tenant_id, TimestampTz at, TimestampTz kept_since,
							  int64 limit, int64 *changed);

/*
 * Links a schema to a tenant; its present tables are not new.  Has no effect
 * if it is linked already.
 */
extern void
catalogue_link(const char *tenant_id, const char *schema, Oid namespace, TimestampTz at);

/*
 * Unlinks a schema and deletes its tables' rows; returns false if it was not
 * linked.  The callers of both are in SPI.
 */
extern bool catalogue_unlink(const char *tenant_id, const char *schema);

#endif
