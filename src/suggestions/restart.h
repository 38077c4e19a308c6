/*
 * restart.h
 *		Statistics and rankings of tenants that begin anew.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_RESTART_H
#define PERSONALIZATION_SUGGESTIONS_RESTART_H

/*
 * Deletes the statistics of a tenant's queries, including the state of its
 * ranking, so that the next pass rebuilds them from the interactions.  The
 * tenant is locked exclusively or its user is; the caller is in SPI.
 */
extern void statistics_restart(const char *tenant_id);

/*
 * Deletes what was counted for a tenant whose row of rankings is new: it was counted
 * before that row was lost, and the rebuild that follows would count it again.
 */
extern void statistics_erase(const char *tenant_id);

#endif
