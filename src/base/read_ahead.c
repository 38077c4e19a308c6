/*
 * read_ahead.c
 *		Reading the rows of many users of a tenant with one statement.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/memutils.h"

#include "base/read_ahead.h"
#include "base/rows.h"
#include "base/statement.h"

/* Maximum number of statements that are executed about each user. */
#define MAX_STATEMENTS 8

#define PARAMETERS_OF_ONE "text text"
#define PARAMETERS_OF_MANY "text text[]"

/* The rows of all users that one statement returned, user after user. */
typedef struct KeptRows
{
	const Statement *statement;
	SPITupleTable *table;
	HeapTuple *rows;
	int *ends; /* by user: index of the row after the last */
} KeptRows;

struct ReadAhead
{
	MemoryContext context; /* of the caller of read_ahead_begin() */
	int nusers;
	int user;
	Datum user_ids;
	Size left; /* bytes that rows may still take */
	KeptRows kept[MAX_STATEMENTS];
	int nkept;
	SPITupleTable view; /* what SPI_tuptable points to: the rows of one user */
};

ReadAhead *
read_ahead_begin(const char *const *user_ids, int n, Size most)
{
	ReadAhead *ahead = palloc0(sizeof(ReadAhead));
	Column column;

	column_init(&column, TEXTOID, n);
	for (int i = 0; i < n; i++)
		column_add_text(&column, user_ids[i]);
	ahead->context = CurrentMemoryContext;
	ahead->nusers = n;
	ahead->user_ids = column_array(&column);
	ahead->left = most;
	return ahead;
}

void
read_ahead_turn_to(ReadAhead *ahead, int user)
{
	Assert(user >= 0 && user < ahead->nusers);
	ahead->user = user;
}

/*
 * Makes of the statement for one user the one for many.  It is the same for each of them, and
 * so are its order and its plan: OFFSET 0 keeps it apart from what stands around it.
 */
static Statement *
statement_of_many(Statement *statement)
{
	MemoryContext old;
	StringInfoData sql;
	Statement *many;

	if (statement->of_many != NULL)
		return statement->of_many;
	Assert(strncmp(statement->parameters, PARAMETERS_OF_ONE, strlen(PARAMETERS_OF_ONE)) == 0);
	old = MemoryContextSwitchTo(TopMemoryContext);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT rows_of.*, reader.nth"
								 " FROM unnest($2) WITH ORDINALITY AS reader (id, nth),"
								 " LATERAL (");
	for (const char *at = statement->sql; *at != '\0'; at++)
	{
		if (at[0] == '$' && at[1] == '2' && !isdigit((unsigned char) at[2]))
		{
			appendStringInfoString(&sql, "reader.id");
			at++;
		}
		else
			appendStringInfoChar(&sql, *at);
	}
	appendStringInfoString(&sql, " OFFSET 0) AS rows_of");
	many = palloc0(sizeof(Statement));
	many->sql = sql.data;
	many->parameters =
		psprintf(PARAMETERS_OF_MANY "%s", statement->parameters + strlen(PARAMETERS_OF_ONE));
	many->anywhere = statement->anywhere;
	MemoryContextSwitchTo(old);
	statement->of_many = many;
	return many;
}

/* Arranges the last result user after user; the order of each user's rows stays. */
static void
keep_rows(ReadAhead *ahead, KeptRows *kept, uint64 nrows)
{
	int nth_column = SPI_tuptable->tupdesc->natts;
	int *users = palloc(Max(nrows, 1) * sizeof(int));
	int *next = palloc0(ahead->nusers * sizeof(int));
	int before = 0;

	for (uint64 row = 0; row < nrows; row++)
	{
		Size size = HEAPTUPLESIZE + SPI_tuptable->vals[row]->t_len;

		if (size > ahead->left)
			elog(ERROR, "too much to read for several users at once");
		ahead->left -= size;
		users[row] = (int) DatumGetInt64(result_value(row, nth_column, NULL)) - 1;
		next[users[row]]++;
	}
	for (int user = 0; user < ahead->nusers; user++)
	{
		int n = next[user];

		next[user] = before;
		before += n;
	}
	kept->table = SPI_tuptable;
	kept->rows = palloc(Max(nrows, 1) * sizeof(HeapTuple));
	for (uint64 row = 0; row < nrows; row++)
		kept->rows[next[users[row]]++] = SPI_tuptable->vals[row];
	kept->ends = next;
	pfree(users);
}

/* Returns the rows of all users, which it reads when it is asked for the first time. */
static const KeptRows *
kept_rows(ReadAhead *ahead, Statement *statement, const Datum *values)
{
	Datum for_all[STATEMENT_MAX_PARAMETERS];
	MemoryContext old;
	KeptRows *kept;
	uint64 nrows;
	int nvalues = 1;

	for (int i = 0; i < ahead->nkept; i++)
	{
		if (ahead->kept[i].statement == statement)
			return &ahead->kept[i];
	}
	if (ahead->nkept == MAX_STATEMENTS)
		elog(ERROR, "more than %d statements about a user", MAX_STATEMENTS);
	for (const char *at = statement->parameters; *at != '\0'; at++)
		nvalues += *at == ' ';
	memcpy(for_all, values, nvalues * sizeof(Datum));
	for_all[1] = ahead->user_ids;

	/* SPI changes the memory context. */
	old = CurrentMemoryContext;
	nrows = statement_execute_limited(statement_of_many(statement), for_all, NULL, SNAPSHOT_CALLER,
									  READ_AHEAD_ROWS + 1);
	if (nrows > READ_AHEAD_ROWS)
		elog(ERROR, "too many rows to read for several users at once");
	MemoryContextSwitchTo(ahead->context);
	kept = &ahead->kept[ahead->nkept];
	keep_rows(ahead, kept, nrows);
	kept->statement = statement;
	ahead->nkept++;
	MemoryContextSwitchTo(old);
	return kept;
}

uint64
read_ahead_execute(ReadAhead *ahead, Statement *statement, Datum *values)
{
	const KeptRows *kept;
	int first;

	if (ahead == NULL)
		return statement_execute(statement, values, NULL, SNAPSHOT_CALLER);
	kept = kept_rows(ahead, statement, values);
	first = ahead->user == 0 ? 0 : kept->ends[ahead->user - 1];
	ahead->view.tupdesc = kept->table->tupdesc;
	ahead->view.vals = kept->rows + first;
	ahead->view.numvals = kept->ends[ahead->user] - first;
	SPI_tuptable = &ahead->view;
	SPI_processed = ahead->view.numvals;
	return SPI_processed;
}
