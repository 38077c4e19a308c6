/*
 * session.h
 *		The tenant of a session.
 */
#ifndef PERSONALIZATION_TENANCY_SESSION_H
#define PERSONALIZATION_TENANCY_SESSION_H

#include "postgres.h"

/* The setting that contains the tenant. */
#define TENANT_SETTING "personalization.tenant_id"

/*
 * Returns the tenant of the session, or NULL if none is set.  With
 * local_tenant_only it is also NULL if the role is subject to row-level
 * security and the value would outlive the transaction.
 */
extern const char *current_tenant(void);

/*
 * Whether the current role is subject to row-level security.  A superuser or a
 * role with BYPASSRLS acts for the tenant that it names.
 */
extern bool bound_by_tenancy(void);

/* Whether the current role may set its tenant, that is, whether it is pooled. */
extern bool may_set_tenant(void);

/*
 * A hint for an error: how the current role can set a tenant.  It depends on
 * whether the role is pooled or bound.
 */
extern const char *no_tenant_hint(void);

/*
 * Registers the hooks that refuse SET for a whole session.  Called once, when
 * the library is loaded.
 */
extern void session_init(void);

#endif
