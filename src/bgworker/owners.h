/*
 * owners.h
 *		Whether the extension's objects belong to superusers.
 */
#ifndef PERSONALIZATION_BGWORKER_OWNERS_H
#define PERSONALIZATION_BGWORKER_OWNERS_H

#include "postgres.h"

/*
 * Whether they do, so that the worker, whose rights are a superuser's, may write them:
 * an owner could put a trigger on a table.  Where not, shows in worker_status that it
 * waits for that.  To be called outside a transaction.
 */
extern bool owner_is_trusted(void);

#endif
