/*
 * rankings.h
 *		What the ranking of a tenant's suggestions has learned.
 */
#ifndef PERSONALIZATION_SUGGESTIONS_RANKINGS_H
#define PERSONALIZATION_SUGGESTIONS_RANKINGS_H

/*
 * Throws the statistics of a tenant's queries away, what its ranking has
 * learned included, and lets the next pass make them anew from the
 * interactions.  The tenant is locked alone or its user is, the caller in SPI.
 */
extern void statistics_restart(const char *tenant_id);

#endif
