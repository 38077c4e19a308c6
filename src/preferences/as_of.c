/*
 * as_of.c
 *		The preferences of a user as of a time.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/extension.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "core/profile/decay.h"
#include "core/profile/evidence.h"
#include "preferences/as_of.h"
#include "preferences/choices.h"
#include "preferences/replay.h"

/* In the order of the primary key: for a few rows this is cheaper than by a bitmap. */
static Statement select_preferences =
	STATEMENT("SELECT category, key, value, confidence, rivals, observation_count, last_updated"
			  " FROM personalization.preferences"
			  " WHERE tenant_id = $1 AND user_id = $2"
			  " ORDER BY key, category",
			  "text text");

static int
compare_strength(const void *a, const void *b)
{
	const Preference *x = a;
	const Preference *y = b;

	if (x->confidence != y->confidence)
		return x->confidence > y->confidence ? -1 : 1;
	if (x->category != y->category)
		return (int) x->category - (int) y->category;
	return strcmp(x->key, y->key);
}

/* Returns the number of a preference among others, or their number if it is not there. */
static int
find_place(const Preference *items, int n, PreferenceCategory category, const char *key)
{
	int place = 0;

	while (place < n && (items[place].category != category || strcmp(items[place].key, key) != 0))
		place++;
	return place;
}

/*
 * Replaces learned preferences by those that the user has set.  The number of
 * observations stays: learning continues, and its result is in force again
 * when the preference is reset.
 */
static Preference *
apply_choices(const Choices *choices, Preference *stored, int *n)
{
	Preference *items;

	if (choices->n == 0)
		return stored;
	items = palloc((*n + choices->n) * sizeof(Preference));
	memcpy(items, stored, *n * sizeof(Preference));
	for (int i = 0; i < choices->n; i++)
	{
		const Choice *choice = &choices->items[i];
		Preference *preference;
		int place;

		if (choice->value == NULL)
			continue;
		place = find_place(items, *n, choice->category, choice->key);
		preference = &items[place];
		if (place == *n)
		{
			*preference = (Preference){.category = choice->category, .key = choice->key};
			(*n)++;
		}
		preference->values = palloc(sizeof(Jsonb *));
		preference->values[0] = choice->value;
		preference->nvalues = preference->room = 1;
		preference->evidence.candidates[0] = (Candidate){0, 1.0};
		preference->evidence.ncandidates = 1;
		preference->evidence.last_updated = choice->chosen_at;
		preference->is_set = true;
	}
	return items;
}

void
preferences_as_of(const char *tenant_id, const char *user_id, const LearningRule *rule,
				  TimestampTz at, BeforeKnown before, ReadAhead *ahead, PreferencesAsOf *result)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	uint64 nrows = read_ahead_execute(ahead, &select_preferences, values);
	Preference *stored = palloc(Max(nrows, 1) * sizeof(Preference));
	Preference *emerging;
	Choices choices;
	int nstored = 0;
	int nemerging = 0;

	for (uint64 row = 0; row < nrows; row++)
	{
		if (preference_read(row, &stored[nstored]))
			nstored++;
	}
	if (at < GetCurrentTransactionStartTimestamp())
		stored = preferences_at_time(tenant_id, user_id, rule, at, before, stored, &nstored);

	choices_read_ahead(tenant_id, user_id, known_until(at), ahead, &choices);
	stored = apply_choices(&choices, stored, &nstored);

	result->items = palloc(Max(nstored, 1) * sizeof(Preference));
	result->nlive = 0;
	result->latest = DT_NOBEGIN;
	emerging = palloc(Max(nstored, 1) * sizeof(Preference));
	for (int i = 0; i < nstored; i++)
	{
		Preference *preference = &stored[i];
		double confidence = preference->evidence.candidates[0].confidence;
		TimestampTz last_updated = preference->evidence.last_updated;

		result->latest = Max(result->latest, last_updated);
		preference->confidence =
			preference->is_set ? confidence
							   : decayed_confidence(confidence, last_updated, at, rule->decay);
		if (preference->is_set || at < fades_at(rule, confidence, last_updated))
			result->items[result->nlive++] = *preference;
		else if (at < expires_at(rule, confidence, last_updated))
			emerging[nemerging++] = *preference;
	}
	qsort(result->items, result->nlive, sizeof(Preference), compare_strength);
	qsort(emerging, nemerging, sizeof(Preference), compare_strength);
	memcpy(result->items + result->nlive, emerging, nemerging * sizeof(Preference));
	result->n = result->nlive + nemerging;
}

const Preference *
preferences_find(const PreferencesAsOf *preferences, PreferenceCategory category, const char *key)
{
	for (int i = 0; i < preferences->n; i++)
	{
		if (preferences->items[i].category == category &&
			strcmp(preferences->items[i].key, key) == 0)
			return &preferences->items[i];
	}
	return NULL;
}
