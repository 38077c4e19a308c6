/*
 * statement.h
 *		SQL statements that the library runs again and again.
 *
 * A statement is prepared once a backend, with a generic plan: on hash
 * partitions the planner would otherwise plan anew at each call, which costs
 * more than the statements themselves.  The caller has connected to SPI.
 */
#ifndef PERSONALIZATION_BASE_STATEMENT_H
#define PERSONALIZATION_BASE_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/jsonb.h"

typedef struct Statement
{
	const char *sql;
	const char *parameters; /* their types, separated by a space */

	/* Kept by this module. */
	uint64 generation;
	SPIPlanPtr plan;
} Statement;

#define STATEMENT(sql, parameters)                                                                 \
	{                                                                                              \
		sql, parameters, 0, NULL                                                                   \
	}

/* In which snapshot a statement reads. */
typedef enum ReadAs
{
	SNAPSHOT_CALLER, /* the calling query's; the statement may not write */
	SNAPSHOT_NEW	 /* a new one, with what this call and others have written since */
} ReadAs;

/*
 * Runs the statement.  nulls as SPI wants it, or NULL.  Rows are in
 * SPI_tuptable; the return value is the number of rows.
 */
extern uint64 statement_execute(Statement *statement, Datum *values, const char *nulls, ReadAs as);

/*
 * The types that a list names, as in parameters; returns how many.  An error
 * where they are more than max, or where the schema of an older script lacks one.
 */
extern int statement_types(const char *list, Oid *types, int max);

/* An error context callback for other statements: hints at the update of an older script. */
extern void hint_at_update(void *arg);

/*
 * Columns are numbered from 1, and named in an enum beside the statement, in
 * the order of its SELECT list; where there is but one, it is this.
 */
#define ONLY_COLUMN 1

/* A column of a row of the last result; *isnull may be NULL where the column is not. */
extern Datum result_value(uint64 row, int column, bool *isnull);

/* One of text, in the current memory context; NULL for null. */
extern char *result_text(uint64 row, int column);

/* Likewise a jsonb column; it may lie in the result itself. */
extern Jsonb *result_jsonb(uint64 row, int column);

#endif
