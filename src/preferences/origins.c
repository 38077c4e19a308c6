/*
 * origins.c
 *		The interactions that preferences come from: found in one replay for all
 *		preferences.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "core/profile/evidence.h"
#include "preferences/origins.h"
#include "preferences/preferences.h"
#include "preferences/signals.h"

/* Where to begin: at the oldest snapshot, or after the interactions beyond the reach. */
static Statement find_start = STATEMENT("SELECT ("
										"   SELECT min(before)"
										"   FROM personalization.preference_snapshots"
										"   WHERE tenant_id = $1 AND user_id = $2), ("
										"   SELECT occurred_at"
										"   FROM personalization.interactions"
										"   WHERE tenant_id = $1 AND user_id = $2"
										"   ORDER BY occurred_at DESC OFFSET $3 LIMIT 1)",
										"text text int8");

enum
{
	START_SNAPSHOT = 1,
	START_REACH
};

/* The effect of one interaction; the last value is known at the end only. */
typedef struct Seen
{
	Origin origin;
	Evidence before;
	Evidence after;
} Seen;

/* The latest interactions of one preference, in a ring. */
typedef struct SeenOfKey
{
	PreferenceCategory category;
	const char *key;
	int n; /* of all */
	Seen ring[ORIGINS_KEPT];
} SeenOfKey;

typedef struct Watch
{
	int n;
	int size;
	SeenOfKey *items;
} Watch;

void
origins_begin(Replay *plan)
{
	Datum values[] = {CStringGetTextDatum(plan->tenant_id), CStringGetTextDatum(plan->user_id),
					  Int64GetDatum(ORIGINS_REACH)};
	bool no_snapshot;
	bool in_reach;
	Datum snapshot;
	Datum reach;

	(void) statement_execute(&find_start, values, NULL, SNAPSHOT_CALLER);
	snapshot = result_value(0, START_SNAPSHOT, &no_snapshot);
	reach = result_value(0, START_REACH, &in_reach);
	plan->from = no_snapshot ? MIN_TIMESTAMP : DatumGetTimestampTz(snapshot);
	if (!in_reach)
		plan->from = Max(plan->from, DatumGetTimestampTz(reach));
	plan->from_nothing = no_snapshot;
}

static SeenOfKey *
seen_of_key(Watch *watch, const Preference *preference)
{
	SeenOfKey *seen;

	for (int i = 0; i < watch->n; i++)
	{
		seen = &watch->items[i];
		if (seen->category == preference->category && strcmp(seen->key, preference->key) == 0)
			return seen;
	}
	if (watch->n == watch->size)
	{
		watch->size = Max(16, watch->size * 2);
		watch->items = watch->items == NULL
						   ? palloc(watch->size * sizeof(SeenOfKey))
						   : repalloc(watch->items, watch->size * sizeof(SeenOfKey));
	}
	seen = &watch->items[watch->n++];
	memset(seen, 0, sizeof(SeenOfKey));
	seen->category = preference->category;
	seen->key = preference->key;
	return seen;
}

static void
see(const Replayed *interaction, const Signal *signal, const Preference *preference, bool after,
	void *arg)
{
	SeenOfKey *of_key = seen_of_key(arg, preference);
	Seen *seen = &of_key->ring[of_key->n % ORIGINS_KEPT];

	if (after)
	{
		seen->after = preference->evidence;
		of_key->n++;
		return;
	}
	seen->origin = (Origin){.id = interaction->id,
							.type = interaction->type,
							.at = interaction->at,
							.value = signal->value};
	seen->before = preference->evidence;
}

/*
 * Puts the interactions of a preference in order, latest first, and computes
 * their effects on its last value.
 */
static void
conclude(const SeenOfKey *of_key, const LearningRule *rule, Origins *origins)
{
	const Evidence *last = &of_key->ring[(of_key->n - 1) % ORIGINS_KEPT].after;
	int value = last->ncandidates > 0 ? last->candidates[0].value : -1;

	origins->category = of_key->category;
	origins->key = of_key->key;
	origins->n = Min(of_key->n, ORIGINS_KEPT);
	for (int i = 0; i < origins->n; i++)
	{
		const Seen *seen = &of_key->ring[(of_key->n - 1 - i) % ORIGINS_KEPT];

		origins->latest[i] = seen->origin;
		origins->latest[i].effect =
			evidence_confidence(&seen->after, rule, value, seen->origin.at) -
			evidence_confidence(&seen->before, rule, value, seen->origin.at);
	}
}

int
origins_read(const char *tenant_id, const char *user_id, const LearningRule *rule,
			 TimestampTz until, Origins **origins)
{
	Watch watch = {0};
	Replay plan = {.tenant_id = tenant_id,
				   .user_id = user_id,
				   .rule = rule,
				   .until = until,
				   .observer = see,
				   .arg = &watch};
	int n;

	origins_begin(&plan);
	(void) replay(&plan, &n);
	*origins = palloc(Max(watch.n, 1) * sizeof(Origins));
	for (int i = 0; i < watch.n; i++)
		conclude(&watch.items[i], rule, &(*origins)[i]);
	return watch.n;
}

const Origins *
origins_find(const Origins *origins, int n, PreferenceCategory category, const char *key)
{
	for (int i = 0; i < n; i++)
	{
		if (origins[i].category == category && strcmp(origins[i].key, key) == 0)
			return &origins[i];
	}
	return NULL;
}
