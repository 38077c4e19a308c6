/*
 * apply.h
 *		Learning: from checked events to stored rows.
 */
#ifndef PERSONALIZATION_LEARNING_APPLY_H
#define PERSONALIZATION_LEARNING_APPLY_H

#include "postgres.h"

#include "learning/events.h"

/*
 * Records events and learns from those that are new, in the order of the
 * array, in the caller's transaction.  Returns the number of new ones; is_new
 * is set in each of them.
 *
 * An event that is invalid, or that the session may not learn, raises an
 * error; with divert its fault is set instead, and it is not learned.  The
 * caller is in SPI.
 */
extern int64 learn_events(Event *events, int n, bool divert);

#endif
