/*
 * compat.h
 *		Differences between versions of PostgreSQL.  No other file uses
 *		PG_VERSION_NUM.
 */
#ifndef PERSONALIZATION_BASE_COMPAT_H
#define PERSONALIZATION_BASE_COMPAT_H

#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/plannodes.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#if PG_VERSION_NUM < 150000
#error "personalization needs PostgreSQL 15 or later"
#endif

/*
 * The library is built with -fvisibility=hidden, and shows what the server looks up by name: functions
 * called from SQL, entry points, the magic block.  The server marks these since version 16.  A file
 * that has any of them includes this header, so that they are also shown to version 15.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))

#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(name)                                                                  \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                               \
	extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_, name)(void);                    \
	const Pg_finfo_record *CppConcat(pg_finfo_, name)(void)                                        \
	{                                                                                              \
		static const Pg_finfo_record finfo = {1};                                                  \
		return &finfo;                                                                             \
	}                                                                                              \
	extern int no_such_variable

extern PGDLLEXPORT void _PG_init(void);
#endif

/* Since version 18 the attribute is written before a function, no longer after it. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

/* DecodeDateTime() returns more about an error since version 16. */
static inline int
decode_date_time(char **field, int *ftype, int nf, int *dtype, struct pg_tm *tm, fsec_t *fsec,
				 int *tzp)
{
#if PG_VERSION_NUM >= 160000
	DateTimeErrorExtra extra;

	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp, &extra);
#else
	return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp);
#endif
}

/* The last argument of parseTypeString() was a flag before it became an error context. */
static inline void
parse_type_string(const char *name, Oid *type, int32 *typmod)
{
#if PG_VERSION_NUM >= 160000
	(void) parseTypeString(name, type, typmod, NULL);
#else
	parseTypeString(name, type, typmod, false);
#endif
}

/* Whether the current role has USAGE on a schema. */
static inline bool
may_use_schema(Oid schema)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(NamespaceRelationId, schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK;
#else
	return pg_namespace_aclcheck(schema, GetUserId(), ACL_USAGE) == ACLCHECK_OK;
#endif
}

/* Whether the current role has EXECUTE on a function. */
static inline bool
may_execute_function(Oid function)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#else
	return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

/* Returns the index of a table's primary key, or InvalidOid. */
static inline Oid
primary_key_index(Relation table)
{
#if PG_VERSION_NUM >= 180000
	return RelationGetPrimaryKeyIndex(table, false);
#else
	return RelationGetPrimaryKeyIndex(table);
#endif
}

static inline IndexScanDesc
begin_index_scan(Relation table, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(table, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(table, index, snapshot, nkeys, 0);
#endif
}

/* The id of this backend's current transaction. */
static inline LocalTransactionId
my_local_transaction(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProc->vxid.lxid;
#else
	return MyProc->lxid;
#endif
}

/*
 * For the worker's session: ALTER DATABASE … SET transaction_timeout, new in
 * version 17, would end it in the middle of a vacuum.
 */
static inline void
no_transaction_timeout(void)
{
#if PG_VERSION_NUM >= 170000
	SetConfigOption("transaction_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
#endif
}

/* The number of this process in ProcGlobal->allProcs. */
static inline int
my_proc_number(void)
{
#if PG_VERSION_NUM >= 170000
	return MyProcNumber;
#else
	return MyProc->pgprocno;
#endif
}

/*
 * Has the executor check the privileges that a plan needs on a relation, an
 * entry of its range table, on a partitioned table instead.  They are apart from
 * the range table since version 16.
 */
static inline void
check_privileges_on(PlannedStmt *planned, RangeTblEntry *entry, Oid table)
{
	RangeTblEntry *checked = makeNode(RangeTblEntry);

	checked->rtekind = RTE_RELATION;
	checked->relid = table;
	checked->relkind = RELKIND_PARTITIONED_TABLE;
	checked->rellockmode = entry->rellockmode;
	checked->eref = entry->eref;
#if PG_VERSION_NUM >= 160000
	if (entry->perminfoindex > 0)
	{
		RTEPermissionInfo *needed = getRTEPermissionInfo(planned->permInfos, entry);
		RTEPermissionInfo *on_table = copyObject(needed);

		on_table->relid = table;
		needed->requiredPerms = 0;
		planned->permInfos = lappend(planned->permInfos, on_table);
		checked->perminfoindex = list_length(planned->permInfos);
	}
#else
	checked->requiredPerms = entry->requiredPerms;
	checked->checkAsUser = entry->checkAsUser;
	checked->selectedCols = entry->selectedCols;
	checked->insertedCols = entry->insertedCols;
	checked->updatedCols = entry->updatedCols;
	entry->requiredPerms = 0;
#endif
	planned->rtable = lappend(planned->rtable, checked);
}

/* Finds a setting of the server by its name; version 16 has a function for this. */
static inline struct config_generic *
server_setting(const char *name)
{
#if PG_VERSION_NUM >= 160000
	return find_option(name, false, false, ERROR);
#else
	struct config_generic **settings = get_guc_variables();

	for (int i = GetNumConfigOptions() - 1; i >= 0; i--)
	{
		if (strcmp(settings[i]->name, name) == 0)
			return settings[i];
	}
	elog(ERROR, "unrecognized configuration parameter \"%s\"", name);
#endif
}

#endif
