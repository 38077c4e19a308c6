/*
 * client.c
 *		A connection to Redis that never blocks.
 *
 *		hiredis formats and parses; this file decides when to read, to write
 *		and to give up.  Replies are not trusted: their size is limited, and
 *		their type is checked before use.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "portability/instr_time.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

#include "redis/client.h"

/* Maximum size of a reply in bytes, and maximum number of elements of a list in it. */
#define MAX_ANSWER (4 * 1024 * 1024)
#define MAX_ELEMENTS 100000

/* Commands are collected up to this number of bytes before they are written. */
#define SEND_FROM (256 * 1024)

/* While waiting for the network, the worker calls idle() this often, in milliseconds. */
#define IDLE_EVERY 1000

#if HIREDIS_MAJOR >= 1
typedef size_t ElementCount;
#else
typedef int ElementCount;
#endif

static void *(*create_any_array)(const redisReadTask *task, ElementCount n);

/* hiredis would allocate as many elements as the server announces. */
static void *
create_array(const redisReadTask *task, ElementCount n)
{
	return n > MAX_ELEMENTS ? NULL : create_any_array(task, n);
}

/* Records an error, unless there is one already. */
static void
set_fault(RedisClient *client, const char *text)
{
	size_t n = 0;

	if (client->fault[0] != '\0')
		return;

	/* It is written to the log and to a table, whatever the server has sent. */
	for (; text[n] != '\0' && n < REDIS_FAULT_SIZE - 1; n++)
		client->fault[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
	client->fault[n] = '\0';
}

static bool
connection_lost(RedisClient *client, const char *text)
{
	set_fault(client, text);
	redis_close(client);
	return false;
}

static bool
lost_by_hiredis(RedisClient *client)
{
	if (client->context == NULL)
		return connection_lost(client, "out of memory");
	if (client->context->err == REDIS_ERR_OOM)
		return connection_lost(client, "reply is too large");
	if (client->tls != NULL)
	{
		char fault[TLS_FAULT_SIZE];

		/* hiredis uses errno, which TLS need not set; and an alert ends the connection. */
		if (redis_tls_fault(client->tls, fault))
			return connection_lost(client, fault);
	}
	return connection_lost(client, client->context->errstr);
}

void
redis_close(RedisClient *client)
{
	if (client->reply != NULL)
		freeReplyObject(client->reply);
	if (client->context != NULL)
		redisFree(client->context);
	if (client->tls != NULL)
		redis_tls_free(client->tls);
	client->reply = NULL;
	client->context = NULL;
	client->tls = NULL;
}

static int64
milliseconds(void)
{
	return GetCurrentTimestamp() / 1000;
}

/*
 * Waits until the socket is ready for one of the events, or until a time.
 * Returns the events for which it is ready, or 0 after the time.
 */
static int
wait_for(RedisClient *client, int events, int64 until)
{
	for (;;)
	{
		int64 now = milliseconds();
		int64 left = until - now;
		int happened;

		/* If the clock is set back, the wait does not become longer. */
		left = Min(Min(left, client->timeout), IDLE_EVERY);
		if (left <= 0)
			return 0;
		happened =
			WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH | events,
							  client->context->fd, (long) left, PG_WAIT_EXTENSION);
		if ((happened & WL_LATCH_SET) != 0)
			ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (milliseconds() >= client->idle_at)
		{
			MemoryContext context = CurrentMemoryContext;

			client->idle_at = milliseconds() + IDLE_EVERY;
			client->idle();
			MemoryContextSwitchTo(context);
		}
		if ((happened & events) != 0)
			return happened & events;
	}
}

/* Processes the replies that have arrived. */
static bool
take_answers(RedisClient *client, int64 *until)
{
	for (;;)
	{
		void *answer = NULL;
		redisReply *reply;

		if (redisGetReplyFromReader(client->context, &answer) != REDIS_OK)
			return lost_by_hiredis(client);
		if (answer == NULL)
			return true;
		reply = answer;
		if (client->unanswered == 0)
		{
			freeReplyObject(reply);
			return connection_lost(client, "unexpected reply");
		}
		client->unanswered--;
		*until = milliseconds() + client->timeout;
		if (reply->type == REDIS_REPLY_ERROR)
		{
			client->refused = true;
			set_fault(client, reply->str != NULL && reply->str[0] != '\0' ? reply->str : "error");
			freeReplyObject(reply);
			continue;
		}
		if (client->reply != NULL)
			freeReplyObject(client->reply);
		client->reply = reply;
	}
}

/* Reads the available data. */
static bool
read_more(RedisClient *client)
{
	do
	{
		if (redisBufferRead(client->context) != REDIS_OK)
			return lost_by_hiredis(client);
		if (client->context->reader->len - client->context->reader->pos > MAX_ANSWER)
			return connection_lost(client, "reply is too large");
	} while (client->tls != NULL && redis_tls_pending(client->tls));
	return true;
}

/* Writes all pending commands, reading replies meanwhile; then waits for all replies. */
static bool
transfer(RedisClient *client, bool until_answered)
{
	int64 until = milliseconds() + client->timeout;

	for (;;)
	{
		int events = WL_SOCKET_READABLE;
		int ready;

		if (client->unsent > 0)
		{
			int done = 0;

			if (redisBufferWrite(client->context, &done) != REDIS_OK)
				return lost_by_hiredis(client);
			if (done)
				client->unsent = 0;
			else
				events |= WL_SOCKET_WRITEABLE;
		}
		if (!take_answers(client, &until))
			return false;
		if (client->unsent == 0 && (!until_answered || client->unanswered == 0))
			return true;

		ready = wait_for(client, events, until);
		if (ready == 0)
			return connection_lost(client, "timed out waiting for a reply");
		if ((ready & WL_SOCKET_WRITEABLE) != 0)
			until = milliseconds() + client->timeout;
		if ((ready & WL_SOCKET_READABLE) != 0 && !read_more(client))
			return false;
	}
}

void
redis_forget_fault(RedisClient *client)
{
	client->refused = false;
	client->fault[0] = '\0';
}

bool
redis_send(RedisClient *client, int argc, const char **argv, const size_t *lengths)
{
	if (client->context == NULL)
		return false;
	if (redisAppendCommandArgv(client->context, argc, argv, lengths) != REDIS_OK)
		return lost_by_hiredis(client);
	client->unanswered++;
	for (int i = 0; i < argc; i++)
		client->unsent += lengths[i];
	client->unsent++; /* it has not been sent, however short it is */
	return client->unsent < SEND_FROM || transfer(client, false);
}

bool
redis_finish(RedisClient *client)
{
	if (client->context == NULL)
		return false;
	return transfer(client, true) && !client->refused;
}

const redisReply *
redis_ask(RedisClient *client, int argc, const char **argv, const size_t *lengths)
{
	redis_forget_fault(client);
	if (!redis_send(client, argc, argv, lengths) || !redis_finish(client))
		return NULL;
	return client->reply;
}

const redisReply *
redis_ask_texts(RedisClient *client, int argc, const char **argv)
{
	size_t lengths[8];

	Assert(argc <= (int) lengthof(lengths));
	for (int i = 0; i < argc; i++)
		lengths[i] = strlen(argv[i]);
	return redis_ask(client, argc, argv, lengths);
}

bool
redis_alive(RedisClient *client)
{
	char byte;
	ssize_t n = recv(client->context->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	client->fault[0] = '\0';
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return true;
	if (n > 0 && client->tls != NULL)
	{
		/* TLS has messages of its own, which are not replies. */
		if (!read_more(client))
			return false;
		if (client->context->reader->len == client->context->reader->pos)
			return true;
	}
	return connection_lost(client, n > 0 ? "unexpected reply" : "connection closed");
}

/* Waits until the connection is established. */
static bool
wait_connected(RedisClient *client)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (wait_for(client, WL_SOCKET_WRITEABLE, milliseconds() + client->timeout) == 0)
		return connection_lost(client, "connection timed out");
	if (getsockopt(client->context->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	return error == 0 || connection_lost(client, strerror(error));
}

/* Waits until TLS is established: the timeout of one reply applies to the whole handshake. */
static bool
begin_tls(RedisClient *client)
{
	char fault[TLS_FAULT_SIZE];
	int64 until = milliseconds() + client->timeout;

	if (!redis_tls_begin(client->tls, client->context, fault))
		return connection_lost(client, fault);
	for (;;)
	{
		RedisTlsStep step = redis_tls_handshake(client->tls, fault);

		if (step == TLS_DONE)
			return true;
		if (step == TLS_FAILED)
			return connection_lost(client, fault);
		if (wait_for(client, step == TLS_WANTS_READ ? WL_SOCKET_READABLE : WL_SOCKET_WRITEABLE,
					 until) == 0)
			return connection_lost(client, "TLS handshake timed out");
	}
}

static bool
authenticate(RedisClient *client, const RedisUrl *url)
{
	if (url->password[0] != '\0')
	{
		const char *with_user[] = {"AUTH", url->user, url->password};
		const char *without[] = {"AUTH", url->password};

		if (redis_ask_texts(client, url->user[0] != '\0' ? 3 : 2,
							url->user[0] != '\0' ? with_user : without) == NULL)
			return false;
	}
	if (url->database != 0)
	{
		char number[16];
		const char *select[] = {"SELECT", number};

		snprintf(number, sizeof(number), "%d", url->database);
		if (redis_ask_texts(client, 2, select) == NULL)
			return false;
	}
	return true;
}

bool
redis_open(RedisClient *client, const RedisUrl *url, const RedisTlsFiles *files, int timeout,
		   void (*idle)(void))
{
	static redisReplyObjectFunctions functions;

	memset(client, 0, sizeof(*client));
	client->timeout = timeout;
	client->idle = idle;
	client->idle_at = milliseconds() + IDLE_EVERY;
	if (url->tls)
	{
		char fault[TLS_FAULT_SIZE];

		client->tls = redis_tls_new(url->host, files, fault);
		if (client->tls == NULL)
			return connection_lost(client, fault);
	}

	/* Name resolution cannot be interrupted, so keep it short. */
	(void) setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
	client->context = url->local ? redisConnectUnixNonBlock(url->path)
								 : redisConnectNonBlock(url->host, url->port);
	if (client->context == NULL || client->context->err != 0)
		return lost_by_hiredis(client);
	functions = *client->context->reader->fn;
	create_any_array = functions.createArray;
	functions.createArray = create_array;
	client->context->reader->fn = &functions;

	if (wait_connected(client) && (client->tls == NULL || begin_tls(client)) &&
		authenticate(client, url))
		return true;
	redis_close(client);
	return false;
}
