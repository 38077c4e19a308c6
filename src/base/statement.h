/*
 * statement.h
 *		Prepared SQL statements.
 *
 *		A statement is prepared once per backend, with a generic plan: planning
 *		at each call would cost more than the statements themselves.  A
 *		statement of one tenant is executed over the tenant's partitions where
 *		that is the same (base/leaf.h).  The caller has connected to SPI.
 */
#ifndef PERSONALIZATION_BASE_STATEMENT_H
#define PERSONALIZATION_BASE_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/jsonb.h"

/* Maximum number of parameters of a statement; a RowWriter needs the most. */
#define STATEMENT_MAX_PARAMETERS 100

typedef struct Statement
{
	const char *sql;
	const char *parameters; /* their types, separated by a space */

	/* It may be executed by Citus where the tenant is on another node: nothing serializes it. */
	bool anywhere;

	/* It joins rows to be changed by their ctid: see base/leaf.h. */
	bool by_ctid;

	/* Private to statement.c and leaf.c. */
	uint64 generation;
	SPIPlanPtr plan;
	int executions;	   /* number of executions of this plan, until it is a generic one */
	bool is_over_leaf; /* it names partitions: see base/leaf.h */
	struct LeafStatements *leaves; /* those over the partitions in place of this one */
	struct Statement *of_many;	   /* private to read_ahead.c: the one for many users */
} Statement;

#define STATEMENT(sql, parameters)                                                                 \
	{                                                                                              \
		sql, parameters, false, false, 0, NULL, 0, false, NULL, NULL                               \
	}

/* One that may be executed anywhere. */
#define STATEMENT_ANYWHERE(sql, parameters)                                                        \
	{                                                                                              \
		sql, parameters, true, false, 0, NULL, 0, false, NULL, NULL                                \
	}

/*
 * SQL: a stored count of type bigint, to which an application's role may have given any
 * value, as one to which as much can be added without an error.
 */
#define ADDABLE(count) "least(" count ", 4611686018427387903)"

/*
 * An index by time, over all users of a tenant, has a condition that is always true, and
 * statements that need it repeat the condition.  Others cannot use the index.  While a
 * table is small, the planner considers every index as good as the right one, and a plan
 * that is made then stays when the table has grown: reading one user's rows would read
 * those of the whole tenant.
 */
#define BY_TIME "interaction_id >= '00000000-0000-0000-0000-000000000000'"
#define BY_DAY_OF_ALL "octet_length(user_id) >= 0"

/* The snapshot that a statement reads. */
typedef enum ReadAs
{
	SNAPSHOT_CALLER, /* that of the calling query; the statement may not write */
	SNAPSHOT_NEW	 /* a new one, which sees what this call and others have written since */
} ReadAs;

/*
 * The statement to execute, at once, in place of one with these parameters: where tables
 * are distributed over nodes, over this node's part of them (cluster/route.h), NULL where
 * Citus is not loaded; elsewhere over the tenant's partitions (base/leaf.h).
 */
typedef Statement *(*StatementRouter)(Statement *statement, const Datum *values, const char *nulls);
extern StatementRouter statement_router;
extern StatementRouter statement_partitioner;

/*
 * Executes the statement.  nulls is as for SPI, or NULL.  Rows are in
 * SPI_tuptable; the result is the number of rows.
 */
extern uint64 statement_execute(Statement *statement, Datum *values, const char *nulls, ReadAs as);

/*
 * Looks up the types in a list like parameters, and returns their number.
 * Raises an error if there are more than max, or if the schema of an older
 * script lacks one.
 */
extern int statement_types(const char *list, Oid *types, int max);

/* The same for at most so many rows. */
extern uint64 statement_execute_limited(Statement *statement, Datum *values, const char *nulls,
										ReadAs as, long most);

/* The same for a query whose rows are fetched in parts, with SPI_cursor_fetch() and SPI_cursor_close(). */
extern Portal statement_cursor(Statement *statement, Datum *values, const char *nulls, ReadAs as);

/* Has the next execution of a statement planned for its values, however often it has been executed. */
extern void statement_plan_anew(Statement *statement);

/* An error context callback for other statements; its hint is to update an older script. */
extern void hint_at_update(void *arg);

/*
 * Columns are numbered from 1, and named by an enum next to the statement, in
 * the order of its SELECT list.  This is the name of a single column.
 */
#define ONLY_COLUMN 1

/* Returns a column of a row of the last result. isnull may be NULL if the column is not null. */
extern Datum result_value(uint64 row, int column, bool *isnull);

/* Returns a text column, in the current memory context, or NULL for null. */
extern char *result_text(uint64 row, int column);

/* Returns a jsonb column, or NULL for null; it may point into the result. */
extern Jsonb *result_jsonb(uint64 row, int column);

#endif
