/*
 * columns.c
 *		Arrays as parameters of statements that write many rows at once.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "columns.h"

void
column_init(Column *column, Oid type, int size)
{
	column->type = type;
	column->n = 0;
	column->size = size;
	column->values = palloc(size * sizeof(Datum));
	column->nulls = palloc(size * sizeof(bool));
}

void
column_add(Column *column, Datum value)
{
	Assert(column->n < column->size);
	column->nulls[column->n] = false;
	column->values[column->n++] = value;
}

void
column_add_null(Column *column)
{
	Assert(column->n < column->size);
	column->nulls[column->n] = true;
	column->values[column->n++] = (Datum) 0;
}

void
column_add_text(Column *column, const char *text)
{
	if (text == NULL)
		column_add_null(column);
	else
		column_add(column, CStringGetTextDatum(text));
}

Datum
column_array(const Column *column)
{
	int16 length;
	bool by_value;
	char align;
	int dims[1] = {column->n};
	int lower[1] = {1};

	get_typlenbyvalalign(column->type, &length, &by_value, &align);
	return PointerGetDatum(construct_md_array(column->values, column->nulls, 1, dims, lower,
											  column->type, length, by_value, align));
}
