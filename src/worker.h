/*
 * worker.h
 *		The background worker: one launcher for the server, one worker for each
 *		database that has the extension.
 */
#ifndef WORKER_H
#define WORKER_H

/*
 * Called from _PG_init(): defines the worker's settings, and when the library
 * is preloaded asks for shared memory and registers the launcher.
 */
extern void worker_init(void);

#endif
