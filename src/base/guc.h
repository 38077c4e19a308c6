/*
 * guc.h
 *		The settings of the server.  Those of a tenant are in
 *		tenancy/settings.h.
 *
 *		guc.c defines each of them with its default and its bounds;
 *		docs/settings.md documents them.
 */
#ifndef PERSONALIZATION_BASE_GUC_H
#define PERSONALIZATION_BASE_GUC_H

#include "postgres.h"

/* Sessions */
extern char *session_tenant;	 /* personalization.tenant_id, "" when unset */
extern bool local_tenant_only;	 /* personalization.local_tenant_only */
extern bool auto_create_tenants; /* personalization.auto_create_tenants */
extern bool warn_unknown_data;	 /* personalization.warn_unknown_data */
extern int max_payload;			 /* personalization.max_payload, bytes */
extern bool count_at_commit;	 /* personalization.count_at_commit */
extern int max_signals;			 /* personalization.max_signals, an interaction */

/* The background worker */
extern bool worker_enabled;		 /* personalization.worker */
extern int worker_naptime;		 /* personalization.worker_naptime, milliseconds */
extern int worker_batch_size;	 /* personalization.worker_batch_size, rows */
extern int maintenance_interval; /* personalization.maintenance_interval, seconds */

/* The push to Redis */
extern char *redis_url;		  /* personalization.redis_url, "" for no cache */
extern char *redis_ca_file;	  /* personalization.redis_ca_file, "" for those the system trusts */
extern char *redis_cert_file; /* personalization.redis_cert_file, "" for none */
extern char *redis_key_file;  /* personalization.redis_key_file, "" for none */
extern int redis_timeout;	  /* personalization.redis_timeout, milliseconds */
extern char *cache_database;  /* personalization.cache_database, "" for any */

/* Events from Kafka */
extern char *kafka_brokers;	 /* personalization.kafka_brokers, "" for none */
extern char *kafka_config;	 /* personalization.kafka_config, as core/kafka_properties.h reads it */
extern int kafka_buffer;	 /* personalization.kafka_buffer, kilobytes */
extern char *kafka_database; /* personalization.kafka_database, "" for any */

/* Defines all settings. Called once, when the library is loaded. */
extern void guc_init(void);

#endif
