/*
 * replay.h
 *		Preferences as they were: from a snapshot on, what happened since is taken in
 *		once more.
 *
 *		They are the latest snapshot before the time and the user's interactions
 *		since, taken in by the code that learned them: the same, to the last bit, as
 *		long as events are learned in the order of their times and the tenant's
 *		settings and rules are those of then.
 */
#ifndef PERSONALIZATION_PREFERENCES_REPLAY_H
#define PERSONALIZATION_PREFERENCES_REPLAY_H

#include "postgres.h"

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/statement.h"
#include "core/evidence.h"
#include "preferences/preferences.h"
#include "preferences/signals.h"

/* What preferences of a time before the user was known are. */
typedef enum BeforeKnown
{
	BEFORE_KNOWN_NONE,
	BEFORE_KNOWN_AS_NOW /* those of now, which do not grow backwards in time */
} BeforeKnown;

/*
 * All preferences of a user as of a time, live or not, made of those stored
 * now; *n is the number of both.  Of a user of whom there is no snapshot, who was
 * imported and has learned nothing since, they are those of now; what they are of a
 * time before he was known, before says.
 */
extern Preference *
preferences_of_then(const char *tenant_id, const char *user_id, const LearningRule *rule,
					TimestampTz at, BeforeKnown before, Preference *stored, int *n);

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
	ReadAs as;				 /* SNAPSHOT_NEW while learning */
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
