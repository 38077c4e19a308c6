/*
 * owners.h
 *		Whether the extension's objects belong to superusers.
 */
#ifndef PERSONALIZATION_BGWORKER_OWNERS_H
#define PERSONALIZATION_BGWORKER_OWNERS_H

#include "postgres.h"

/*
 * Returns whether they do.  Otherwise the worker must not write to the tables,
 * because an owner could create a trigger, which would run with the worker's
 * rights; worker_status then shows what it waits for.  To be called outside a
 * transaction.
 */
extern bool owner_is_trusted(void);

#endif
