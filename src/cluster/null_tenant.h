/*
 * null_tenant.h
 *		Calls with a null tenant, where Citus is loaded.
 *
 * Citus sends a single call of a function to the node of its tenant.  It computes
 * the node from a tenant that is null, too, and the server crashes.
 */
#ifndef PERSONALIZATION_CLUSTER_NULL_TENANT_H
#define PERSONALIZATION_CLUSTER_NULL_TENANT_H

/*
 * Called when the library is loaded, after Citus.  From then on the error that
 * the functions raise for a null tenant is raised when the call is planned,
 * before Citus sees it.
 */
extern void null_tenant_init(void);

#endif
