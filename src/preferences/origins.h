/*
 * origins.h
 *		The interactions that preferences come from.
 */
#ifndef PERSONALIZATION_PREFERENCES_ORIGINS_H
#define PERSONALIZATION_PREFERENCES_ORIGINS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "core/profile/evidence.h"
#include "preferences/replay.h"

/* Maximum number of a user's latest interactions that are considered. */
#define ORIGINS_REACH 10000

/* Number of the latest interactions that are kept of each preference. */
#define ORIGINS_KEPT 5

typedef struct Origin
{
	pg_uuid_t id;
	InteractionType type;
	TimestampTz at;
	const Jsonb *value; /* that it speaks for, or against; NULL for the one that there was */
	double effect;		/* on the confidence of the preference's last value */
} Origin;

/* Of one preference. */
typedef struct Origins
{
	PreferenceCategory category;
	const char *key;
	int n;
	Origin latest[ORIGINS_KEPT]; /* latest first */
} Origins;

/*
 * Sets where a replay has to begin in order to see all interactions whose
 * effect is known: at the oldest snapshot, or after the interactions beyond
 * ORIGINS_REACH.  Its tenant and user are set.  The caller is in SPI.
 */
extern void origins_begin(Replay *plan);

/*
 * Reads the origins of all preferences of a user, of the interactions up to a
 * time; returns their number.  The array is palloc'd; the caller is in SPI,
 * and reads in the snapshot of the calling query.
 */
extern int origins_read(const char *tenant_id, const char *user_id, const LearningRule *rule,
						TimestampTz until, Origins **origins);

/* Finds those of a preference; NULL if there are none. */
extern const Origins *
origins_find(const Origins *origins, int n, PreferenceCategory category, const char *key);

#endif
