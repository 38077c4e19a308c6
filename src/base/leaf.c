/*
 * leaf.c
 *		Executing a tenant's statement over the tenant's partitions.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "optimizer/cost.h"
#include "optimizer/planner.h"
#include "partitioning/partbounds.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/extension.h"
#include "base/invalidation.h"
#include "base/leaf.h"
#include "base/statement.h"
#include "base/statement_text.h"

/* The install script creates eight at most. */
#define MAX_LEAVES 16

/* Maximum number of tables that a statement names. */
#define MAX_TABLES 8

typedef enum LeafState
{
	NOT_EXAMINED,
	SAME_AS_TABLE,
	DIFFERENT /* statements stay on the table */
} LeafState;

/* A partitioned table of the extension, and what has been found of its partitions. */
typedef struct LeafTable
{
	char name[NAMEDATALEN];
	bool valid; /* no invalidation since it was looked up */
	Oid table;	/* InvalidOid if there is none, or it is not partitioned */
	int nleaves;
	Oid leaves[MAX_LEAVES];
	LeafState states[MAX_LEAVES];
	struct LeafTable *next;
} LeafTable;

struct LeafStatements
{
	bool is_of_tenant; /* otherwise of tables with a single partition */
	int ntables;
	LeafTable *tables[MAX_TABLES];
	int nleaves;	 /* the most that one of its tables has; 0 if it stays on the tables */
	Statement *over; /* by partition */
};

static LeafTable *tables = NULL;
static bool enabled = false;
static const Statement *latest = NULL; /* the one that is executed now */
static planner_hook_type next_planner = NULL;

/* ---------------------------------------------------------------- comparing with the table */

static void
invalidate(Oid relation, void *arg)
{
	for (LeafTable *each = tables; each != NULL; each = each->next)
	{
		bool is_meant = !OidIsValid(relation) || relation == each->table;

		for (int i = 0; !is_meant && i < each->nleaves; i++)
			is_meant = relation == each->leaves[i];
		if (is_meant)
			each->valid = false;
	}
}

/* Whether two expressions of the catalog are equal, wherever in a command they were written. */
static bool
same_expression(const char *a, const char *b)
{
	static const char location[] = ":location ";

	while (*a != '\0' && *a == *b)
	{
		if (*a == ':' && strncmp(a, location, strlen(location)) == 0 &&
			strncmp(b, location, strlen(location)) == 0)
		{
			a += strlen(location);
			b += strlen(location);
			a += strspn(a, "-0123456789");
			b += strspn(b, "-0123456789");
			continue;
		}
		a++;
		b++;
	}
	return *a == *b;
}

/* A column of pg_policy as text, or "" for null. */
static char *
policy_text(Relation policies, HeapTuple policy, int column)
{
	bool isnull;
	Datum value = heap_getattr(policy, column, RelationGetDescr(policies), &isnull);

	return isnull ? "" : TextDatumGetCString(value);
}

/* Whether two policies allow the same, to the same roles. */
static bool
same_policy(Relation policies, HeapTuple a, HeapTuple b)
{
	Form_pg_policy of_a = (Form_pg_policy) GETSTRUCT(a);
	Form_pg_policy of_b = (Form_pg_policy) GETSTRUCT(b);
	static const int expressions[] = {Anum_pg_policy_polqual, Anum_pg_policy_polwithcheck};
	bool isnull;
	Datum roles_a = heap_getattr(a, Anum_pg_policy_polroles, RelationGetDescr(policies), &isnull);
	Datum roles_b = heap_getattr(b, Anum_pg_policy_polroles, RelationGetDescr(policies), &isnull);

	if (strcmp(NameStr(of_a->polname), NameStr(of_b->polname)) != 0 ||
		of_a->polcmd != of_b->polcmd || of_a->polpermissive != of_b->polpermissive ||
		!datumIsEqual(roles_a, roles_b, false, -1))
		return false;
	for (size_t i = 0; i < lengthof(expressions); i++)
	{
		if (!same_expression(policy_text(policies, a, expressions[i]),
							 policy_text(policies, b, expressions[i])))
			return false;
	}
	return true;
}

static SysScanDesc
scan_policies(Relation policies, Oid relation)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_policy_polrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation));
	return systable_beginscan(policies, PolicyPolrelidPolnameIndexId, true, NULL, 1, &key);
}

/* Both scans return the policies in the order of their names. */
static bool
same_policies(Oid table, Oid leaf)
{
	Relation policies = table_open(PolicyRelationId, AccessShareLock);
	SysScanDesc of_table = scan_policies(policies, table);
	SysScanDesc of_leaf = scan_policies(policies, leaf);
	bool same = true;

	while (same)
	{
		HeapTuple a = systable_getnext(of_table);
		HeapTuple b = systable_getnext(of_leaf);

		if (!HeapTupleIsValid(a) && !HeapTupleIsValid(b))
			break;
		same = HeapTupleIsValid(a) && HeapTupleIsValid(b) && same_policy(policies, a, b);
	}
	systable_endscan(of_leaf);
	systable_endscan(of_table);
	table_close(policies, AccessShareLock);
	return same;
}

/* Whether a table has triggers for statements; those for rows are on its partitions too. */
static bool
has_statement_triggers(Oid table)
{
	Relation triggers = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple trigger;
	bool found = false;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(table));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(trigger = systable_getnext(scan)))
		found = !TRIGGER_FOR_ROW(((Form_pg_trigger) GETSTRUCT(trigger))->tgtype);
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return found;
}

/* Returns the row of pg_class of a table of the extension, to be released, or NULL. */
static HeapTuple
class_row(const char *name)
{
	return SearchSysCache2(RELNAMENSP, CStringGetDatum(name),
						   ObjectIdGetDatum(extension_objects()->schema));
}

static HeapTuple
leaf_row(const char *table, int n)
{
	char name[NAMEDATALEN];

	snprintf(name, sizeof(name), "%s_%d", table, n);
	return class_row(name);
}

/* Returns the modulus of a hash partition, and its remainder; 0 if it is not one. */
static int
hash_bound(HeapTuple leaf, int *remainder)
{
	bool isnull;
	Datum value = SysCacheGetAttr(RELNAMENSP, leaf, Anum_pg_class_relpartbound, &isnull);
	PartitionBoundSpec *bound;

	if (isnull)
		return 0;
	bound = castNode(PartitionBoundSpec, stringToNode(TextDatumGetCString(value)));
	if (bound->strategy != PARTITION_STRATEGY_HASH)
		return 0;
	*remainder = bound->remainder;
	return bound->modulus;
}

/* Whether a statement over the partition does what one over the table does. */
static bool
same_as_table(const LeafTable *table, int n)
{
	HeapTuple parent = class_row(table->name);
	HeapTuple child = leaf_row(table->name, n);
	bool same = false;

	if (HeapTupleIsValid(parent) && HeapTupleIsValid(child))
	{
		Form_pg_class of_table = (Form_pg_class) GETSTRUCT(parent);
		Form_pg_class of_leaf = (Form_pg_class) GETSTRUCT(child);
		int remainder = -1;

		same = of_leaf->relispartition && of_leaf->relkind == RELKIND_RELATION &&
			   of_leaf->relowner == of_table->relowner && of_leaf->relnatts == of_table->relnatts &&
			   of_leaf->relrowsecurity == of_table->relrowsecurity &&
			   of_leaf->relforcerowsecurity == of_table->relforcerowsecurity &&
			   !of_table->relhasrules && !of_leaf->relhasrules &&
			   !(of_table->relhastriggers && has_statement_triggers(table->table)) &&
			   hash_bound(child, &remainder) == table->nleaves && remainder == n &&
			   get_partition_parent(table->leaves[n], true) == table->table &&
			   !PartitionHasPendingDetach(table->leaves[n]) &&
			   same_policies(table->table, table->leaves[n]);
	}
	if (HeapTupleIsValid(child))
		ReleaseSysCache(child);
	if (HeapTupleIsValid(parent))
		ReleaseSysCache(parent);
	return same;
}

/* ---------------------------------------------------------------- the tables */

static void
look_up(LeafTable *table)
{
	HeapTuple row;
	int remainder;

	table->nleaves = 0;
	table->table = InvalidOid;
	table->valid = true; /* until an invalidation, which may come from here on */
	row = class_row(table->name);
	if (HeapTupleIsValid(row))
	{
		Form_pg_class class = (Form_pg_class) GETSTRUCT(row);
		bool is_partitioned = class->relkind == RELKIND_PARTITIONED_TABLE;

		table->table = class->oid;
		ReleaseSysCache(row);
		row = is_partitioned ? leaf_row(table->name, 0) : NULL;
	}
	if (HeapTupleIsValid(row))
	{
		table->nleaves = hash_bound(row, &remainder);
		ReleaseSysCache(row);
	}
	if (table->nleaves > MAX_LEAVES)
		table->nleaves = 0;
	for (int i = 0; i < table->nleaves; i++)
	{
		table->leaves[i] = InvalidOid;
		table->states[i] = NOT_EXAMINED;
	}
}

/* Returns a table, looked up; nleaves is 0 if it has no partitions. */
static LeafTable *
find_table(const char *name, size_t len)
{
	LeafTable *table = tables;

	while (table != NULL && (strlen(table->name) != len || memcmp(table->name, name, len) != 0))
		table = table->next;
	if (table == NULL)
	{
		if (len >= NAMEDATALEN)
			return NULL;
		table = MemoryContextAllocZero(TopMemoryContext, sizeof(LeafTable));
		memcpy(table->name, name, len);
		table->next = tables;
		tables = table;
	}
	if (!table->valid)
		look_up(table);
	return table;
}

/* Returns the n-th partition of a table, or InvalidOid. */
static Oid
find_leaf(LeafTable *table, int n)
{
	if (!OidIsValid(table->leaves[n]))
	{
		HeapTuple row = leaf_row(table->name, n);

		if (HeapTupleIsValid(row))
		{
			table->leaves[n] = ((Form_pg_class) GETSTRUCT(row))->oid;
			ReleaseSysCache(row);
		}
	}
	return table->leaves[n];
}

/* Whether statements may be executed over the n-th partition of a table. */
static bool
may_use(LeafTable *table, int n)
{
	if (table->states[n] == NOT_EXAMINED)
		table->states[n] =
			OidIsValid(find_leaf(table, n)) && same_as_table(table, n) ? SAME_AS_TABLE : DIFFERENT;
	return table->states[n] == SAME_AS_TABLE;
}

/* ---------------------------------------------------------------- the statements */

/* Finds the tables of a statement. */
static void
find_tables(struct LeafStatements *statements, const Statement *statement)
{
	const char *at = statement->sql;
	StatementName name;
	int nleaves = 0;

	statements->is_of_tenant = statement_is_of_tenant(statement->sql, statement->parameters);
	while (statement_next_name(statement->sql, &at, &name))
	{
		LeafTable *table = find_table(name.name, name.len);

		if (table == NULL || table->nleaves == 0)
			continue;
		if (statements->ntables == MAX_TABLES)
			return;
		statements->tables[statements->ntables++] = table;
		nleaves = Max(nleaves, table->nleaves);
	}
	if (nleaves > 1 && !statements->is_of_tenant)
		return;
	if (nleaves > 0)
		statements->over = MemoryContextAllocZero(TopMemoryContext, nleaves * sizeof(Statement));
	statements->nleaves = nleaves;
}

static bool
append_leaf(StringInfo text, const StatementName *name, void *arg)
{
	const LeafTable *table = find_table(name->name, name->len);

	if (table == NULL || table->nleaves == 0)
		return false;
	appendStringInfo(text, SCHEMA_NAME ".%s_%d", table->name, *(int *) arg % table->nleaves);
	return true;
}

/* Returns the hash of a tenant by which PostgreSQL chooses its partitions. */
static uint64
tenant_hash(Datum tenant_id)
{
	static FmgrInfo hash;
	Oid collation = C_COLLATION_OID;
	bool isnull = false;

	if (hash.fn_oid == InvalidOid)
		fmgr_info_cxt(F_HASHTEXTEXTENDED, &hash, TopMemoryContext);
	return compute_partition_hash_value(1, &hash, &collation, &tenant_id, &isnull);
}

/*
 * Returns the statement to execute in place of one: over the tenant's
 * partitions, or itself.
 */
static Statement *
leaf_statement(Statement *statement, const Datum *values, const char *nulls)
{
	struct LeafStatements *statements = statement->leaves;
	uint64 hash;
	int n;
	Statement *over;

	latest = NULL;
	if (statements == NULL)
	{
		statements = MemoryContextAllocZero(TopMemoryContext, sizeof(struct LeafStatements));
		find_tables(statements, statement);
		statement->leaves = statements;
	}
	/* The message of row_security = off, for a role that it concerns, names the table. */
	if (statements->nleaves == 0 || (!row_security && !has_bypassrls_privilege(GetUserId())))
		return statement;
	if (statements->is_of_tenant && nulls != NULL && nulls[0] == 'n')
		return statement;

	hash = statements->is_of_tenant ? tenant_hash(values[0]) : 0;
	for (int i = 0; i < statements->ntables; i++)
	{
		LeafTable *table = statements->tables[i];

		if (!table->valid)
			look_up(table);
		if (table->nleaves == 0 || statements->nleaves % table->nleaves != 0 ||
			!may_use(table, hash % table->nleaves))
			return statement;
	}
	n = hash % statements->nleaves;
	over = &statements->over[n];
	if (over->sql == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		over->sql = statement_over(statement->sql, append_leaf, &n);
		over->parameters = statement->parameters;
		over->by_ctid = statement->by_ctid;
		over->is_over_leaf = true;
		MemoryContextSwitchTo(old);
	}
	latest = over;
	return over;
}

Oid
leaf_of_tenant(const char *table, const char *tenant_id)
{
	LeafTable *found = enabled ? find_table(table, strlen(table)) : NULL;

	if (found == NULL || found->nleaves == 0)
		return InvalidOid;
	return find_leaf(found, tenant_hash(CStringGetTextDatum(tenant_id)) % found->nleaves);
}

bool
leaf_may_read(const char *table, const char *tenant_id, Oid *parent, Oid *leaf)
{
	LeafTable *found = enabled ? find_table(table, strlen(table)) : NULL;
	int n = 0;

	if (found == NULL || found->nleaves == 0)
		return false;
	if (found->nleaves > 1)
		n = (int) (tenant_hash(CStringGetTextDatum(tenant_id)) % found->nleaves);
	*parent = found->table;
	*leaf = find_leaf(found, n);
	return may_use(found, n);
}

/* ---------------------------------------------------------------- planning them */

static Oid
table_of(Oid leaf)
{
	for (const LeafTable *each = tables; each != NULL; each = each->next)
	{
		for (int i = 0; i < each->nleaves; i++)
		{
			if (each->leaves[i] == leaf)
				return each->table;
		}
	}
	return InvalidOid;
}

/* The executor checks privileges on the partitioned table in place of those on its partition. */
static void
check_table_privileges(PlannedStmt *planned)
{
	int nentries = list_length(planned->rtable);

	for (int i = 0; i < nentries; i++)
	{
		RangeTblEntry *entry = list_nth(planned->rtable, i);
		Oid table = entry->rtekind == RTE_RELATION ? table_of(entry->relid) : InvalidOid;

		if (!OidIsValid(table))
			continue;
		LockRelationOid(table, entry->rellockmode);
		check_privileges_on(planned, entry, table);
		planned->relationOids = lappend_oid(planned->relationOids, table);
	}
}

static PlannedStmt *
call_planner(Query *query, const char *text, int options, ParamListInfo parameters)
{
	return next_planner != NULL ? next_planner(query, text, options, parameters)
								: standard_planner(query, text, options, parameters);
}

/* Which ways to execute a statement the planner may choose; the last two are on by default. */
static bool *const ways[] = {&enable_sort,	   &enable_indexscan, &enable_bitmapscan,
							 &enable_seqscan,  &enable_hashjoin,  &enable_mergejoin,
							 &enable_nestloop, &enable_tidscan};
#define OTHER_THAN_BY_CTID 6

/*
 * The columns have no statistics, so the planner expects one row of a user or a
 * tenant, to which any index is as good as another, and sorting as good as
 * reading in order.  There may be a hundred thousand, of which a few are
 * wanted: where an index has the order, it is to be used.  Likewise it would
 * rather read the expected row of the tenant than some that are named by their
 * ctid.
 */
static void
restrict_ways(const Statement *statement)
{
	enable_sort = false;
	for (int i = 0; statement->by_ctid && i < (int) lengthof(ways); i++)
		*ways[i] = i >= OTHER_THAN_BY_CTID;
}

static PlannedStmt *
plan(Query *query, const char *text, int options, ParamListInfo parameters)
{
	bool before[lengthof(ways)];
	PlannedStmt *volatile planned = NULL;

	if (latest == NULL || text == NULL || strcmp(text, latest->sql) != 0)
		return call_planner(query, text, options, parameters);
	for (size_t i = 0; i < lengthof(ways); i++)
		before[i] = *ways[i];
	PG_TRY();
	{
		restrict_ways(latest);
		planned = call_planner(query, text, options, parameters);
	}
	PG_FINALLY();
	{
		for (size_t i = 0; i < lengthof(ways); i++)
			*ways[i] = before[i];
	}
	PG_END_TRY();
	check_table_privileges(planned);
	return planned;
}

void
leaf_init(void)
{
	enabled = true;
	statement_partitioner = leaf_statement;
	listen_for_invalidation(invalidate, NULL);
	next_planner = planner_hook;
	planner_hook = plan;
}
