/*
 * send.c
 *		Executing part of a call on other nodes of a Citus cluster, in the
 *		caller's transaction.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "cluster/map.h"
#include "cluster/send.h"

/*
 * Changes nothing, as no user has this name.  It is planned by Citus, which commits
 * in two phases after any write that it has executed on this node.
 */
#define WRITE_NOTHING "DELETE FROM personalization.profiles WHERE tenant_id = $1 AND user_id = ''"

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
	const ClusterMap *map = distributed();
	const Oid types[] = {TEXTOID};
	char name[16];

	/* Where no shards are, nothing is written to them. */
	if (map == NULL || map->nlocal == 0)
		return;

	/* A name, whether or not there is such a tenant, whose shards are here. */
	for (int i = 0;; i++)
	{
		snprintf(name, sizeof(name), "%d", i);
		if (map->groups[cluster_group(map, name, strlen(name))].node == map->local)
			break;
	}
	execute(WRITE_NOTHING, 1, types, (const Datum[]){CStringGetTextDatum(name)});
}

uint64
send_query(const char *sql, int nargs, const Oid *types, const Datum *values)
{
	execute(sql, nargs, types, values);
	return SPI_processed;
}
