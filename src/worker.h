/*
 * worker.h
 *		The background worker: one launcher for the server, one worker for each
 *		database that has the extension.
 */
#ifndef WORKER_H
#define WORKER_H

#include "worker_state.h"

/*
 * Called from _PG_init(): defines the worker's settings, and when the library
 * is preloaded asks for shared memory and registers the launcher.
 */
extern void worker_init(void);

/*
 * For what the worker does in files of their own.  A transaction, within SPI,
 * in which the extension is there; the process ends in worker_begin() when it
 * is not wanted any more, or when somebody wants the database.
 */
extern void worker_begin(const char *activity);
extern void worker_end(void);

/* Looks, outside of a transaction, whether somebody wants the database; to be called every second or so. */
extern void worker_look_around(void);

/* Vacuums a table of the extension, outside of a transaction. */
extern void worker_vacuum(const char *table);

/* Shows others how the cache is doing. */
extern void worker_show_cache(CacheState state);

#endif
