/*
 * replay.h
 *		Preferences at an earlier time, by replaying interactions from a
 *		snapshot on.
 *
 *		They are the latest snapshot before the time plus the user's
 *		interactions since, applied by the code that learned them.  The result
 *		is the same, to the last bit, if events are learned in the order of
 *		their times and the tenant's settings and rules have not changed.
 */
#ifndef PERSONALIZATION_PREFERENCES_REPLAY_H
#define PERSONALIZATION_PREFERENCES_REPLAY_H

#include "postgres.h"

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/statement.h"
#include "core/profile/evidence.h"
#include "preferences/preferences.h"
#include "preferences/signals.h"

/* The result for a time before the user was known. */
typedef enum BeforeKnown
{
	BEFORE_KNOWN_NONE,
	BEFORE_KNOWN_AS_NOW /* the present ones; confidences do not grow backwards in time */
} BeforeKnown;

/*
 * Returns all preferences of a user as of a time, live or not, computed from
 * those stored now; *n is the number of both.  If the user has no snapshot
 * (imported, and nothing learned since), they are the present ones.  before
 * determines the result for a time before the user was known.
 */
extern Preference *
preferences_at_time(const char *tenant_id, const char *user_id, const LearningRule *rule,
					TimestampTz at, BeforeKnown before, Preference *stored, int *n);

/* One interaction during a replay. */
typedef struct Replayed
{
	pg_uuid_t id;
	InteractionType type;
	TimestampTz at;
	const Signals *signals; /* its signals; valid only during the call */
} Replayed;

/*
 * Called for each signal of an interaction, before and after it is applied to
 * the preference.
 */
typedef void (*ReplayObserver)(const Replayed *interaction, const Signal *signal,
							   const Preference *preference, bool after, void *arg);

/* The range and options of a replay. */
typedef struct Replay
{
	const char *tenant_id;
	const char *user_id;
	const LearningRule *rule;
	TimestampTz from;		 /* from a snapshot before this */
	TimestampTz until;		 /* and interactions up to and including this */
	const pg_uuid_t *skip;	 /* feedback to leave out, with all that it replaced, or NULL */
	bool from_nothing;		 /* start there without preferences, instead of from a snapshot */
	ReadAs as;				 /* SNAPSHOT_NEW while learning */
	ReplayObserver observer; /* may be NULL */
	void *arg;
} Replay;

/*
 * Returns the preferences at the end of a replay, or NULL if no snapshot is
 * old enough.  Preferences removed by negative signals are included, without
 * candidates.  The caller is in SPI.
 */
extern Preference *replay(const Replay *replay, int *n);

#endif
