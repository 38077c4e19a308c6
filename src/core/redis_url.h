/*
 * redis_url.h
 *		Parsing the URL of a Redis server.
 *
 *		 redis://[[user]:password@]host[:port][/database]
 *		 rediss://…				the same with TLS
 *		 unix://[[user]:password@]/path/of/the/socket[?db=database]
 *
 *		All parts may contain %XX; an IPv6 address is written in brackets.
 */
#ifndef PERSONALIZATION_CORE_REDIS_URL_H
#define PERSONALIZATION_CORE_REDIS_URL_H

#include <stdbool.h>

#define REDIS_DEFAULT_PORT 6379

typedef struct RedisUrl
{
	bool tls;
	bool local;		/* a Unix-domain socket: path is set; else host and port */
	char path[108]; /* size of a socket address, including the terminator */
	char host[256];
	int port;
	char user[256];		/* "" for none */
	char password[512]; /* "" for none */
	int database;
} RedisUrl;

/*
 * Returns false if the text is not a valid URL, with a sentence that says why
 * in *fault; it never contains the password.
 */
extern bool redis_url_parse(const char *text, RedisUrl *url, const char **fault);

#endif
