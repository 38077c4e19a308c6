/*
 * aged.h
 *		Telling whoever loads interactions that are older than their tenant keeps
 *		them, since the next maintenance deletes them.
 */
#ifndef PERSONALIZATION_LEARNING_AGED_H
#define PERSONALIZATION_LEARNING_AGED_H

#include "postgres.h"

/* Reports how many of n new events are aged (learning/events.h), with a NOTICE if there are any. */
extern void aged_report(int64 naged, int64 n);

/*
 * Counts an aged event that was learned by a call of its own: a history may be loaded by a
 * query that calls learn() for each row.  Just before the first transaction of the session
 * that has a hundred such events commits, a NOTICE reports how many it has.
 */
extern void aged_report_at_commit(void);

#endif
