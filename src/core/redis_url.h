/*
 * redis_url.h
 *		Where a Redis is, and who we are to it, out of one text.
 *
 *		redis://[[user]:password@]host[:port][/database]
 *		rediss://…				the same with TLS
 *		unix://[[user]:password@]/path/of/the/socket[?db=database]
 *
 * What is between the signs may hold %XX; an IPv6 address stands in brackets.
 */
#ifndef PERSONALIZATION_CORE_REDIS_URL_H
#define PERSONALIZATION_CORE_REDIS_URL_H

#include <stdbool.h>

#define REDIS_DEFAULT_PORT 6379

typedef struct RedisUrl
{
	bool tls;
	bool local;		/* a socket in the file system: path; else host and port */
	char path[108]; /* what a socket's address holds, terminator included */
	char host[256];
	int port;
	char user[256];		/* "" for none */
	char password[512]; /* "" for none */
	int database;
} RedisUrl;

/* False, with a sentence that says why, when the text is no such URL; it never holds the password. */
extern bool redis_url_parse(const char *text, RedisUrl *url, const char **fault);

#endif
