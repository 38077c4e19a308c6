/*
 * leaf.h
 *		Executing a tenant's statement over the tenant's partitions.
 *
 * A statement over a partitioned table locks all partitions before it knows
 * which one it needs, and an INSERT finds the partition anew for each
 * execution; this is a third of what learn() costs.  So a statement that is
 * bound to a tenant, its first parameter, is replaced by one that names the
 * tenant's partitions, and is planned once for each of them.
 *
 * The replacement does what the statement would have done.  Privileges are
 * those on the partitioned table: as where the planner expands a table into its
 * partitions, these are checked on the table, and none are needed on the
 * partition.  Row-level security is the partition's, whose policies the install
 * script makes the same as the table's.  Where anything makes a difference
 * between the two, such as a policy or a trigger that the table has and the
 * partition has not, the statement is executed as it is.
 */
#ifndef PERSONALIZATION_BASE_LEAF_H
#define PERSONALIZATION_BASE_LEAF_H

#include "postgres.h"

/*
 * Called when the library is loaded, unless Citus is, whose tables have no partitions;
 * has statements executed over partitions.
 */
extern void leaf_init(void);

/* Returns the tenant's partition of one of the extension's tables, or InvalidOid if it has none. */
extern Oid leaf_of_tenant(const char *table, const char *tenant_id);

/*
 * Finds the tenant's partition of a table, and the table, for reading the partition without a
 * statement; returns false where a statement would be executed over the table.  row_security is
 * the caller's to check.
 */
extern bool leaf_may_read(const char *table, const char *tenant_id, Oid *parent, Oid *leaf);

#endif
