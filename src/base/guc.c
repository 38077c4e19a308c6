/*
 * guc.c
 *		The settings of the server.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "base/extension.h"
#include "base/guc.h"
#include "core/redis_url.h"

char *session_tenant = NULL;
bool auto_create_tenants = false;
int max_payload = 1024 * 1024;

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

static bool
check_tenant_id(char **newval, void **extra, GucSource source)
{
	if (*newval != NULL && strlen(*newval) > MAX_ID_LENGTH)
	{
		GUC_check_errdetail("A tenant's name has at most %d bytes.", MAX_ID_LENGTH);
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

static void
define_session_settings(void)
{
	/*
	 * SUSET: what isolates tenants is that an ordinary role cannot change
	 * this.  A value that such a role planted before the library was loaded
	 * is thrown away, with a warning, when the setting is defined here.
	 */
	DefineCustomStringVariable("personalization.tenant_id", "Tenant of the session.",
							   "Row-level security shows this tenant's rows and no others.",
							   &session_tenant, "", PGC_SUSET, 0, check_tenant_id, NULL, NULL);
	DefineCustomBoolVariable("personalization.auto_create_tenants",
							 "Makes a tenant when it is first learned for.", NULL,
							 &auto_create_tenants, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.max_payload", "Size of an interaction's data at most.",
							NULL, &max_payload, 1024 * 1024, 1024, INT_MAX / 8, PGC_SUSET,
							GUC_UNIT_BYTE, NULL, NULL, NULL);
}

static void
define_worker_settings(void)
{
	DefineCustomBoolVariable("personalization.worker",
							 "Lets the background worker work, where the library is preloaded.",
							 NULL, &worker_enabled, true, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"personalization.worker_naptime", "Time between two looks of the worker at the inbox.",
		NULL, &worker_naptime, 1000, 10, 3600 * 1000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.worker_batch_size",
							"Rows at most that the worker handles in one transaction.", NULL,
							&worker_batch_size, 1000, 1, 100000, PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"personalization.maintenance_interval", "Time between two passes of the worker's upkeep.",
		NULL, &maintenance_interval, 60, 1, 24 * 3600, PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
}

static void
define_redis_settings(void)
{
	DefineCustomStringVariable(
		"personalization.redis_url", "The Redis to which documents are pushed; empty for none.",
		NULL, &redis_url, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_redis_url, NULL, NULL);
	DefineCustomStringVariable("personalization.redis_ca_file",
							   "Certificates that a Redis's must be signed by; empty for the "
							   "system's.",
							   NULL, &redis_ca_file, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.redis_cert_file",
							   "Certificate that is shown to a Redis; empty for none.", NULL,
							   &redis_cert_file, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.redis_key_file",
							   "Private key of the certificate that is shown to a Redis.", NULL,
							   &redis_key_file, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("personalization.redis_timeout",
							"Time that a Redis has for each answer.", NULL, &redis_timeout, 1000,
							10, 60 * 1000, PGC_SIGHUP, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomStringVariable("personalization.cache_database",
							   "The one database whose documents are pushed; empty for any.", NULL,
							   &cache_database, "", PGC_SIGHUP, 0, NULL, NULL, NULL);
}

void
guc_init(void)
{
	define_session_settings();
	define_worker_settings();
	define_redis_settings();
	MarkGUCPrefixReserved("personalization");
}
