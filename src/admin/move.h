/*
 * move.h
 *		A tenant that moves to another server.
 */
#ifndef PERSONALIZATION_ADMIN_MOVE_H
#define PERSONALIZATION_ADMIN_MOVE_H

/* An error, naming the function, for a role that is kept to one tenant. */
extern void require_administrator(const char *function);

/*
 * Drops the publication of a tenant, where there is one: before its rows are
 * deleted, so that a subscription that was not dropped does not delete them at
 * the other end, but fails.  The caller is in SPI, the tenant locked alone.
 */
extern void tenant_unpublish(const char *tenant_id);

#endif
