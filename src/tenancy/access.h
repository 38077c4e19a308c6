/*
 * access.h
 *		Privileges of applications on the shards of a Citus cluster.
 */
#ifndef PERSONALIZATION_TENANCY_ACCESS_H
#define PERSONALIZATION_TENANCY_ACCESS_H

/*
 * Gives roles the privileges on this node's shards that they have on the tables;
 * those that another session is altering are left to the next call.  Without Citus
 * it does nothing.  The caller is in SPI.
 */
extern void access_complete_shards(void);

#endif
