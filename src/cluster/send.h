/*
 * send.h
 *		Executing part of a call on other nodes of a Citus cluster, in the
 *		caller's transaction.
 *
 *		Both nodes commit, or neither: Citus prepares the transaction on the
 *		other node before it commits here, and completes it after a crash.
 *		The caller is in SPI.
 */
#ifndef PERSONALIZATION_CLUSTER_SEND_H
#define PERSONALIZATION_CLUSTER_SEND_H

#include "postgres.h"

/* Citus's number of the node with a tenant's shards, and of this node; 0 where tables are not distributed. */
extern int send_node(const char *tenant_id);
extern int send_here(void);

/*
 * To be called before send_query(), once in a call: from then on the transaction
 * commits in two phases if it has written on another node.
 *
 * Citus itself decides so if it sends writes to two nodes; it does not see what is
 * written here to shards by their names, and to tables that are not distributed.
 */
extern void send_begin(void);

/* Returns a name whose tenant, whether or not there is one, has its shards on a node; NULL if it has none. */
extern char *send_name_on(int node);

/*
 * Executes a query on the node of the tenant in its first parameter, a text.
 * The query is only a call of a function in FROM, which is distributed with
 * force_delegation.  If Citus does not send it, it is executed here, where it
 * finds that the tenant is elsewhere, and raises that error.  Rows are in
 * SPI_tuptable; the result is the number of rows.
 */
extern uint64 send_query(const char *sql, int nargs, const Oid *types, const Datum *values);

#endif
