/*
 * route.h
 *		Which shards a statement is for, on a cluster of Citus.
 *
 * A tenant's statements are executed on the node that holds the tenant's shards
 * and nowhere else, because the locks that serialize changes of a user are that
 * node's.  They name the shards themselves, so that they are planned once, as
 * PostgreSQL plans them.
 */
#ifndef PERSONALIZATION_CLUSTER_ROUTE_H
#define PERSONALIZATION_CLUSTER_ROUTE_H

#include "postgres.h"

#include "base/statement.h"

/*
 * Called when the library is loaded; has statements routed if Citus is loaded too, and
 * returns whether it is.
 */
extern bool route_init(void);

/*
 * Returns the statement to execute instead of the given one, which is itself
 * if the tables are not distributed or it names none of them.
 *
 * A statement that is bound to a tenant by its first parameter is executed
 * over the tenant's shards, which are kept where they are until the end of the
 * transaction.  If they are on another node, an error is raised that names it.
 *
 * A query that is not bound to a tenant is executed over all shards of this
 * node.
 */
extern Statement *route_statement(Statement *statement, const Datum *values, const char *nulls);

/*
 * The number of groups of shards on this node, 1 where tables are not distributed;
 * and executing a statement that writes, and is bound to no tenant, over one of these.
 */
extern int route_groups(void);
extern void route_to_group(int n); /* -1 ends this */

/*
 * Whether a tenant's statements may be executed here; true where tables are not distributed.
 * route_keep_here() also keeps the tenant's shards here until the end of the transaction.
 */
extern bool route_is_here(const char *tenant_id);
extern bool route_keep_here(const char *tenant_id);

/* The tables of this node with rows of a table: its shards, or the table itself.  A list of names. */
extern struct List *route_tables(const char *table);

#endif
