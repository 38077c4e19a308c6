/*
 * feedback.h
 *		A user's opinion of a preference, an interaction or a suggestion.
 */
#ifndef PERSONALIZATION_LEARNING_FEEDBACK_H
#define PERSONALIZATION_LEARNING_FEEDBACK_H

#include "postgres.h"

#include "learning/events.h"

/*
 * Learns feedback that collect_feedback() was told.  It takes the place of what
 * the user was told to have said of the same thing before: what that had done
 * to preferences is taken back first, as far as the history reaches.  Feedback
 * that comes through learn(), a batch or the inbox is an observation, and is
 * neither replaced nor replaces.  The caller is in SPI.
 */
extern void feedback_learn(Event *event);

#endif
