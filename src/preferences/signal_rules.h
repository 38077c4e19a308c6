/*
 * signal_rules.h
 *		The rules by which signals are found, as they stand in signal_rules.
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
	int rank; /* of rules in the same place the highest holds */
} SignalRule;

typedef struct SignalRules
{
	int n;
	SignalRule items[FLEXIBLE_ARRAY_MEMBER]; /* those of one type together, in order */
} SignalRules;

#define ALL_TYPES (-1)

/*
 * The rules in force for a tenant, NULL for those for all tenants alone; for
 * one interaction type, or for all of them.  The caller is in SPI.
 */
extern SignalRules *signal_rules_read(const char *tenant_id, int type, ReadAs as);

#endif
