/*
 * import.h
 *		The internals of import_user(), shared by its parts.  All functions
 *		raise errors with the path of the place in the document; their callers
 *		are in SPI.
 */
#ifndef PERSONALIZATION_ADMIN_IMPORT_H
#define PERSONALIZATION_ADMIN_IMPORT_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "admin/tenant_data.h"
#include "base/compat.h"

/* A member with another name than the column. */
typedef struct Renamed
{
	const char *from;
	const char *to;
} Renamed;

/* Rows for a table, each with its place in the document. */
typedef struct Rows
{
	int n;
	Jsonb **items;
	const char **paths;

	/* Names of columns that differ between the document and the table. */
	const Renamed *names;
	int nnames;
} Rows;

/* The user to import. */
typedef struct Import
{
	const char *tenant_id;
	const char *user_id;
	TimestampTz now;
	const char *time_zone; /* the tenant's */
	bool store_text;	   /* whether the tenant stores the text of queries */
} Import;

pg_noreturn extern void
import_error(int sqlstate, const char *hint, const char *format, ...) pg_attribute_printf(3, 4);

/*
 * Converts a value of the document to a datum of its column's type, or to an
 * array of its elements' type.  Checks it as learning does, unless import is
 * NULL.
 */
extern Datum import_scalar(const Import *import, const char *column, const JsonbValue *value,
						   Oid type, const char *path);
extern Datum import_array(const Import *import, const char *column, const JsonbValue *value,
						  Oid element, const char *path);

/* Returns a member of the document, an object or array, or NULL if it is absent. */
extern JsonbContainer *import_member(const Jsonb *document, const char *name, bool array);

/* Returns the table of that name; raises an error if documents do not contain it. */
extern TenantTable *import_table(const JsonbValue *name);

/* Inserts rows for the user; an error contains the place of the invalid row. */
extern void import_rows(const Import *import, TenantTable *table, const Rows *rows);

/* Returns the number of the user's rows in a table. */
extern uint64 import_count(const Import *import, TenantTable *table);

/* Imports a profile document; returns the number of rows by table. */
extern Jsonb *import_profile(const Import *import, const Jsonb *document);

#endif
