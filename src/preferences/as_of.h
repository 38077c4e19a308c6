/*
 * as_of.h
 *		The preferences of a user as of a time.
 */
#ifndef PERSONALIZATION_PREFERENCES_AS_OF_H
#define PERSONALIZATION_PREFERENCES_AS_OF_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/read_ahead.h"
#include "core/profile/evidence.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"

/* The preferences of a user as of a time, in the memory context of the call. */
typedef struct PreferencesAsOf
{
	Preference *items;	/* live ones first, then emerging ones; each strongest first */
	int n;				/* number of both */
	int nlive;			/* number of live ones */
	TimestampTz latest; /* time of the latest observation; DT_NOBEGIN if there is none */
} PreferencesAsOf;

/*
 * Reads the preferences as of a time.  Live preferences are those in the
 * user's profile.  Emerging ones have evidence that is not, or no longer,
 * sufficient; expired ones are not included.  Equally strong ones are ordered
 * by category and key.  For a time before this transaction they are those of
 * that time (see replay.h).  The caller is in SPI; reads in the snapshot of
 * the calling query.
 */
extern void
preferences_as_of(const char *tenant_id, const char *user_id, const LearningRule *rule,
				  TimestampTz at, BeforeKnown before, ReadAhead *ahead, PreferencesAsOf *result);

/* Finds one of them, live or not, by category and key; NULL if there is none. */
extern const Preference *
preferences_find(const PreferencesAsOf *preferences, PreferenceCategory category, const char *key);

#endif
