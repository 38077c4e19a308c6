/*
 * null_tenant.c
 *		Calls with a null tenant, where Citus is loaded.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
#include "utils/syscache.h"

#include "base/extension.h"
#include "cluster/null_tenant.h"

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

/* Whether the planner finds that a call's first argument is null. */
static bool
has_null_tenant(const FuncExpr *call, ParamListInfo parameters)
{
	PlannerInfo *root = makeNode(PlannerInfo);
	Node *folded;
	Node *tenant;

	/* This puts named arguments in order, and parameters in their place. */
	root->glob = makeNode(PlannerGlobal);
	root->glob->boundParams = parameters;
	folded = eval_const_expressions(root, (Node *) copyObject(call));
	if (!IsA(folded, FuncExpr) || ((FuncExpr *) folded)->args == NIL)
		return false;
	tenant = strip_implicit_coercions(linitial(((FuncExpr *) folded)->args));
	return IsA(tenant, Const) && ((Const *) tenant)->constisnull;
}

static PlannedStmt *
check_tenant_and_plan(Query *query, const char *text, int options, ParamListInfo parameters)
{
	FuncExpr *call = single_call(query);

	if (call != NULL && takes_tenant(call->funcid) && has_null_tenant(call, parameters))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("tenant_id must not be null")));
	return next_planner(query, text, options, parameters);
}

void
null_tenant_init(void)
{
	next_planner = planner_hook;
	if (next_planner != NULL)
		planner_hook = check_tenant_and_plan;
}
