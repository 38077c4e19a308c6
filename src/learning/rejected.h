/*
 * rejected.h
 *		The events that could not be learned.
 */
#ifndef PERSONALIZATION_LEARNING_REJECTED_H
#define PERSONALIZATION_LEARNING_REJECTED_H

#include "postgres.h"

#include "learning/events.h"

/*
 * Stores the events that have a fault, each under its tenant; if this session
 * may not write for that tenant, under the session's; if there is no tenant at
 * all, under '', for administrators.  The caller is in SPI.
 */
extern void rejected_store(const Event *events, int n);

/*
 * The same for an administrator, where tenants may be on hold, for whom nothing may be
 * written: what is rejected of theirs is stored under no tenant.
 */
extern void rejected_store_held(Event *events, int n);

/* Returns the document of an event as it is stored. */
extern const Jsonb *rejected_document(const Event *event);

/*
 * Deletes events of a tenant that were rejected before a time, at most limit;
 * returns their number.  The caller is in SPI.
 */
extern int64 rejected_expire(const char *tenant_id, TimestampTz before, int64 limit);

#endif
