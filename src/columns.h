/*
 * columns.h
 *		Arrays as parameters of statements that write many rows at once.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "postgres.h"

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

#endif
