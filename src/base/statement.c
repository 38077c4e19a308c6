/*
 * statement.c
 *		Prepared SQL statements.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/plancache.h"

#include "base/compat.h"
#include "base/extension.h"
#include "base/statement.h"

StatementRouter statement_router = NULL;
StatementRouter statement_partitioner = NULL;

/*
 * A new library may meet the objects of an older script whose update has not
 * been run.  An object that it does not find is then not the caller's fault.
 */
void
hint_at_update(void *arg)
{
	switch (geterrcode())
	{
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_OBJECT:
			if (statement_router == NULL)
				errhint("Run ALTER EXTENSION " EXTENSION_NAME " UPDATE.");
			else
				errhint("Run ALTER EXTENSION " EXTENSION_NAME
						" UPDATE, and where the tables are distributed call distribute().");
			break;
		default:
			break;
	}
}

/*
 * Returns one of the server's types by its name, InvalidOid for other types.
 * Having names parsed is a thirtieth of a connection's first call.
 */
static Oid
usual_type(const char *name)
{
	static const struct
	{
		const char *name;
		Oid type;
	} types[] = {{"text", TEXTOID},
				 {"timestamptz", TIMESTAMPTZOID},
				 {"uuid", UUIDOID},
				 {"int4", INT4OID},
				 {"int8", INT8OID},
				 {"float8", FLOAT8OID},
				 {"bool", BOOLOID},
				 {"jsonb", JSONBOID},
				 {"date", DATEOID},
				 {"text[]", TEXTARRAYOID},
				 {"timestamptz[]", TIMESTAMPTZARRAYOID},
				 {"uuid[]", UUIDARRAYOID},
				 {"int4[]", INT4ARRAYOID},
				 {"int8[]", INT8ARRAYOID},
				 {"float8[]", FLOAT8ARRAYOID},
				 {"jsonb[]", JSONBARRAYOID},
				 {"date[]", DATEARRAYOID}};

	for (size_t i = 0; i < lengthof(types); i++)
	{
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	}
	return InvalidOid;
}

int
statement_types(const char *list, Oid *types, int max)
{
	char *copy = pstrdup(list);
	char *save = NULL;
	int n = 0;
	ErrorContextCallback hint = {.previous = error_context_stack, .callback = hint_at_update};

	error_context_stack = &hint;

	for (char *name = strtok_r(copy, " ", &save); name; name = strtok_r(NULL, " ", &save))
	{
		int32 typmod;

		if (n == max)
			elog(ERROR, "more than %d types in \"%s\"", max, list);
		types[n] = usual_type(name);
		if (!OidIsValid(types[n]))
			parse_type_string(name, &types[n], &typmod);
		n++;
	}
	error_context_stack = hint.previous;
	pfree(copy);
	return n;
}

static void
prepare(Statement *statement, uint64 generation)
{
	Oid types[STATEMENT_MAX_PARAMETERS];
	int ntypes = statement_types(statement->parameters, types, STATEMENT_MAX_PARAMETERS);
	ErrorContextCallback hint = {.previous = error_context_stack, .callback = hint_at_update};
	SPIPlanPtr plan;

	error_context_stack = &hint;

	plan = SPI_prepare_cursor(statement->sql, ntypes, types,
							  statement->is_over_leaf ? CURSOR_OPT_GENERIC_PLAN
													  : CURSOR_OPT_CUSTOM_PLAN);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", statement->sql,
			 SPI_result_code_string(SPI_result));

	error_context_stack = hint.previous;

	/* The old plan belongs to an extension that has been dropped. */
	if (statement->plan != NULL)
		SPI_freeplan(statement->plan);
	statement->plan = NULL;
	SPI_keepplan(plan);
	statement->plan = plan;
	statement->generation = generation;
	statement->executions = 0;
}

/*
 * Making a generic plan over a partitioned table opens all partitions, which
 * would be most of the time of a connection's first call; a custom plan opens
 * the tenant's partition only.  So the first executions have custom plans, and a
 * statement that is executed repeatedly gets a generic one.  One over a
 * partition has a generic plan from the start.
 */
#define CUSTOM_EXECUTIONS 4

static void
choose_plan(Statement *statement)
{
	ListCell *cell;

	if (statement->is_over_leaf || statement->executions > CUSTOM_EXECUTIONS ||
		++statement->executions <= CUSTOM_EXECUTIONS)
		return;
	foreach (cell, SPI_plan_get_plan_sources(statement->plan))
	{
		CachedPlanSource *source = lfirst(cell);

		source->cursor_options &= ~CURSOR_OPT_CUSTOM_PLAN;
		source->cursor_options |= CURSOR_OPT_GENERIC_PLAN;
	}
}

void
statement_plan_anew(Statement *statement)
{
	/* A plan that is kept cannot be unlearned. */
	if (statement->executions > CUSTOM_EXECUTIONS)
		statement->generation = 0;
	statement->executions = 0;
}

/* Returns the statement to execute in place of one, prepared. */
static Statement *
prepared(Statement *statement, const Datum *values, const char *nulls)
{
	uint64 generation = extension_objects()->generation;

	if (statement_router != NULL)
		statement = statement_router(statement, values, nulls);
	else if (statement_partitioner != NULL)
		statement = statement_partitioner(statement, values, nulls);
	if (statement->generation != generation)
		prepare(statement, generation);
	return statement;
}

uint64
statement_execute_limited(Statement *statement, Datum *values, const char *nulls, ReadAs as,
						  long most)
{
	int result;

	statement = prepared(statement, values, nulls);
	choose_plan(statement);
	result = SPI_execute_plan(statement->plan, values, nulls, as == SNAPSHOT_CALLER, most);
	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", statement->sql, SPI_result_code_string(result));
	return SPI_processed;
}

uint64
statement_execute(Statement *statement, Datum *values, const char *nulls, ReadAs as)
{
	return statement_execute_limited(statement, values, nulls, as, 0); /* all rows */
}

Portal
statement_cursor(Statement *statement, Datum *values, const char *nulls, ReadAs as)
{
	statement = prepared(statement, values, nulls);
	return SPI_cursor_open(NULL, statement->plan, values, nulls, as == SNAPSHOT_CALLER);
}

Datum
result_value(uint64 row, int column, bool *isnull)
{
	bool null;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &null);

	Assert(isnull != NULL || !null);
	if (isnull != NULL)
		*isnull = null;
	return value;
}

char *
result_text(uint64 row, int column)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

Jsonb *
result_jsonb(uint64 row, int column)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	return isnull ? NULL : DatumGetJsonbP(value);
}
