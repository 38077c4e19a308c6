/*
 * client.h
 *		A connection to Redis that never blocks: waits for the network also
 *		wait for the latch, process interrupts, and have a timeout.
 *
 *		May raise the errors of CHECK_FOR_INTERRUPTS(); afterwards the client
 *		can only be closed.  Not to be used in a transaction.
 */
#ifndef PERSONALIZATION_REDIS_CLIENT_H
#define PERSONALIZATION_REDIS_CLIENT_H

#include "postgres.h"

#include <hiredis/hiredis.h>

#include "core/redis_url.h"
#include "redis/tls.h"

/* The text of an error, in which everything but printable ASCII has been replaced. */
#define REDIS_FAULT_SIZE 160

typedef struct RedisClient
{
	redisContext *context; /* NULL if not connected */
	RedisTls *tls;		   /* NULL without TLS */
	int timeout;		   /* timeout of a reply, in milliseconds */
	void (*idle)(void);	   /* called about once a second while waiting */
	int64 idle_at;
	size_t unsent;	   /* maximum number of bytes that have not been written */
	int unanswered;	   /* number of commands */
	redisReply *reply; /* the latest that is not an error; valid until the next */
	bool refused;	   /* a reply was an error; the first is in fault */
	char fault[REDIS_FAULT_SIZE];
} RedisClient;

/*
 * Connects, with TLS if the URL requires it, and authenticates; returns false
 * and sets fault on failure.
 */
extern bool redis_open(RedisClient *client, const RedisUrl *url, const RedisTlsFiles *files,
					   int timeout, void (*idle)(void));
extern void redis_close(RedisClient *client);

/*
 * Checks, without waiting, whether an idle connection is still established;
 * returns false and sets fault if not.
 */
extern bool redis_alive(RedisClient *client);

/*
 * Adds a command to the pipeline.  Returns false and sets fault if the
 * connection is lost.  Arguments may contain any bytes.
 */
extern bool redis_send(RedisClient *client, int argc, const char **argv, const size_t *lengths);

/* Forgets earlier errors, before commands whose success matters. */
extern void redis_forget_fault(RedisClient *client);

/* Waits for all replies.  Returns false if the connection is lost or a reply was an error. */
extern bool redis_finish(RedisClient *client);

/*
 * Sends one command and returns its reply, which is valid until the next
 * command; NULL on failure.
 */
extern const redisReply *
redis_ask(RedisClient *client, int argc, const char **argv, const size_t *lengths);

/* The same with strings as arguments. */
extern const redisReply *redis_ask_texts(RedisClient *client, int argc, const char **argv);

#endif
