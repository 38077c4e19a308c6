/*
 * preferences.h
 *		The preferences of users: what observations make of them, and how they
 *		are read.
 */
#ifndef PERSONALIZATION_PREFERENCES_PREFERENCES_H
#define PERSONALIZATION_PREFERENCES_PREFERENCES_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "base/extension.h"
#include "core/evidence.h"
#include "preferences/signals.h"

/* A signal, with whose it is and when. */
typedef struct Observation
{
	const char *user_id;
	Signal signal;
	TimestampTz at;
	int position; /* in the call; settles the order */

	/* Filled in: */
	bool had_evidence;	   /* the preference was stored already */
	TimestampTz took_away; /* when that which this no took away had last been confirmed, where
							* that is later than the no; else DT_NOBEGIN */
} Observation;

/*
 * Takes in observations of users of one tenant, in the order of their
 * positions (the array is put in the order of the users).  The users are locked, the caller is in
 * SPI.
 */
extern void preferences_observe(const char *tenant_id, const LearningRule *rule,
								Observation *observations, int n);

/* A preference as stored: its evidence, and the values that its candidates number. */
typedef struct Preference
{
	PreferenceCategory category;
	const char *key;
	Evidence evidence;
	const Jsonb **values;
	int nvalues;
	int room;		   /* for values */
	double confidence; /* as of the time it was read for */
} Preference;

/*
 * Reads category, key, value, confidence, rivals, observation_count and
 * last_updated, the first columns of the last result; false where that is no
 * evidence of ours.
 */
extern bool preference_read(uint64 row, Preference *preference);

/* Takes in one observation, in memory; returns whether anything changed. */
extern bool preference_observe(Preference *preference, const LearningRule *rule,
							   const Signal *signal, TimestampTz at);

/* Stores preferences of one user as they are now; those without candidates are deleted. */
extern void preferences_store(const char *tenant_id, const char *user_id, const LearningRule *rule,
							  const Preference *preferences, int n);

/* The value of a preference, its strongest candidate's. */
extern const Jsonb *preference_value(const Preference *preference);

/* All its candidates as [{"value", "confidence"}], as of a time, strongest first. */
extern Jsonb *
preference_candidates(const Preference *preference, const LearningRule *rule, TimestampTz at);

/*
 * Stores anew when each preference of a tenant, or of one of its users, expires
 * under settings, as stored, that are not those it was stored under.
 */
extern void
preferences_reschedule(const char *tenant_id, const char *user_id, const Jsonb *settings);

/*
 * Deletes preferences of a tenant with these settings, as stored, that have
 * expired by a time, limit of them at most; returns how many.
 */
extern int64
preferences_expire(const char *tenant_id, const Jsonb *settings, TimestampTz at, int64 limit);

#endif
