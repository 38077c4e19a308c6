/*
 * snapshots.h
 *		Daily snapshots of each user's preferences.
 *
 *		The first event of a day (UTC, by the time of the event) that changes
 *		a user's preferences stores a snapshot of the preferences before it.
 *		See replay.h for how preferences at an earlier time are computed from
 *		it.
 */
#ifndef PERSONALIZATION_PREFERENCES_SNAPSHOTS_H
#define PERSONALIZATION_PREFERENCES_SNAPSHOTS_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "preferences/observation.h"

/*
 * Called by preferences_observe() only, before it applies observations of users
 * of a tenant (in any order): makes the snapshots of users without one of that
 * day or later.  The users are locked; the caller is in SPI.
 */
extern void snapshots_before(const char *tenant_id, const Observation *observations, int n);

/*
 * Likewise, after it has applied them, in the order of the users: makes
 * a snapshot for each user who lost a preference because of a late negative
 * signal.
 */
extern void snapshots_after(const char *tenant_id, const Observation *observations, int n);

/*
 * To be called when snapshots of users who continue to exist are deleted:
 * invalidates the knowledge of all backends.
 */
extern void snapshots_invalidate_known(void);

/* Deletes snapshots of days before that of a time, at most limit; returns their number. */
extern int64 snapshots_expire(const char *tenant_id, TimestampTz before, int64 limit);

#endif
