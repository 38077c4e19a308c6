/*
 * vacuum.h
 *		The vacuum of the queues: inbox, query_events, cache_changes.
 */
#ifndef PERSONALIZATION_UPKEEP_VACUUM_H
#define PERSONALIZATION_UPKEEP_VACUUM_H

#include "postgres.h"

/*
 * Vacuums each queue that is due: after 20,000 rows have left it, or a minute
 * after its last vacuum, if rows have left since or that one could not finish.
 * Called outside a transaction; returns false, as there is never more to do.
 */
extern bool vacuum_queues(void);

#endif
