/*
 * sql_read.c
 *		What a SQL statement reads: tables, aggregates, filters, grouping.
 *
 * The raw parse tree says all of it; nothing is looked up in the catalogue, as
 * the tables may be elsewhere.  The rules are those of core/sql_scan.c, which
 * reads what PostgreSQL's parser refuses:
 *
 * - a table is named as written, without those that WITH defines;
 * - an aggregate is a function known as one, or called in a way that only
 *   aggregates can be;
 * - a filter is a column compared with something without a column, in WHERE
 *   or ON; a column inside an expression counts if it is the only one there;
 * - a grouping column is a column, or the only one of an expression, or what
 *   a position in the select list stands for.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/memutils.h"

#include "core/statistics.h"
#include "queries/sql_read.h"

/* SQL longer than this, in bytes, is only scanned. */
#define MAX_PARSED (64 * 1024)

/* Operator characters in a row, such as a line of dashes in a comment. */
#define MAX_OPERATOR_RUN 256

/* Of one list so many are taken; nobody's preferences hang on the rest. */
#define MAX_FOUND 1000

typedef struct Reader
{
	SqlLists *lists;
	MemoryContext context; /* of the lists, which outlive the parse tree */
	List *ctes;			   /* names that WITH defines, visible here */
} Reader;

static bool walk(Node *node, void *context);

static void
found(Reader *reader, SqlList list, const char *item, size_t len)
{
	MemoryContext old;
	ListCell *cell;

	if (list_length(reader->lists->items[list]) >= MAX_FOUND)
		return;
	foreach (cell, reader->lists->items[list])
	{
		const char *known = lfirst(cell);

		if (strlen(known) == len && memcmp(known, item, len) == 0)
			return;
	}
	old = MemoryContextSwitchTo(reader->context);
	reader->lists->items[list] = lappend(reader->lists->items[list], pnstrdup(item, len));
	MemoryContextSwitchTo(old);
}

static void
found_text(Reader *reader, SqlList list, const char *item)
{
	found(reader, list, item, strlen(item));
}

/* sql_scan() reports to the same lists. */
static void
scan_found(SqlList list, const char *item, size_t len, void *arg)
{
	found(arg, list, item, len);
}

static void
read_table(const RangeVar *table, Reader *reader)
{
	ListCell *cell;

	if (table->schemaname == NULL)
	{
		foreach (cell, reader->ctes)
		{
			if (strcmp(lfirst(cell), table->relname) == 0)
				return;
		}
	}
	found_text(reader, SQL_TABLES,
			   psprintf("%s%s%s%s%s", table->catalogname ? table->catalogname : "",
						table->catalogname ? "." : "", table->schemaname ? table->schemaname : "",
						table->schemaname ? "." : "", table->relname));
}

/* The mentions of columns in an expression, sub-selects left out. */
typedef struct Columns
{
	const char *name; /* of the last */
	int n;
} Columns;

static bool
find_columns(Node *node, void *context)
{
	Columns *columns = context;

	if (node == NULL || IsA(node, SelectStmt))
		return false;
	if (IsA(node, ColumnRef))
	{
		Node *last = llast(((ColumnRef *) node)->fields);

		if (IsA(last, String))
		{
			columns->name = strVal(last);
			columns->n++;
		}
		return false;
	}
	return raw_expression_tree_walker(node, find_columns, columns);
}

static Columns
columns_of(Node *node)
{
	Columns columns = {NULL, 0};

	(void) find_columns(node, &columns);
	return columns;
}

static void
filter(Reader *reader, const char *column, const char *operator)
{
	found_text(reader, SQL_FILTERS, psprintf("%s %s", column, operator));
}

/* A test of one expression. */
static void
test_filter(Reader *reader, Node *expression, const char *operator)
{
	Columns columns = columns_of(expression);

	if (columns.n == 1)
		filter(reader, columns.name, operator);
}

/* The operator as people write it: the parser has put others in place of some. */
static const char *
operator_name(List *name)
{
	static const char *const names[][2] = {
		{"~~", "like"}, {"!~~", "not like"}, {"~~*", "ilike"}, {"!~~*", "not ilike"}};
	const char *operator= strVal(llast(name));

	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (strcmp(operator, names[i][0]) == 0)
			return names[i][1];
	}
	return operator;
}

/* The operator with its sides exchanged; NULL where that means nothing. */
static const char *
commuted(const char *operator)
{
	static const char *const pairs[][2] = {{"=", "="}, {"<>", "<>"}, {"<", ">"},
										   {">", "<"}, {"<=", ">="}, {">=", "<="}};

	for (size_t i = 0; i < lengthof(pairs); i++)
	{
		if (strcmp(operator, pairs[i][0]) == 0)
			return pairs[i][1];
	}
	return NULL;
}

static void
comparison_filter(Reader *reader, const A_Expr *comparison)
{
	const char *operator= operator_name(comparison->name);
	const char *raw = strVal(llast(comparison->name));
	bool negated = raw[0] == '!' || strcmp(raw, "<>") == 0;
	Columns left = columns_of(comparison->lexpr);
	Columns right = columns_of(comparison->rexpr);

	switch (comparison->kind)
	{
		case AEXPR_OP:
			if (!sql_operator_compares(raw, strlen(raw)))
				return;
			break;
		case AEXPR_OP_ANY:
			operator= psprintf("%s any", operator);
			break;
		case AEXPR_OP_ALL:
			operator= psprintf("%s all", operator);
			break;
		case AEXPR_DISTINCT:
			operator= "is distinct from";
			break;
		case AEXPR_NOT_DISTINCT:
			operator= "is not distinct from";
			break;
		case AEXPR_IN:
			operator= negated ? "not in" : "in";
			break;
		case AEXPR_LIKE:
		case AEXPR_ILIKE:
			break;
		case AEXPR_SIMILAR:
			operator= negated ? "not similar to" : "similar to";
			break;
		case AEXPR_BETWEEN:
		case AEXPR_BETWEEN_SYM:
			operator= "between";
			break;
		case AEXPR_NOT_BETWEEN:
		case AEXPR_NOT_BETWEEN_SYM:
			operator= "not between";
			break;
		default:
			return;
	}
	if (left.n == 1 && right.n == 0)
		filter(reader, left.name, operator);
	else if (left.n == 0 && right.n == 1 && comparison->kind == AEXPR_OP &&
			 commuted(operator) != NULL)
		filter(reader, right.name, commuted(operator));
}

/* The filters of a condition; the sub-selects in it are the walker's. */
static void
read_condition(Node *node, Reader *reader, bool negated)
{
	static const char *const boolean_tests[] = {"is true",		"is not true", "is false",
												"is not false", "is unknown",  "is not unknown"};

	check_stack_depth();
	if (node == NULL)
		return;
	switch (nodeTag(node))
	{
		case T_BoolExpr:
		{
			BoolExpr *expression = (BoolExpr *) node;
			ListCell *cell;

			foreach (cell, expression->args)
				read_condition(lfirst(cell), reader, expression->boolop == NOT_EXPR);
			break;
		}
		case T_A_Expr:
			comparison_filter(reader, (A_Expr *) node);
			break;
		case T_NullTest:
			test_filter(reader, (Node *) ((NullTest *) node)->arg,
						((NullTest *) node)->nulltesttype == IS_NULL ? "is null" : "is not null");
			break;
		case T_BooleanTest:
			test_filter(reader, (Node *) ((BooleanTest *) node)->arg,
						boolean_tests[((BooleanTest *) node)->booltesttype]);
			break;
		case T_SubLink:
		{
			SubLink *link = (SubLink *) node;

			if (link->subLinkType == ANY_SUBLINK && link->operName == NIL)
				test_filter(reader, link->testexpr, negated ? "not in" : "in");
			else if (link->subLinkType == ANY_SUBLINK || link->subLinkType == ALL_SUBLINK)
				test_filter(reader, link->testexpr,
							psprintf("%s %s", operator_name(link->operName),
									 link->subLinkType == ANY_SUBLINK ? "any" : "all"));
			break;
		}
		default:
			break;
	}
}

static void
read_grouping(List *clause, List *targets, Reader *reader)
{
	ListCell *cell;

	check_stack_depth();
	foreach (cell, clause)
	{
		Node *node = lfirst(cell);
		Node *expression = node;
		Columns columns;

		if (IsA(node, GroupingSet))
		{
			read_grouping(((GroupingSet *) node)->content, targets, reader);
			continue;
		}
		if (IsA(node, RowExpr))
		{
			read_grouping(((RowExpr *) node)->args, targets, reader);
			continue;
		}
		if (IsA(node, A_Const) && IsA(&((A_Const *) node)->val, Integer))
		{
			int position = intVal(&((A_Const *) node)->val);
			ResTarget *target;

			if (position < 1 || position > list_length(targets))
				continue;
			target = list_nth_node(ResTarget, targets, position - 1);
			if (target->name != NULL)
			{
				found_text(reader, SQL_GROUP_BY, target->name);
				continue;
			}
			expression = target->val;
		}
		columns = columns_of(expression);
		if (columns.n == 1)
			found_text(reader, SQL_GROUP_BY, columns.name);
	}
}

/*
 * A WITH clause defines names for what follows, and for its own queries only
 * those before each, unless it is recursive.
 */
static void
read_with(WithClause *with, Reader *reader)
{
	ListCell *cell;

	if (with == NULL)
		return;
	if (with->recursive)
	{
		foreach (cell, with->ctes)
			reader->ctes = lappend(reader->ctes, lfirst_node(CommonTableExpr, cell)->ctename);
	}
	foreach (cell, with->ctes)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, cell);

		(void) walk(cte->ctequery, reader);
		if (!with->recursive)
			reader->ctes = lappend(reader->ctes, cte->ctename);
	}
}

/* The place of a statement's WITH clause, NULL for one that cannot have it. */
static WithClause **
with_clause(Node *node)
{
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			return &((SelectStmt *) node)->withClause;
		case T_InsertStmt:
			return &((InsertStmt *) node)->withClause;
		case T_UpdateStmt:
			return &((UpdateStmt *) node)->withClause;
		case T_DeleteStmt:
			return &((DeleteStmt *) node)->withClause;
		case T_MergeStmt:
			return &((MergeStmt *) node)->withClause;
		default:
			return NULL;
	}
}

static bool
walk(Node *node, void *context)
{
	Reader *reader = context;
	WithClause **with;

	if (node == NULL)
		return false;
	check_stack_depth();

	with = with_clause(node);
	if (with != NULL && *with != NULL)
	{
		int outer = list_length(reader->ctes);
		WithClause *clause = *with;

		read_with(clause, reader);
		*with = NULL;
		(void) walk(node, reader);
		*with = clause;
		reader->ctes = list_truncate(reader->ctes, outer);
		return false;
	}

	switch (nodeTag(node))
	{
		case T_RawStmt:
			return walk(((RawStmt *) node)->stmt, reader);
		case T_ExplainStmt:
			return walk(((ExplainStmt *) node)->query, reader);
		case T_CreateTableAsStmt:
			read_table(((CreateTableAsStmt *) node)->into->rel, reader);
			return walk(((CreateTableAsStmt *) node)->query, reader);
		case T_ViewStmt:
			return walk(((ViewStmt *) node)->query, reader);
		case T_DeclareCursorStmt:
			return walk(((DeclareCursorStmt *) node)->query, reader);
		case T_RangeVar:
			read_table((RangeVar *) node, reader);
			return false;
		case T_FuncCall:
		{
			FuncCall *call = (FuncCall *) node;
			const char *name = strVal(llast(call->funcname));

			if (call->agg_star || call->agg_distinct || call->agg_within_group ||
				call->agg_filter != NULL || sql_is_aggregate(name, strlen(name)))
				found_text(reader, SQL_AGGREGATIONS, name);
			break;
		}
		case T_MergeStmt:
			read_condition(((MergeStmt *) node)->joinCondition, reader, false);
			break;
		case T_InferClause:
			read_condition(((InferClause *) node)->whereClause, reader, false);
			break;
		case T_OnConflictClause:
			read_condition(((OnConflictClause *) node)->whereClause, reader, false);
			break;
		case T_JoinExpr:
			read_condition(((JoinExpr *) node)->quals, reader, false);
			break;
		case T_SelectStmt:
			read_condition(((SelectStmt *) node)->whereClause, reader, false);
			read_grouping(((SelectStmt *) node)->groupClause, ((SelectStmt *) node)->targetList,
						  reader);
			break;
		case T_UpdateStmt:
			read_condition(((UpdateStmt *) node)->whereClause, reader, false);
			break;
		case T_DeleteStmt:
			read_condition(((DeleteStmt *) node)->whereClause, reader, false);
			break;
		default:
			break;
	}
	return raw_expression_tree_walker(node, walk, reader);
}

/*
 * What is not for PostgreSQL's parser: a name that it would cut short, saying
 * so to the client; and what would keep it busy, as its lexer goes back over a
 * run of operator characters once for each comment that begins in it.
 */
static bool
unfit_for_parser(const char *sql)
{
	size_t run = 0;
	size_t operators = 0;
	bool quoted = false;

	if (strlen(sql) > MAX_PARSED)
		return true;

	for (const char *c = sql; *c != '\0'; c++)
	{
		if (*c == '"')
			quoted = !quoted;
		if (quoted || *c == '_' || *c == '$' || IS_HIGHBIT_SET(*c) || (*c >= '0' && *c <= '9') ||
			((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'))
			run = *c == '"' ? 0 : run + 1;
		else
			run = 0;
		operators = strchr("+-*/<>=~!@#%^&|`?", *c) != NULL ? operators + 1 : 0;
		if (run >= NAMEDATALEN || operators > MAX_OPERATOR_RUN)
			return true;
	}
	return false;
}

/* Whether PostgreSQL's parser took the statement. */
static bool
parse(const char *sql, Reader *reader)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "SQL to be read", ALLOCSET_DEFAULT_SIZES);
	volatile bool parsed = false;
	bool saved_conforming = standard_conforming_strings;
	bool saved_warning = escape_string_warning;

	MemoryContextSwitchTo(context);

	/* What a text says must not hang on the session's settings, nor be warned of. */
	standard_conforming_strings = true;
	escape_string_warning = false;

	/*
	 * No subtransaction: the raw parser and the walk only allocate memory.
	 */
	PG_TRY();
	{
		ListCell *cell;
		List *statements = raw_parser(sql, RAW_PARSE_DEFAULT);

		foreach (cell, statements)
			(void) walk(lfirst(cell), reader);
		parsed = statements != NIL;
	}
	PG_CATCH();
	{
		int sqlstate = geterrcode();

		standard_conforming_strings = saved_conforming;
		escape_string_warning = saved_warning;
		if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_OPERATOR_INTERVENTION ||
			ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_INSUFFICIENT_RESOURCES)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();

	standard_conforming_strings = saved_conforming;
	escape_string_warning = saved_warning;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return parsed;
}

void
sql_read(const char *sql, SqlLists *lists)
{
	Reader reader = {lists, CurrentMemoryContext, NIL};

	memset(lists, 0, sizeof(*lists));
	if (!unfit_for_parser(sql) && parse(sql, &reader))
		return;
	memset(lists, 0, sizeof(*lists));
	sql_scan(sql, strlen(sql), scan_found, &reader);
}
