/*
 * as_of.h
 *		The preferences of a user as of a time.
 */
#ifndef PERSONALIZATION_PREFERENCES_AS_OF_H
#define PERSONALIZATION_PREFERENCES_AS_OF_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "base/extension.h"
#include "core/evidence.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"

/* The preferences of a user as of a time, in the memory context of the call. */
typedef struct PreferencesAsOf
{
	Preference *items;	/* live ones first, then the emerging; each strongest first */
	int n;				/* of both */
	int nlive;			/* part of the profile */
	TimestampTz latest; /* when any of them was last observed; DT_NOBEGIN without one */
} PreferencesAsOf;

/*
 * Reads them.  Live preferences are those in the user's profile.  Emerging are those
 * with evidence that is not enough, or no longer enough; what has expired by the time is
 * not among them.  Those equally strong are in the order of category and key.  Before
 * this transaction they are those of then (see replay.h).  The caller is in SPI; reads in the
 * snapshot of the calling query.
 */
extern void preferences_as_of(const char *tenant_id, const char *user_id, const LearningRule *rule,
							  TimestampTz at, BeforeKnown before, PreferencesAsOf *result);

/* One of those, live or not, by category and key; NULL when there is none. */
extern const Preference *
preferences_find(const PreferencesAsOf *preferences, PreferenceCategory category, const char *key);

#endif
