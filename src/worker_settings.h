/*
 * worker_settings.h
 *		The settings of the background worker.
 */
#ifndef WORKER_SETTINGS_H
#define WORKER_SETTINGS_H

extern bool worker_enabled;		 /* personalization.worker */
extern int worker_naptime;		 /* personalization.worker_naptime, milliseconds */
extern int worker_batch_size;	 /* personalization.worker_batch_size, rows */
extern int maintenance_interval; /* personalization.maintenance_interval, seconds */

#endif
