/*
 * distribution.c
 *		A Citus cluster: distributing the tables over its nodes, and where
 *		each tenant is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "admin/move.h"
#include "admin/tenant_data.h"
#include "base/arguments.h"
#include "base/extension.h"
#include "base/owner.h"
#include "base/statement.h"
#include "cluster/map.h"
#include "cluster/nodes.h"
#include "tenancy/audit.h"

/* Valid only in a database of a cluster, so these are not Statements. */
#define IS_DISTRIBUTED                                                                             \
	"SELECT FROM pg_catalog.pg_dist_partition"                                                     \
	" WHERE logicalrelid = ('personalization.' || $1)::regclass"

#define HAS_LOCAL_ROWS                                                                             \
	"SELECT FROM pg_catalog.pg_class WHERE oid = ('personalization.' || $1)::regclass"             \
	" AND pg_catalog.pg_relation_size(oid) > 0"

#define HAS_PARTITIONS                                                                             \
	"SELECT FROM pg_catalog.pg_class WHERE oid = 'personalization.signal_rules'::regclass"         \
	" AND relkind = 'p'"

/* What distribute() must know of the other nodes before it changes anything. */
#define CHECK_NODES                                                                                \
	"SELECT pg_catalog.format('%s:%s', n.nodename, n.nodeport),"                                   \
	" CASE WHEN NOT r.success THEN r.result END,"                                                  \
	" x.state ->> 'version', e.extversion, x.state -> 'partitioned' = 'true',"                     \
	" x.state -> 'filled' = 'true'"                                                                \
	" FROM pg_catalog.run_command_on_workers("                                                     \
	"  $cmd$SELECT pg_catalog.jsonb_build_object('version', e.extversion,"                         \
	"   'partitioned', c.relkind = 'p', 'filled', pg_catalog.pg_relation_size(c.oid) > 0)"         \
	"   FROM (SELECT) AS always"                                                                   \
	"   LEFT JOIN pg_catalog.pg_extension e ON e.extname = 'personalization'"                      \
	"   LEFT JOIN pg_catalog.pg_class c"                                                           \
	"    ON c.oid = pg_catalog.to_regclass('personalization.tenants')$cmd$) r"                     \
	" JOIN pg_catalog.pg_dist_node n USING (nodename, nodeport),"                                  \
	" LATERAL (SELECT CASE WHEN r.success THEN r.result::jsonb END) x (state),"                    \
	" pg_catalog.pg_extension e"                                                                   \
	" WHERE e.extname = 'personalization' ORDER BY n.nodeid"

enum
{
	NODE_NAME = 1,
	NODE_ERROR,
	NODE_VERSION,
	NODE_OUR_VERSION,
	NODE_IS_PARTITIONED,
	NODE_IS_FILLED
};

/*
 * Single calls are sent to the node of the tenant; use_tenant() affects the
 * session that calls it.  Calls by learn_batch() are sent also within a transaction.
 */
#define FUNCTIONS                                                                                  \
	"SELECT p.oid::regprocedure::text, p.proname = 'learn_part' FROM pg_catalog.pg_proc p"         \
	" WHERE p.pronamespace = 'personalization'::regnamespace AND p.proargnames[1] = 'tenant_id'"   \
	" AND p.proargtypes[0] = 'text'::regtype AND p.provolatile <> 'i'"                             \
	" AND p.proname NOT IN ('use_tenant', 'publish_tenant') ORDER BY 1"

enum
{
	FUNCTION_NAME = 1,
	FUNCTION_IS_ALWAYS_SENT
};

#define DISTRIBUTE_FUNCTION(more)                                                                  \
	"SELECT pg_catalog.create_distributed_function($1::regprocedure, 'tenant_id',"                 \
	" colocate_with := 'personalization.tenants'" more ")"

/* Roles with access, which is also granted on nodes added later; and pooled roles. */
#define ROLES                                                                                      \
	"SELECT DISTINCT g.grantee::regrole::text,"                                                    \
	" EXISTS (SELECT FROM pg_catalog.pg_parameter_acl s, pg_catalog.aclexplode(s.paracl) a"        \
	"   WHERE s.parname = 'personalization.tenant_id' AND a.grantee = g.grantee"                   \
	"   AND a.privilege_type = 'SET'),"                                                            \
	" (SELECT pg_catalog.substring(c, pg_catalog.strpos(c, '=') + 1)"                              \
	"   FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c"                    \
	"   WHERE s.setrole = g.grantee AND c LIKE E'personalization.tenant\\\\_id=%'"                 \
	"   AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database"                          \
	"    WHERE datname = pg_catalog.current_database()))"                                          \
	"   ORDER BY s.setdatabase DESC LIMIT 1)"                                                      \
	" FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) g"                                \
	" WHERE p.pronamespace = 'personalization'::regnamespace AND p.proname = 'learn'"              \
	" AND g.grantee NOT IN (0, p.proowner)"

enum
{
	ROLE_NAME = 1,
	ROLE_IS_POOLED,
	ROLE_TENANT
};

/* What each node notes of a distribution: worker_state.distributed. */
#define DISTRIBUTED                                                                                \
	"SELECT pg_catalog.jsonb_build_object('version', e.extversion, 'nodes',"                       \
	"  (SELECT pg_catalog.jsonb_agg(n.nodeid ORDER BY n.nodeid)"                                   \
	"   FROM pg_catalog.pg_dist_node n WHERE n.noderole = 'primary' AND n.isactive))::text"        \
	" FROM pg_catalog.pg_extension e WHERE e.extname = 'personalization'"

/* What has changed since, and asks for another one. */
#define DISTRIBUTION_PROBLEM                                                                       \
	"SELECT 'distribute() has not been called since ' || x.since FROM ("                           \
	"  SELECT CASE"                                                                                \
	"   WHEN s.distributed IS NULL THEN 'this node was added or updated'"                          \
	"   WHEN s.distributed ->> 'version' <> e.extversion"                                          \
	"    THEN pg_catalog.format('the extension was updated from version %s to %s',"                \
	"     s.distributed ->> 'version', e.extversion)"                                              \
	"   ELSE (SELECT pg_catalog.format('node %s:%s was added', n.nodename, n.nodeport)"            \
	"    FROM pg_catalog.pg_dist_node n WHERE n.noderole = 'primary' AND n.isactive"               \
	"    AND NOT s.distributed -> 'nodes' @> pg_catalog.to_jsonb(n.nodeid)"                        \
	"    ORDER BY n.nodeid LIMIT 1) END AS since"                                                  \
	"  FROM personalization.worker_state s, pg_catalog.pg_extension e"                             \
	"  WHERE e.extname = 'personalization') x"                                                     \
	" WHERE x.since IS NOT NULL"

PG_FUNCTION_INFO_V1(personalization_distribute);
PG_FUNCTION_INFO_V1(personalization_distribution);
PG_FUNCTION_INFO_V1(personalization_distribution_problem);
PG_FUNCTION_INFO_V1(personalization_node_name);

static uint64
run(const char *sql, const char *argument)
{
	Oid type = TEXTOID;
	Datum value = argument == NULL ? (Datum) 0 : CStringGetTextDatum(argument);
	ErrorContextCallback hint = {.previous = error_context_stack, .callback = hint_at_update};
	int result;

	error_context_stack = &hint;
	result = SPI_execute_with_args(sql, argument == NULL ? 0 : 1, &type, &value, NULL, false, 0);
	error_context_stack = hint.previous;

	if (result < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql, SPI_result_code_string(result));
	return SPI_processed;
}

/* Raises an error unless this session can distribute the tables. */
static void
check_cluster(void)
{
	if (!cluster_is_known())
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("extension citus is not installed in this database"),
						errhint("Add citus before " EXTENSION_NAME " to shared_preload_libraries, "
								"and create extension citus before " EXTENSION_NAME ".")));
	if (cluster_node() != 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("distribute() must be called on the coordinator"),
						errhint("Connect to %s.", cluster_node_name(0))));
	if (run(HAS_PARTITIONS, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension " EXTENSION_NAME " was created before extension citus"),
				 errhint("Export the tenants with personalization.export_tenant(), create the "
						 "extension again, distribute, and import them.")));
}

/*
 * Raises an error if another node has objects of another version, or rows of its own,
 * which nobody would see any more.  Of a table that is distributed already, the rows
 * beneath cannot be read, but there is a file with them.
 */
static void
check_nodes(void)
{
	uint64 nrows = run(CHECK_NODES, NULL);

	for (uint64 row = 0; row < nrows; row++)
	{
		char *node = result_text(row, NODE_NAME);
		char *error = result_text(row, NODE_ERROR);
		char *version = result_text(row, NODE_VERSION);
		char *ours = result_text(row, NODE_OUR_VERSION);
		bool isnull;

		if (error != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
					 errmsg("command failed on another node"), errdetail("%s: %s", node, error)));
		if (version == NULL || strcmp(version, ours) != 0)
			ereport(
				ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension " EXTENSION_NAME " does not have the same version on all nodes"),
				 version == NULL ? errdetail("Node %s does not have the extension.", node)
								 : errdetail("Node %s has version %s, and this node has %s.", node,
											 version, ours),
				 errhint("On each node, the coordinator last, execute SET "
						 "citus.enable_ddl_propagation = off and ALTER EXTENSION " EXTENSION_NAME
						 " UPDATE, or CREATE EXTENSION.")));
		if (DatumGetBool(result_value(row, NODE_IS_PARTITIONED, &isnull)) && !isnull)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("extension " EXTENSION_NAME
							" was created before extension citus on node %s",
							node),
					 errhint("Export the tenants of that node with "
							 "personalization.export_tenant(), drop the extension there, and "
							 "create it again.")));
		if (DatumGetBool(result_value(row, NODE_IS_FILLED, &isnull)) && !isnull)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("node %s has tenants of its own", node),
							errdetail("The tables of the cluster would hide their rows."),
							errhint("Remove the node, export its tenants with "
									"personalization.export_tenant(), and drop the extension there "
									"before the node is added.")));
	}
}

/*
 * Row-level security remains, but does not apply to the owner, because Citus
 * moves shards as the owner.  The table tenants comes last: once it is
 * distributed, all tables count as distributed.
 */
static void
distribute_tables(int shards)
{
	static const char *const others[] = {"audit_log", "backing_off"};
	const char *first = NULL;
	int n = tenant_tables_n + (int) lengthof(others);
	const char **names = palloc(n * sizeof(char *));
	StringInfoData lock;
	int level;

	/* The list ends with tenants. */
	for (int i = 0; i < tenant_tables_n - 1; i++)
		names[i] = tenant_tables[i].name;
	for (size_t i = 0; i < lengthof(others); i++)
		names[tenant_tables_n - 1 + i] = others[i];
	names[n - 1] = "tenants";

	/* Lock before changing any of them; the worker locks tenants first, too. */
	initStringInfo(&lock);
	appendStringInfoString(&lock, "LOCK TABLE personalization.tenants");
	for (int i = 0; i < n - 1; i++)
		appendStringInfo(&lock, ", personalization.%s", names[i]);
	if (run(IS_DISTRIBUTED, "tenants") == 0)
		(void) run(lock.data, NULL);
	else
		/* A new node gets its copy of a reference table now, and not with its first shard. */
		(void) run("SELECT pg_catalog.replicate_reference_tables('block_writes')", NULL);

	/* It says that rows are left where they were, which is true only until the end of this function. */
	level = NewGUCNestLevel();
	if (client_min_messages < WARNING)
		(void) set_config_option("client_min_messages", "warning", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
	for (int i = 0; i < n; i++)
	{
		const char *name = names[i];
		bool is_reference = strcmp(name, "signal_rules") == 0;

		if (run(IS_DISTRIBUTED, name) > 0)
		{
			if (!is_reference && first == NULL)
				first = name;
			continue;
		}
		(void) run(psprintf("ALTER TABLE personalization.%s NO FORCE ROW LEVEL SECURITY", name),
				   NULL);
		if (is_reference)
			(void) run("SELECT pg_catalog.create_reference_table('personalization.signal_rules')",
					   NULL);
		else if (first == NULL)
			(void) run(psprintf("SELECT pg_catalog.create_distributed_table('personalization.%s',"
								" 'tenant_id', colocate_with := 'none', shard_count := %d)",
								name, shards),
					   NULL);
		else
			(void) run(psprintf("SELECT pg_catalog.create_distributed_table('personalization.%s',"
								" 'tenant_id', colocate_with := 'personalization.%s')",
								name, first),
					   NULL);
		if (!is_reference && first == NULL)
			first = name;
	}

	AtEOXact_GUC(true, level);

	/* What was in the tables has been copied to the shards; Citus leaves it where it was, too. */
	for (int i = 0; i < n; i++)
	{
		if (run(HAS_LOCAL_ROWS, names[i]) > 0)
			(void) run("SELECT pg_catalog.truncate_local_data_after_distributing_table("
					   "('personalization.' || $1)::regclass)",
					   names[i]);
	}
}

static void
distribute_functions(void)
{
	uint64 nrows = run(FUNCTIONS, NULL);
	SPITupleTable *rows = SPI_tuptable;

	for (uint64 row = 0; row < nrows; row++)
	{
		char *function = SPI_getvalue(rows->vals[row], rows->tupdesc, FUNCTION_NAME);
		char *always = SPI_getvalue(rows->vals[row], rows->tupdesc, FUNCTION_IS_ALWAYS_SENT);

		(void) run(always[0] == 't' ? DISTRIBUTE_FUNCTION(", force_delegation := true")
									: DISTRIBUTE_FUNCTION(""),
				   function);
	}
	SPI_freetuptable(rows);
}

/* Indexes that earlier versions had, as quoted names separated by commas. */
#define RETIRED_INDEXES "'interactions_user_time'"

/*
 * Gives the shards of a node what their tables have got: columns, with how many statistics are
 * kept of them, indexes, storage parameters and policies; and drops from them the indexes that
 * are no longer used.  An upgrade script, which each node executes by itself, changes the tables
 * only.
 */
#define COMPLETE_SHARDS                                                                            \
	"DO $do$ DECLARE command text; BEGIN"                                                          \
	" FOR command IN"                                                                              \
	"  WITH shards AS ("                                                                           \
	"   SELECT s.logicalrelid AS parent, s.shardid, p.reloptions,"                                 \
	"    pg_catalog.to_regclass('personalization.' || p.relname || '_' || s.shardid) AS shard"     \
	"   FROM pg_catalog.pg_dist_shard s"                                                           \
	"   JOIN pg_catalog.pg_dist_placement USING (shardid)"                                         \
	"   JOIN pg_catalog.pg_dist_local_group USING (groupid)"                                       \
	"   JOIN pg_catalog.pg_class p ON p.oid = s.logicalrelid"                                      \
	"   WHERE p.relnamespace = 'personalization'::regnamespace)"                                   \
	"  SELECT c FROM ("                                                                            \
	"   SELECT 1 AS part, a.attnum::int AS n, pg_catalog.format("                                  \
	"    'ALTER TABLE %s ADD COLUMN %I %s%s%s%s', shard, a.attname,"                               \
	"    pg_catalog.format_type(a.atttypid, a.atttypmod),"                                         \
	"    CASE WHEN a.attcollation <> t.typcollation"                                               \
	"     THEN ' COLLATE ' || a.attcollation::regcollation END,"                                   \
	"    ' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid),"                               \
	"    CASE WHEN a.attnotnull THEN ' NOT NULL' END) AS c"                                        \
	"   FROM shards JOIN pg_catalog.pg_attribute a ON a.attrelid = parent"                         \
	"   JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"                                           \
	"   LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = parent AND d.adnum = a.attnum"            \
	"   WHERE shard IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped"                           \
	"   AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute b"                                     \
	"    WHERE b.attrelid = shard AND b.attname = a.attname AND NOT b.attisdropped)"               \
	"   UNION ALL"                                                                                 \
	"   SELECT 2, x.indexrelid::int,"                                                              \
	"    pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(x.indexrelid),"                      \
	"     E'^(CREATE (UNIQUE )?INDEX )\\\\S+( ON )\\\\S+',"                                        \
	"     E'\\\\1' || pg_catalog.quote_ident(i.relname || '_' || shardid) || E'\\\\3' || shard)"   \
	"   FROM shards JOIN pg_catalog.pg_index x ON x.indrelid = parent"                             \
	"   JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid"                                        \
	"   WHERE shard IS NOT NULL AND pg_catalog.to_regclass("                                       \
	"    'personalization.' || pg_catalog.quote_ident(i.relname || '_' || shardid)) IS NULL"       \
	"   UNION ALL"                                                                                 \
	"   SELECT 3, 0, pg_catalog.format('ALTER TABLE %s SET (%s)', shard,"                          \
	"    pg_catalog.array_to_string(t.reloptions, ', '))"                                          \
	"   FROM shards t JOIN pg_catalog.pg_class c ON c.oid = shard"                                 \
	"   WHERE NOT t.reloptions <@ coalesce(c.reloptions, '{}')"                                    \
	"   UNION ALL"                                                                                 \
	"   SELECT 4, 0, pg_catalog.format('DROP INDEX %s', x.indexrelid::regclass)"                   \
	"   FROM shards JOIN pg_catalog.pg_index x ON x.indrelid = shard"                              \
	"   JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid,"                                       \
	"   unnest(ARRAY[" RETIRED_INDEXES "]) retired"                                                \
	"   WHERE i.relname = retired || '_' || shardid"                                               \
	"   AND pg_catalog.to_regclass('personalization.' || retired) IS NULL"                         \
	"   UNION ALL"                                                                                 \
	"   SELECT 5, a.attnum::int, pg_catalog.format("                                               \
	"    'ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', shard, a.attname,"                    \
	"    coalesce(a.attstattarget, -1))"                                                           \
	"   FROM shards JOIN pg_catalog.pg_attribute a ON a.attrelid = parent"                         \
	"   LEFT JOIN pg_catalog.pg_attribute b ON b.attrelid = shard AND b.attname = a.attname"       \
	"   WHERE shard IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped"                           \
	"   AND coalesce(a.attstattarget, -1) <> coalesce(b.attstattarget, -1)"                        \
	"   UNION ALL"                                                                                 \
	"   SELECT 6, 0, pg_catalog.format('ALTER POLICY %I ON %s%s%s', p.polname, shard,"             \
	"    ' USING (' || pg_catalog.pg_get_expr(p.polqual, parent) || ')',"                          \
	"    ' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, parent) || ')')"                \
	"   FROM shards JOIN pg_catalog.pg_policy p ON p.polrelid = parent"                            \
	"   JOIN pg_catalog.pg_policy q ON q.polrelid = shard AND q.polname = p.polname"               \
	"   WHERE (pg_catalog.pg_get_expr(p.polqual, parent),"                                         \
	"     pg_catalog.pg_get_expr(p.polwithcheck, parent))"                                         \
	"    IS DISTINCT FROM (pg_catalog.pg_get_expr(q.polqual, shard),"                              \
	"     pg_catalog.pg_get_expr(q.polwithcheck, shard))"                                          \
	"  ) y ORDER BY part, n"                                                                       \
	" LOOP EXECUTE command; END LOOP; END $do$"

/* Grants the access that roles have here on all nodes, and for the shards of this one. */
static void
distribute_privileges(void)
{
	uint64 nrows = run(ROLES, NULL);
	SPITupleTable *rows = SPI_tuptable;

	for (uint64 row = 0; row < nrows; row++)
	{
		char *role = SPI_getvalue(rows->vals[row], rows->tupdesc, ROLE_NAME);
		char *pooled = SPI_getvalue(rows->vals[row], rows->tupdesc, ROLE_IS_POOLED);
		char *tenant = SPI_getvalue(rows->vals[row], rows->tupdesc, ROLE_TENANT);

		(void) run(psprintf("SELECT personalization.grant_access(%s::regrole, %s)",
							quote_literal_cstr(role), pooled[0] == 't' ? "true" : "false"),
				   NULL);
		if (tenant != NULL)
		{
			/* Not by bind_role(): the tenants are not distributed there before this commits. */
			nodes_execute_there(psprintf("ALTER ROLE %s SET personalization.tenant_id = %s", role,
										 quote_literal_cstr(tenant)));
		}
	}
	SPI_freetuptable(rows);
}

Datum
personalization_distribute(PG_FUNCTION_ARGS)
{
	int shards;
	char *settle;
	OwnerScope scope;

	prevent_if_read_only("distribute()");
	require_administrator("distribute");
	require_argument(fcinfo, 0, "shard_count");
	shards = PG_GETARG_INT32(0);
	if (shards < 1 || shards > 64000)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("shard_count must be between 1 and 64000: %d", shards)));
	SPI_connect();
	check_cluster();

	/* Citus does not let two roles write to what a transaction has distributed, and audit() is one. */
	owner_begin(&scope);
	check_nodes();
	distribute_tables(shards);
	distribute_functions();
	nodes_execute_on_all(COMPLETE_SHARDS);
	CommandCounterIncrement();

	/* No dump is being restored into a node, so its worker may begin. */
	(void) run(DISTRIBUTED, NULL);
	settle = psprintf("UPDATE personalization.worker_state SET settled = true, distributed = %s"
					  " RETURNING 'settled'",
					  quote_literal_cstr(result_text(0, ONLY_COLUMN)));
	(void) run(settle, NULL);
	nodes_execute(settle);

	/* Citus has created the extension there in prepared transactions, which wake nobody. */
	nodes_execute("SELECT personalization.wake_worker()");
	distribute_privileges();
	owner_end(&scope);
	audit("distribute", NULL, NULL, NULL, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}

/* "host:port" of this node. */
Datum
personalization_node_name(PG_FUNCTION_ARGS)
{
	char *name;

	if (!nodes_are_many())
		PG_RETURN_NULL();
	name = cluster_node_name(cluster_node());
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/* Reads nothing of other nodes, so it answers while they are down. */
Datum
personalization_distribution_problem(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	char *problem = NULL;

	if (!nodes_are_many())
		PG_RETURN_NULL();
	SPI_connect();
	if (run(DISTRIBUTION_PROBLEM, NULL) > 0)
		problem = MemoryContextStrdup(caller, result_text(0, ONLY_COLUMN));
	SPI_finish();
	if (problem == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(problem));
}

/* What must be the same on all nodes, as one text. */
#define COMPARE(what)                                                                              \
	"SELECT count(DISTINCT result) = 1 AND bool_and(success)"                                      \
	" FROM pg_catalog.run_command_on_all_nodes($cmd$" what "$cmd$)"

#define SAME_VERSION                                                                               \
	COMPARE("SELECT pg_catalog.concat_ws(' ', e.extversion, c.extversion)"                         \
			" FROM pg_catalog.pg_extension e, pg_catalog.pg_extension c"                           \
			" WHERE e.extname = 'personalization' AND c.extname = 'citus'")

/* Shards of this node to which a role has not yet what it has on the table: tenancy/access.c. */
#define LACKING                                                                                    \
	" UNION ALL SELECT pg_catalog.concat_ws(' ', c.relname, a.grantee::regrole)"                   \
	"  FROM pg_catalog.pg_dist_shard s"                                                            \
	"  JOIN pg_catalog.pg_dist_placement p USING (shardid)"                                        \
	"  JOIN pg_catalog.pg_dist_local_group l USING (groupid)"                                      \
	"  JOIN pg_catalog.pg_class c ON c.relnamespace = 'personalization'::regnamespace"             \
	"   AND c.relname = 'inbox_' || s.shardid"                                                     \
	"  JOIN pg_catalog.pg_attribute i ON i.attrelid = s.logicalrelid AND i.attname = 'user_id',"   \
	"  pg_catalog.aclexplode(i.attacl) a"                                                          \
	"  WHERE s.logicalrelid = 'personalization.inbox'::regclass AND a.grantee <> 0"                \
	"  AND NOT (pg_catalog.has_column_privilege(a.grantee, c.oid, 'position', 'INSERT')"           \
	"   AND pg_catalog.has_table_privilege(a.grantee, c.oid, 'SELECT'))"

#define SAME_PRIVILEGES                                                                            \
	COMPARE(                                                                                       \
		"SELECT pg_catalog.md5(pg_catalog.string_agg(x, ',' ORDER BY x COLLATE \"C\")) FROM ("     \
		" SELECT pg_catalog.concat_ws(' ', n.nspname, a) FROM pg_catalog.pg_namespace n,"          \
		"  pg_catalog.unnest(n.nspacl) a WHERE n.nspname = 'personalization'"                      \
		" UNION ALL SELECT pg_catalog.concat_ws(' ', p.oid::regprocedure, a)"                      \
		"  FROM pg_catalog.pg_proc p, pg_catalog.unnest(p.proacl) a"                               \
		"  WHERE p.pronamespace = 'personalization'::regnamespace"                                 \
		" UNION ALL SELECT pg_catalog.concat_ws(' ', c.relname, a)"                                \
		"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_depend d ON d.objid = c.oid"              \
		"  AND d.classid = 'pg_class'::regclass AND d.deptype = 'e',"                              \
		"  pg_catalog.unnest(c.relacl) a WHERE c.relnamespace = 'personalization'::regnamespace"   \
		" UNION ALL SELECT pg_catalog.concat_ws(' ', s.parname, a)"                                \
		"  FROM pg_catalog.pg_parameter_acl s, pg_catalog.unnest(s.paracl) a"                      \
		"  WHERE s.parname = 'personalization.tenant_id'" LACKING                                  \
		" UNION ALL SELECT pg_catalog.concat_ws(' ', s.setrole::regrole, c)"                       \
		"  FROM pg_catalog.pg_db_role_setting s, pg_catalog.unnest(s.setconfig) c"                 \
		"  WHERE c LIKE 'personalization.%'"                                                       \
		"  AND s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database"                       \
		"   WHERE datname = pg_catalog.current_database()))"                                       \
		"  AND EXISTS (SELECT FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) g"        \
		"   WHERE p.pronamespace = 'personalization'::regnamespace AND p.proname = 'learn'"        \
		"   AND g.grantee = s.setrole)) y (x)")

/* All tenants of nodes that can be reached: each is asked for those in its shards. */
#define TENANTS                                                                                     \
	"SELECT t.tenant_id FROM ("                                                                     \
	" SELECT pg_catalog.array_agg(x.nodename) AS names, pg_catalog.array_agg(x.nodeport) AS ports," \
	"  pg_catalog.array_agg(x.command) AS commands FROM ("                                          \
	"  SELECT n.nodename, n.nodeport,"                                                              \
	"   'SELECT pg_catalog.jsonb_agg(tenant_id) FROM (' || pg_catalog.string_agg("                  \
	"    'SELECT tenant_id FROM personalization.tenants_' || s.shardid, ' UNION ALL ')"             \
	"    || ') t' AS command"                                                                       \
	"  FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)"         \
	"  JOIN pg_catalog.pg_dist_node n USING (groupid)"                                              \
	"  WHERE s.logicalrelid = 'personalization.tenants'::regclass AND n.noderole = 'primary'"       \
	"  GROUP BY n.nodename, n.nodeport) x) y,"                                                      \
	" LATERAL pg_catalog.master_run_on_worker(y.names, y.ports, y.commands, true) r,"               \
	" LATERAL pg_catalog.jsonb_array_elements_text("                                                \
	"  CASE WHEN r.success AND r.result <> '' THEN r.result::jsonb END) t (tenant_id)"              \
	" ORDER BY t.tenant_id COLLATE \"C\""

static Datum
is_same(const char *sql)
{
	(void) run(sql, NULL);
	return result_value(0, ONLY_COLUMN, NULL);
}

Datum
personalization_distribution(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const ClusterMap *map;
	SPITupleTable *rows;
	uint64 nrows;
	Datum values[5];
	bool nulls[5] = {false};

	require_administrator("distribution");
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	if (nodes_are_many())
	{
		values[3] = is_same(SAME_VERSION);
		values[4] = is_same(SAME_PRIVILEGES);

		nrows = run(TENANTS, NULL);
		rows = SPI_tuptable;
		map = cluster_map();
		for (uint64 row = 0; row < nrows; row++)
		{
			char *tenant_id = SPI_getvalue(rows->vals[row], rows->tupdesc, ONLY_COLUMN);
			int group = cluster_group(map, tenant_id, strlen(tenant_id));

			values[0] = CStringGetTextDatum(tenant_id);
			values[1] = CStringGetTextDatum(cluster_node_name(map->groups[group].node));
			values[2] = Int32GetDatum(group);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	SPI_finish();
	return (Datum) 0;
}
