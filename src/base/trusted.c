/*
 * trusted.c
 *		Keeping code of other roles from running with the rights of a superuser.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "parser/parsetree.h"
#include "partitioning/partdesc.h"
#include "storage/lmgr.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/trusted.h"

/* Whether it is for this process; or the user for whom it is, in one transaction. */
static bool of_process = false;
static Oid of_user = InvalidOid;
static LocalTransactionId of_transaction = InvalidLocalTransactionId;

static ExecutorStart_hook_type next_executor_start = NULL;
static needs_fmgr_hook_type next_needs_fmgr = NULL;
static fmgr_hook_type next_fmgr = NULL;

/* Whether code of others would now run with the rights of a superuser for whom the library acts. */
static bool
is_at_stake(void)
{
	Oid user;
	int context;

	if (!of_process && !OidIsValid(of_user))
		return false;
	GetUserIdAndSecContext(&user, &context);
	/* After an error the transaction's end has restored the user, and nobody has reset ours. */
	if (!of_process && (user != of_user || (context & SECURITY_RESTRICTED_OPERATION) == 0 ||
						of_transaction != my_local_transaction()))
		return false;
	return superuser_arg(user);
}

static int
hint(void)
{
	return errhint("Give it to a superuser with ALTER … OWNER TO, or drop what calls it.");
}

static void
check_relation(Oid relation)
{
	HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Form_pg_class class;

	if (!HeapTupleIsValid(row))
		return;
	class = (Form_pg_class) GETSTRUCT(row);
	if (!superuser_arg(class->relowner))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table \"%s\" belongs to role \"%s\", which is not a superuser",
							   NameStr(class->relname), GetUserNameFromId(class->relowner, false)),
						hint()));
	ReleaseSysCache(row);
}

static void
check_function(Oid function)
{
	HeapTuple row = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid owner;

	if (!HeapTupleIsValid(row))
		return;
	owner = ((Form_pg_proc) GETSTRUCT(row))->proowner;
	ReleaseSysCache(row);
	if (!superuser_arg(owner))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("function %s belongs to role \"%s\", which is not a superuser",
							   format_procedure(function), GetUserNameFromId(owner, false)),
						hint()));
}

/* A row that is inserted into a partitioned table opens one of these only then. */
static void
check_partitions(Oid table)
{
	Relation relation = table_open(table, NoLock);
	PartitionDesc partitions = RelationGetPartitionDesc(relation, true);

	for (int i = 0; i < partitions->nparts; i++)
	{
		LockRelationOid(partitions->oids[i], RowExclusiveLock);
		check_relation(partitions->oids[i]);
	}
	table_close(relation, NoLock);
}

/* Views are among the relations, and what rules refer to. */
static void
check_relations(const PlannedStmt *statement)
{
	ListCell *cell;

	foreach (cell, statement->relationOids)
		check_relation(lfirst_oid(cell));
	foreach (cell, statement->resultRelations)
	{
		const RangeTblEntry *entry = rt_fetch(lfirst_int(cell), statement->rtable);

		if (entry->relkind == RELKIND_PARTITIONED_TABLE)
			check_partitions(entry->relid);
	}
}

static void
executor_start(QueryDesc *query, int flags)
{
	if (is_at_stake())
		check_relations(query->plannedstmt);
	if (next_executor_start != NULL)
		next_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
}

/* Called when a function is looked up. */
static bool
needs_fmgr(Oid function)
{
	if (is_at_stake())
		check_function(function);
	return next_needs_fmgr != NULL && next_needs_fmgr(function);
}

/*
 * Called before and after functions that run with settings of their own, about which nobody asks
 * when they are looked up; and functions with SECURITY DEFINER, which run as their owner by now.
 */
static void
at_function(FmgrHookEventType event, FmgrInfo *function, Datum *arg)
{
	if (event == FHET_START && is_at_stake())
		check_function(function->fn_oid);
	if (next_fmgr != NULL)
		next_fmgr(event, function, arg);
}

/* Only where it is needed, so that other sessions have nothing to do with it. */
static void
install(void)
{
	static bool installed = false;

	if (installed)
		return;
	installed = true;
	next_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
	next_needs_fmgr = needs_fmgr_hook;
	needs_fmgr_hook = needs_fmgr;
	next_fmgr = fmgr_hook;
	fmgr_hook = at_function;
}

void
trust_superusers_only(void)
{
	install();
	of_process = true;
}

Oid
trust_begin(Oid user)
{
	Oid before = of_transaction == my_local_transaction() ? of_user : InvalidOid;

	install();
	of_user = user;
	of_transaction = my_local_transaction();
	return before;
}

void
trust_end(Oid before)
{
	of_user = before;
}
