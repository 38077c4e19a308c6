/*
 * preferences.h
 *		The preferences of users: applying observations, storing, and reading
 *		them.
 */
#ifndef PERSONALIZATION_PREFERENCES_PREFERENCES_H
#define PERSONALIZATION_PREFERENCES_PREFERENCES_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "base/extension.h"
#include "core/profile/evidence.h"
#include "preferences/observation.h"
#include "preferences/signals.h"

/*
 * SQL: whether a row p of preferences has at least the confidence floor at a
 * time.  It is false for values that only an application's role can have
 * written.  Exponents are limited, because power() raises an error if its
 * result is too small for a float8.
 */
#define CONFIDENT_AT(p, at, decay, floor)                                                          \
	"CASE WHEN isfinite(" p ".last_updated) AND " p ".confidence BETWEEN 1e-100 AND 1e100"         \
	" THEN " p ".confidence * power(" decay ", least("                                             \
	"  greatest(floor(extract(epoch FROM " at " - " p ".last_updated) / 86400), 0)::float8,"       \
	"  400 / greatest(-ln(" decay "), 1e-9))) >= " floor " ELSE false END"

/*
 * Applies observations of users of one tenant, in the order of their
 * positions, and stores the result.  Before that it makes the snapshots of the
 * earlier preferences.  Observations of preferences that the user has
 * forgotten since are removed from the array; the others are sorted by user,
 * and their number is returned.  The users are locked; the caller is in SPI.
 */
extern int preferences_observe(const char *tenant_id, const LearningRule *rule,
							   Observation *observations, int n);

/* A stored preference: its evidence, and the values, by the numbers of its candidates. */
typedef struct Preference
{
	PreferenceCategory category;
	const char *key;
	Evidence evidence;
	const Jsonb **values;
	int nvalues;
	int room;		   /* allocated size of values */
	double confidence; /* as of the time for which it was read */
	bool is_set;	   /* by the user: confidence is 1, and does not fade */
} Preference;

/*
 * Reads category, key, value, confidence, rivals, observation_count and
 * last_updated, the first columns of the last result; returns false if they
 * are not valid evidence.
 */
extern bool preference_read(uint64 row, Preference *preference);

/* Applies one observation, in memory; returns whether anything changed. */
extern bool preference_observe(Preference *preference, const LearningRule *rule,
							   const Signal *signal, TimestampTz at);

/*
 * Stores the result of a replay as the present preferences of one user; those
 * without candidates are deleted.  No snapshot is needed: a replay to an earlier
 * time begins at a snapshot older than the interactions that it leaves out.
 */
extern void preferences_store(const char *tenant_id, const char *user_id, const LearningRule *rule,
							  const Preference *preferences, int n);

/* Returns the value of a preference, which is that of its strongest candidate. */
extern const Jsonb *preference_value(const Preference *preference);

/* Returns all candidates as [{"value", "confidence"}], as of a time, strongest first. */
extern Jsonb *
preference_candidates(const Preference *preference, const LearningRule *rule, TimestampTz at);

/*
 * Recomputes the stored expiry of all preferences of a tenant when its settings
 * change (as stored, before and after).
 */
extern void
preferences_reschedule(const char *tenant_id, const Jsonb *before, const Jsonb *settings);

/*
 * Computes the expiry of the preferences of a user who was imported, for the
 * settings of the tenant (as stored).
 */
extern void preferences_imported(const char *tenant_id, const char *user_id, const Jsonb *settings);

/*
 * Deletes preferences of a tenant with these settings (as stored) whose
 * evidence has expired by a time, at most limit; returns their number.
 * Evidence that was already dead when it was learned is kept for a week,
 * because more events of its time may arrive.
 */
extern int64
preferences_expire(const char *tenant_id, const Jsonb *settings, TimestampTz at, int64 limit);

#endif
