/*
 * connection.c
 *		The worker's connection to the cache.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/session.h"
#include "bgworker/state.h"
#include "cache/changes.h"
#include "cache/queue.h"
#include "cluster/nodes.h"
#include "redis/client.h"
#include "redis/connection.h"
#include "redis/document.h"

/* How often an idle connection is checked, and how long it is considered alive. */
#define HEARTBEAT (10 * USECS_PER_SEC)
#define LEASE "30000" /* milliseconds */

#define RETRY_MAX_MS 60000

/* Without a cache the queue is checked this often. */
#define OFF_EVERY (60 * USECS_PER_SEC)

#define LEASE_KEY CACHE_PREFIX "cache:lease"
#define VERSION_KEY CACHE_PREFIX "cache:version"

/*
 * Keys: owner, lease, version.  Arguments: database, timeline, generation,
 * rest of the token, version acknowledged, lease.  The owner is the token of
 * the latest connection: the first four arguments joined by colons.
 */
static const char claim_script[] =
	"local owner = redis.call('GET', KEYS[1])\n"
	"local database, timeline, generation\n"
	"if owner then\n"
	"  database, timeline, generation = string.match(owner, '^([^:]*):(%d+):(%d+):')\n"
	"end\n"
	"local ours = database == ARGV[1] and tonumber(ARGV[2]) >= tonumber(timeline)\n"
	"if owner and not ours and redis.call('EXISTS', KEYS[2]) == 1 then return 'taken' end\n"
	"local version = redis.call('GET', KEYS[3])\n"
	"redis.call('SET', KEYS[1], table.concat({ARGV[1], ARGV[2], ARGV[3], ARGV[4]}, ':'))\n"
	"redis.call('SET', KEYS[2], '1', 'PX', ARGV[6])\n"
	"if ours and timeline == ARGV[2] and generation == ARGV[3] and version and\n"
	"   tonumber(version) >= tonumber(ARGV[5]) then return 'known' end\n"
	"redis.call('DEL', KEYS[3])\n"
	"return 'unknown'\n";

/*
 * Keys: owner, then the keys to be written.  Arguments: token, then for each
 * key its lifetime and its value.  With lifetime 0 the key is deleted, if the
 * value is empty or is the tenant of the document in the cache.
 */
static const char push_script[] =
	"if redis.call('GET', KEYS[1]) ~= ARGV[1] then\n"
	"  return redis.error_reply('FENCED another connection has taken over')\n"
	"end\n"
	"for i = 2, #KEYS do\n"
	"  local ttl, value = ARGV[2 * i - 2], ARGV[2 * i - 1]\n"
	"  if ttl ~= '0' then\n"
	"    redis.call('SET', KEYS[i], value, 'PX', ttl)\n"
	"  elseif value == '' then\n"
	"    redis.call('DEL', KEYS[i])\n"
	"  else\n"
	"    local there = redis.call('GET', KEYS[i])\n"
	"    local read, document = pcall(cjson.decode, there or '')\n"
	"    if there and (not read or document.tenant_id == value) then redis.call('DEL', KEYS[i]) "
	"end\n"
	"  end\n"
	"end\n"
	"return 'OK'\n";

/* Keys: owner, lease, version.  Arguments: token, lease, version. */
static const char finish_script[] =
	"if redis.call('GET', KEYS[1]) ~= ARGV[1] then\n"
	"  return redis.error_reply('FENCED another connection has taken over')\n"
	"end\n"
	"redis.call('SET', KEYS[3], ARGV[3])\n"
	"if redis.call('PEXPIRE', KEYS[2], ARGV[2]) == 0 then\n"
	"  redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])\n"
	"end\n"
	"return 'OK'\n";

static Statement switch_on = STATEMENT("UPDATE personalization.worker_state"
									   " SET cache_on = true"
									   " WHERE NOT cache_on",
									   "");

/*
 * From now on changes are not recorded, so the content of a cache is no longer
 * known to be valid.
 */
static Statement switch_off =
	STATEMENT("UPDATE personalization.worker_state"
			  " SET cache_on = false, cache_generation = cache_generation + 1"
			  " WHERE cache_on",
			  "");

static Statement select_state =
	STATEMENT("SELECT cache_database::text, cache_generation, cache_version"
			  " FROM personalization.worker_state",
			  "");

enum
{
	STATE_DATABASE = 1,
	STATE_GENERATION,
	STATE_VERSION
};

CacheConnection cache_connection;

/* The settings that identify the cache and its certificates. */
static char **const place_settings[CACHE_SETTINGS] = {&redis_url, &redis_ca_file, &redis_cert_file,
													  &redis_key_file};

/* Returns the address for messages, without the password. */
static const char *
place_name(void)
{
	static char name[300];

	if (cache_connection.place.local)
		strlcpy(name, cache_connection.place.path, sizeof(name));
	else
		snprintf(name, sizeof(name), "%s:%d", cache_connection.place.host,
				 cache_connection.place.port);
	return name;
}

/*
 * Called while waiting for the network: checks whether another session needs
 * the database, or the worker is to exit.
 */
static void
check_while_waiting(void)
{
	worker_begin("waiting for the cache");
	worker_end();
}

void
connection_forget(void)
{
	redis_close(&cache_connection.client);
	cache_connection.on = false;
}

/* There is no cache: discards the waiting rows. */
static void
switch_cache_off(void)
{
	int64 now = elapsed_clock();

	connection_forget();
	cache_connection.greeted = false;
	cache_connection.failures = 0;
	cache_connection.next_try = 0;
	worker_show_cache(CACHE_OFF);

	/* Sessions notice a reload one after another, and may still have recorded changes. */
	if (cache_connection.off_at != 0 && now < cache_connection.off_at + OFF_EVERY)
		return;
	cache_connection.off_at = now;
	worker_begin("switching the cache off");
	(void) statement_execute(&switch_off, NULL, NULL, SNAPSHOT_NEW);
	changes_discard();
	worker_end();
}

void
connection_failed(const char *fault)
{
	char message[REDIS_FAULT_SIZE];
	int64 now = elapsed_clock();

	strlcpy(message, fault, sizeof(message));

	/* A full Redis still deletes keys, so that connection is kept. */
	if (strncmp(message, "OOM", 3) != 0)
		redis_close(&cache_connection.client);
	if (cache_connection.failures == 0)
		ereport(LOG, (errcode(ERRCODE_CONNECTION_FAILURE),
					  errmsg("personalization: could not push to the cache at %s: %s", place_name(),
							 message),
					  errdetail("Changes are kept in table cache_changes. The push is retried "
								"until it succeeds.")));
	cache_connection.failures++;
	worker_show_cache(CACHE_FAILING);
	cache_connection.next_try =
		now + Min(INT64CONST(1000) << Min(cache_connection.failures - 1, 6), RETRY_MAX_MS) * 1000;

	worker_begin("recording a failure of the cache");
	worker_note_cache_failure(message);
	changes_coalesce();
	worker_end();
}

void
connection_worked(void)
{
	cache_connection.heard = elapsed_clock();
	if (cache_connection.failures > 0)
		ereport(LOG,
				(errmsg("personalization: cache at %s is available again after %d failed attempts",
						place_name(), cache_connection.failures)));
	else if (!cache_connection.greeted)
		ereport(LOG, (errmsg("personalization: pushing to the cache at %s", place_name())));
	cache_connection.greeted = true;
	cache_connection.failures = 0;
	worker_show_cache(CACHE_CONNECTED);
}

/* Returns a reply as text, or "" if it is not text. */
static const char *
answer_text(const redisReply *reply)
{
	if (reply == NULL || reply->str == NULL ||
		(reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS))
		return "";
	return reply->str;
}

static bool
load_script(const char *script, char *sha)
{
	const char *command[] = {"SCRIPT", "LOAD", script};
	const redisReply *reply = redis_ask_texts(&cache_connection.client, 3, command);
	const char *text = answer_text(reply);

	if (reply == NULL)
		return false;
	if (strlen(text) != sizeof(Sha) - 1)
	{
		strlcpy(cache_connection.client.fault, "unexpected reply", REDIS_FAULT_SIZE);
		return false;
	}
	strlcpy(sha, text, sizeof(Sha));
	return true;
}

bool
connection_send_finish(void)
{
	char number[32];
	const char *command[] = {"EVALSHA",	  cache_connection.finish, "3",	  OWNER_KEY, LEASE_KEY,
							 VERSION_KEY, cache_connection.token,  LEASE, number};
	size_t lengths[lengthof(command)];

	snprintf(number, sizeof(number), INT64_FORMAT, cache_connection.version);
	for (size_t i = 0; i < lengthof(command); i++)
		lengths[i] = strlen(command[i]);
	return redis_send(&cache_connection.client, lengthof(command), command, lengths);
}

static bool
has_prefix(const redisReply *key, const List *prefixes)
{
	ListCell *cell;

	foreach (cell, prefixes)
	{
		const char *prefix = lfirst(cell);

		if (key->len >= strlen(prefix) && memcmp(key->str, prefix, strlen(prefix)) == 0)
			return true;
	}
	return false;
}

/* Sends the deletion of those keys of a list that begin with one of the prefixes. */
static bool
delete_listed(const redisReply *keys, const List *prefixes)
{
	const char **command = palloc((keys->elements + 1) * sizeof(char *));
	size_t *lengths = palloc((keys->elements + 1) * sizeof(size_t));
	int n = 0;
	bool sent;

	command[n] = "DEL";
	lengths[n++] = strlen("DEL");
	for (size_t i = 0; i < keys->elements; i++)
	{
		const redisReply *key = keys->element[i];

		if (key == NULL || key->type != REDIS_REPLY_STRING || !has_prefix(key, prefixes))
			continue;
		command[n] = key->str;
		lengths[n++] = key->len;
	}
	sent = n == 1 || redis_send(&cache_connection.client, n, command, lengths);
	pfree(command);
	pfree(lengths);
	return sent;
}

bool
connection_delete_matching(const char *pattern, const List *prefixes)
{
	char cursor[32] = "0";

	do
	{
		const char *command[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
		const redisReply *reply =
			redis_ask_texts(&cache_connection.client, lengthof(command), command);

		if (reply == NULL)
			return false;
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
			reply->element[0]->type != REDIS_REPLY_STRING ||
			reply->element[1]->type != REDIS_REPLY_ARRAY ||
			reply->element[0]->len >= sizeof(cursor))
		{
			strlcpy(cache_connection.client.fault, "unexpected reply", REDIS_FAULT_SIZE);
			return false;
		}
		strlcpy(cursor, reply->element[0]->str, sizeof(cursor));
		if (!delete_listed(reply->element[1], prefixes))
			return false;
	} while (strcmp(cursor, "0") != 0);
	return redis_finish(&cache_connection.client);
}

/* Makes this connection the one whose commands Redis accepts. */
static bool
claim(void)
{
	char timeline[16];
	char generation[48];
	char rest[48];
	char version[32];
	const char *command[] = {
		"EVAL",	  claim_script, "3",  OWNER_KEY, LEASE_KEY, VERSION_KEY, cache_connection.database,
		timeline, generation,	rest, version,	 LEASE};
	size_t lengths[lengthof(command)];
	const redisReply *reply;

	snprintf(timeline, sizeof(timeline), "%u", GetWALInsertionTimeLine());
	snprintf(generation, sizeof(generation), INT64_FORMAT, cache_connection.generation);
	if (cache_connection.placed != 0)
		snprintf(generation + strlen(generation), sizeof(generation) - strlen(generation),
				 UINT64_FORMAT, cache_connection.placed);
	snprintf(rest, sizeof(rest), INT64_FORMAT ".%d", GetCurrentTimestamp(), MyProcPid);
	snprintf(version, sizeof(version), INT64_FORMAT, cache_connection.version);
	snprintf(cache_connection.token, sizeof(cache_connection.token), "%s:%s:%s:%s",
			 cache_connection.database, timeline, generation, rest);
	for (size_t i = 0; i < lengthof(command); i++)
		lengths[i] = strlen(command[i]);
	reply = redis_ask(&cache_connection.client, lengthof(command), command, lengths);
	if (reply == NULL)
		return false;
	if (strcmp(answer_text(reply), "known") == 0)
		return true;
	if (strcmp(answer_text(reply), "unknown") == 0)
		return connection_delete_matching(CACHE_PREFIX "*", cache_prefixes(NULL));
	strlcpy(cache_connection.client.fault,
			strcmp(answer_text(reply), "taken") == 0 ? "another database pushes to this cache"
													 : "unexpected reply",
			REDIS_FAULT_SIZE);
	return false;
}

/* Reads the state from the table. */
static void
read_state(void)
{
	worker_begin("reading the cache's state");
	(void) statement_execute(&switch_on, NULL, NULL, SNAPSHOT_NEW);
	if (statement_execute(&select_state, NULL, NULL, SNAPSHOT_NEW) == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table worker_state is empty"),
						errhint("Run INSERT INTO personalization.worker_state DEFAULT VALUES.")));

	/* A copy by CREATE DATABASE … TEMPLATE has the same row, and is another database. */
	snprintf(cache_connection.database, sizeof(cache_connection.database), "%s-%u",
			 result_text(0, STATE_DATABASE), MyDatabaseId);
	cache_connection.generation = DatumGetInt64(result_value(0, STATE_GENERATION, NULL));
	cache_connection.version = DatumGetInt64(result_value(0, STATE_VERSION, NULL));
	cache_connection.extension = extension_objects()->generation;
	cache_connection.placed = nodes_placed();
	worker_end();
	cache_connection.on = true;
	cache_connection.off_at = 0;
}

static bool
place_changed(void)
{
	for (size_t i = 0; i < lengthof(cache_connection.settings); i++)
		if (cache_connection.settings[i] == NULL ||
			strcmp(cache_connection.settings[i], *place_settings[i]) != 0)
			return true;
	return false;
}

static void
keep_place(void)
{
	const char *fault;

	for (size_t i = 0; i < lengthof(cache_connection.settings); i++)
	{
		if (cache_connection.settings[i] != NULL)
			pfree(cache_connection.settings[i]);
		cache_connection.settings[i] = MemoryContextStrdup(TopMemoryContext, *place_settings[i]);
	}
	(void) redis_url_parse(cache_connection.settings[0], &cache_connection.place, &fault);
}

static bool
connect_cache(void)
{
	const RedisTlsFiles files = {redis_ca_file, redis_cert_file, redis_key_file};

	read_state();
	return redis_open(&cache_connection.client, &cache_connection.place, &files, redis_timeout,
					  check_while_waiting) &&
		   load_script(push_script, cache_connection.push) &&
		   load_script(finish_script, cache_connection.finish) && claim() &&
		   connection_send_finish() && redis_finish(&cache_connection.client);
}

/* Whether the connection is alive and, after a while without changes, still accepted. */
static bool
is_alive(void)
{
	if (!redis_alive(&cache_connection.client))
		return false;
	if (elapsed_clock() < cache_connection.heard + HEARTBEAT)
		return true;
	redis_forget_fault(&cache_connection.client);
	return connection_send_finish() && redis_finish(&cache_connection.client);
}

void
connection_keep_alive(void)
{
	int64 heard = cache_connection.heard;

	if (!is_alive())
		connection_failed(cache_connection.client.fault);
	else if (elapsed_clock() >= heard + HEARTBEAT)
		connection_worked();
}

bool
connection_is_outdated(void)
{
	return cache_connection.extension != extension_objects()->generation ||
		   cache_connection.placed != nodes_placed();
}

bool
connection_ready(void)
{
	bool wanted;

	worker_begin("waiting");
	wanted = cache_wanted();
	worker_end();
	if (!wanted)
	{
		switch_cache_off();
		return false;
	}
	if (place_changed())
	{
		/* Another address, password or certificate takes effect at once. */
		redis_close(&cache_connection.client);
		keep_place();
		cache_connection.failures = 0;
		cache_connection.greeted = false;
		cache_connection.next_try = 0;
	}
	if (elapsed_clock() < cache_connection.next_try)
		return false;
	if (!cache_connection.on || cache_connection.client.context == NULL)
	{
		if (!connect_cache())
		{
			connection_failed(cache_connection.client.fault);
			return false;
		}
		connection_worked();
	}
	return true;
}
