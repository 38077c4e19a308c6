/*
 * restore.h
 *		Whether a dump is being restored into the worker's database.
 */
#ifndef PERSONALIZATION_BGWORKER_RESTORE_H
#define PERSONALIZATION_BGWORKER_RESTORE_H

#include "postgres.h"

/*
 * Whether all data has been restored, so that the worker may begin: there are
 * tenants, or an inbox or topics to create them from, and no dump is being restored.
 * Once true, it stays true.  To be called outside a transaction.
 */
extern bool worker_is_settled(void);

/*
 * Records that the restore is complete, even if rows are older than the
 * extension.  To be called in a transaction, in SPI, as the owner.
 */
extern void worker_settle(void);

#endif
