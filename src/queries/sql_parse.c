/*
 * sql_parse.c
 *		What an SQL statement reads, using PostgreSQL's parser.
 *
 *		The raw parse tree is sufficient; nothing is looked up in the system
 *		catalogs, because the tables may be elsewhere.  The rules are those of
 *		core/sql/scan.c, which reads statements that PostgreSQL's parser
 *		refuses:
 *
 *		- a table is named as written, except names that WITH defines;
 *		- an aggregate is a function known as one, or called in a way that
 *		  only aggregates can be;
 *		- a filter is a column compared with something without a column, in
 *		  WHERE or ON; a column inside an expression counts if it is the only
 *		  one there;
 *		- a grouping column is a column, or the only one of an expression, or
 *		  what a position in the select list refers to.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "core/ranking/statistics.h"
#include "core/sql/talk.h"
#include "core/sql/words.h"
#include "queries/sql_parse.h"

typedef struct Reader
{
	SqlLists *lists;
	MemoryContext context; /* of the lists, which outlive the parse tree */
	List *ctes;			   /* names defined by WITH that are visible here */
	bool otherwise;		   /* another dialect was meant */
} Reader;

static bool walk(Node *node, void *context);

static void
found_text(Reader *reader, SqlList list, const char *item)
{
	sql_lists_add(reader->lists, reader->context, list, item, strlen(item));
}

static bool
has_template(const char *name)
{
	return name != NULL && (strchr(name, '{') != NULL || strstr(name, "<%") != NULL);
}

static void
read_table(const RangeVar *table, Reader *reader)
{
	const char *alias = "";
	ListCell *cell;

	if (table->schemaname == NULL)
	{
		foreach (cell, reader->ctes)
		{
			if (strcmp(lfirst(cell), table->relname) == 0)
				return;
		}
	}
	if (table->schemaname == NULL && table->alias != NULL)
		alias = table->alias->aliasname;
	if (has_template(table->relname) || has_template(table->schemaname) ||
		has_template(table->catalogname))
		reader->otherwise = true;
	if (table->schemaname == NULL &&
		sql_is_no_table(table->relname, strlen(table->relname), alias, strlen(alias)))
		reader->otherwise = true; /* a sentence, if it is not in quotes */
	found_text(reader, SQL_TABLES,
			   psprintf("%s%s%s%s%s", table->catalogname ? table->catalogname : "",
						table->catalogname ? "." : "", table->schemaname ? table->schemaname : "",
						table->schemaname ? "." : "", table->relname));
}

/* The columns used in an expression, without sub-selects. */
typedef struct Columns
{
	const char *name; /* the name of the last one */
	int n;
} Columns;

/* Returns a column's name if it has no qualifier, else NULL. */
static const char *
single_name(Node *node)
{
	List *fields;

	if (node == NULL || !IsA(node, ColumnRef))
		return NULL;
	fields = ((ColumnRef *) node)->fields;
	return list_length(fields) == 1 && IsA(linitial(fields), String) ? strVal(linitial(fields))
																	 : NULL;
}

static bool find_columns(Node *node, void *context);

/*
 * Handles the arguments of a function with a unit of time among them, which is
 * not a column, as in core/sql/scan_expr.c.
 */
static void
find_unit_columns(FuncCall *call, SqlUnitPlace place, Columns *columns)
{
	int n = list_length(call->args);
	bool unit = false; /* one is before */

	for (int i = 0; i < n; i++)
	{
		Node *argument = list_nth(call->args, i);
		const char *name = single_name(argument);

		if (IsA(argument, A_Const) && IsA(&((A_Const *) argument)->val, String))
		{
			const char *text = strVal(&((A_Const *) argument)->val);

			unit = unit || sql_is_unit_of(place, text, strlen(text));
		}
		if (name != NULL && sql_is_unit_of(place, name, strlen(name)) &&
			(i == 0 ? n > (place == SQL_UNIT_OF_THREE ? 2 : 1)
					: !unit && (place != SQL_UNIT_OF_THREE || i > 1)))
		{
			unit = true;
			continue;
		}
		(void) find_columns(argument, columns);
	}
}

static bool
find_columns(Node *node, void *context)
{
	Columns *columns = context;

	/* What modifies a type may look like a column: Nullable(Date) */
	if (node == NULL || IsA(node, SelectStmt) || IsA(node, TypeName))
		return false;
	if (IsA(node, ColumnRef))
	{
		Node *last = llast(((ColumnRef *) node)->fields);
		const char *name = single_name(node);

		if (IsA(last, String) && (name == NULL || !sql_is_value_word(name, strlen(name))))
		{
			columns->name = strVal(last);
			columns->n++;
		}
		return false;
	}
	if (IsA(node, FuncCall))
	{
		FuncCall *call = (FuncCall *) node;
		const char *name = strVal(llast(call->funcname));
		SqlUnitPlace place = sql_unit_place(name, strlen(name));

		if (place != SQL_NO_UNIT)
		{
			find_unit_columns(call, place, columns);
			return false;
		}
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

/* Returns the operator as written: the parser has replaced some. */
static const char *
operator_name(List *name)
{
	static const char *const names[][2] = {
		{"~~", "like"}, {"!~~", "not like"}, {"~~*", "ilike"}, {"!~~*", "not ilike"}};
	const char *operator= strVal(llast(name));

	if (strcmp(operator, "==") == 0)
		return "=";
	if (strcmp(operator, "^=") == 0)
		return "<>";
	for (size_t i = 0; i < lengthof(names); i++)
	{
		if (strcmp(operator, names[i][0]) == 0)
			return names[i][1];
	}
	return operator;
}

/* Returns the operator with its sides exchanged, or NULL if that has no meaning. */
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
comparison_filter(Reader *reader, const A_Expr *comparison, bool not )
{
	const char *operator= operator_name(comparison->name);
	const char *raw = strVal(llast(comparison->name));
	bool negated = (raw[0] == '!' || strcmp(raw, "<>") == 0) != not ;
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
		case AEXPR_NOT_DISTINCT:
			operator=(comparison->kind == AEXPR_DISTINCT) == not ? "is not distinct from"
																 : "is distinct from";
			break;
		case AEXPR_IN:
			operator= negated ? "not in" : "in";
			break;
		case AEXPR_LIKE:
			operator= negated ? "not like" : "like";
			break;
		case AEXPR_ILIKE:
			operator= negated ? "not ilike" : "ilike";
			break;
		case AEXPR_SIMILAR:
			operator= negated ? "not similar to" : "similar to";
			break;
		case AEXPR_BETWEEN:
		case AEXPR_BETWEEN_SYM:
		case AEXPR_NOT_BETWEEN:
		case AEXPR_NOT_BETWEEN_SYM:
			operator=(comparison->kind == AEXPR_BETWEEN || comparison->kind == AEXPR_BETWEEN_SYM) ==
					not
				? "not between"
				: "between";
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

static bool
is_operator(const Node *node, const char *operator)
{
	return node != NULL && IsA(node, A_Expr) && ((const A_Expr *) node)->kind == AEXPR_OP &&
		   strcmp(strVal(llast(((const A_Expr *) node)->name)), operator) == 0;
}

/* Whether an expression is a condition, which no operator but those of MySQL takes. */
static bool
is_condition(const Node *node)
{
	static const char *const comparisons[] = {"=", "<>", "<", ">", "<=", ">=", "=="};

	if (node == NULL)
		return false;
	if (IsA(node, BoolExpr) || IsA(node, NullTest) || IsA(node, BooleanTest))
		return true;
	if (IsA(node, SubLink))
		return ((const SubLink *) node)->subLinkType <= ANY_SUBLINK;
	if (!IsA(node, A_Expr))
		return false;
	for (size_t i = 0; i < lengthof(comparisons); i++)
	{
		if (is_operator(node, comparisons[i]))
			return true;
	}
	switch (((const A_Expr *) node)->kind)
	{
		case AEXPR_IN:
		case AEXPR_LIKE:
		case AEXPR_ILIKE:
		case AEXPR_BETWEEN:
		case AEXPR_NOT_BETWEEN:
			return true;
		default:
			return false;
	}
}

/* Whether an operator is MySQL's AND or OR: a condition is on one of its sides. */
static bool
joins_conditions(const Node *node)
{
	const A_Expr *joined = (const A_Expr *) node;

	return (is_operator(node, "&&") || is_operator(node, "||")) &&
		   (is_condition(joined->lexpr) || is_condition(joined->rexpr) ||
			joins_conditions(joined->lexpr));
}

/*
 * Whether an operator is MySQL's AND or OR, and PostgreSQL's parser takes a part of a
 * condition for its operand: a = 1 && b is a = (1 && b), and a IS NULL && b IN (2) is
 * ((a IS NULL) && b) IN (2).  No number overlaps anything, nor does a text that is no array.
 */
static bool
is_joined_otherwise(const A_Expr *node)
{
	A_Const *left = (A_Const *) node->lexpr;

	if (joins_conditions((const Node *) node))
		return is_condition(node->lexpr) != is_condition(node->rexpr);
	if (!is_operator((const Node *) node, "&&") || left == NULL || !IsA(left, A_Const) ||
		left->isnull)
		return false;
	return !IsA(&left->val, String) || strVal(&left->val)[0] == '\0' ||
		   strchr("{[(", strVal(&left->val)[0]) == NULL;
}

/* Finds the filters of a condition; its sub-selects are handled by the walker. */
static void
read_condition(Node *node, Reader *reader, bool negated)
{
	/* In the order of BoolTestType: each test is next to its opposite. */
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
				read_condition(lfirst(cell), reader, expression->boolop == NOT_EXPR && !negated);
			break;
		}
		case T_A_Expr:
			if (joins_conditions(node))
			{
				read_condition(((A_Expr *) node)->lexpr, reader, false);
				read_condition(((A_Expr *) node)->rexpr, reader, false);
			}
			else
				comparison_filter(reader, (A_Expr *) node, negated);
			break;
		case T_NullTest:
			test_filter(reader, (Node *) ((NullTest *) node)->arg,
						(((NullTest *) node)->nulltesttype == IS_NULL) == negated ? "is not null"
																				  : "is null");
			break;
		case T_BooleanTest:
			test_filter(reader, (Node *) ((BooleanTest *) node)->arg,
						boolean_tests[((BooleanTest *) node)->booltesttype ^ (negated ? 1 : 0)]);
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
 * A WITH clause defines names for what follows, and, unless it is recursive,
 * for its own queries only the names before each.
 */
static void
read_with(WithClause *with, Reader *reader)
{
	ListCell *cell;

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

/* Returns the address of a statement's WITH clause, or NULL if it cannot have one. */
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

/* date_trunc(day, MONTH), where one of the two is a column */
static bool
has_two_units(const FuncCall *call)
{
	const char *function = strVal(llast(call->funcname));
	SqlUnitPlace place = sql_unit_place(function, strlen(function));
	const char *first;
	const char *second;

	if (list_length(call->args) != 2 || (place != SQL_UNIT_ANYWHERE && place != SQL_TYPE_ANYWHERE))
		return false;
	first = single_name(linitial(call->args));
	second = single_name(lsecond(call->args));
	return first != NULL && second != NULL && sql_is_unit_of(place, first, strlen(first)) &&
		   sql_is_unit_of(place, second, strlen(second));
}

/* FROM user, SQL Server's t(NOLOCK), IDENTIFIER('t'): tables, although written as functions. */
static bool
is_table_meant(const RangeFunction *range)
{
	List *first = linitial_node(List, range->functions);
	Node *function = linitial(first);
	ListCell *cell;
	List *args;

	if (IsA(function, SQLValueFunction))
		return ((SQLValueFunction *) function)->op == SVFOP_USER;
	if (!IsA(function, FuncCall))
		return false;
	args = ((FuncCall *) function)->args;
	if (strcmp(strVal(llast(((FuncCall *) function)->funcname)), "identifier") == 0)
		return true;
	foreach (cell, args)
	{
		Node *argument = lfirst(cell);
		const char *name;

		/* t(INDEX = x) */
		if (IsA(argument, A_Expr) && ((A_Expr *) argument)->kind == AEXPR_OP)
			argument = ((A_Expr *) argument)->lexpr;
		name = single_name(argument);
		if (name == NULL || !sql_is_table_hint(name, strlen(name)))
			return false;
	}
	return args != NIL;
}

/* Whether a FROM clause gives a table the name. */
static bool
is_alias(const char *name, Node *from)
{
	Alias *alias = NULL;

	check_stack_depth();
	if (IsA(from, JoinExpr))
		return is_alias(name, ((JoinExpr *) from)->larg) ||
			   is_alias(name, ((JoinExpr *) from)->rarg);
	if (IsA(from, RangeVar))
		alias = ((RangeVar *) from)->alias;
	else if (IsA(from, RangeSubselect))
		alias = ((RangeSubselect *) from)->alias;
	return alias != NULL && strcmp(alias->aliasname, name) == 0;
}

/* SQL Server's UPDATE a SET … FROM t AS a, where the table is t. */
static bool
is_alias_updated(const UpdateStmt *update)
{
	ListCell *cell;

	if (update->relation->schemaname != NULL || update->relation->alias != NULL)
		return false;
	foreach (cell, update->fromClause)
	{
		if (is_alias(update->relation->relname, lfirst(cell)))
			return true;
	}
	return false;
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
		case T_A_Expr:
			if (is_joined_otherwise((A_Expr *) node))
				reader->otherwise = true;
			break;
		case T_LockingClause:
			/* FOR UPDATE OF names again what FROM has */
			return false;
		case T_FuncCall:
		{
			FuncCall *call = (FuncCall *) node;
			const char *name = strVal(llast(call->funcname));

			if ((call->agg_star && !sql_takes_star(name, strlen(name))) || call->agg_distinct ||
				call->agg_within_group || call->agg_filter != NULL ||
				sql_is_aggregate(name, strlen(name)))
				found_text(reader, SQL_AGGREGATIONS, name);
			if (has_two_units(call))
				reader->otherwise = true; /* which is one, their case says */
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
		case T_RangeFunction:
			if (is_table_meant((RangeFunction *) node))
				reader->otherwise = true;
			break;
		case T_SQLValueFunction:
			/* It is more common as a column's name than as a function. */
			if (((SQLValueFunction *) node)->op == SVFOP_USER)
				reader->otherwise = true;
			break;
		case T_SelectStmt:
			/* A new table, or a variable */
			if (((SelectStmt *) node)->intoClause != NULL)
				reader->otherwise = true;
			read_condition(((SelectStmt *) node)->whereClause, reader, false);
			read_grouping(((SelectStmt *) node)->groupClause, ((SelectStmt *) node)->targetList,
						  reader);
			break;
		case T_UpdateStmt:
			if (is_alias_updated((UpdateStmt *) node))
				reader->otherwise = true;
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

SqlParsed
sql_parse(const char *sql, SqlLists *lists)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "SQL to be read", ALLOCSET_DEFAULT_SIZES);
	Reader reader = {lists, caller, NIL, false};
	volatile SqlParsed parsed = SQL_REFUSED;
	bool saved_conforming = standard_conforming_strings;
	bool saved_escape_warning = escape_string_warning;
	int saved_client_messages = client_min_messages;
	int saved_log_messages = log_min_messages;

	MemoryContextSwitchTo(context);

	/* The result must not depend on the session's settings, and no warnings are wanted. */
	standard_conforming_strings = true;
	escape_string_warning = false;
	client_min_messages = log_min_messages = ERROR;

	/*
	 * No subtransaction is needed, because the raw parser and the walk only
	 * allocate memory.
	 */
	PG_TRY();
	{
		ListCell *cell;
		List *statements = raw_parser(sql, RAW_PARSE_DEFAULT);

		foreach (cell, statements)
			(void) walk(lfirst(cell), &reader);
		if (statements != NIL)
			parsed = reader.otherwise ? SQL_MEANT_OTHERWISE : SQL_PARSED;
	}
	PG_CATCH();
	{
		int sqlstate = geterrcode();

		standard_conforming_strings = saved_conforming;
		escape_string_warning = saved_escape_warning;
		client_min_messages = saved_client_messages;
		log_min_messages = saved_log_messages;
		if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_OPERATOR_INTERVENTION ||
			ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_INSUFFICIENT_RESOURCES)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
	}
	PG_END_TRY();

	standard_conforming_strings = saved_conforming;
	escape_string_warning = saved_escape_warning;
	client_min_messages = saved_client_messages;
	log_min_messages = saved_log_messages;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return parsed;
}
