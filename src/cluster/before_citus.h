/*
 * before_citus.h
 *		Statements that are refused, or changed, before Citus plans them, where
 *		Citus is loaded.
 *
 * Citus sends a single call of a function to the node of its tenant.  It computes
 * the node from a tenant that is null, too, and the server crashes.
 *
 * It decides which calls these are when PostgreSQL has planned the query, and then writes
 * down the query as the planner has left it.  If a sub-select has become part of the call, as in
 * SELECT f(x) FROM (SELECT 1 AS x), the server crashes.  Such a query gets a condition,
 * by which Citus leaves it as it is: the function is executed here.
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
