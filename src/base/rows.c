/*
 * rows.c
 *		Writing one or many rows of one tenant with one statement.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/extension.h"
#include "base/rows.h"

StaticAssertDecl(ROWS_FEW *ROWS_MAX_COLUMNS + 1 <= STATEMENT_MAX_PARAMETERS,
				 "the rows of a statement, and the tenant, must fit into its parameters");

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

/*
 * If the array's elements are arrays themselves, they are passed as text,
 * because unnest() would expand an array of arrays down to their elements.
 *
 * The text is read again under the session's settings, and some DateStyles
 * write dates that they read as other dates, or not at all.  ISO is read under
 * all.
 */
static Datum
column_texts(const Column *column)
{
	Column texts;
	Oid output;
	bool varlena;
	int settings = NewGUCNestLevel();

	if (DateStyle != USE_ISO_DATES)
		(void) set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
	if (extra_float_digits < 1)
		(void) set_config_option("extra_float_digits", "1", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	getTypeOutputInfo(column->type, &output, &varlena);
	column_init(&texts, TEXTOID, column->n);
	for (int i = 0; i < column->n; i++)
	{
		if (column->nulls[i])
			column_add_null(&texts);
		else
			column_add_text(&texts, OidOutputFunctionCall(output, column->values[i]));
	}
	AtEOXact_GUC(true, settings);
	return column_array(&texts);
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

/* Looks up the types, unless that has been done for the present extension. */
static void
know_types(RowWriter *writer)
{
	uint64 generation = extension_objects()->generation;

	if (writer->generation == generation)
		return;
	writer->ncolumns = statement_types(writer->types, writer->type_ids, ROWS_MAX_COLUMNS);
	writer->generation = generation;
}

Column *
rows_begin(RowWriter *writer, int nrows)
{
	Column *columns;

	know_types(writer);
	columns = palloc(writer->ncolumns * sizeof(Column));
	for (int c = 0; c < writer->ncolumns; c++)
		column_init(&columns[c], writer->type_ids[c], nrows);
	return columns;
}

static void
write_values(RowWriter *writer, int nrows, StringInfo sql, StringInfo types)
{
	int width = writer->ncolumns;

	appendStringInfoString(sql, "VALUES ");
	for (int row = 0; row < nrows; row++)
	{
		appendStringInfo(sql, "%s(%s", row == 0 ? "" : ", ", writer->set == NULL ? "$1, " : "");
		for (int c = 0; c < width; c++)
			appendStringInfo(sql, "%s$%d", c == 0 ? "" : ", ", 2 + row * width + c);
		appendStringInfoChar(sql, ')');
		appendStringInfo(types, " %s", writer->types);
	}
}

/*
 * In the list of SELECT the arrays are expanded row by row.  In FROM, each would be
 * expanded into a table of its own first.
 */
static void
write_arrays(RowWriter *writer, StringInfo sql, StringInfo types)
{
	char *list = pstrdup(writer->types);
	char *save = NULL;
	int c = 0;

	appendStringInfoString(sql, writer->set == NULL ? "SELECT $1, " : "SELECT ");
	for (char *type = strtok_r(list, " ", &save); type; type = strtok_r(NULL, " ", &save))
	{
		bool is_array = strchr(type, '[') != NULL;

		appendStringInfo(sql, "%sunnest($%d)", c == 0 ? "" : ", ", 2 + c);
		if (is_array)
			appendStringInfo(sql, "::%s", type);
		appendStringInfo(types, " %s[]", is_array ? "text" : type);
		c++;
	}
	pfree(list);
}

/* Builds the statement for a number of rows, 0 for any number. */
static void
write_statement(RowWriter *writer, Statement *statement, int nrows)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	StringInfoData sql;
	StringInfoData types;

	initStringInfo(&sql);
	initStringInfo(&types);
	if (writer->set == NULL)
		appendStringInfo(&sql, "INSERT INTO %s (tenant_id, %s) ", writer->table, writer->columns);
	else
		appendStringInfo(&sql, "UPDATE %s SET %s FROM (", writer->table, writer->set);
	appendStringInfoString(&types, "text");
	if (nrows > 0)
		write_values(writer, nrows, &sql, &types);
	else
		write_arrays(writer, &sql, &types);
	if (writer->set == NULL)
		appendStringInfo(&sql, " %s", writer->tail);
	else
		appendStringInfo(&sql, ") AS new (%s) WHERE tenant_id = $1 AND %s", writer->columns,
						 writer->tail);
	statement->parameters = types.data;
	statement->sql = sql.data;
	statement->by_ctid = writer->set != NULL;
	MemoryContextSwitchTo(old);
}

uint64
rows_write(RowWriter *writer, const char *tenant_id, const Column *columns)
{
	int width;
	int nrows = columns[0].n;
	bool few = nrows <= ROWS_FEW;
	Statement *statement = few ? &writer->few[nrows] : &writer->many;
	int nvalues;
	Datum *values;
	char *nulls;
	int n = 0;

	if (nrows == 0)
		return 0;
	know_types(writer);
	width = writer->ncolumns;
	nvalues = 1 + width * (few ? nrows : 1);
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
			values[n++] = OidIsValid(get_element_type(columns[c].type)) ? column_texts(&columns[c])
																		: column_array(&columns[c]);
		}
	}
	return statement_execute(statement, values, nulls, SNAPSHOT_NEW);
}
