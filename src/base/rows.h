/*
 * rows.h
 *		Writing one or many rows of one tenant with one statement.
 */
#ifndef PERSONALIZATION_BASE_ROWS_H
#define PERSONALIZATION_BASE_ROWS_H

#include "postgres.h"

#include "base/statement.h"

/* The values of one column. */
typedef struct Column
{
	Oid type; /* of an element */
	int n;
	int size;
	Datum *values;
	bool *nulls;
} Column;

/* Initializes a column with space for size values, in the current memory context. */
extern void column_init(Column *column, Oid type, int size);
extern void column_add(Column *column, Datum value);
extern void column_add_null(Column *column);
extern void column_add_text(Column *column, const char *text); /* NULL for null */

/* Returns the column as a one-dimensional array. */
extern Datum column_array(const Column *column);

/*
 * Up to this number of rows are written as VALUES, which costs half as much as
 * arrays; for more rows there is one statement over arrays.
 */
#define ROWS_FEW 8

/* Maximum number of columns of a RowWriter, besides tenant_id. */
#define ROWS_MAX_COLUMNS 12

/*
 * INSERT INTO table (tenant_id, columns) … tail, for any number of rows; or, with set,
 * UPDATE table SET set, from new values with the names in columns, of the rows where tail,
 * which says by ctid which.
 */
typedef struct RowWriter
{
	const char *table;
	const char *columns; /* without tenant_id */
	const char *types;	 /* of the columns, separated by a space; may be arrays, if inserted */
	const char *tail;	 /* ON CONFLICT …, RETURNING …; or a condition */
	const char *set;	 /* NULL to insert */

	/* Of the types; looked up when first needed and after ALTER EXTENSION. */
	uint64 generation;
	int ncolumns;
	Oid type_ids[ROWS_MAX_COLUMNS];

	/* Statements, built when first needed: by number of rows, and over arrays. */
	Statement few[ROWS_FEW + 1];
	Statement many;
} RowWriter;

#define ROW_WRITER(table, columns, types, tail)                                                    \
	{                                                                                              \
		table, columns, types, tail, NULL, 0, 0, {0}, {{0}},                                       \
		{                                                                                          \
			0                                                                                      \
		}                                                                                          \
	}

/* One that updates: the new values are those of a table new, with these columns. */
#define ROW_UPDATER(table, columns, types, set, where)                                             \
	{                                                                                              \
		table, columns, types, where, set, 0, 0, {0}, {{0}},                                       \
		{                                                                                          \
			0                                                                                      \
		}                                                                                          \
	}

/*
 * Returns the writer's columns, in their order, each with space for nrows
 * values, in the current memory context.
 */
extern Column *rows_begin(RowWriter *writer, int nrows);

/*
 * Writes the rows in the columns, which have equal lengths.  Returns the
 * number of rows written, or returned if tail has RETURNING.  The caller is in
 * SPI.
 */
extern uint64 rows_write(RowWriter *writer, const char *tenant_id, const Column *columns);

#endif
