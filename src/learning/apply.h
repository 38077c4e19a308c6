/*
 * apply.h
 *		Learning: from checked events to what is stored.
 */
#ifndef PERSONALIZATION_LEARNING_APPLY_H
#define PERSONALIZATION_LEARNING_APPLY_H

#include "postgres.h"

#include "learning/events.h"

/*
 * Records events and learns from those that are new, in the order of the
 * array, in one transaction with whatever the caller does.  Returns how many
 * were new; each event's is_new says which.
 *
 * An event that is wrong, or that the session may not learn, is an error;
 * with divert it is set aside instead, and its fault says why.  The caller is
 * in SPI.
 */
extern int64 learn_events(Event *events, int n, bool divert);

#endif
