/*
 * direct_read.c
 *		Reading a few rows by their keys without a statement.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "rewrite/rowsecurity.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/extension.h"
#include "base/leaf.h"
#include "tenancy/direct_read.h"
#include "tenancy/session.h"

/* ---------------------------------------------------------------- row-level security */

/* Whether an expression is tenant_id. */
static bool
is_tenant(const Node *expression)
{
	return IsA(expression, Var) && ((const Var *) expression)->varno == 1 &&
		   ((const Var *) expression)->varattno == 1;
}

/* Whether an expression is current_tenant(), as the extension made it, and the role may call it. */
static bool
is_current_tenant(const Node *expression)
{
	const FuncExpr *call = (const FuncExpr *) expression;
	HeapTuple row;
	Form_pg_proc function;
	bool is_ours;

	if (!IsA(expression, FuncExpr) || call->args != NIL)
		return false;
	row = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
	if (!HeapTupleIsValid(row))
		return false;
	function = (Form_pg_proc) GETSTRUCT(row);
	is_ours = function->pronamespace == extension_objects()->schema &&
			  strcmp(NameStr(function->proname), "current_tenant") == 0 &&
			  function->prolang == ClanguageId && may_execute_function(call->funcid);
	ReleaseSysCache(row);
	return is_ours;
}

/* Whether an expression is ''. */
static bool
is_empty_text(const Node *expression)
{
	const Const *constant = (const Const *) expression;

	return IsA(expression, Const) && !constant->constisnull && constant->consttype == TEXTOID &&
		   VARSIZE_ANY_EXHDR(DatumGetPointer(constant->constvalue)) == 0;
}

/* Whether an expression compares tenant_id with what a function recognizes. */
static bool
compares_tenant(const Node *expression, bool (*with)(const Node *expression))
{
	const OpExpr *comparison = (const OpExpr *) expression;

	return IsA(expression, OpExpr) && comparison->opno == TextEqualOperator &&
		   list_length(comparison->args) == 2 && is_tenant(linitial(comparison->args)) &&
		   with(lsecond(comparison->args));
}

/* Whether an expression compares tenant_id with the two: the session's tenant and ''. */
static bool
compares_tenant_or_common(const Node *expression)
{
	const ScalarArrayOpExpr *comparison = (const ScalarArrayOpExpr *) expression;
	const ArrayExpr *either;

	if (!IsA(expression, ScalarArrayOpExpr) || comparison->opno != TextEqualOperator ||
		!comparison->useOr || !is_tenant(linitial(comparison->args)))
		return false;
	either = lsecond(comparison->args);
	return IsA(either, ArrayExpr) && !either->multidims && list_length(either->elements) == 2 &&
		   is_current_tenant(linitial(either->elements)) &&
		   is_empty_text(lsecond(either->elements));
}

/* The same as objects of version 1.0 have it. */
static bool
compares_tenant_or_common_as_before(const Node *expression)
{
	const BoolExpr *either = (const BoolExpr *) expression;

	return IsA(either, BoolExpr) && either->boolop == OR_EXPR && list_length(either->args) == 2 &&
		   compares_tenant(linitial(either->args), is_current_tenant) &&
		   compares_tenant(lsecond(either->args), is_empty_text);
}

/*
 * Whether the table's policy is the one that the install script makes, for all
 * roles: the rows of the session's tenant, and perhaps those of the tenant ''.
 */
static bool
has_our_policy(Relation table, bool *shows_common)
{
	const RowSecurityPolicy *policy;

	*shows_common = false;
	if (table->rd_rsdesc == NULL || list_length(table->rd_rsdesc->policies) != 1)
		return false;
	policy = linitial(table->rd_rsdesc->policies);
	if (policy->polcmd != '*' || !policy->permissive || policy->hassublinks ||
		policy->qual == NULL || ((Oid *) ARR_DATA_PTR(policy->roles))[0] != ACL_ID_PUBLIC)
		return false;
	if (compares_tenant((const Node *) policy->qual, is_current_tenant))
		return true;
	*shows_common = compares_tenant_or_common((const Node *) policy->qual) ||
					compares_tenant_or_common_as_before((const Node *) policy->qual);
	return *shows_common;
}

/* Whether the role may read the table, and which rows. */
static bool
may_read(DirectRead *read, Oid table)
{
	if (ExecutorCheckPerms_hook != NULL ||
		pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		return false;
	read->bound = check_enable_rls(RelationGetRelid(read->table), InvalidOid, true) == RLS_ENABLED;
	return !read->bound || (row_security && has_our_policy(read->table, &read->shows_common));
}

static bool
is_visible(const DirectRead *read, const text *tenant)
{
	const char *current;
	size_t len = VARSIZE_ANY_EXHDR(tenant);

	if (!read->bound || (len == 0 && read->shows_common))
		return true;
	current = current_tenant();
	return current != NULL && strlen(current) == len &&
		   memcmp(VARDATA_ANY(tenant), current, len) == 0;
}

/* ---------------------------------------------------------------- reading */

static AttrNumber
find_column(Relation table, const char *name)
{
	TupleDesc columns = RelationGetDescr(table);

	for (int i = 0; i < columns->natts; i++)
	{
		if (!TupleDescAttr(columns, i)->attisdropped &&
			strcmp(NameStr(TupleDescAttr(columns, i)->attname), name) == 0)
			return (AttrNumber) (i + 1);
	}
	return InvalidAttrNumber;
}

/* The type of a column of a key. */
static Oid
type_of_key(const char *name)
{
	if (strcmp(name, "interaction_type") == 0)
		return extension_objects()->interaction_type;
	if (strcmp(name, "category") == 0)
		return extension_objects()->category;
	return TEXTOID;
}

/*
 * Whether snapshots of this transaction may be older than an index that was made after keys
 * had changed in place: it has such a row by its new key only.  The planner asks the same.
 */
static bool
is_new_for_us(Relation index)
{
	return index->rd_index->indcheckxmin &&
		   !TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
								  TransactionXmin);
}

/* Whether a scan with keys for these columns finds what a statement would find. */
static bool
is_index_of(Relation index, const DirectRead *read, const char *const *columns, int nkeys)
{
	if (index->rd_rel->relam != BTREE_AM_OID || is_new_for_us(index) ||
		index->rd_index->indnkeyatts < nkeys)
		return false;
	for (int i = 0; i < nkeys; i++)
	{
		Form_pg_attribute column =
			TupleDescAttr(RelationGetDescr(read->table), read->columns[i] - 1);
		Oid type = type_of_key(columns[i]);

		if (index->rd_index->indkey.values[i] != read->columns[i] || column->atttypid != type ||
			index->rd_opcintype[i] != (type == TEXTOID ? TEXTOID : ANYENUMOID) ||
			(type == TEXTOID && index->rd_indcollation[i] != C_COLLATION_OID))
			return false;
	}
	return true;
}

/* Finds the columns and the index; returns false if they are not as expected. */
static bool
find_objects(DirectRead *read, const char *const *columns, int n, int nkeys)
{
	Oid index = primary_key_index(read->table);

	Assert(n <= DIRECT_MAX_COLUMNS && nkeys <= DIRECT_MAX_KEYS);
	for (int i = 0; i < n; i++)
	{
		read->columns[i] = find_column(read->table, columns[i]);
		if (read->columns[i] == InvalidAttrNumber)
			return false;
	}
	if (!OidIsValid(index) || read->columns[0] != 1)
		return false;
	read->index = index_open(index, AccessShareLock);
	return is_index_of(read->index, read, columns, nkeys);
}

bool
direct_begin(DirectRead *read, const char *table, const char *tenant_id, const char *const *columns,
			 int n, int nkeys, ReadAs as)
{
	Oid leaf;
	Oid parent;

	if (!leaf_may_read(table, tenant_id, &parent, &leaf))
		return false;
	LockRelationOid(parent, AccessShareLock);
	memset(read, 0, sizeof(*read));
	read->table = try_table_open(leaf, AccessShareLock);
	/* Something may have changed before it was locked. */
	if (read->table == NULL || !leaf_may_read(table, tenant_id, &parent, &leaf) ||
		RelationGetRelid(read->table) != leaf || !may_read(read, parent) ||
		!find_objects(read, columns, n, nkeys))
	{
		direct_end(read);
		return false;
	}
	if (as == SNAPSHOT_NEW)
	{
		CommandCounterIncrement();
		read->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	}
	else
		read->snapshot = RegisterSnapshot(GetActiveSnapshot());
	read->nkeys = nkeys;
	read->slot = table_slot_create(read->table, NULL);
	read->scan = begin_index_scan(read->table, read->index, read->snapshot, nkeys);
	return true;
}

void
direct_seek(DirectRead *read, const Datum *keys)
{
	ScanKeyData scan_keys[DIRECT_MAX_KEYS];

	for (int i = 0; i < read->nkeys; i++)
	{
		Oid type = TupleDescAttr(RelationGetDescr(read->table), read->columns[i] - 1)->atttypid;

		ScanKeyInit(&scan_keys[i], i + 1, BTEqualStrategyNumber,
					type == TEXTOID ? F_TEXTEQ : F_ENUM_EQ, keys[i]);
	}
	read->is_visible = is_visible(read, DatumGetTextPP(keys[0]));
	index_rescan(read->scan, scan_keys, read->nkeys, NULL, 0);
}

bool
direct_next(DirectRead *read)
{
	return read->is_visible && index_getnext_slot(read->scan, ForwardScanDirection, read->slot);
}

Datum
direct_value(DirectRead *read, int column, bool *isnull)
{
	bool null;
	Datum value = slot_getattr(read->slot, read->columns[column], &null);

	Assert(isnull != NULL || !null);
	if (isnull != NULL)
		*isnull = null;
	return value;
}

ItemPointerData
direct_place(const DirectRead *read)
{
	return read->slot->tts_tid;
}

/* The locks are kept until the end of the transaction, as a statement keeps them. */
void
direct_end(DirectRead *read)
{
	if (read->scan != NULL)
		index_endscan(read->scan);
	if (read->slot != NULL)
		ExecDropSingleTupleTableSlot(read->slot);
	if (read->snapshot != NULL)
		UnregisterSnapshot(read->snapshot);
	if (read->index != NULL)
		index_close(read->index, NoLock);
	if (read->table != NULL)
		table_close(read->table, NoLock);
}
