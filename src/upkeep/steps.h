/*
 * steps.h
 *		What a worker does, step by step.
 */
#ifndef PERSONALIZATION_UPKEEP_STEPS_H
#define PERSONALIZATION_UPKEEP_STEPS_H

#include "postgres.h"

/*
 * Gives each step that is due its turn, of a second at most or a batch, outside
 * of a transaction.  Returns whether there is more to do at once.
 */
extern bool worker_do_steps(void);

#endif
