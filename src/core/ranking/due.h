/*
 * due.h
 *		Which queries a user's requests show to have been due at a time.
 */
#ifndef PERSONALIZATION_CORE_RANKING_DUE_H
#define PERSONALIZATION_CORE_RANKING_DUE_H

#include <stdint.h>

#include "core/ranking/own.h"
#include "core/ranking/situation.h"

/* At most so many queries count as due at a time, those with the strongest rhythms. */
#define DUE_MAX 20

/*
 * Finds the queries that are due on a day (see cadence.h) after these requests
 * and have not been asked on it, the strongest rhythm first, with its strength
 * for a weight; returns their number.  days: of each request the local day,
 * none after today.  Only the latest HISTORY_MAX requests are looked at.
 */
extern int queries_due_after(const Asked *history, const int32_t *days, int n, int32_t today,
							 Weighed due[DUE_MAX]);

#endif
