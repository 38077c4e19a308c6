/*
 * arrival.h
 *		Numbers in order of arrival, for queues.
 */
#ifndef PERSONALIZATION_BASE_ARRIVAL_H
#define PERSONALIZATION_BASE_ARRIVAL_H

#include "postgres.h"

/*
 * A number that grows with time and with each call in this process.
 * inbox_arrival() extracts the time.
 */
extern int64 arrival_position(void);

/* Returns the number of this node among those of a cluster; NULL where there are no others. */
extern int (*arrival_node)(void);

#endif
