/*
 * as_of.c
 *		The preferences of a user that are live at a time.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/statement.h"
#include "core/decay.h"
#include "core/evidence.h"
#include "preferences/as_of.h"
#include "preferences/replay.h"

static Statement select_preferences =
	STATEMENT("SELECT category, key, value, confidence, rivals, observation_count, last_updated"
			  " FROM personalization.preferences"
			  " WHERE tenant_id = $1 AND user_id = $2",
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

Preference *
preferences_live(const char *tenant_id, const char *user_id, const LearningRule *rule,
				 TimestampTz at, BeforeKnown before, int *n, TimestampTz *latest)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	uint64 nrows = statement_execute(&select_preferences, values, NULL, SNAPSHOT_CALLER);
	Preference *live = palloc(Max(nrows, 1) * sizeof(Preference));
	int nstored = 0;

	for (uint64 row = 0; row < nrows; row++)
	{
		if (preference_read(row, &live[nstored]))
			nstored++;
	}
	if (at < GetCurrentTransactionStartTimestamp())
		live = preferences_of_then(tenant_id, user_id, rule, at, before, live, &nstored);

	*n = 0;
	if (latest != NULL)
		*latest = DT_NOBEGIN;
	for (int i = 0; i < nstored; i++)
	{
		Preference *preference = &live[i];
		double confidence = preference->evidence.candidates[0].confidence;
		TimestampTz last_updated = preference->evidence.last_updated;

		if (latest != NULL)
			*latest = Max(*latest, last_updated);
		if (at >= fades_at(rule, confidence, last_updated))
			continue;
		preference->confidence = decayed_confidence(confidence, last_updated, at, rule->decay);
		live[(*n)++] = *preference;
	}
	qsort(live, *n, sizeof(Preference), compare_strength);
	return live;
}
