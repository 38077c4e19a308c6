/*
 * rejected.h
 *		The events that could not be learned.
 */
#ifndef PERSONALIZATION_LEARNING_REJECTED_H
#define PERSONALIZATION_LEARNING_REJECTED_H

#include "postgres.h"

#include "learning/events.h"

/*
 * Keeps those of the events that were set aside, each under its tenant; where
 * that is not for this session to write, under the session's, and where there
 * is no tenant at all, under '', for the administrator.  The caller is in SPI.
 */
extern void rejected_store(const Event *events, int n);

/*
 * Deletes events of a tenant that were rejected before a time, limit of them at
 * most; returns the number.  The caller is in SPI.
 */
extern int64 rejected_expire(const char *tenant_id, TimestampTz before, int64 limit);

#endif
