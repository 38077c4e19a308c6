/*
 * test_redis_url.c
 *		Tests of redis_url_parse.
 */
#include "core/redis_url.h"
#include "unit.h"

#include <stdlib.h>

static const struct
{
	const char *text;
	RedisUrl url;
} good[] = {
	{"redis://localhost", {.host = "localhost", .port = 6379}},
	{"redis://localhost/", {.host = "localhost", .port = 6379}},
	{"redis://10.0.0.1:7000/3", {.host = "10.0.0.1", .port = 7000, .database = 3}},
	{"redis://h?db=2", {.host = "h", .port = 6379, .database = 2}},
	{"redis://h/?db=2", {.host = "h", .port = 6379, .database = 2}},
	{"redis://:secret@h", {.host = "h", .port = 6379, .password = "secret"}},
	{"redis://app:s%3Ae%40%2fc@h:1", {.host = "h", .port = 1, .user = "app", .password = "s:e@/c"}},
	{"redis://app:a:b@h", {.host = "h", .port = 6379, .user = "app", .password = "a:b"}},
	{"redis://[::1]", {.host = "::1", .port = 6379}},
	{"redis://[fe80::1]:65535/15", {.host = "fe80::1", .port = 65535, .database = 15}},
	{"rediss://h:6380", {.tls = true, .host = "h", .port = 6380}},
	{"unix:///run/redis.sock", {.local = true, .path = "/run/redis.sock", .port = 6379}},
	{"unix:///run/a%20b.sock?db=7",
	 {.local = true, .path = "/run/a b.sock", .port = 6379, .database = 7}},
	{"unix://:pw@/run/redis.sock",
	 {.local = true, .path = "/run/redis.sock", .port = 6379, .password = "pw"}},
	{"unix:///run/a@b.sock", {.local = true, .path = "/run/a@b.sock", .port = 6379}},
};

static const char *const bad[] = {
	"",
	"redis",
	"redis:",
	"redis:/h",
	"http://h",
	"REDIS://h",
	"redis://",
	"redis:///0",
	"redis://:6379",
	"redis://h:",
	"redis://h:0",
	"redis://h:65536",
	"redis://h:99999999999999999999",
	"redis://h:1x",
	"redis://h:-1",
	"redis://h/x",
	"redis://h/0/1",
	"redis://h/99999999999",
	"redis://h/-1",
	"redis://h/1?db=1",
	"redis://h?db=",
	"redis://h?timeout=1",
	"redis://h?db=1&x=2",
	"redis://user@h",
	"redis://user:@h",
	"redis://:@h",
	"redis://:a%@h",
	"redis://:a%4@h",
	"redis://:a%4g@h",
	"redis://:a%00b@h",
	"redis://[::1",
	"redis://[]",
	"redis://[::1]x",
	"redis://[::1]:",
	"unix://",
	"unix://run/redis.sock",
	"unix:///run/%zz",
};

int
main(void)
{
	RedisUrl url;
	const char *fault;
	char text[2048];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		if (!unit_check(redis_url_parse(good[i].text, &url, &fault), __FILE__, __LINE__,
						good[i].text))
			continue;
		unit_check(memcmp(&url, &good[i].url, sizeof(url)) == 0, __FILE__, __LINE__, good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		fault = NULL;
		unit_check(!redis_url_parse(bad[i], &url, &fault), __FILE__, __LINE__, bad[i]);
		unit_check(fault != NULL && fault[strlen(fault) - 1] == '.', __FILE__, __LINE__, bad[i]);
	}

	/* What just fits and what does not: the path of a socket. */
	for (size_t len = 106; len <= 108; len++)
	{
		snprintf(text, sizeof(text), "unix:///%0*d", (int) len - 1, 0);
		unit_check(redis_url_parse(text, &url, &fault) == (len <= 107), __FILE__, __LINE__, text);
	}
	return unit_result("test_redis_url");
}
