/*
 * nodes.c
 *		Administering all nodes of a Citus cluster from its coordinator.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/extension.h"
#include "base/statement.h"
#include "cluster/map.h"
#include "cluster/nodes.h"
#include "cluster/route.h"

#define PROPAGATION "citus.enable_ddl_propagation"

/* Valid only in a database of a cluster, so it is not a Statement. */
#define ON_WORKERS                                                                                 \
	"SELECT pg_catalog.format('%s:%s: %s', n.nodename, n.nodeport, r.result)"                      \
	" FROM pg_catalog.run_command_on_workers($1) r"                                                \
	" JOIN pg_catalog.pg_dist_node n USING (nodename, nodeport)"                                   \
	" WHERE NOT r.success"
#define ON_ALL                                                                                     \
	"SELECT pg_catalog.format('%s:%s: %s', n.nodename, n.nodeport, r.result)"                      \
	" FROM pg_catalog.run_command_on_all_nodes($1) r"                                              \
	" JOIN pg_catalog.pg_dist_node n USING (nodeid)"                                               \
	" WHERE NOT r.success"

/* Citus sends no further what the command of %s does on the node. */
#define THERE                                                                                      \
	"BEGIN PERFORM pg_catalog.set_config('" PROPAGATION "', 'off', true);"                         \
	" EXECUTE %s; END"

static const ClusterMap *
distributed(void)
{
	return statement_router == NULL ? NULL : cluster_map();
}

bool
nodes_are_many(void)
{
	return distributed() != NULL;
}

bool
nodes_is_coordinator(void)
{
	const ClusterMap *map = distributed();

	return map == NULL || map->local == 0;
}

void
nodes_check_coordinator(const char *function)
{
	const ClusterMap *map = distributed();
	const char *propagates = GetConfigOption(PROPAGATION, true, false);

	if (map == NULL || map->local == 0 || propagates == NULL || strcmp(propagates, "on") != 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("%s() must be called on the coordinator", function),
					errhint("Connect to %s.", cluster_node_name(0))));
}

uint64
nodes_placed(void)
{
	const ClusterMap *map = distributed();

	return map == NULL ? 0 : map->placed;
}

int
nodes_local_begin(void)
{
	int level = NewGUCNestLevel();

	if (nodes_are_many())
		(void) set_config_option(PROPAGATION, "off", superuser() ? PGC_SUSET : PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

void
nodes_local_end(int level)
{
	AtEOXact_GUC(true, level);
}

static void
execute(const char *on_nodes, const char *sql)
{
	Oid type = TEXTOID;
	Datum value = CStringGetTextDatum(sql);
	int result;

	if (!nodes_are_many() || !nodes_is_coordinator())
		return;
	result = SPI_execute_with_args(on_nodes, 1, &type, &value, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "could not execute on other nodes: %s", SPI_result_code_string(result));
	if (SPI_processed > 0)
		ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
						errmsg("command failed on another node"),
						errdetail("%s", result_text(0, ONLY_COLUMN)),
						errhint("Nodes where it succeeded keep what it did; call the function "
								"again.")));
}

void
nodes_execute(const char *sql)
{
	execute(ON_WORKERS, sql);
}

void
nodes_execute_there(const char *sql)
{
	nodes_execute(psprintf("DO %s", quote_literal_cstr(psprintf(THERE, quote_literal_cstr(sql)))));
}

void
nodes_execute_on_all(const char *sql)
{
	execute(ON_ALL, sql);
}

List *
nodes_shards(const char *name)
{
	const ClusterMap *map = distributed();
	const ClusterTable *table = map == NULL ? NULL : cluster_table(map, name, strlen(name));
	List *shards = NIL;

	for (int group = 0; table != NULL && group < (table->is_reference ? 1 : map->ngroups); group++)
		shards = lappend(shards, psprintf("%s_" INT64_FORMAT, name, table->shards[group]));
	return shards;
}

char *
nodes_with_shards(const char *privileges)
{
	const char *tables = strstr(privileges, " ON ");
	StringInfoData text;
	char *list;
	char *save = NULL;

	if (!nodes_are_many() || tables == NULL || strncmp(tables, " ON personalization.", 20) != 0)
		return pstrdup(privileges);
	initStringInfo(&text);
	appendBinaryStringInfo(&text, privileges, (int) (tables - privileges));
	appendStringInfoString(&text, " ON ");
	list = pstrdup(tables + 4);
	for (char *table = strtok_r(list, ", ", &save); table; table = strtok_r(NULL, ", ", &save))
	{
		const char *name = table + strlen(SCHEMA_NAME ".");
		ListCell *cell;

		appendStringInfo(&text, "%s%s", table == list ? "" : ", ", table);
		foreach (cell, route_tables(name))
		{
			if (strcmp(lfirst(cell), name) != 0)
				appendStringInfo(&text, ", " SCHEMA_NAME ".%s", (char *) lfirst(cell));
		}
	}
	return text.data;
}
