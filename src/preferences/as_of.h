/*
 * as_of.h
 *		The preferences of a user that are live at a time.
 */
#ifndef PERSONALIZATION_PREFERENCES_AS_OF_H
#define PERSONALIZATION_PREFERENCES_AS_OF_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "core/evidence.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"

/*
 * The preferences of a user that are live at a time, strongest first; those
 * equally strong by category and key.  Of a time before this transaction they
 * are those of then (see snapshots.h).  *latest, unless NULL, becomes the time
 * of the latest observation by then, of any preference (DT_NOBEGIN without
 * one).  The caller is in SPI.
 */
extern Preference *
preferences_live(const char *tenant_id, const char *user_id, const LearningRule *rule,
				 TimestampTz at, BeforeKnown before, int *n, TimestampTz *latest);

#endif
