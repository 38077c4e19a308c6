/*
 * feedback.h
 *		Feedback of a user on a preference, an interaction or a suggestion.
 */
#ifndef PERSONALIZATION_LEARNING_FEEDBACK_H
#define PERSONALIZATION_LEARNING_FEEDBACK_H

#include "postgres.h"

#include "learning/events.h"

/*
 * Learns feedback passed to collect_feedback().  It replaces the user's
 * earlier feedback on the same subject: the effect of that on preferences is
 * first undone, as far back as the history reaches.  Feedback that comes
 * through learn(), a batch or the inbox is an observation, which neither
 * replaces nor is replaced.  The caller is in SPI.
 */
extern void feedback_learn(Event *event);

#endif
