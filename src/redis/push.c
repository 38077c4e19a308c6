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
 *		  generation or timeline, or while other shards of a Citus cluster
 *		  were on this node.  Then all our keys are deleted first; a
 *		  missing key does no harm.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "base/guc.h"
#include "base/statement.h"
#include "bgworker/session.h"
#include "bgworker/state.h"
#include "bgworker/turns.h"
#include "cache/changes.h"
#include "cache/queue.h"
#include "cluster/route.h"
#include "core/cache_key.h"
#include "redis/client.h"
#include "redis/connection.h"
#include "redis/document.h"
#include "redis/envelope.h"
#include "redis/push.h"

/* Maximum size of the documents of one batch, in bytes; the last one may exceed it. */
#define BATCH_BYTES (4 * 1024 * 1024)

/* Number of rows read per document of a batch: often several are about the same document. */
#define ROWS_A_KEY 4

/* Maximum number of keys, and of bytes of documents, in one command. */
#define COMMAND_KEYS 64
#define COMMAND_BYTES (256 * 1024)

static Statement note_pushed =
	STATEMENT("UPDATE personalization.worker_state"
			  " SET cache_version = $1, cache_pushed = cache_pushed + $2,"
			  "  cache_deleted = cache_deleted + $3, cache_last_pushed = $4",
			  "int8 int8 int8 timestamptz");

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

static MemoryContext batch_context;

/*
 * Documents are built tenant by tenant, so that a tenant whose documents take
 * long, or wait for a lock, does not delay the others.
 */
static TenantWork cache_work = {.activity = "pushing to the cache", .name = "pushing to the cache"};

/* Profiles that have been built together, in the order of their changes. */
typedef struct BuiltProfiles
{
	const CacheChange *changes[CACHE_PROFILES];
	CacheItem items[CACHE_PROFILES];
	int n;
	int next;
	int most; /* to build together: fewer after more could not be */
} BuiltProfiles;

/*
 * Builds the next profiles of the tenant whose changes are the first of n.  Returns the error if
 * it is a wait for a lock; after another one the profiles are built one at a time, by which it is
 * known whose it is.  *tried is set to the change from which on to build the next ones together.
 */
static ErrorData *
build_profiles(PushBatch *batch, const CacheChange *changes, int n, CacheTenant *tenant,
			   int64 until, BuiltProfiles *profiles, const CacheChange **tried)
{
	CacheLimits limits = {BATCH_BYTES - batch->bytes, until};
	ErrorData *fault = NULL;
	int found = 0;
	int i = 0;

	for (; i < n && found < profiles->most; i++)
	{
		if (strcmp(changes[i].tenant_id, changes[0].tenant_id) != 0)
			break;
		if ((changes[i].what & CACHE_PROFILE) != 0)
			profiles->changes[found++] = &changes[i];
	}
	profiles->next = 0;
	profiles->n = cache_profiles_build(profiles->changes, found, tenant, batch->at, &limits,
									   profiles->items, &fault);
	if (fault != NULL && profiles->n == 0)
		profiles->most /= 4;
	*tried =
		fault == NULL && profiles->n > 0 ? profiles->changes[profiles->n - 1] + 1 : &changes[i];
	return fault != NULL && fault->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ? fault : NULL;
}

/* Returns the profile that has been built of a change, or NULL; changes come in their order. */
static const CacheItem *
built_profile(BuiltProfiles *profiles, const CacheChange *change)
{
	if (profiles->next == profiles->n || profiles->changes[profiles->next] != change)
		return NULL;
	return &profiles->items[profiles->next++];
}

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
	CacheTenant tenant = {0};
	BuiltProfiles profiles;
	const CacheChange *tried = changes; /* the next change to build together with others */
	bool is_here = route_is_here(tenant_id);
	int i = 0;

	profiles.n = profiles.next = 0;
	profiles.most = CACHE_PROFILES;

	for (; i < n && strcmp(changes[i].tenant_id, tenant_id) == 0; i++)
	{
		const CacheChange *change = &changes[i];
		const CacheItem *profile;
		bool may_begin;
		List *items = NIL;
		ErrorData *fault = NULL;

		CHECK_FOR_INTERRUPTS();
		/* The node to which its shards were moved pushes its documents; all keys here are deleted. */
		if (!is_here)
		{
			batch->nrows += change->nrows;
			batch->changes[batch->n++] = *change;
			continue;
		}
		may_begin =
			locked == NULL && batch->bytes < BATCH_BYTES && elapsed_clock() - start <= TURNS_SLOW;
		if (change >= tried && may_begin)
			locked = build_profiles(batch, change, n - i, &tenant, start + TURNS_SLOW, &profiles,
									&tried);
		profile = built_profile(&profiles, change);
		/* If there is no time for more, there is for what has been built. */
		if (locked != NULL || batch->bytes >= BATCH_BYTES || (profile == NULL && !may_begin))
		{
			batch->more = true;
			continue;
		}
		if ((change->what & CACHE_TENANT) != 0)
			fault = cache_name_fault(tenant_id);
		if ((change->what & CACHE_TENANT) != 0 && fault == NULL)
			batch->tenants = lappend(batch->tenants, unconstify(char *, tenant_id));
		cache_items_add(change, &tenant, batch->at, profile, &items, &fault);
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
	old = MemoryContextSwitchTo(batch_context);
	if (connection_is_outdated())
		connection_forget();
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
	argv[n++] = cache_connection.push;
	argv[n++] = nkeys;
	argv[n++] = OWNER_KEY;
	for (int i = 0; i < n; i++)
		lengths[i] = strlen(argv[i]);
	memcpy(argv + n, command->keys, command->n * sizeof(char *));
	memcpy(lengths + n, command->key_lengths, command->n * sizeof(size_t));
	n += command->n;
	argv[n] = cache_connection.token;
	lengths[n++] = strlen(cache_connection.token);
	memcpy(argv + n, command->values, 2 * command->n * sizeof(char *));
	memcpy(lengths + n, command->value_lengths, 2 * command->n * sizeof(size_t));
	n += 2 * command->n;
	command->n = 0;
	command->bytes = 0;
	return redis_send(&cache_connection.client, n, argv, lengths);
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
		if (!connection_delete_matching(pattern, prefixes))
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
	MemoryContext old = MemoryContextSwitchTo(batch_context);
	char head[CACHE_HEAD_SIZE];
	bool done;

	/*
	 * Each version is later than the one before, even if the clock goes back;
	 * since 1970, for readers.
	 */
	cache_connection.version =
		Max(cache_connection.version + 1,
			batch->at + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY);
	if (!cache_head(cache_connection.version, batch->cached_at, head))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	cache_connection.client.timeout = redis_timeout;
	redis_forget_fault(&cache_connection.client);
	done = send_deletions(batch) && send_documents(batch, head) && connection_send_finish() &&
		   redis_finish(&cache_connection.client);
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
		Datum values[] = {Int64GetDatum(cache_connection.version), Int64GetDatum(batch->pushed),
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

static bool
push_batch(void)
{
	PushBatch batch = {0};

	if (batch_context == NULL)
		batch_context = AllocSetContextCreate(TopMemoryContext, "personalization cache",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(batch_context);
	read_batch(&batch);
	if (!cache_connection.on)
		return true;
	if (batch.n == 0)
	{
		connection_keep_alive();
		return false;
	}
	if (!send_batch(&batch))
	{
		connection_failed(cache_connection.client.fault);
		return false;
	}
	finish_batch(&batch);
	connection_worked();
	MemoryContextReset(batch_context);
	return batch.more;
}

bool
cache_push(void)
{
	static bool under_way = false;
	bool more;

	/* An error interrupted the last batch: it is unknown which commands were sent and answered. */
	if (under_way)
	{
		connection_forget();
	}
	under_way = true;
	more = connection_ready() && push_batch();
	under_way = false;
	return more;
}
