/*
 * names.h
 *		Names of tables, as the parts of the catalogue use them.
 *
 * A table is stored under its schema's name and its own; the schema of a
 * registered one is "".  Results are in the current memory context.
 */
#ifndef PERSONALIZATION_CATALOGUE_NAMES_H
#define PERSONALIZATION_CATALOGUE_NAMES_H

#include "postgres.h"

/* A name in folded form, and where its last part begins. */
typedef struct FoldedName
{
	char *text;
	size_t len;
	size_t last;
} FoldedName;

/* A name as users and products write it. */
extern FoldedName fold_name(const char *name);

/* A table as stored: of a linked schema the names are PostgreSQL's, in which nothing is a quote. */
extern FoldedName fold_stored(const char *schema, const char *table);

/* Whether two names may mean the same table. */
extern bool same_table(const FoldedName *a, const FoldedName *b);

/* A stored table's name as it is written in a query. */
extern char *shown_name(const char *schema, const char *table);

/* Whether a table may be shown to the current role; of a linked one sets *relation. */
extern bool may_show_table(const char *schema, const char *table, bool dropped, Oid *relation);

/* Whether a schema cannot be linked: the server's, or ours. */
extern bool is_reserved_schema(const char *schema);

#endif
