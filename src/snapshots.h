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
#ifndef SNAPSHOTS_H
#define SNAPSHOTS_H

#include "postgres.h"

#include "preferences.h"
#include "utils/timestamp.h"

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

/*
 * All preferences of a user as of a time, live or not, made of those stored
 * now; *n is the number of both.  Of a user of whom there is no snapshot, who was
 * imported and has learned nothing since, they are those of now; what they are of a
 * time before he was known, before says.
 */
extern Preference *
preferences_of_then(const char *tenant_id, const char *user_id, const LearningRule *rule,
					TimestampTz at, BeforeKnown before, Preference *stored, int *n);

/* To be called where snapshots of users who go on are deleted: makes every backend look anew. */
extern void snapshots_forgotten(void);

/* Deletes snapshots of days before that of a time, limit of them at most; returns how many. */
extern int64 snapshots_expire(const char *tenant_id, TimestampTz before, int64 limit);

/* One interaction as it is replayed. */
typedef struct Replayed
{
	pg_uuid_t id;
	InteractionType type;
	TimestampTz at;
	const Signals *signals; /* those that it says; of the moment */
} Replayed;

/*
 * Called for each signal of an interaction, before it is taken in by the
 * preference, and after.
 */
typedef void (*ReplayObserver)(const Replayed *interaction, const Signal *signal,
							   const Preference *preference, bool after, void *arg);

/* What to replay, and how. */
typedef struct Replay
{
	const char *tenant_id;
	const char *user_id;
	const LearningRule *rule;
	TimestampTz from;		 /* from a snapshot before this */
	TimestampTz until;		 /* and interactions up to and including this */
	const pg_uuid_t *skip;	 /* one that is left out, with all that it replaced; NULL for none */
	bool from_nothing;		 /* without a snapshot, only from there */
	bool write;				 /* read in new snapshots, as learning does */
	ReplayObserver observer; /* may be NULL */
	void *arg;
} Replay;

/*
 * The preferences that a replay leads to; NULL where no snapshot reaches back
 * far enough.  Those that a no took away are among them, without candidates.
 * The caller is in SPI.
 */
extern Preference *replay(const Replay *replay, int *n);

#endif
