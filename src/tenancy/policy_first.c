/*
 * policy_first.c
 *		Evaluating the policy of a table before other conditions.
 *
 *		The planner evaluates cheap conditions first, and conditions of a
 *		statement before the policy if they are leakproof, as comparisons of
 *		texts are.  What such a condition finds is then seen in whether the next
 *		one was evaluated, if that has a subquery; by it a role could spell out the
 *		rows of other tenants.
 *
 *		So each comparison of tenant_id that stands for the policy is noted to
 *		cost less than nothing, once the paths have been made.  current_tenant()
 *		itself does not cost less, because a statement may call it too; nor would
 *		that be enough: of "tenant_id = 'acme'" and the policy the planner makes
 *		one condition on the rows, tenant_id = 'acme'.
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "fmgr.h"
#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"

#include "base/compat.h"
#include "tenancy/policy_first.h"

/* No condition of a statement costs less than 0; too little to be seen in a sum. */
#define LESS_THAN_NOTHING (-1e-300)

PG_FUNCTION_INFO_V1(personalization_current_tenant_support);

static set_rel_pathlist_hook_type next_set_rel_pathlist = NULL;

/* Whether an expression is the first column of a table, which is tenant_id in each of ours. */
static bool
is_tenant(const Node *expression)
{
	while (IsA(expression, RelabelType))
		expression = (const Node *) ((const RelabelType *) expression)->arg;
	return IsA(expression, Var) && ((const Var *) expression)->varattno == 1;
}

/* Whether a condition of the level of policies compares tenant_id with what is no column. */
static bool
is_policy(const RestrictInfo *condition)
{
	if (condition->security_level > 0)
		return false;
	if (IsA(condition->clause, OpExpr))
	{
		const OpExpr *comparison = (const OpExpr *) condition->clause;

		if (comparison->opno != TextEqualOperator)
			return false;
		return (is_tenant(linitial(comparison->args)) &&
				!contain_var_clause(lsecond(comparison->args))) ||
			   (is_tenant(lsecond(comparison->args)) &&
				!contain_var_clause(linitial(comparison->args)));
	}
	if (IsA(condition->clause, ScalarArrayOpExpr))
	{
		const ScalarArrayOpExpr *comparison = (const ScalarArrayOpExpr *) condition->clause;

		return comparison->opno == TextEqualOperator && comparison->useOr &&
			   is_tenant(linitial(comparison->args)) &&
			   !contain_var_clause(lsecond(comparison->args));
	}
	return false;
}

static void
set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *entry)
{
	ListCell *cell;

	if (root->qual_security_level > 0)
	{
		foreach (cell, rel->baserestrictinfo)
		{
			RestrictInfo *condition = lfirst_node(RestrictInfo, cell);

			if (is_policy(condition))
			{
				condition->eval_cost.startup = 0;
				condition->eval_cost.per_tuple = LESS_THAN_NOTHING;
			}
		}
	}
	if (next_set_rel_pathlist != NULL)
		next_set_rel_pathlist(root, rel, rti, entry);
}

void
policy_first_init(void)
{
	next_set_rel_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_rel_pathlist;
}

/* Has the library loaded, if it is not, before the first statement with a policy is planned. */
Datum
personalization_current_tenant_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(NULL);
}
