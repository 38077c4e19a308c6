/*
 * nodes.h
 *		Administering all nodes of a cluster of Citus from its coordinator.
 *
 * Without Citus, or where the tables are not distributed, all of this does
 * nothing.  The caller is in SPI.
 */
#ifndef PERSONALIZATION_CLUSTER_NODES_H
#define PERSONALIZATION_CLUSTER_NODES_H

#include "postgres.h"

/* Whether the tables are distributed; and whether this is the coordinator, or the only server. */
extern bool nodes_are_many(void);
extern bool nodes_is_coordinator(void);

/*
 * Between these two, commands that change definitions and privileges apply to this
 * node and are not sent to others: each node executes them by itself, so that
 * they include what Citus does not send.
 */
extern int nodes_local_begin(void);
extern void nodes_local_end(int level);

/*
 * On the coordinator: executes a query that returns one value on all other nodes, in
 * transactions of their own.  An error where it fails on any.
 */
extern void nodes_execute(const char *sql);

/* "SELECT ON personalization.a, personalization.b" with the shards of this node behind each table. */
extern char *nodes_with_shards(const char *privileges);

#endif
