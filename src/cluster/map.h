/*
 * map.h
 *		Where tenants are on a cluster of Citus: the shards of the distributed
 *		tables, and the node that holds each.
 *
 * All distributed tables of the extension are co-located: a tenant's rows in all
 * of them are in the shards of one group, on one node.  Groups are numbered in
 * the order of their hash values, as Citus numbers the shards of a table.
 *
 * What is relied on of Citus: the tables pg_dist_partition, pg_dist_shard,
 * pg_dist_placement, pg_dist_node and pg_dist_local_group; that a shard is table
 * NAME_SHARDID of the same schema; that the hash of a text is hash_any(); that
 * each change of a placement invalidates the relation of the distributed table;
 * and the lock by which a shard that moves keeps writers away.  send.h also relies
 * on this: a call of a function with force_delegation is sent in a transaction of
 * the other node that is part of this one, and its C function
 * Use2PCForCoordinatedTransaction() makes all nodes commit in two phases; and
 * distribute() (admin/) on functions of its manual, and that the rows that it has copied from a
 * table to shards can be truncated there.
 */
#ifndef PERSONALIZATION_CLUSTER_MAP_H
#define PERSONALIZATION_CLUSTER_MAP_H

#include "postgres.h"

/* A distributed table, or a reference table, which has one shard on every node. */
typedef struct ClusterTable
{
	char *name; /* within schema personalization */
	bool is_reference;
	int64 *shards; /* by group; one for a reference table */
} ClusterTable;

typedef struct ClusterGroup
{
	int32
		lowest; /* of the hash values of its tenants; the group ends before the next one's lowest */
	int node;	/* Citus's number of the group of the node */
} ClusterGroup;

typedef struct ClusterMap
{
	uint64 version; /* increases with each map that is read in this backend */
	uint32 colocation;
	int local; /* Citus's number of the group of this node; 0 is the coordinator */
	int ngroups;
	ClusterGroup *groups;
	int nlocal;	   /* groups on this node */
	uint64 placed; /* differs when other groups are on this node, or one has come back */
	int ntables;
	ClusterTable *tables;
} ClusterMap;

/*
 * Called when the library is loaded; returns whether Citus is loaded too.  If
 * not, no other function of this file is called.
 */
extern bool cluster_init(void);

/*
 * Returns the map of this database, or NULL if the tables are not distributed.
 * It is read again after an invalidation, and is valid until the next call.
 * The caller is in SPI, whose result is kept.  Raises an error if the version
 * of Citus is unknown.
 */
extern const ClusterMap *cluster_map(void);

extern const ClusterTable *cluster_table(const ClusterMap *map, const char *name, size_t len);

/* Returns the group of a tenant. */
extern int cluster_group(const ClusterMap *map, const char *tenant_id, size_t len);

/* Returns "host:port" of a node, given the number of its group, in the current memory context. */
extern char *cluster_node_name(int node);

/*
 * Prevents that a group is moved before the end of the transaction.  Returns
 * true if the lock was not yet held.
 */
extern bool cluster_lock_group(const ClusterMap *map, int group);

/* Returns Citus's number of the group of this node: 0 for the coordinator, and without Citus. */
extern int cluster_node(void);

/*
 * A condition: a table is not a shard, of whichever table of the database.  Citus hides shards only from
 * sessions of users that it has not opened itself.  Valid only where cluster_is_known().
 */
#define CLUSTER_NOT_A_SHARD(oid) "NOT pg_catalog.relation_is_a_known_shard(" oid ")"

/* Whether Citus is loaded and installed here; raises an error if its version is unknown. */
extern bool cluster_is_known(void);

#endif
