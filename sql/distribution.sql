-- A cluster of Citus.

CREATE FUNCTION personalization.distribute(shard_count int DEFAULT 32) RETURNS void
    LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_distribute';
COMMENT ON FUNCTION personalization.distribute(int) IS
    'distributes the tables by tenant over the nodes of a Citus cluster, with functions and privileges; may be called again; for administrators';

CREATE FUNCTION personalization.node_name() RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_node_name';
COMMENT ON FUNCTION personalization.node_name() IS
    'this node of a Citus cluster, as host:port; NULL where the tables are not distributed; for administrators';

CREATE FUNCTION personalization.distribution_problem() RETURNS text
    LANGUAGE c STABLE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_distribution_problem';
COMMENT ON FUNCTION personalization.distribution_problem() IS
    'since what change of a Citus cluster distribute() has not been called, for the view health; NULL if it need not be; for administrators';

CREATE FUNCTION personalization.distribution(
    OUT tenant_id text, OUT node text, OUT shard int, OUT same_version boolean, OUT same_privileges boolean)
    RETURNS SETOF record
    LANGUAGE c VOLATILE ROWS 100 SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'personalization_distribution';
COMMENT ON FUNCTION personalization.distribution() IS
    'where each tenant is: see distribution_status; for administrators';

CREATE VIEW personalization.distribution_status WITH (security_invoker = true) AS
SELECT tenant_id, node, shard, same_version, same_privileges FROM personalization.distribution();
COMMENT ON VIEW personalization.distribution_status IS
    'the node and the number of the shards of each tenant on a Citus cluster, and whether versions and privileges are the same on all nodes; for administrators';
