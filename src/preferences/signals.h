/*
 * signals.h
 *		Extracting signals from an interaction.
 */
#ifndef PERSONALIZATION_PREFERENCES_SIGNALS_H
#define PERSONALIZATION_PREFERENCES_SIGNALS_H

#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "base/extension.h"
#include "base/fault.h"
#include "base/statement.h"
#include "core/ranking/statistics.h"
#include "preferences/signal_rules.h"
#include "queries/identity.h"

typedef struct Signal
{
	PreferenceCategory category;
	const char *key;
	const Jsonb *value; /* NULL for the present value of the preference */
	double strength;	/* -1..1; negative signals have 0 or less */
} Signal;

typedef struct Signals
{
	int n;
	int size;
	Signal *items;

	/* Their numbers by hash of category and key, at most half full. */
	int nplaces; /* a power of two */
	int *places;
} Signals;

/*
 * Finds an interaction by its id; returns false if there is none.  The result
 * belongs to the caller.
 */
typedef bool (*FindInteraction)(const pg_uuid_t *id, InteractionType *type, Jsonb **data,
								const void *arg);

/* The rules for extracting signals, and where to find the interaction that feedback refers to. */
typedef struct SignalSource
{
	const SignalRules *rules;
	const char *tenant_id; /* whose interactions are looked up; NULL: none are */
	ReadAs as;
	FindInteraction find_other; /* called if it is not stored; may be NULL */
	const void *arg;
} SignalSource;

/*
 * Checks that an interaction's data is an object, and decodes its query if its
 * type is query.  Returns false and sets fault if the data is invalid.
 */
extern bool
interaction_decode(InteractionType type, const Jsonb *data, QueryText *query, Fault *fault);

/*
 * Fills signals, initially empty, with those of an interaction, whose data and
 * query have passed interaction_decode().  Returns false and sets fault if the
 * data is invalid; signals is then undefined.  The caller is in SPI.
 */
extern bool signals_extract(const SignalSource *source, InteractionType type, const Jsonb *data,
							QueryText *query, Signals *signals, Fault *fault);

/*
 * Reads the rating in a feedback's data: "positive" is 1, "negative" -1, or a
 * number from -1 to 1.  *present: whether there is one.  Returns false and
 * sets fault if it is anything else.
 */
extern bool
feedback_rating(const JsonbContainer *data, double *rating, bool *present, Fault *fault);

#endif
