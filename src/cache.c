/*
 * cache.c
 *		The push to Redis, seen from what changes: settings, and the notes for
 *		the worker.
 *
 * A note is a row of cache_changes, inserted in the transaction that changes
 * something: it is there if and only if that commits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"

#include "cache.h"
#include "compat.h"
#include "core/redis_url.h"
#include "inbox.h"
#include "module.h"
#include "rows.h"
#include "statement.h"

char *redis_url = NULL;
int redis_timeout = 1000;
char *cache_database = NULL;

static RowWriter change_writer =
	ROW_WRITER("personalization.cache_changes", "id, what, position", "text int2 int8", "");

static Statement note_conversations_of_user =
	STATEMENT("INSERT INTO personalization.cache_changes (tenant_id, id, what, position)"
			  " SELECT tenant_id, conversation_id::text, $3, $4 FROM personalization.conversations"
			  " WHERE tenant_id = $1 AND user_id = $2",
			  "text text int2 int8");

static Statement note_conversations_of_tenant =
	STATEMENT("INSERT INTO personalization.cache_changes (tenant_id, id, what, position)"
			  " SELECT tenant_id, conversation_id::text, $2, $3 FROM personalization.conversations"
			  " WHERE tenant_id = $1",
			  "text int2 int8");

static bool
check_redis_url(char **newval, void **extra, GucSource source)
{
	RedisUrl url;
	const char *fault;

	if (*newval == NULL || (*newval)[0] == '\0' || redis_url_parse(*newval, &url, &fault))
		return true;
	GUC_check_errdetail("%s", fault);
	GUC_check_errhint("Examples are redis://:password@localhost:6379/0 and "
					  "unix:///run/redis/redis.sock; %%40 stands for an @ in a password.");
	return false;
}

void
cache_init(void)
{
	DefineCustomStringVariable(
		"personalization.redis_url", "The Redis to which documents are pushed; empty for none.",
		NULL, &redis_url, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_redis_url, NULL, NULL);
	DefineCustomIntVariable("personalization.redis_timeout",
							"Time that a Redis has for each answer.", NULL, &redis_timeout, 1000,
							10, 60 * 1000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.cache_database",
							   "The one database whose documents are pushed; empty for any.", NULL,
							   &cache_database, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
}

bool
cache_wanted(void)
{
	char *name;
	bool ours;

	if (!cache_supported || redis_url == NULL || redis_url[0] == '\0')
		return false;
	if (cache_database == NULL || cache_database[0] == '\0')
		return true;
	name = get_database_name(MyDatabaseId);
	if (name == NULL)
		return false;
	ours = strcmp(name, cache_database) == 0;
	pfree(name);
	return ours;
}

/* Whether the very last note said the same and still stands; a call in a loop notes once. */
static bool
noted_just_now(const char *tenant_id, const char *id, int what)
{
	static LocalTransactionId transaction = InvalidLocalTransactionId;
	static SubTransactionId subtransaction;
	static uint64 generation;
	static char tenant[MAX_ID_LENGTH + 1];
	static char noted[MAX_ID_LENGTH + 1];
	static int noted_what;

	if (transaction == my_local_transaction() && subtransaction == GetCurrentSubTransactionId() &&
		generation == extension_objects()->generation && noted_what == what &&
		strcmp(noted, id) == 0 && strcmp(tenant, tenant_id) == 0)
		return true;
	transaction = my_local_transaction();
	subtransaction = GetCurrentSubTransactionId();
	generation = extension_objects()->generation;
	strlcpy(tenant, tenant_id, sizeof(tenant));
	strlcpy(noted, id, sizeof(noted));
	noted_what = what;
	return false;
}

static void
note(const char *tenant_id, const char *id, int what)
{
	Column columns[3];

	if (!cache_wanted() || noted_just_now(tenant_id, id, what))
		return;
	column_init(&columns[0], TEXTOID, 1);
	column_init(&columns[1], INT2OID, 1);
	column_init(&columns[2], INT8OID, 1);
	column_add_text(&columns[0], id);
	column_add(&columns[1], Int16GetDatum((int16) what));
	column_add(&columns[2], Int64GetDatum(arrival_position()));
	(void) rows_write(&change_writer, tenant_id, columns);
}

static int
what_of(const CacheUser *user)
{
	return CACHE_PROFILE | (user->asked ? CACHE_SUGGESTIONS_STALE : 0);
}

void
cache_users_learned(const char *tenant_id, const CacheUser *users, int n)
{
	Column columns[3];

	if (n == 1)
		note(tenant_id, users[0].user_id, what_of(&users[0]));
	if (n <= 1 || !cache_wanted())
		return;
	column_init(&columns[0], TEXTOID, n);
	column_init(&columns[1], INT2OID, n);
	column_init(&columns[2], INT8OID, n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&columns[0], users[i].user_id);
		column_add(&columns[1], Int16GetDatum((int16) what_of(&users[i])));
		column_add(&columns[2], Int64GetDatum(arrival_position()));
	}
	(void) rows_write(&change_writer, tenant_id, columns);
}

void
cache_profile_changed(const char *tenant_id, const char *user_id)
{
	note(tenant_id, user_id, CACHE_PROFILE);
}

void
cache_suggestions_changed(const char *tenant_id, const char *user_id)
{
	note(tenant_id, user_id, CACHE_SUGGESTIONS);
}

void
cache_suggestions_stale(const char *tenant_id, const char *user_id)
{
	note(tenant_id, user_id, CACHE_SUGGESTIONS_STALE);
}

void
cache_conversation_changed(const char *tenant_id, const pg_uuid_t *id)
{
	if (cache_wanted())
		note(tenant_id, DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))),
			 CACHE_CONVERSATION);
}

void
cache_conversation_ended(const char *tenant_id, const pg_uuid_t *id)
{
	cache_conversation_changed(tenant_id, id);
}

void
cache_tenant_changed(const char *tenant_id)
{
	note(tenant_id, "", CACHE_TENANT);
}

void
cache_forget_user(const char *tenant_id, const char *user_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  Int16GetDatum(CACHE_CONVERSATION), Int64GetDatum(arrival_position())};

	note(tenant_id, user_id, CACHE_PROFILE | CACHE_SUGGESTIONS_STALE);
	if (cache_wanted())
		(void) statement_run(&note_conversations_of_user, values, NULL);
}

void
cache_forget_tenant(const char *tenant_id)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), Int16GetDatum(CACHE_CONVERSATION),
					  Int64GetDatum(arrival_position())};

	note(tenant_id, "", CACHE_TENANT);
	if (cache_wanted())
		(void) statement_run(&note_conversations_of_tenant, values, NULL);
}
