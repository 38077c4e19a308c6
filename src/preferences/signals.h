/*
 * signals.h
 *		What an interaction says about preferences.
 */
#ifndef PERSONALIZATION_PREFERENCES_SIGNALS_H
#define PERSONALIZATION_PREFERENCES_SIGNALS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/fault.h"
#include "base/statement.h"
#include "core/statistics.h"
#include "preferences/signal_rules.h"
#include "queries/identity.h"

typedef struct Signal
{
	PreferenceCategory category;
	const char *key;
	const Jsonb *value; /* NULL: the one that the preference has now */
	double strength;	/* -1..1; 0 and below is a no */
} Signal;

typedef struct Signals
{
	int n;
	int size;
	Signal *items;

	/* Their numbers by hash of category and key, half full at most. */
	int nplaces; /* a power of two */
	int *places;
} Signals;

/*
 * Finds an interaction that feedback is about, by its id; false when there is
 * none.  The result is the caller's to keep.
 */
typedef bool (*FindInteraction)(const pg_uuid_t *id, InteractionType *type, Jsonb **data,
								void *arg);

/*
 * Fills signals, empty so far, with those of an interaction, and query with what
 * it asks when it is one.  Returns false, with the fault, where
 * the data is wrong; what is in signals then is of no use.
 */
extern bool
signals_extract(const SignalRules *rules, InteractionType type, const Jsonb *data, QueryText *query,
				FindInteraction find, void *arg, Signals *signals, Fault *fault);

/*
 * The rating in a feedback's data: "positive" is 1, "negative" -1, or a number
 * from -1 to 1.  *present: whether there is one at all.  False, with the fault,
 * where it is something else.
 */
extern bool
feedback_rating(const JsonbContainer *data, double *rating, bool *present, Fault *fault);

/*
 * Reads an interaction of a tenant; false when there is none.  The caller is in
 * SPI.
 */
extern bool interaction_read(const char *tenant_id, const pg_uuid_t *id, ReadAs as,
							 InteractionType *type, Jsonb **data);

#endif
