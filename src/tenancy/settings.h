/*
 * settings.h
 *		The settings of a tenant.
 */
#ifndef PERSONALIZATION_TENANCY_SETTINGS_H
#define PERSONALIZATION_TENANCY_SETTINGS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/fault.h"
#include "core/profile/evidence.h"

typedef struct TenantSettings
{
	LearningRule learning;
	int64 history_retention; /* microseconds, like all times here */
	int64 query_retention;	 /* of the statistics of queries */
	int64 conversation_ttl;
	int64 profile_cache_ttl;
	int64 suggestions_cache_ttl;
	int64 new_table_window;
	int insight_minimum_users;	   /* tenant_insights() leaves out what concerns fewer users */
	int max_history_size;		   /* number of interactions in a profile */
	int max_conversation_messages; /* number of messages kept of a conversation */
	double chart_confidence;
	double suggestion_holdout; /* share of the users who get no suggestions */
	double ranking_rate;	   /* step size of the ranking, 0 for no learning */
	bool learning_on;		   /* whether to learn from users who have made no choice */
	bool store_query_text;	   /* whether the text of queries is stored */
	bool suggestions;		   /* whether queries are counted for suggestions */
	char time_zone[64];
} TenantSettings;

/*
 * Decodes the settings of a tenant from changes, the stored values that differ
 * from the defaults.  Raises an error with the setting's name if one is
 * unknown, has the wrong type or is out of range.
 */
extern void settings_decode(const Jsonb *changes, TenantSettings *settings);

/*
 * The same where invalid settings, which only an UPDATE by hand can store, must not stop the
 * call: it warns, and uses the default in place of an invalid one.
 */
extern void settings_decode_regardless(const Jsonb *changes, TenantSettings *settings);

/*
 * The same without raising an error: returns false and sets fault if something
 * is invalid.  Valid settings are then used, and the default in place of an
 * invalid one.
 */
extern bool settings_read(const Jsonb *changes, TenantSettings *settings, Fault *fault);

/* Merges patch into changes; null removes a setting. Checks the result. */
extern Jsonb *settings_merge(const Jsonb *changes, const Jsonb *patch);

/* Returns all settings by name, with defaults for those not in changes. */
extern Jsonb *settings_document(const Jsonb *changes);

#endif
