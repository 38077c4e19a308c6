/*
 * snapshots.h
 *		Preferences as they were: a snapshot of each user's a day, and what
 *		happened since, replayed.
 *
 * The learn that changes preferences of a user for the first time in a day (UTC,
 * by the time of what it learns) writes down first what they were.  Those of an
 * earlier time are the latest snapshot before it and the user's interactions
 * since, taken in by the code that learned them: the same, to the last bit, as
 * long as events are learned in the order of their times and the tenant's
 * settings and rules are those of then.
 */
#ifndef PERSONALIZATION_PREFERENCES_SNAPSHOTS_H
#define PERSONALIZATION_PREFERENCES_SNAPSHOTS_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "preferences/preferences.h"

/*
 * Before observations of users of a tenant are taken in (in any order): makes
 * the snapshots of those who have none of that day or a later one.  The users
 * are locked, the caller is in SPI.
 */
extern void snapshots_before(const char *tenant_id, const Observation *observations, int n);

/*
 * After they have been taken in, in the order of the users: makes a snapshot of
 * each user of whom a late no took a preference away.
 */
extern void snapshots_after(const char *tenant_id, const Observation *observations, int n);

/* To be called where snapshots of users who go on are deleted: makes every backend look anew. */
extern void snapshots_forgotten(void);

/* Deletes snapshots of days before that of a time, limit of them at most; returns how many. */
extern int64 snapshots_expire(const char *tenant_id, TimestampTz before, int64 limit);

#endif
