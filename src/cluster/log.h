/*
 * log.h
 *		What the server's log says of calls that Citus sends to other nodes.
 *
 * The extension writes nothing that a user wrote into the log: values are in the
 * detail of an error, for the client only.  Citus raises the errors of other nodes with
 * their details again, and the statements that it sends contain all values, which the
 * other node logs with an error.
 */
#ifndef PERSONALIZATION_CLUSTER_LOG_H
#define PERSONALIZATION_CLUSTER_LOG_H

/* Called when the library is loaded, after Citus; both are then left out of the log. */
extern void log_init(void);

#endif
