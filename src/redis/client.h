/*
 * client.h
 *		A connection to Redis that never blocks: what waits for the network waits
 *		for the latch too, serves interrupts, and has a time limit.
 *
 * May raise what CHECK_FOR_INTERRUPTS() raises; the client can be closed
 * afterwards, and nothing else.  Not to be used in a transaction.
 */
#ifndef PERSONALIZATION_REDIS_CLIENT_H
#define PERSONALIZATION_REDIS_CLIENT_H

#include "postgres.h"

#include <hiredis/hiredis.h>

#include "core/redis_url.h"
#include "redis/tls.h"

/* What is wrong, cleaned of everything that is not printable ASCII. */
#define REDIS_FAULT_SIZE 160

typedef struct RedisClient
{
	redisContext *context; /* NULL: not connected */
	RedisTls *tls;		   /* NULL: in the clear */
	int timeout;		   /* milliseconds for each reply */
	void (*idle)(void);	   /* called about once a second while waiting */
	int64 idle_at;
	size_t unsent;	   /* bytes at most that wait to be written */
	int unanswered;	   /* commands */
	redisReply *reply; /* the latest one that is no error, until the next */
	bool refused;	   /* an answer was an error; the first is in fault */
	char fault[REDIS_FAULT_SIZE];
} RedisClient;

/*
 * Connects, with TLS where the URL wants it, and introduces itself; false, with
 * the fault, where that fails.
 */
extern bool redis_open(RedisClient *client, const RedisUrl *url, const RedisTlsFiles *files,
					   int timeout, void (*idle)(void));
extern void redis_close(RedisClient *client);

/* Looks, without waiting, whether an idle connection still stands; false, with the fault. */
extern bool redis_alive(RedisClient *client);

/*
 * A command of a pipeline.  False where the connection is lost, with the fault.
 * Arguments may hold any bytes.
 */
extern bool redis_send(RedisClient *client, int argc, const char **argv, const size_t *lengths);

/* Waits for all answers.  False where the connection is lost or an answer was an error. */
extern bool redis_finish(RedisClient *client);

/* One command; its answer, good until the next command.  NULL where that fails. */
extern const redisReply *
redis_ask(RedisClient *client, int argc, const char **argv, const size_t *lengths);

/* The same of texts. */
extern const redisReply *redis_ask_texts(RedisClient *client, int argc, const char **argv);

#endif
