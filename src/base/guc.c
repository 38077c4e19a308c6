/*
 * guc.c
 *		The settings of the server.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "base/extension.h"
#include "base/guc.h"
#include "core/kafka_properties.h"
#include "core/redis_url.h"

char *session_tenant = NULL;
bool local_tenant_only = false;
bool auto_create_tenants = false;
bool warn_unknown_data = false;
bool count_at_commit = true;
int max_payload = 1024 * 1024;
int max_signals = 10000;

bool worker_enabled = true;
int worker_naptime = 1000;
int worker_batch_size = 1000;
int maintenance_interval = 60;

char *redis_url = NULL;
char *redis_ca_file = NULL;
char *redis_cert_file = NULL;
char *redis_key_file = NULL;
int redis_timeout = 1000;
char *cache_database = NULL;

char *kafka_brokers = NULL;
char *kafka_config = NULL;
int kafka_buffer = 16 * 1024;
char *kafka_database = NULL;

static bool
check_tenant_id(char **newval, void **extra, GucSource source)
{
	if (*newval != NULL && strlen(*newval) > MAX_ID_LENGTH)
	{
		GUC_check_errdetail("The name of a tenant has at most %d bytes.", MAX_ID_LENGTH);
		return false;
	}
	return true;
}

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

/* Messages about an invalid value never contain the value, because it may be a password. */
static bool
check_kafka_config(char **newval, void **extra, GucSource source)
{
	const char *text = *newval != NULL ? *newval : "";
	KafkaProperty *property = palloc(sizeof(KafkaProperty));
	const char *fault = NULL;

	while (fault == NULL && kafka_property_next(&text, property, &fault))
		fault = kafka_property_refused(property->name);
	if (fault != NULL)
	{
		GUC_check_errmsg("invalid value for parameter \"personalization.kafka_config\"");
		if (text != NULL && kafka_property_refused(property->name) == fault)
			GUC_check_errdetail("\"%s\" cannot be set. %s", property->name, fault);
		else
			GUC_check_errdetail("%s", fault);
		GUC_check_errhint(
			"Write name=value pairs, separated by spaces or semicolons. Enclose values that contain these in double quotes.");
	}
	pfree(property);
	return fault == NULL;
}

static void
define_session_settings(void)
{
	/*
	 * SUSET isolates tenants: an ordinary role cannot change this setting.  A
	 * value that such a role set before the library was loaded is discarded,
	 * with a warning, when the setting is defined here.
	 */
	DefineCustomStringVariable(
		"personalization.tenant_id", "Sets the tenant of the session.",
		"Row-level security restricts the session to the rows of this tenant.", &session_tenant, "",
		PGC_SUSET, 0, check_tenant_id, NULL, NULL);
	DefineCustomBoolVariable("personalization.local_tenant_only",
							 "Refuses to set the tenant for longer than a transaction.",
							 "Superusers and roles with BYPASSRLS are not restricted.",
							 &local_tenant_only, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("personalization.auto_create_tenants",
							 "Creates an unknown tenant when its first event is learned.", NULL,
							 &auto_create_tenants, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("personalization.warn_unknown_data",
							 "Warns of names in an interaction's data that nothing reads.",
							 "Each name is reported once per session.", &warn_unknown_data, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("personalization.count_at_commit",
							 "Lets calls count requests for suggestions if there is no worker.",
							 "A few requests are counted when a transaction commits.",
							 &count_at_commit, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"personalization.max_payload", "Sets the maximum size of an interaction's data.", NULL,
		&max_payload, 1024 * 1024, 1024, INT_MAX / 8, PGC_SUSET, GUC_UNIT_BYTE, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.max_signals",
							"Sets the maximum number of signals of an interaction.", NULL,
							&max_signals, 10000, 1, 1000000, PGC_SUSET, 0, NULL, NULL, NULL);
}

static void
define_worker_settings(void)
{
	/* Not PGC_SIGHUP: ALTER DATABASE may set it.  In other sessions it means nothing. */
	DefineCustomBoolVariable("personalization.worker",
							 "Enables the background worker, if the library is preloaded.", NULL,
							 &worker_enabled, true, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.worker_naptime",
							"Sets the time between two checks of the inbox by the worker.", NULL,
							&worker_naptime, 1000, 10, 3600 * 1000, PGC_SIGHUP, GUC_UNIT_MS, NULL,
							NULL, NULL);
	DefineCustomIntVariable(
		"personalization.worker_batch_size",
		"Sets the maximum number of rows that the worker processes in one transaction.", NULL,
		&worker_batch_size, 1000, 1, 100000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.maintenance_interval",
							"Sets the time between two maintenance passes of the worker.", NULL,
							&maintenance_interval, 60, 1, 24 * 3600, PGC_SIGHUP, GUC_UNIT_S, NULL,
							NULL, NULL);
}

static void
define_redis_settings(void)
{
	DefineCustomStringVariable(
		"personalization.redis_url",
		"Sets the URL of the Redis server to which documents are pushed; empty for none.", NULL,
		&redis_url, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_redis_url, NULL, NULL);
	DefineCustomStringVariable("personalization.redis_ca_file",
							   "Sets the file of authorities for the certificate of the Redis "
							   "server; empty for those of the system.",
							   NULL, &redis_ca_file, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.redis_cert_file",
							   "Sets the file of the client certificate for Redis; empty for none.",
							   NULL, &redis_cert_file, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable(
		"personalization.redis_key_file",
		"Sets the file of the private key of the client certificate for Redis.", NULL,
		&redis_key_file, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.redis_timeout",
							"Sets the timeout for each reply of Redis.", NULL, &redis_timeout, 1000,
							10, 60 * 1000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.cache_database",
							   "Sets the only database whose documents are pushed; empty for any.",
							   NULL, &cache_database, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
}

static void
define_kafka_settings(void)
{
	DefineCustomStringVariable(
		"personalization.kafka_brokers",
		"Sets the Kafka brokers whose topics are read, host:port[,host:port…]; empty for none.",
		NULL, &kafka_brokers, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.kafka_config",
							   "Sets further properties of the Kafka client, as name=value pairs.",
							   NULL, &kafka_config, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_kafka_config, NULL, NULL);
	DefineCustomIntVariable("personalization.kafka_buffer",
							"Sets the memory for messages that have been fetched but not learned.",
							NULL, &kafka_buffer, 16 * 1024, 1024, 1024 * 1024, PGC_SIGHUP,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.kafka_database",
							   "Sets the only database that reads topics; empty for any.", NULL,
							   &kafka_database, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
}

void
guc_init(void)
{
	define_session_settings();
	define_worker_settings();
	define_redis_settings();
	define_kafka_settings();
	MarkGUCPrefixReserved("personalization");
}
