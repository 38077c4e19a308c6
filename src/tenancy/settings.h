/*
 * settings.h
 *		The settings of a tenant.
 */
#ifndef PERSONALIZATION_TENANCY_SETTINGS_H
#define PERSONALIZATION_TENANCY_SETTINGS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "base/fault.h"
#include "core/evidence.h"

typedef struct TenantSettings
{
	LearningRule learning;
	int64 history_retention; /* microseconds, as are all times here */
	int64 conversation_ttl;
	int64 profile_cache_ttl;
	int64 suggestions_cache_ttl;
	int64 new_table_window;
	int max_history_size;		   /* interactions shown in a profile */
	int max_conversation_messages; /* kept of a conversation, the latest */
	double chart_confidence;
	double ranking_rate; /* step of the ranking's learning, 0 for none */
	bool suggestions;	 /* whether queries are counted for suggestions */
	char time_zone[64];
} TenantSettings;

/*
 * The settings of a tenant that differs from the defaults in changes, as they
 * are stored; an error, by the setting's name, where one is unknown, of a wrong
 * type or out of range.
 */
extern void settings_decode(const Jsonb *changes, TenantSettings *settings);

/*
 * The same without an error: false, and what is wrong, where something is.  The
 * other settings are there then, and in place of what is wrong the default.
 */
extern bool settings_read(const Jsonb *changes, TenantSettings *settings, Fault *fault);

/* changes with patch merged in: null takes a setting away.  Checks the result. */
extern Jsonb *settings_merge(const Jsonb *changes, const Jsonb *patch);

/* All settings by name, defaults where changes has none. */
extern Jsonb *settings_document(const Jsonb *changes);

#endif
