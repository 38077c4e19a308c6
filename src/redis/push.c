/*
 * push.c
 *		The worker's part of the push to Redis.
 *
 *		A batch is read, with its documents, in one transaction; pushed
 *		outside a transaction; and its rows are deleted in a second
 *		transaction, once Redis has acknowledged all of it.  An interrupted
 *		batch is repeated.
 *
 *		The cache never contains invalid data, for these reasons:
 *
 *		- The commit of the first transaction is flushed, and with it
 *		  everything that it saw: a crash of the server cannot undo anything
 *		  that was pushed.
 *		- Every push contains the token of its connection, and Redis accepts
 *		  only the latest token: commands of an earlier connection that are
 *		  still in progress, behind a hanging server or network, are refused
 *		  when they arrive.  So pushes are executed in the order in which they
 *		  were made.
 *		- The last command of a batch stores the batch's version in Redis.  If
 *		  Redis has no version, or an older one than it has acknowledged, it
 *		  has lost data (it was restarted from an older file, or a replica was
 *		  promoted).  The same holds if its keys were written under another
 *		  generation or timeline.  Then all our keys are deleted first; a
 *		  missing key does no harm.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/clock.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/session.h"
#include "bgworker/state.h"
#include "bgworker/turns.h"
#include "cache/changes.h"
#include "cache/queue.h"
#include "core/cache_key.h"
#include "core/redis_url.h"
#include "redis/client.h"
#include "redis/document.h"
#include "redis/envelope.h"
#include "redis/push.h"
#include "redis/tls.h"

/* Maximum size of the documents of one batch, in bytes; the last one may exceed it. */
#define BATCH_BYTES (4 * 1024 * 1024)

/* Number of rows read per document of a batch: often several are about the same document. */
#define ROWS_A_KEY 4

/* Maximum number of keys, and of bytes of documents, in one command. */
#define COMMAND_KEYS 64
#define COMMAND_BYTES (256 * 1024)

/* How often an idle connection is checked, and how long it is considered alive. */
#define HEARTBEAT (10 * USECS_PER_SEC)
#define LEASE "30000" /* milliseconds */

#define RETRY_MAX_MS 60000

/* Without a cache the queue is checked this often. */
#define OFF_EVERY (60 * USECS_PER_SEC)

#define OWNER_KEY CACHE_PREFIX "cache:owner"
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

static Statement note_pushed =
	STATEMENT("UPDATE personalization.worker_state"
			  " SET cache_version = $1, cache_pushed = cache_pushed + $2,"
			  "  cache_deleted = cache_deleted + $3, cache_last_pushed = $4",
			  "int8 int8 int8 timestamptz");

/* The SHA-1 of a script in Redis. */
typedef char Sha[41];

/* State that is kept between calls. */
static struct
{
	RedisClient client;
	char *settings[4]; /* of the connection, or of the attempt: as in place_settings */
	RedisUrl place;	   /* the parsed URL */
	char token[128];
	Sha push;
	Sha finish;
	uint64 extension; /* the generation of the objects when the state was read */
	char database[64];
	int64 generation;
	int64 version; /* the latest version given to a document */
	bool on;
	int failures;		   /* consecutive failures */
	bool greeted;		   /* it was logged that there is a cache */
	int64 next_try;		   /* by elapsed_clock(), as the next two */
	int64 heard;		   /* when the latest reply arrived */
	int64 off_at;		   /* when the absence of a cache was last recorded; 0: not yet */
	MemoryContext context; /* of the batch */
} cache;

/* The settings that identify the cache and its certificates. */
static char **const place_settings[lengthof(cache.settings)] = {&redis_url, &redis_ca_file,
																&redis_cert_file, &redis_key_file};

/* One batch, on its way from the queue to Redis. */
typedef struct PushBatch
{
	CacheChange *changes;
	int n;
	bool more;
	List *items;
	List *tenants;			  /* tenants whose keys are all to be deleted */
	Size bytes;				  /* of documents */
	int64 nrows;			  /* of changes */
	const char *fault;		  /* the error of a document that could not be built … */
	const char *fault_tenant; /* … and whose it is */
	TimestampTz at;
	char cached_at[MAXDATELEN + 1];
	int64 pushed;
	int64 deleted;
} PushBatch;

/* Returns the address for messages, without the password. */
static const char *
place_name(void)
{
	static char name[300];

	if (cache.place.local)
		strlcpy(name, cache.place.path, sizeof(name));
	else
		snprintf(name, sizeof(name), "%s:%d", cache.place.host, cache.place.port);
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

/* There is no cache, or another one: discards the waiting rows if there is none. */
static void
handle_no_cache(void)
{
	int64 now = elapsed_clock();

	redis_close(&cache.client);
	cache.on = false;
	cache.greeted = false;
	cache.failures = 0;
	cache.next_try = 0;
	worker_show_cache(CACHE_OFF);

	/* Sessions notice a reload one after another, and may still have recorded changes. */
	if (cache.off_at != 0 && now < cache.off_at + OFF_EVERY)
		return;
	cache.off_at = now;
	worker_begin("switching the cache off");
	(void) statement_execute(&switch_off, NULL, NULL, SNAPSHOT_NEW);
	changes_discard();
	worker_end();
}

/* Ends a failed attempt; logs the first failure, and records each of them. */
static void
record_failure(const char *fault)
{
	char message[REDIS_FAULT_SIZE];
	int64 now = elapsed_clock();

	strlcpy(message, fault, sizeof(message));

	/* A full Redis still deletes keys, so that connection is kept. */
	if (strncmp(message, "OOM", 3) != 0)
		redis_close(&cache.client);
	if (cache.failures == 0)
		ereport(LOG, (errcode(ERRCODE_CONNECTION_FAILURE),
					  errmsg("personalization: could not push to the cache at %s: %s", place_name(),
							 message),
					  errdetail("Changes are kept in table cache_changes. The push is retried "
								"until it succeeds.")));
	cache.failures++;
	worker_show_cache(CACHE_FAILING);
	cache.next_try = now + Min(INT64CONST(1000) << Min(cache.failures - 1, 6), RETRY_MAX_MS) * 1000;

	worker_begin("recording a failure of the cache");
	worker_note_cache_failure(message);
	changes_coalesce();
	worker_end();
}

/* Records that the cache has succeeded. */
static void
record_success(void)
{
	cache.heard = elapsed_clock();
	if (cache.failures > 0)
		ereport(LOG,
				(errmsg("personalization: cache at %s is available again after %d failed attempts",
						place_name(), cache.failures)));
	else if (!cache.greeted)
		ereport(LOG, (errmsg("personalization: pushing to the cache at %s", place_name())));
	cache.greeted = true;
	cache.failures = 0;
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
	const redisReply *reply = redis_ask_texts(&cache.client, 3, command);
	const char *text = answer_text(reply);

	if (reply == NULL)
		return false;
	if (strlen(text) != sizeof(Sha) - 1)
	{
		strlcpy(cache.client.fault, "unexpected reply", REDIS_FAULT_SIZE);
		return false;
	}
	strlcpy(sha, text, sizeof(Sha));
	return true;
}

/* Sends the command that ends a batch, or a heartbeat. */
static bool
send_finish(int64 version)
{
	char number[32];
	const char *command[] = {"EVALSHA",	  cache.finish, "3",   OWNER_KEY, LEASE_KEY,
							 VERSION_KEY, cache.token,	LEASE, number};
	size_t lengths[lengthof(command)];

	snprintf(number, sizeof(number), INT64_FORMAT, version);
	for (size_t i = 0; i < lengthof(command); i++)
		lengths[i] = strlen(command[i]);
	return redis_send(&cache.client, lengthof(command), command, lengths);
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
	sent = n == 1 || redis_send(&cache.client, n, command, lengths);
	pfree(command);
	pfree(lengths);
	return sent;
}

/*
 * Deletes all keys that match a pattern and begin with one of the prefixes, by
 * scanning all keys.
 */
static bool
delete_matching(const char *pattern, const List *prefixes)
{
	char cursor[32] = "0";

	do
	{
		const char *command[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
		const redisReply *reply = redis_ask_texts(&cache.client, lengthof(command), command);

		if (reply == NULL)
			return false;
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
			reply->element[0]->type != REDIS_REPLY_STRING ||
			reply->element[1]->type != REDIS_REPLY_ARRAY ||
			reply->element[0]->len >= sizeof(cursor))
		{
			strlcpy(cache.client.fault, "unexpected reply", REDIS_FAULT_SIZE);
			return false;
		}
		strlcpy(cursor, reply->element[0]->str, sizeof(cursor));
		if (!delete_listed(reply->element[1], prefixes))
			return false;
	} while (strcmp(cursor, "0") != 0);
	return redis_finish(&cache.client);
}

/* Makes this connection the one whose commands Redis accepts. */
static bool
claim(void)
{
	char timeline[16];
	char generation[32];
	char rest[48];
	char version[32];
	const char *command[] = {"EVAL",	  claim_script,	  "3",		OWNER_KEY,	LEASE_KEY,
							 VERSION_KEY, cache.database, timeline, generation, rest,
							 version,	  LEASE};
	size_t lengths[lengthof(command)];
	const redisReply *reply;

	snprintf(timeline, sizeof(timeline), "%u", GetWALInsertionTimeLine());
	snprintf(generation, sizeof(generation), INT64_FORMAT, cache.generation);
	snprintf(rest, sizeof(rest), INT64_FORMAT ".%d", GetCurrentTimestamp(), MyProcPid);
	snprintf(version, sizeof(version), INT64_FORMAT, cache.version);
	snprintf(cache.token, sizeof(cache.token), "%s:%s:%s:%s", cache.database, timeline, generation,
			 rest);
	for (size_t i = 0; i < lengthof(command); i++)
		lengths[i] = strlen(command[i]);
	reply = redis_ask(&cache.client, lengthof(command), command, lengths);
	if (reply == NULL)
		return false;
	if (strcmp(answer_text(reply), "known") == 0)
		return true;
	if (strcmp(answer_text(reply), "unknown") == 0)
		return delete_matching(CACHE_PREFIX "*", cache_prefixes(NULL));
	strlcpy(cache.client.fault,
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
	snprintf(cache.database, sizeof(cache.database), "%s-%u", result_text(0, STATE_DATABASE),
			 MyDatabaseId);
	cache.generation = DatumGetInt64(result_value(0, STATE_GENERATION, NULL));
	cache.version = DatumGetInt64(result_value(0, STATE_VERSION, NULL));
	cache.extension = extension_objects()->generation;
	worker_end();
	cache.on = true;
	cache.off_at = 0;
}

static bool
place_changed(void)
{
	for (size_t i = 0; i < lengthof(cache.settings); i++)
		if (cache.settings[i] == NULL || strcmp(cache.settings[i], *place_settings[i]) != 0)
			return true;
	return false;
}

static void
keep_place(void)
{
	const char *fault;

	for (size_t i = 0; i < lengthof(cache.settings); i++)
	{
		if (cache.settings[i] != NULL)
			pfree(cache.settings[i]);
		cache.settings[i] = MemoryContextStrdup(TopMemoryContext, *place_settings[i]);
	}
	(void) redis_url_parse(cache.settings[0], &cache.place, &fault);
}

static bool
connect_cache(void)
{
	const RedisTlsFiles files = {redis_ca_file, redis_cert_file, redis_key_file};

	read_state();
	return redis_open(&cache.client, &cache.place, &files, redis_timeout, check_while_waiting) &&
		   load_script(push_script, cache.push) && load_script(finish_script, cache.finish) &&
		   claim() && send_finish(cache.version) && redis_finish(&cache.client);
}

/* Documents are built by tenant: one whose take long, or meet a lock, keeps no other waiting. */
static TenantWork cache_work = {.activity = "pushing to the cache", .name = "pushing to the cache"};

/*
 * Adds the documents of a tenant's changes, which are the first of n, to the
 * batch, and returns their number.  Those for which there is no time, or that
 * wait for a lock, are left for later.
 */
static int
build_of_tenant(PushBatch *batch, const CacheChange *changes, int n)
{
	const char *tenant_id = changes[0].tenant_id;
	int64 start = elapsed_clock();
	TurnResult result = {0};
	ErrorData *locked = NULL;
	int i = 0;

	for (; i < n && strcmp(changes[i].tenant_id, tenant_id) == 0; i++)
	{
		const CacheChange *change = &changes[i];
		List *items = NIL;
		ErrorData *fault = NULL;

		CHECK_FOR_INTERRUPTS();
		if (locked != NULL || batch->bytes >= BATCH_BYTES || elapsed_clock() - start > TURNS_SLOW)
		{
			batch->more = true;
			continue;
		}
		if ((change->what & CACHE_TENANT) != 0)
			fault = cache_name_fault(tenant_id);
		if ((change->what & CACHE_TENANT) != 0 && fault == NULL)
			batch->tenants = lappend(batch->tenants, unconstify(char *, tenant_id));
		cache_items_add(change, batch->at, &items, &fault);
		if (fault != NULL && fault->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
		{
			locked = fault;
			continue;
		}
		if (fault != NULL)
		{
			batch->fault = fault->message;
			batch->fault_tenant = tenant_id;
		}
		if (items != NIL)
			batch->bytes += ((CacheItem *) llast(items))->document_len;
		batch->items = list_concat(batch->items, items);
		batch->nrows += change->nrows;
		batch->changes[batch->n++] = *change;
		result.attempted++;
	}
	result.took = elapsed_clock() - start;
	(void) work_note(&cache_work, tenant_id, &result, locked);
	return i;
}

/* Reads changes and builds their documents, in one transaction and one snapshot. */
static void
read_batch(PushBatch *batch)
{
	const int64 limit = (int64) worker_batch_size * ROWS_A_KEY;
	MemoryContext old;

	worker_begin("building documents for the cache");
	old = MemoryContextSwitchTo(cache.context);
	if (cache.extension != extension_objects()->generation)
	{
		/* The extension was dropped and created again: our state belongs to the old one. */
		redis_close(&cache.client);
		cache.on = false;
	}
	else
	{
		CacheChange *changes;
		int utc = 0;
		int n;

		batch->at = GetCurrentTimestamp();
		(void) JsonEncodeDateTime(batch->cached_at, TimestampTzGetDatum(batch->at), TIMESTAMPTZOID,
								  &utc);
		work_begin(&cache_work);
		changes = changes_read(limit, worker_batch_size, work_waiting(&cache_work, true), &n);
		if (n == 0)
			changes = changes_read(limit, worker_batch_size, work_waiting(&cache_work, false), &n);
		batch->changes = palloc(Max(n, 1) * sizeof(CacheChange));
		for (int i = 0; i < n;)
			i += build_of_tenant(batch, &changes[i], n - i);
		batch->more = batch->more || n == worker_batch_size || batch->nrows >= limit / 2;
		if (batch->n > 0)
		{
			/* Assign a transaction id, so that the commit, and everything before it, is flushed. */
			(void) GetCurrentTransactionId();
			ForceSyncCommit();
		}
	}
	MemoryContextSwitchTo(old);
	worker_end();
}

/* A command under construction: keys, then arguments. */
typedef struct Command
{
	const char *keys[COMMAND_KEYS];
	size_t key_lengths[COMMAND_KEYS];
	const char *values[2 * COMMAND_KEYS];
	size_t value_lengths[2 * COMMAND_KEYS];
	int n;
	Size bytes;
} Command;

static bool
send_command(Command *command)
{
	const char *argv[4 + 3 * COMMAND_KEYS + 1];
	size_t lengths[lengthof(argv)];
	char nkeys[16];
	int n = 0;

	if (command->n == 0)
		return true;
	snprintf(nkeys, sizeof(nkeys), "%d", 1 + command->n);
	argv[n++] = "EVALSHA";
	argv[n++] = cache.push;
	argv[n++] = nkeys;
	argv[n++] = OWNER_KEY;
	for (int i = 0; i < n; i++)
		lengths[i] = strlen(argv[i]);
	memcpy(argv + n, command->keys, command->n * sizeof(char *));
	memcpy(lengths + n, command->key_lengths, command->n * sizeof(size_t));
	n += command->n;
	argv[n] = cache.token;
	lengths[n++] = strlen(cache.token);
	memcpy(argv + n, command->values, 2 * command->n * sizeof(char *));
	memcpy(lengths + n, command->value_lengths, 2 * command->n * sizeof(size_t));
	n += 2 * command->n;
	command->n = 0;
	command->bytes = 0;
	return redis_send(&cache.client, n, argv, lengths);
}

static bool
add_key(Command *command, const CacheItem *item, const char *ttl, const char *value, size_t len)
{
	command->keys[command->n] = item->key;
	command->key_lengths[command->n] = item->key_len;
	command->values[2 * command->n] = ttl;
	command->value_lengths[2 * command->n] = strlen(ttl);
	command->values[2 * command->n + 1] = value;
	command->value_lengths[2 * command->n + 1] = len;
	command->n++;
	command->bytes += len;
	return (command->n < COMMAND_KEYS && command->bytes < COMMAND_BYTES) || send_command(command);
}

/* Deletions come first, because they succeed even if Redis is full. */
static bool
send_deletions(PushBatch *batch)
{
	Command command = {0};
	ListCell *cell;

	foreach (cell, batch->tenants)
	{
		List *prefixes = cache_prefixes(lfirst(cell));
		char *prefix = linitial(prefixes);
		const char *tenant = strrchr(prefix, ':');
		char *pattern;
		char *end;

		/* All kinds: personalization:*:tenant:* */
		while (tenant > prefix && tenant[-1] != ':')
			tenant--;
		pattern = palloc(2 * strlen(tenant) + sizeof(CACHE_PREFIX "*:*"));
		end = pattern + sprintf(pattern, CACHE_PREFIX "*:");
		end += cache_glob_escape(tenant, strlen(tenant), end);
		memcpy(end, "*", 2);
		if (!delete_matching(pattern, prefixes))
			return false;
	}
	foreach (cell, batch->items)
	{
		CacheItem *item = lfirst(cell);

		if (item->document != NULL)
			continue;
		batch->deleted++;
		if (!add_key(&command, item, "0", item->tenant_id, strlen(item->tenant_id)))
			return false;
	}
	return send_command(&command);
}

static bool
send_documents(PushBatch *batch, const char *head)
{
	Command command = {0};
	ListCell *cell;

	foreach (cell, batch->items)
	{
		CacheItem *item = lfirst(cell);
		char *value;
		size_t len;

		if (item->document == NULL)
			continue;
		batch->pushed++;
		value = cache_document_join(head, item, &len);
		pfree(item->document);
		item->document = value;
		if (!add_key(&command, item, psprintf(INT64_FORMAT, item->ttl), value, len))
			return false;
	}
	return send_command(&command);
}

/* Sends a batch and waits until it is acknowledged. */
static bool
send_batch(PushBatch *batch)
{
	MemoryContext old = MemoryContextSwitchTo(cache.context);
	char head[CACHE_HEAD_SIZE];
	bool done;

	/*
	 * Each version is later than the one before, even if the clock goes back;
	 * since 1970, for readers.
	 */
	cache.version = Max(cache.version + 1,
						batch->at + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
	if (!cache_head(cache.version, batch->cached_at, head))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	cache.client.timeout = redis_timeout;
	cache.client.refused = false;
	cache.client.fault[0] = '\0';
	done = send_deletions(batch) && send_documents(batch, head) && send_finish(cache.version) &&
		   redis_finish(&cache.client);
	MemoryContextSwitchTo(old);
	return done;
}

/* Completes a batch that Redis has acknowledged. */
static void
finish_batch(const PushBatch *batch)
{
	worker_begin("recording pushed documents");
	changes_delete(batch->changes, batch->n);
	{
		Datum values[] = {Int64GetDatum(cache.version), Int64GetDatum(batch->pushed),
						  Int64GetDatum(batch->deleted),
						  TimestampTzGetDatum(GetCurrentTimestamp())};

		(void) statement_execute(&note_pushed, values, NULL, SNAPSHOT_NEW);
	}
	if (batch->fault != NULL)
	{
		int unlogged;

		if (turns_log(&cache_work.turns, batch->fault_tenant, elapsed_clock(), &unlogged))
			ereport(LOG, (errmsg("personalization: could not build a document for the cache: %s",
								 batch->fault)));
		worker_note_cache_failure(batch->fault);
	}
	worker_end();
}

/* After a while without changes, checks that the connection is alive and still accepted. */
static bool
keep_alive(void)
{
	if (!redis_alive(&cache.client))
		return false;
	if (elapsed_clock() < cache.heard + HEARTBEAT)
		return true;
	cache.client.refused = false;
	cache.client.fault[0] = '\0';
	return send_finish(cache.version) && redis_finish(&cache.client);
}

static bool
push_batch(void)
{
	PushBatch batch = {0};

	if (cache.context == NULL)
		cache.context = AllocSetContextCreate(TopMemoryContext, "personalization cache",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(cache.context);
	read_batch(&batch);
	if (!cache.on)
		return true;
	if (batch.n == 0)
	{
		int64 heard = cache.heard;

		if (!keep_alive())
			record_failure(cache.client.fault);
		else if (elapsed_clock() >= heard + HEARTBEAT)
			record_success();
		return false;
	}
	if (!send_batch(&batch))
	{
		record_failure(cache.client.fault);
		return false;
	}
	finish_batch(&batch);
	record_success();
	MemoryContextReset(cache.context);
	return batch.more;
}

static bool
push(void)
{
	bool wanted;

	worker_begin("waiting");
	wanted = cache_wanted();
	worker_end();
	if (!wanted)
	{
		handle_no_cache();
		return false;
	}
	if (place_changed())
	{
		/* Another address, password or certificate takes effect at once. */
		redis_close(&cache.client);
		keep_place();
		cache.failures = 0;
		cache.greeted = false;
		cache.next_try = 0;
	}
	if (elapsed_clock() < cache.next_try)
		return false;
	if (!cache.on || cache.client.context == NULL)
	{
		if (!connect_cache())
		{
			record_failure(cache.client.fault);
			return false;
		}
		record_success();
	}
	return push_batch();
}

bool
cache_push(void)
{
	static bool under_way = false;
	bool more;

	/* An error interrupted the last batch: it is unknown which commands were sent and answered. */
	if (under_way)
	{
		redis_close(&cache.client);
		cache.on = false;
	}
	under_way = true;
	more = push();
	under_way = false;
	return more;
}
