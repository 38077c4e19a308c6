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
 * and the lock by which a shard that moves keeps writers away.
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
	int32 lowest; /* of the hash values of its tenants; the highest is before the next group's */
	int node;	  /* Citus's number of the node's group */
} ClusterGroup;

typedef struct ClusterMap
{
	uint64 version; /* grows with each map that is read in this backend */
	uint32 colocation;
	int local; /* Citus's number of this node's group; the coordinator's is 0 */
	int ngroups;
	ClusterGroup *groups;
	int nlocal; /* groups on this node */
	int ntables;
	ClusterTable *tables;
} ClusterMap;

/* When the library is loaded: whether Citus is, too.  Otherwise nothing here is called again. */
extern bool cluster_init(void);

/*
 * The map of this database; NULL where the tables are not distributed.  It is read
 * anew where something has changed, and is valid until the next call.  The caller
 * is in SPI, whose result is kept.  An error for a version of Citus that is not known.
 */
extern const ClusterMap *cluster_map(void);

extern const ClusterTable *cluster_table(const ClusterMap *map, const char *name, size_t len);

/* The group of a tenant. */
extern int cluster_group(const ClusterMap *map, const char *tenant_id, size_t len);

/* "host:port" of a node by its group's number, in the current memory context. */
extern char *cluster_node_name(int node);

/* Keeps a group where it is until the end of the transaction.  Whether it had to be locked now. */
extern bool cluster_lock_group(const ClusterMap *map, int group);

/* Citus's number of this node's group: 0 for the coordinator, and where Citus is not installed. */
extern int cluster_node(void);

/* Whether Citus is loaded and installed here; an error for a version that is not known. */
extern bool cluster_is_known(void);

#endif
