/*
 * import.h
 *		What the parts of import_user() share.  All of them raise what is wrong with
 *		the document, with the path of its place there; their callers are in SPI.
 */
#ifndef PERSONALIZATION_ADMIN_IMPORT_H
#define PERSONALIZATION_ADMIN_IMPORT_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "admin/tenant_data.h"
#include "base/compat.h"

/* A member under another name. */
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

	/* The document's names of columns that it calls otherwise than the table does. */
	const Renamed *names;
	int nnames;
} Rows;

/* Whose rows they are. */
typedef struct Import
{
	const char *tenant_id;
	const char *user_id;
	TimestampTz now;
	const char *time_zone; /* the tenant's */
} Import;

pg_noreturn extern void
import_error(int sqlstate, const char *hint, const char *format, ...) pg_attribute_printf(3, 4);

/*
 * A value of the document as a datum of its column's type, or as an array of its
 * elements' type; checked as learning would have, unless import is NULL.
 */
extern Datum import_scalar(const Import *import, const char *column, const JsonbValue *value,
						   Oid type, const char *path);
extern Datum import_array(const Import *import, const char *column, const JsonbValue *value,
						  Oid element, const char *path);

/* The member name of the document, an object or array; NULL where it is absent. */
extern JsonbContainer *import_member(const Jsonb *document, const char *name, bool array);

/* The table of that name, if it is one that documents carry. */
extern TenantTable *import_table(const JsonbValue *name);

/* Inserts rows for the user; an error tells the place of the one at fault. */
extern void import_rows(const Import *import, TenantTable *table, const Rows *rows);

/* The rows of a table that are the user's now. */
extern uint64 import_count(const Import *import, TenantTable *table);

/* Imports a profile document; the number of rows by table. */
extern Jsonb *import_profile(const Import *import, const Jsonb *document);

#endif
