/*
 * names.h
 *		Names of tables, for the parts of the catalogue.
 *
 *		A table is stored with the name of its schema and its own name; the
 *		schema of a registered table is "".  Results are in the current memory
 *		context.
 */
#ifndef PERSONALIZATION_CATALOGUE_NAMES_H
#define PERSONALIZATION_CATALOGUE_NAMES_H

#include "postgres.h"

/* A name in folded form, and the offset of its last part. */
typedef struct FoldedName
{
	char *text;
	size_t len;
	size_t last;
} FoldedName;

/* Folds a name as users and products write it. */
extern FoldedName fold_name(const char *name);

/*
 * Folds a stored table.  The names of a linked schema are PostgreSQL's, in
 * which quotes have no meaning.
 */
extern FoldedName fold_stored(const char *schema, const char *table);

/* Whether two names may refer to the same table. */
extern bool same_table(const FoldedName *a, const FoldedName *b);

/* Returns a stored table's name as it is written in a query. */
extern char *shown_name(const char *schema, const char *table);

/* Whether a table may be shown to the current role; sets *relation for a linked table. */
extern bool may_show_table(const char *schema, const char *table, bool dropped, Oid *relation);

/* Whether a schema cannot be linked: system schemas, and the extension's. */
extern bool is_reserved_schema(const char *schema);

#endif
