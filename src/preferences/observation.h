/*
 * observation.h
 *		A signal of a user at a time.
 */
#ifndef PERSONALIZATION_PREFERENCES_OBSERVATION_H
#define PERSONALIZATION_PREFERENCES_OBSERVATION_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "preferences/signals.h"

/* A signal, with its user and time. */
typedef struct Observation
{
	const char *user_id;
	Signal signal;
	TimestampTz at;
	int position; /* in the call; determines the order of processing */

	/* Filled in: */
	bool had_evidence; /* the preference was stored already */

	/*
	 * If this is a negative signal that removed the preference, the time of
	 * the preference's last observation, if that is later than the signal;
	 * otherwise DT_NOBEGIN.
	 */
	TimestampTz took_away;
} Observation;

#endif
