/*
 * statement_text.h
 *		Which tables the text of a statement names, and the same statement over
 *		other tables.
 *
 *		The text is one of the library's own, never a caller's: its names are
 *		qualified, and clauses are in capital letters.
 */
#ifndef PERSONALIZATION_BASE_STATEMENT_TEXT_H
#define PERSONALIZATION_BASE_STATEMENT_TEXT_H

#include "postgres.h"

#include "lib/stringinfo.h"

/* A name of the extension's schema in a statement: of a table, or of a type. */
typedef struct StatementName
{
	const char *start; /* of the schema */
	const char *name;
	size_t len;
	const char *end;
} StatementName;

/*
 * Finds the next name at or after *at, and moves *at behind it; returns false if
 * there is none.  Quoted text and function calls are left out.
 */
extern bool statement_next_name(const char *sql, const char **at, StatementName *name);

/* Whether the statement is bound to a tenant, which is its first parameter; given their types. */
extern bool statement_is_of_tenant(const char *sql, const char *parameters);

extern bool statement_is_query(const char *sql);

/*
 * Appends what stands in place of a table; returns false, and appends nothing,
 * if the name remains.
 */
typedef bool (*StatementTable)(StringInfo text, const StatementName *name, void *arg);

/*
 * Returns the statement over other tables, in the current memory context.  A
 * table that had no alias keeps its name as one.
 */
extern char *statement_over(const char *sql, StatementTable table, void *arg);

#endif
