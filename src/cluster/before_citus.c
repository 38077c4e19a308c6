/*
 * before_citus.c
 *		Statements that are refused, or changed, before Citus plans them, where
 *		Citus is loaded.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/extension.h"
#include "cluster/before_citus.h"
#include "cluster/map.h"

static planner_hook_type next_planner = NULL;

/* Whether it is a function of the extension whose first argument is a tenant. */
static bool
takes_tenant(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool takes = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_proc) GETSTRUCT(tuple))->pronamespace == get_namespace_oid(SCHEMA_NAME, true))
	{
		Oid *types;
		char **names;
		char *modes;
		int n = get_func_arg_info(tuple, &types, &names, &modes);

		takes = n > 0 && names != NULL && strcmp(names[0], "tenant_id") == 0;
	}
	ReleaseSysCache(tuple);
	return takes;
}

static bool
contains_tenant_call(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, contains_tenant_call, context, 0);
	if (IsA(node, FuncExpr) && takes_tenant(((FuncExpr *) node)->funcid))
		return true;
	return expression_tree_walker(node, contains_tenant_call, context);
}

/* The call that is all of a query, as SELECT f() or SELECT ... FROM f(), or NULL. */
static FuncExpr *
single_call(const Query *query)
{
	Node *call = NULL;

	if (query->commandType != CMD_SELECT || query->jointree == NULL ||
		query->jointree->quals != NULL || list_length(query->jointree->fromlist) > 1)
		return NULL;
	if (query->jointree->fromlist != NIL)
	{
		Node *from = linitial(query->jointree->fromlist);
		RangeTblEntry *entry;

		if (!IsA(from, RangeTblRef))
			return NULL;
		entry = rt_fetch(((RangeTblRef *) from)->rtindex, query->rtable);
		if (entry->rtekind == RTE_FUNCTION && list_length(entry->functions) == 1)
			call = ((RangeTblFunction *) linitial(entry->functions))->funcexpr;
	}
	else if (list_length(query->targetList) == 1)
		call = (Node *) ((TargetEntry *) linitial(query->targetList))->expr;
	return call != NULL && IsA(call, FuncExpr) ? (FuncExpr *) call : NULL;
}

/* Returns an expression with the values that the planner knows, and arguments of calls in order. */
static Node *
known(const void *expression, ParamListInfo parameters)
{
	PlannerInfo *root = makeNode(PlannerInfo);

	root->glob = makeNode(PlannerGlobal);
	root->glob->boundParams = parameters;
	return eval_const_expressions(root, (Node *) copyObject(expression));
}

static FuncExpr *
known_call(const FuncExpr *call, ParamListInfo parameters)
{
	Node *folded = known(call, parameters);

	return IsA(folded, FuncExpr) && ((FuncExpr *) folded)->args != NIL ? (FuncExpr *) folded : NULL;
}

/* The call that is all of a query once values are known, as SELECT CASE WHEN true THEN f() END, or NULL. */
static FuncExpr *
call_left(const Query *query, ParamListInfo parameters)
{
	Node *expression;

	if (query->commandType != CMD_SELECT || query->jointree == NULL ||
		query->jointree->fromlist != NIL || list_length(query->targetList) != 1)
		return NULL;
	expression = (Node *) ((TargetEntry *) linitial(query->targetList))->expr;
	if (!contains_tenant_call(expression, NULL))
		return NULL;
	expression = known(expression, parameters);
	return IsA(expression, FuncExpr) ? (FuncExpr *) expression : NULL;
}

static bool
has_null_tenant(const FuncExpr *call)
{
	Node *tenant = strip_implicit_coercions(linitial(call->args));

	return IsA(tenant, Const) && ((Const *) tenant)->constisnull;
}

/* Whether its first argument is written first, as a constant that is not null. */
static bool
names_tenant(const FuncExpr *call)
{
	const Node *tenant = call->args == NIL ? NULL : linitial(call->args);

	return tenant != NULL && IsA(tenant, Const) && !((const Const *) tenant)->constisnull;
}

/* ---------------------------------------------------------------- calls that Citus must not send */

/* Whether a part of FROM, with the sub-selects in it, contains a table. */
static bool
joins_table(const Node *part, const Query *query)
{
	ListCell *cell;

	check_stack_depth();
	if (part == NULL)
		return false;
	if (IsA(part, JoinExpr))
		return joins_table(((const JoinExpr *) part)->larg, query) ||
			   joins_table(((const JoinExpr *) part)->rarg, query);
	if (IsA(part, FromExpr))
	{
		foreach (cell, ((const FromExpr *) part)->fromlist)
		{
			if (joins_table(lfirst(cell), query))
				return true;
		}
	}
	if (IsA(part, RangeTblRef))
	{
		const RangeTblEntry *entry = rt_fetch(((const RangeTblRef *) part)->rtindex, query->rtable);

		if (entry->rtekind == RTE_SUBQUERY)
			return joins_table((const Node *) entry->subquery->jointree, entry->subquery);
		return entry->rtekind == RTE_RELATION;
	}
	return false;
}

/*
 * Whether a query that calls a function with a tenant is more than the call, but may be no
 * more than that when PostgreSQL has planned it: what is selected from no table becomes
 * part of the call.
 */
static bool
may_become_call(const Query *query)
{
	const FuncExpr *call = single_call(query);

	return query->commandType == CMD_SELECT && query->jointree != NULL &&
		   query->jointree->fromlist != NIL && (call == NULL || !takes_tenant(call->funcid)) &&
		   !joins_table((const Node *) query->jointree, query) &&
		   contains_tenant_call((Node *) query, NULL);
}

/* Gives a query a condition that is true, which the planner does not know. */
static void
add_condition(Query *query)
{
	NullTest *is_known = makeNode(NullTest);

	is_known->arg = (Expr *) makeFuncExpr(F_NOW, TIMESTAMPTZOID, NIL, InvalidOid, InvalidOid,
										  COERCE_EXPLICIT_CALL);
	is_known->nulltesttype = IS_NOT_NULL;
	is_known->location = -1;
	query->jointree->quals = make_and_qual(query->jointree->quals, (Node *) is_known);
}

/* ---------------------------------------------------------------- times */

static bool
is_time(Oid type)
{
	Oid element = get_element_type(type);

	switch (OidIsValid(element) ? element : type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
			return true;
		default:
			return false;
	}
}

/*
 * Whether an expression contains a time that Citus may send as a value.  In a statement
 * over tables, which context says, it also sends what it computes from no row, as now();
 * in a call such things are computed by the other node.
 */
static bool
contains_time(Node *node, void *context)
{
	bool over_tables = *(bool *) context;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Const:
			return !((Const *) node)->constisnull && is_time(((Const *) node)->consttype);
		case T_Query:
			return query_tree_walker((Query *) node, contains_time, context, 0);
		case T_Param:
			return is_time(exprType(node));
		case T_SQLValueFunction:
			return over_tables && is_time(exprType(node));
		case T_FuncExpr:
		case T_OpExpr:
		case T_CoerceViaIO:
			/* One that depends on a row is computed where the row is. */
			if (over_tables && is_time(exprType(node)) && !contain_var_clause(node))
				return true;
			break;
		default:
			break;
	}
	return expression_tree_walker(node, contains_time, context);
}

/* Whether a query reads or writes a distributed table, by its own name. */
static bool
names_table(Node *node, void *context)
{
	Oid schema = *(Oid *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, names_table, context, QTW_EXAMINE_RTES_BEFORE);
	if (IsA(node, RangeTblEntry))
	{
		const RangeTblEntry *entry = (const RangeTblEntry *) node;
		const ClusterMap *map;
		char *name;

		if (entry->rtekind != RTE_RELATION || get_rel_namespace(entry->relid) != schema)
			return false;
		name = get_rel_name(entry->relid);
		map = name == NULL ? NULL : cluster_map();
		return map != NULL && cluster_table(map, name, strlen(name)) != NULL;
	}
	return expression_tree_walker(node, names_table, context);
}

/* Whether a call with a known tenant is sent to another node. */
static bool
goes_elsewhere(const FuncExpr *call)
{
	Node *tenant = strip_implicit_coercions(linitial(call->args));
	const ClusterMap *map = cluster_map();
	char *name;

	if (map == NULL || !IsA(tenant, Const) || ((Const *) tenant)->constisnull)
		return false;
	name = TextDatumGetCString(((Const *) tenant)->constvalue);
	return map->groups[cluster_group(map, name, strlen(name))].node != map->local;
}

static void
refuse_time(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("times cannot be sent to other nodes unless DateStyle is ISO"),
			 errdetail("Citus sends them in the style of the session, and other nodes would read "
					   "other times."),
			 errhint("SET DateStyle = 'ISO'.")));
}

/* ---------------------------------------------------------------- planning */

static PlannedStmt *
check_and_plan(Query *query, const char *text, int options, ParamListInfo parameters)
{
	FuncExpr *call = single_call(query);
	bool over_tables = false;

	if (call == NULL)
		call = call_left(query, parameters);
	if (call != NULL && takes_tenant(call->funcid))
	{
		/* Most calls are the same when all is known. */
		if (!names_tenant(call) || DateStyle != USE_ISO_DATES)
			call = known_call(call, parameters);
		if (call != NULL && has_null_tenant(call))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("tenant_id must not be null")));
		if (call != NULL && DateStyle != USE_ISO_DATES &&
			contains_time((Node *) call->args, &over_tables) && goes_elsewhere(call))
			refuse_time();
	}
	else if (DateStyle != USE_ISO_DATES && !creating_extension)
	{
		Oid schema = get_namespace_oid(SCHEMA_NAME, true);

		over_tables = true;
		if (OidIsValid(schema) && names_table((Node *) query, &schema) &&
			contains_time((Node *) query, &over_tables))
			refuse_time();
	}
	if (may_become_call(query))
		add_condition(query);
	return next_planner(query, text, options, parameters);
}

void
before_citus_init(void)
{
	next_planner = planner_hook;
	if (next_planner != NULL)
		planner_hook = check_and_plan;
}
