/*
 * steps.h
 *		The steps of a worker.
 */
#ifndef PERSONALIZATION_UPKEEP_STEPS_H
#define PERSONALIZATION_UPKEEP_STEPS_H

#include "postgres.h"

/*
 * Runs each step that is due, for at most a second or one batch, outside a
 * transaction.  Returns whether there is more to do at once.
 */
extern bool worker_do_steps(void);

#endif
