/*
 * session.h
 *		The tenant that a session acts for.
 */
#ifndef PERSONALIZATION_TENANCY_SESSION_H
#define PERSONALIZATION_TENANCY_SESSION_H

#include "postgres.h"

/* The setting that says it. */
#define TENANT_SETTING "personalization.tenant_id"

/*
 * The tenant of the session, NULL when none is set.  With local_tenant_only also
 * NULL where the role is bound by tenancy and the setting would outlast the
 * transaction.
 */
extern const char *current_tenant(void);

/*
 * Whether the current role is bound by row-level security; a superuser or a
 * BYPASSRLS role acts for the tenant that it names.
 */
extern bool bound_by_tenancy(void);

/* Whether the current role may set its tenant: it is pooled. */
extern bool may_set_tenant(void);

/*
 * What the current role can do about a session without a tenant, as the hint of an
 * error; it depends on whether the role is pooled or bound.
 */
extern const char *no_tenant_hint(void);

/* Registers what refuses SET for a whole session; called once, when the library is loaded. */
extern void session_init(void);

#endif
