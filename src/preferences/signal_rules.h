/*
 * signal_rules.h
 *		Reading the rules for signals from table signal_rules.
 */
#ifndef PERSONALIZATION_PREFERENCES_SIGNAL_RULES_H
#define PERSONALIZATION_PREFERENCES_SIGNAL_RULES_H

#include "postgres.h"

#include "base/extension.h"
#include "base/statement.h"

typedef struct SignalRule
{
	InteractionType type;
	const char *path; /* in the interaction's data; dots lead into members */
	PreferenceCategory category;
	const char *key; /* with {} for the element or member */
	double strength;
	bool enabled;
	int ordinal;
	int rank; /* among rules for the same place the highest is in force */
} SignalRule;

typedef struct SignalRules
{
	int n;
	SignalRule items[FLEXIBLE_ARRAY_MEMBER]; /* those of one type together, in order */
} SignalRules;

#define ALL_TYPES (-1)

/*
 * Returns the rules in force for a tenant, or for all tenants if it is NULL;
 * for one interaction type, or for all types.  The caller is in SPI.
 */
extern SignalRules *signal_rules_read(const char *tenant_id, int type, ReadAs as);

#endif
