/*
 * map.c
 *		Where tenants are on a Citus cluster.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/arrival.h"
#include "base/extension.h"
#include "base/invalidation.h"
#include "base/statement.h"
#include "cluster/map.h"

/* The major version of Citus whose catalogs and locks map.h describes. */
#define KNOWN_CITUS "13."

/* Class of the advisory locks that Citus takes on the shards of a group. */
#define COLOCATED_SHARDS_LOCK 8

/* Valid only in a database of a cluster, so these are not Statements. */
#define SELECT_VERSION                                                                             \
	"SELECT e.extversion,"                                                                         \
	" EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass("                 \
	"   'pg_catalog.pg_dist_partition'))"                                                          \
	" FROM pg_catalog.pg_extension e"                                                              \
	" WHERE e.extname = 'citus'"

enum
{
	VERSION_NAME = 1,
	VERSION_HAS_TABLES
};

#define SELECT_TABLES                                                                              \
	"SELECT c.relname, p.partmethod = 'n', p.colocationid::int8,"                                  \
	" p.logicalrelid = 'personalization.tenants'::regclass"                                        \
	" FROM pg_catalog.pg_dist_partition p"                                                         \
	" JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid"                                        \
	" WHERE c.relnamespace = 'personalization'::regnamespace AND NOT c.relispartition"             \
	"  AND p.partmethod IN ('h', 'n')"                                                             \
	" ORDER BY c.relname"

enum
{
	TABLES_NAME = 1,
	TABLES_IS_REFERENCE,
	TABLES_COLOCATION,
	TABLES_IS_TENANTS
};

#define SELECT_SHARDS                                                                              \
	"SELECT s.shardid, coalesce(s.shardminvalue, '0')::int4,"                                      \
	" coalesce((SELECT min(l.groupid) FROM pg_catalog.pg_dist_placement l"                         \
	"   WHERE l.shardid = s.shardid), -1),"                                                        \
	" coalesce((SELECT min(l.xmin::text::int8) FROM pg_catalog.pg_dist_placement l"                \
	"   WHERE l.shardid = s.shardid), 0)"                                                          \
	" FROM pg_catalog.pg_dist_shard s"                                                             \
	" WHERE s.logicalrelid = ('personalization.' || $1)::regclass"                                 \
	" ORDER BY s.shardminvalue::int4"

enum
{
	SHARDS_ID = 1,
	SHARDS_LOWEST,
	SHARDS_NODE,
	SHARDS_PLACED /* by which transaction, on this node */
};

#define SELECT_LOCAL "SELECT groupid FROM pg_catalog.pg_dist_local_group"

#define SELECT_NODE                                                                                \
	"SELECT nodename || ':' || nodeport FROM pg_catalog.pg_dist_node"                              \
	" WHERE groupid = $1 AND noderole = 'primary'"

static bool is_valid = false;
static bool is_distributed = false;
static ClusterMap map;
static MemoryContext context = NULL; /* of the map */
static Oid tenants = InvalidOid;	 /* the table whose invalidation is the map's */

/* Executes a query of the extension with the right to read everything, whoever calls. */
static uint64
query(const char *sql, int nargs, Oid type, Datum value)
{
	int result = SPI_execute_with_args(sql, nargs, &type, &value, NULL, true, 0);

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(result));
	return SPI_processed;
}

static void
invalidate(Oid relation, void *arg)
{
	if (!OidIsValid(relation) || relation == tenants)
		is_valid = false;
}

bool
cluster_init(void)
{
	/* Citus must be preloaded before this library, so its settings exist by now. */
	if (GetConfigOption("citus.shard_count", true, false) == NULL)
		return false;
	listen_for_invalidation(invalidate, NULL);
	arrival_node = cluster_node;
	return true;
}

/* Whether this database belongs to a cluster of a known version of Citus. */
static bool
is_known(void)
{
	char *version;

	if (query(SELECT_VERSION, 0, InvalidOid, 0) == 0 ||
		!DatumGetBool(result_value(0, VERSION_HAS_TABLES, NULL)))
		return false;
	version = result_text(0, VERSION_NAME);
	if (strncmp(version, KNOWN_CITUS, strlen(KNOWN_CITUS)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("version %s of Citus is not supported", version),
				 errdetail("The distributed tables of " EXTENSION_NAME
						   " are read and locked by the rules of version " KNOWN_CITUS "x.")));
	return true;
}

static void
read_tables(bool *found)
{
	uint64 nrows = query(SELECT_TABLES, 0, InvalidOid, 0);

	*found = false;
	map.tables = MemoryContextAllocZero(context, Max(nrows, 1) * sizeof(ClusterTable));
	map.ntables = (int) nrows;
	for (uint64 row = 0; row < nrows; row++)
	{
		map.tables[row].name = MemoryContextStrdup(
			context, NameStr(*DatumGetName(result_value(row, TABLES_NAME, NULL))));
		map.tables[row].is_reference = DatumGetBool(result_value(row, TABLES_IS_REFERENCE, NULL));
		if (DatumGetBool(result_value(row, TABLES_IS_TENANTS, NULL)))
		{
			map.colocation = (uint32) DatumGetInt64(result_value(row, TABLES_COLOCATION, NULL));
			*found = true;
		}
	}
}

static void
read_shards(ClusterTable *table)
{
	uint64 nrows = query(SELECT_SHARDS, 1, TEXTOID, CStringGetTextDatum(table->name));
	bool is_first = map.ngroups == 0 && !table->is_reference;

	if (is_first)
	{
		map.ngroups = (int) nrows;
		map.groups = MemoryContextAllocZero(context, nrows * sizeof(ClusterGroup));
	}
	if (nrows != (table->is_reference ? 1 : (uint64) map.ngroups))
		elog(ERROR, "table %s has " UINT64_FORMAT " shards instead of %d", table->name, nrows,
			 map.ngroups);
	table->shards = MemoryContextAllocZero(context, nrows * sizeof(int64));
	for (uint64 row = 0; row < nrows; row++)
	{
		table->shards[row] = DatumGetInt64(result_value(row, SHARDS_ID, NULL));
		if (is_first)
		{
			map.groups[row].lowest = DatumGetInt32(result_value(row, SHARDS_LOWEST, NULL));
			map.groups[row].node = DatumGetInt32(result_value(row, SHARDS_NODE, NULL));
			if (map.groups[row].node == map.local)
			{
				uint64 placed = (uint64) DatumGetInt64(result_value(row, SHARDS_PLACED, NULL));

				map.nlocal++;
				map.placed = hash_combine64(hash_combine64(map.placed, row + 1), placed);
			}
		}
	}
}

static void
read_map(void)
{
	uint64 version = map.version + 1;
	bool found;

	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "personalization cluster",
										ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	memset(&map, 0, sizeof(map));
	map.version = version;
	is_distributed = false;
	tenants = extension_objects()->tenants;

	/* Set before reading, so that an invalidation meanwhile is not missed. */
	is_valid = true;
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (is_known())
	{
		read_tables(&found);
		if (found)
		{
			(void) query(SELECT_LOCAL, 0, InvalidOid, 0);
			map.local = DatumGetInt32(result_value(0, ONLY_COLUMN, NULL));
			for (int i = 0; i < map.ntables; i++)
				read_shards(&map.tables[i]);
			is_distributed = true;
		}
	}
	SPI_finish();
	PopActiveSnapshot();
}

const ClusterMap *
cluster_map(void)
{
	static uint64 generation = 0;
	uint64 now = extension_objects()->generation;

	if (generation != now)
		is_valid = false;
	generation = now;

	/* An error leaves the map invalid, because it was not read completely. */
	while (!is_valid)
	{
		PG_TRY();
		{
			read_map();
		}
		PG_CATCH();
		{
			is_valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	return is_distributed ? &map : NULL;
}

const ClusterTable *
cluster_table(const ClusterMap *of, const char *name, size_t len)
{
	for (int i = 0; i < of->ntables; i++)
	{
		if (strlen(of->tables[i].name) == len && memcmp(of->tables[i].name, name, len) == 0)
			return &of->tables[i];
	}
	return NULL;
}

int
cluster_group(const ClusterMap *of, const char *tenant_id, size_t len)
{
	int32 hash = (int32) hash_bytes((const unsigned char *) tenant_id, (int) len);
	int first = 0;
	int last = of->ngroups - 1;

	while (first < last)
	{
		int middle = (first + last + 1) / 2;

		if (of->groups[middle].lowest <= hash)
			first = middle;
		else
			last = middle - 1;
	}
	return first;
}

char *
cluster_node_name(int node)
{
	MemoryContext caller = CurrentMemoryContext;
	char *name = NULL;

	SPI_connect();
	if (query(SELECT_NODE, 1, INT4OID, Int32GetDatum(node)) > 0)
		name = MemoryContextStrdup(caller, result_text(0, ONLY_COLUMN));
	SPI_finish();
	return name != NULL ? name : pstrdup("?");
}

bool
cluster_lock_group(const ClusterMap *of, int group)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) group, of->colocation, COLOCATED_SHARDS_LOCK);
	return LockAcquire(&tag, ShareLock, false, false) != LOCKACQUIRE_ALREADY_HELD;
}

/* The node of a backend does not change during a session. */
int
cluster_node(void)
{
	static int node = -1;

	if (node >= 0)
		return node;
	PushActiveSnapshot(GetLatestSnapshot());
	SPI_connect();
	if (query(SELECT_VERSION, 0, InvalidOid, 0) > 0 &&
		DatumGetBool(result_value(0, VERSION_HAS_TABLES, NULL)) &&
		query(SELECT_LOCAL, 0, InvalidOid, 0) > 0)
		node = DatumGetInt32(result_value(0, ONLY_COLUMN, NULL));
	else
		node = 0;
	SPI_finish();
	PopActiveSnapshot();
	return node;
}

bool
cluster_is_known(void)
{
	bool known;

	if (statement_router == NULL)
		return false;
	SPI_connect();
	known = is_known();
	SPI_finish();
	return known;
}
