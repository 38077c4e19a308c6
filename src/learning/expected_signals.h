/*
 * expected_signals.h
 *		Estimates of the number of signals of events, to limit batches.
 */
#ifndef PERSONALIZATION_LEARNING_EXPECTED_SIGNALS_H
#define PERSONALIZATION_LEARNING_EXPECTED_SIGNALS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "learning/events.h"

/*
 * Estimates the number of signals of an event by its data: most are a member or
 * an element of it, or a name in its SQL.
 */
extern int expected_signals(const Jsonb *data);

/*
 * Raises the estimates of those events of a tenant, in their order, that are feedback on
 * an interaction: it has all signals of the interaction.  Returns whether there were any.
 * The caller is in SPI.
 */
extern bool expect_of_feedback(const char *tenant_id, const Event *events, int n, int *expected);

#endif
