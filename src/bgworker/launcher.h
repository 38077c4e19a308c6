/*
 * launcher.h
 *		The process that starts the workers: one launcher per server, one
 *		worker for each database that has the extension.
 */
#ifndef PERSONALIZATION_BGWORKER_LAUNCHER_H
#define PERSONALIZATION_BGWORKER_LAUNCHER_H

/*
 * Requests shared memory and registers the launcher.  To be called from
 * _PG_init() while the library is preloaded.
 */
extern void launcher_register(void);

#endif
