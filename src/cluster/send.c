/*
 * send.c
 *		Executing part of a call on other nodes of a Citus cluster, in the
 *		caller's transaction.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"

#include "base/statement.h"
#include "cluster/map.h"
#include "cluster/send.h"

/* The function of Citus by which a transaction is to commit in two phases, wherever it has written. */
#define CITUS_LIBRARY "$libdir/citus"
#define USE_TWO_PHASES "Use2PCForCoordinatedTransaction"

static const ClusterMap *
distributed(void)
{
	return statement_router == NULL ? NULL : cluster_map();
}

int
send_node(const char *tenant_id)
{
	const ClusterMap *map = distributed();

	return map == NULL ? 0 : map->groups[cluster_group(map, tenant_id, strlen(tenant_id))].node;
}

int
send_here(void)
{
	const ClusterMap *map = distributed();

	return map == NULL ? 0 : map->local;
}

static void
execute(const char *sql, int nargs, const Oid *types, const Datum *values)
{
	int result = SPI_execute_with_args(sql, nargs, unconstify(Oid *, types),
									   unconstify(Datum *, values), NULL, false, 0);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(result));
}

void
send_begin(void)
{
	static void (*use_two_phases)(void) = NULL;

	if (distributed() == NULL)
		return;
	if (use_two_phases == NULL)
		use_two_phases =
			(void (*)(void)) load_external_function(CITUS_LIBRARY, USE_TWO_PHASES, true, NULL);
	use_two_phases();
}

char *
send_name_on(int node)
{
	const ClusterMap *map = distributed();
	bool has_shards = false;

	for (int group = 0; map != NULL && group < map->ngroups; group++)
		has_shards = has_shards || map->groups[group].node == node;
	for (int i = 0; has_shards; i++)
	{
		char *name = psprintf("%d", i);

		if (map->groups[cluster_group(map, name, strlen(name))].node == node)
			return name;
		pfree(name);
	}
	return NULL;
}

uint64
send_query(const char *sql, int nargs, const Oid *types, const Datum *values)
{
	execute(sql, nargs, types, values);
	return SPI_processed;
}
