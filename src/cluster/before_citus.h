/*
 * before_citus.h
 *		Statements that are refused before Citus plans them, where Citus is
 *		loaded.
 *
 * Citus sends a single call of a function to the node of its tenant.  It computes
 * the node from a tenant that is null, too, and the server crashes.
 *
 * It sends values as text in the DateStyle of the session, which other nodes read
 * in their own: in all styles but ISO, days and months change places, and the
 * abbreviations of time zones mean others.
 */
#ifndef PERSONALIZATION_CLUSTER_BEFORE_CITUS_H
#define PERSONALIZATION_CLUSTER_BEFORE_CITUS_H

/* Called when the library is loaded, after Citus. */
extern void before_citus_init(void);

#endif
