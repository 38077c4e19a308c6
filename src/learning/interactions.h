/*
 * interactions.h
 *		The history of interactions.
 */
#ifndef PERSONALIZATION_LEARNING_INTERACTIONS_H
#define PERSONALIZATION_LEARNING_INTERACTIONS_H

#include "postgres.h"

#include "utils/timestamp.h"

/*
 * Deletes interactions of a tenant from before a time, limit of them at most;
 * returns the number.  The caller is in SPI.
 */
extern int64 interactions_expire(const char *tenant_id, TimestampTz before, int64 limit);

#endif
