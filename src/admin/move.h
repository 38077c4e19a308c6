/*
 * move.h
 *		Moving a tenant to another server.
 */
#ifndef PERSONALIZATION_ADMIN_MOVE_H
#define PERSONALIZATION_ADMIN_MOVE_H

/* Raises an error that names the function if the role is restricted to one tenant. */
extern void require_administrator(const char *function);

/*
 * Drops the publication of a tenant, if there is one, before its rows are
 * deleted: a subscription that was not dropped then fails and does not delete
 * the rows on the other server.  The caller is in SPI; the tenant is locked
 * exclusively.
 */
extern void tenant_unpublish(const char *tenant_id);

#endif
