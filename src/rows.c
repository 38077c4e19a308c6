/*
 * rows.c
 *		Writing rows of one tenant, a few or thousands, in one statement.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "rows.h"

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

/* How many types, or columns, a list names. */
static int
count_names(const char *list)
{
	int n = 1;

	for (const char *c = list; *c != '\0'; c++)
		n += *c == ' ';
	return n;
}

static void
write_values(RowWriter *writer, int nrows, StringInfo sql, StringInfo types)
{
	int width = count_names(writer->types);

	appendStringInfoString(sql, "VALUES ");
	for (int row = 0; row < nrows; row++)
	{
		appendStringInfoString(sql, row == 0 ? "($1" : ", ($1");
		for (int c = 0; c < width; c++)
			appendStringInfo(sql, ", $%d", 2 + row * width + c);
		appendStringInfoChar(sql, ')');
		appendStringInfo(types, " %s", writer->types);
	}
}

static void
write_arrays(RowWriter *writer, StringInfo sql, StringInfo types)
{
	int width = count_names(writer->types);

	appendStringInfoString(sql, "SELECT $1, a.* FROM unnest(");
	for (int c = 0; c < width; c++)
		appendStringInfo(sql, "%s$%d", c == 0 ? "" : ", ", 2 + c);
	appendStringInfoString(sql, ") a");
	appendStringInfoChar(types, ' ');
	for (const char *t = writer->types; *t != '\0'; t++)
	{
		if (*t == ' ')
			appendStringInfoString(types, "[]");
		appendStringInfoChar(types, *t);
	}
	appendStringInfoString(types, "[]");
}

/* Writes the statement for so many rows, 0 for any number. */
static void
write_statement(RowWriter *writer, Statement *statement, int nrows)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	StringInfoData sql;
	StringInfoData types;

	initStringInfo(&sql);
	initStringInfo(&types);
	appendStringInfo(&sql, "INSERT INTO %s (tenant_id, %s) ", writer->table, writer->columns);
	appendStringInfoString(&types, "text");
	if (nrows > 0)
		write_values(writer, nrows, &sql, &types);
	else
		write_arrays(writer, &sql, &types);
	appendStringInfo(&sql, " %s", writer->tail);
	statement->parameters = types.data;
	statement->sql = sql.data;
	MemoryContextSwitchTo(old);
}

uint64
rows_write(RowWriter *writer, const char *tenant_id, const Column *columns)
{
	int width = count_names(writer->types);
	int nrows = columns[0].n;
	bool few = nrows <= ROWS_FEW;
	Statement *statement = few ? &writer->few[nrows] : &writer->many;
	int nvalues = 1 + width * (few ? nrows : 1);
	Datum *values;
	char *nulls;
	int n = 0;

	if (nrows == 0)
		return 0;
	if (statement->sql == NULL)
		write_statement(writer, statement, few ? nrows : 0);
	values = palloc(nvalues * sizeof(Datum));
	nulls = palloc(nvalues);
	nulls[n] = ' ';
	values[n++] = CStringGetTextDatum(tenant_id);
	if (few)
	{
		for (int row = 0; row < nrows; row++)
		{
			for (int c = 0; c < width; c++)
			{
				nulls[n] = columns[c].nulls[row] ? 'n' : ' ';
				values[n++] = columns[c].values[row];
			}
		}
	}
	else
	{
		for (int c = 0; c < width; c++)
		{
			nulls[n] = ' ';
			values[n++] = column_array(&columns[c]);
		}
	}
	return statement_run(statement, values, nulls);
}
