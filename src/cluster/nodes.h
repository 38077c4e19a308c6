/*
 * nodes.h
 *		Administering all nodes of a Citus cluster from its coordinator.
 *
 *		Without Citus, or if the tables are not distributed, these functions
 *		do nothing.  The caller is in SPI.
 */
#ifndef PERSONALIZATION_CLUSTER_NODES_H
#define PERSONALIZATION_CLUSTER_NODES_H

#include "postgres.h"

/* Whether the tables are distributed; and whether this is the coordinator, or the only server. */
extern bool nodes_are_many(void);
extern bool nodes_is_coordinator(void);

/*
 * Raises an error if a function that is for all nodes is called on one that is not
 * the coordinator, and not to apply to this node only, as its administrator may wish
 * by citus.enable_ddl_propagation = off, and as nodes_execute_there() does.
 */
extern void nodes_check_coordinator(const char *function);

/*
 * A number that differs whenever shards have been moved to this node or away from it,
 * also if they have come back; 0 if the tables are not distributed.
 */
extern uint64 nodes_placed(void);

/*
 * Between these two calls, commands that change definitions and privileges
 * apply to this node only and are not sent to others.  Each node executes them
 * itself, including those that Citus does not send.
 */
extern int nodes_local_begin(void);
extern void nodes_local_end(int level);

/*
 * On the coordinator, executes a query that returns one value on all other
 * nodes, each in a transaction of its own.  Raises an error if it fails on any
 * of them.
 */
extern void nodes_execute(const char *sql);

/* The same for a command, which is to change that node only. */
extern void nodes_execute_there(const char *sql);

/* The same on all nodes, this one too, where it sees only what has been committed. */
extern void nodes_execute_on_all(const char *sql);

/*
 * Names of all shards of a table, of which those of this node are tables here, and
 * those that are being moved here; NIL if the tables are not distributed.
 */
extern struct List *nodes_shards(const char *table);

/*
 * Returns "SELECT ON personalization.a, personalization.b" with the shards of
 * this node after each table.
 */
extern char *nodes_with_shards(const char *privileges);

#endif
