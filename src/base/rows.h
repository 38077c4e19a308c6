/*
 * rows.h
 *		Writing rows of one tenant, a few or thousands, in one statement.
 */
#ifndef PERSONALIZATION_BASE_ROWS_H
#define PERSONALIZATION_BASE_ROWS_H

#include "postgres.h"

#include "base/statement.h"

/* The values of one column, row by row. */
typedef struct Column
{
	Oid type; /* of an element */
	int n;
	int size;
	Datum *values;
	bool *nulls;
} Column;

/* A column of room for size values, in the current memory context. */
extern void column_init(Column *column, Oid type, int size);
extern void column_add(Column *column, Datum value);
extern void column_add_null(Column *column);
extern void column_add_text(Column *column, const char *text); /* NULL for null */

/* The column as a one-dimensional array. */
extern Datum column_array(const Column *column);

/*
 * Up to so many rows are written as VALUES, which costs half of what arrays
 * cost; for more than those there is one statement over arrays.
 */
#define ROWS_FEW 8

/* Columns of a RowWriter, besides tenant_id, at most. */
#define ROWS_MAX_COLUMNS 12

/* INSERT INTO table (tenant_id, columns) … tail, for any number of rows. */
typedef struct RowWriter
{
	const char *table;
	const char *columns; /* without tenant_id */
	const char *types;	 /* of the columns, separated by a space; arrays too */
	const char *tail;	 /* ON CONFLICT …, RETURNING … */

	/* Of the types, looked up when first needed and after an ALTER EXTENSION. */
	uint64 generation;
	int ncolumns;
	Oid type_ids[ROWS_MAX_COLUMNS];

	/* Statements, written when first needed: by number of rows, and over arrays. */
	Statement few[ROWS_FEW + 1];
	Statement many;
} RowWriter;

#define ROW_WRITER(table, columns, types, tail)                                                    \
	{                                                                                              \
		table, columns, types, tail, 0, 0, {0}, {{0}},                                             \
		{                                                                                          \
			0                                                                                      \
		}                                                                                          \
	}

/*
 * The writer's columns, in their order, each with room for so many rows; in the
 * current memory context.
 */
extern Column *rows_begin(RowWriter *writer, int nrows);

/*
 * Writes the rows that the columns hold, all of the same length; returns the
 * number of rows written, or returned where tail says so.  The caller is in
 * SPI.
 */
extern uint64 rows_write(RowWriter *writer, const char *tenant_id, const Column *columns);

#endif
