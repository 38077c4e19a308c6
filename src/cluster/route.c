/*
 * route.c
 *		Which shards a statement is for, on a Citus cluster.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "base/extension.h"
#include "base/statement_text.h"
#include "cluster/before_citus.h"
#include "cluster/log.h"
#include "cluster/map.h"
#include "cluster/route.h"

#define PREFIX SCHEMA_NAME "."

/* How a statement is related to tenants. */
typedef enum StatementKind
{
	NOT_DISTRIBUTED, /* names no distributed table */
	OF_TENANT,		 /* of the tenant in the first parameter */
	QUERY_OF_ALL,
	CHANGE_OF_ALL
} StatementKind;

/* What is known about a statement, for one map. */
typedef struct Known
{
	const Statement *statement; /* the key */
	uint64 version;				/* of the map */
	StatementKind kind;
	Statement *routed; /* by group; the last one is for all groups of this node */
	int nrouted;
} Known;

static HTAB *known = NULL;
static MemoryContext texts = NULL; /* of the statements made for a map */
static uint64 texts_version = 0;
static int current_group = -1; /* for a statement that writes for all tenants */

/* ---------------------------------------------------------------- reading statements */

static StatementKind
kind_of(const ClusterMap *map, const Statement *statement)
{
	const char *at = statement->sql;
	StatementName name;
	bool is_query = statement_is_query(statement->sql);
	const ClusterTable *table = NULL;

	while (table == NULL && statement_next_name(statement->sql, &at, &name))
		table = cluster_table(map, name.name, name.len);

	/* Reference tables are written through Citus, on all nodes. */
	if (table == NULL || (table->is_reference && !is_query))
		return NOT_DISTRIBUTED;
	if (table->is_reference)
		return QUERY_OF_ALL;
	if (statement_is_of_tenant(statement->sql, statement->parameters))
		return OF_TENANT;
	return is_query ? QUERY_OF_ALL : CHANGE_OF_ALL;
}

/* ---------------------------------------------------------------- writing them */

/* All shards of this node, as one table. */
static void
append_local_shards(StringInfo sql, const ClusterMap *map, const ClusterTable *table)
{
	bool first = true;

	appendStringInfoChar(sql, '(');
	for (int group = 0; group < map->ngroups; group++)
	{
		if (map->groups[group].node != map->local)
			continue;
		appendStringInfo(sql, "%sSELECT * FROM " PREFIX "%s_" INT64_FORMAT,
						 first ? "" : " UNION ALL ", table->name, table->shards[group]);
		first = false;
	}
	if (first)
		appendStringInfo(sql, "SELECT (NULL::" PREFIX "%s).* WHERE false", table->name);
	appendStringInfoChar(sql, ')');
}

/* The shards of a group, or all of this node. */
typedef struct Shards
{
	const ClusterMap *map;
	int group; /* -1 for all of this node */
} Shards;

static bool
append_shards(StringInfo text, const StatementName *name, void *arg)
{
	const Shards *shards = arg;
	const ClusterTable *table = cluster_table(shards->map, name->name, name->len);

	if (table == NULL)
		return false;
	if (table->is_reference)
		appendStringInfo(text, PREFIX "%s_" INT64_FORMAT, table->name, table->shards[0]);
	else if (shards->group >= 0)
		appendStringInfo(text, PREFIX "%s_" INT64_FORMAT, table->name,
						 table->shards[shards->group]);
	else
		append_local_shards(text, shards->map, table);
	return true;
}

/* ---------------------------------------------------------------- keeping them */

static void
forget_plans(Known *entry)
{
	for (int i = 0; i < entry->nrouted; i++)
	{
		if (entry->routed[i].plan != NULL)
			SPI_freeplan(entry->routed[i].plan);
		entry->routed[i].plan = NULL;
	}
}

static Known *
find_known(const ClusterMap *map, const Statement *statement)
{
	Known *entry;
	bool found;

	if (known == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Statement *), .entrysize = sizeof(Known)};

		known = hash_create("personalization statements", 512, &control, HASH_ELEM | HASH_BLOBS);
		texts = AllocSetContextCreate(TopMemoryContext, "personalization routed statements",
									  ALLOCSET_DEFAULT_SIZES);
	}
	if (texts_version != map->version)
	{
		HASH_SEQ_STATUS status;

		hash_seq_init(&status, known);
		while ((entry = hash_seq_search(&status)) != NULL)
		{
			forget_plans(entry);
			(void) hash_search(known, &entry->statement, HASH_REMOVE, NULL);
		}
		MemoryContextReset(texts);
		texts_version = map->version;
	}
	entry = hash_search(known, &statement, HASH_ENTER, &found);
	if (!found)
	{
		entry->routed = NULL;
		entry->nrouted = 0;
		entry->kind = kind_of(map, statement);
		entry->version = map->version;
	}
	return entry;
}

/* Returns the statement over the shards of a group, or over all of this node if group is -1. */
static Statement *
routed(const ClusterMap *map, Known *entry, const Statement *statement, int group)
{
	Statement *found;

	if (entry->routed == NULL)
	{
		entry->routed = MemoryContextAllocZero(texts, (map->ngroups + 1) * sizeof(Statement));
		entry->nrouted = map->ngroups + 1;
	}
	found = &entry->routed[group < 0 ? map->ngroups : group];
	if (found->sql == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(texts);

		found->sql = statement_over(statement->sql, append_shards, &(Shards){map, group});
		found->parameters = statement->parameters;
		MemoryContextSwitchTo(old);
	}
	return found;
}

/*
 * Citus plans the statement, and sends it to the node that it is for.  Without the values of
 * the parameters it cannot plan all of them.
 */
static Statement *
left_to_citus(Statement *statement)
{
	statement_plan_anew(statement);
	return statement;
}

static void
raise_elsewhere(const char *tenant_id, size_t len, int node)
{
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("tenant \"%s\" is on node %s", pnstrdup(tenant_id, len),
						   cluster_node_name(node)),
					errhint("Connect there, or call the function in a statement of its own, "
							"outside a transaction block.")));
}

/* Returns the map and the group of a tenant, which is on this node and remains here. */
static const ClusterMap *
lock_tenant_group(const ClusterMap *map, const char *tenant_id, size_t len, int *group)
{
	*group = cluster_group(map, tenant_id, len);
	if (map->groups[*group].node == map->local && cluster_lock_group(map, *group))
	{
		/* It may have been moved while we waited for the lock. */
		AcceptInvalidationMessages();
		map = cluster_map();
		if (map != NULL)
			*group = cluster_group(map, tenant_id, len);
	}
	return map;
}

Statement *
route_statement(Statement *statement, const Datum *values, const char *nulls)
{
	const ClusterMap *map = cluster_map();
	Known *entry;
	text *tenant;
	int group;

	if (map == NULL)
		return statement;
	entry = find_known(map, statement);
	switch (entry->kind)
	{
		case NOT_DISTRIBUTED:
			return statement;
		case QUERY_OF_ALL:
			return routed(map, entry, statement, -1);
		case CHANGE_OF_ALL:
			if (current_group < 0)
				return left_to_citus(statement);
			return routed(map, entry, statement, current_group);
		case OF_TENANT:
			break;
	}
	tenant = DatumGetTextPP(values[0]);
	map = lock_tenant_group(map, VARDATA_ANY(tenant), VARSIZE_ANY_EXHDR(tenant), &group);
	if (map == NULL)
		return statement;
	if (map->groups[group].node != map->local)
	{
		/* Rows of no tenant, and rows that are only added, need no lock of the group. */
		if (VARSIZE_ANY_EXHDR(tenant) == 0 || statement->anywhere)
			return left_to_citus(statement);
		raise_elsewhere(VARDATA_ANY(tenant), VARSIZE_ANY_EXHDR(tenant), map->groups[group].node);
	}
	return routed(map, find_known(map, statement), statement, group);
}

bool
route_init(void)
{
	if (!cluster_init())
		return false;
	statement_router = route_statement;
	before_citus_init();
	log_init();
	return true;
}

int
route_groups(void)
{
	const ClusterMap *map = statement_router == NULL ? NULL : cluster_map();

	return map == NULL ? 1 : map->nlocal;
}

void
route_to_group(int n)
{
	const ClusterMap *map = statement_router == NULL ? NULL : cluster_map();

	current_group = -1;
	if (map == NULL || n < 0)
		return;
	for (int group = 0; group < map->ngroups; group++)
	{
		if (map->groups[group].node == map->local && n-- == 0)
		{
			current_group = group;
			(void) cluster_lock_group(map, group);
			return;
		}
	}
}

bool
route_is_here(const char *tenant_id)
{
	const ClusterMap *map = statement_router == NULL ? NULL : cluster_map();
	size_t len = strlen(tenant_id);

	return map == NULL || map->groups[cluster_group(map, tenant_id, len)].node == map->local;
}

bool
route_keep_here(const char *tenant_id)
{
	const ClusterMap *map = statement_router == NULL ? NULL : cluster_map();
	int group;

	if (map == NULL)
		return true;
	map = lock_tenant_group(map, tenant_id, strlen(tenant_id), &group);
	return map == NULL || map->groups[group].node == map->local;
}

List *
route_tables(const char *name)
{
	const ClusterMap *map = statement_router == NULL ? NULL : cluster_map();
	const ClusterTable *table = map == NULL ? NULL : cluster_table(map, name, strlen(name));
	List *tables = NIL;

	if (table == NULL)
		return list_make1(pstrdup(name));
	if (table->is_reference)
		return list_make1(psprintf("%s_" INT64_FORMAT, name, table->shards[0]));
	for (int group = 0; group < map->ngroups; group++)
	{
		if (map->groups[group].node == map->local)
			tables = lappend(tables, psprintf("%s_" INT64_FORMAT, name, table->shards[group]));
	}
	return tables;
}
