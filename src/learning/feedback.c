/*
 * feedback.c
 *		Feedback of a user on a preference, an interaction or a suggestion.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/extension.h"
#include "base/fault.h"
#include "base/statement.h"
#include "core/profile/evidence.h"
#include "core/ranking/statistics.h"
#include "learning/apply.h"
#include "learning/feedback.h"
#include "preferences/preferences.h"
#include "preferences/replay.h"
#include "preferences/signal_rules.h"
#include "preferences/signals.h"
#include "queries/identity.h"
#include "tenancy/settings.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

/*
 * The subject of feedback: a preference and its value (or any value), an
 * interaction, or a suggestion; null for a remark.
 */
#define THING(data)                                                                                \
	"CASE WHEN " data " ->> 'category' IS NOT NULL"                                                \
	"  THEN jsonb_build_array(" data " -> 'category', " data " -> 'key',"                          \
	"   nullif(" data " -> 'value', 'null'))"                                                      \
	" WHEN " data " ->> 'interaction_id' IS NOT NULL"                                              \
	"  THEN to_jsonb('i' || lower(replace(" data " ->> 'interaction_id', '-', '')))"               \
	" WHEN " data " ->> 'suggestion_id' IS NOT NULL"                                               \
	"  THEN to_jsonb('s' || lower(replace(" data " ->> 'suggestion_id', '-', ''))) END"

#define SAME_THING THING("data") " = " THING("$3")

/* collect_feedback() stores its argument in both columns. */
static Statement find_earlier =
	STATEMENT("SELECT interaction_id, data, occurred_at"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND interaction_type = 'feedback'"
			  " AND feedback = data"
			  " AND " SAME_THING " ORDER BY occurred_at DESC, interaction_id DESC LIMIT 1",
			  "text text jsonb");

enum
{
	EARLIER_ID = 1,
	EARLIER_DATA,
	EARLIER_AT
};

static Statement set_replaces = STATEMENT("UPDATE personalization.interactions"
										  " SET replaces = $3"
										  " WHERE tenant_id = $1 AND interaction_id = $2",
										  "text uuid uuid");

/* Whether a preference is a subject of the feedback. */
static const Signal *
find_signal(const Signals *signals, const Preference *preference)
{
	for (int i = 0; i < signals->n; i++)
	{
		if (signals->items[i].category == preference->category &&
			strcmp(signals->items[i].key, preference->key) == 0)
			return &signals->items[i];
	}
	return NULL;
}

/*
 * Undoes the effect of earlier feedback on preferences, by a replay from
 * before it, because an average cannot be undone exactly.  Returns false if
 * the history does not reach back that far.
 */
static bool
take_back(const Event *event, const pg_uuid_t *id, const Jsonb *data, TimestampTz at,
		  const LearningRule *rule)
{
	const Replay plan = {.tenant_id = event->tenant_id,
						 .user_id = event->user_id,
						 .rule = rule,
						 .from = at,
						 .until = DT_NOEND,
						 .skip = id,
						 .as = SNAPSHOT_NEW};
	SignalSource source = {.tenant_id = event->tenant_id, .as = SNAPSHOT_NEW};
	Signals signals = {0};
	Preference *preferences;
	Preference *touched;
	Fault fault;
	int n;
	int ntouched = 0;

	source.rules = signal_rules_read(event->tenant_id, ALL_TYPES, SNAPSHOT_NEW);
	if (!interaction_decode(INTERACTION_FEEDBACK, data, NULL, &fault) ||
		!signals_extract(&source, INTERACTION_FEEDBACK, data, NULL, &signals, &fault))
		return false;
	if (signals.n == 0)
		return true;
	preferences = replay(&plan, &n);
	if (preferences == NULL)
		return false;
	touched = palloc0((n + signals.n) * sizeof(Preference));
	for (int i = 0; i < n; i++)
	{
		if (find_signal(&signals, &preferences[i]) != NULL)
			touched[ntouched++] = preferences[i];
	}

	/* Preferences that exist only because of the feedback are deleted. */
	for (int i = 0; i < signals.n; i++)
	{
		bool found = false;

		for (int j = 0; j < ntouched && !found; j++)
			found = touched[j].category == signals.items[i].category &&
					strcmp(touched[j].key, signals.items[i].key) == 0;
		if (!found)
		{
			touched[ntouched].category = signals.items[i].category;
			touched[ntouched++].key = signals.items[i].key;
		}
	}
	preferences_store(event->tenant_id, event->user_id, rule, touched, ntouched);
	return true;
}

void
feedback_learn(Event *event)
{
	Datum values[] = {CStringGetTextDatum(event->tenant_id), CStringGetTextDatum(event->user_id),
					  JsonbPGetDatum(event->data)};
	TenantSettings settings;
	pg_uuid_t earlier;
	bool replaced = false;

	user_begin(event->tenant_id, event->user_id, &settings);
	if (!learning_allowed(event->tenant_id, event->user_id, &settings, SNAPSHOT_NEW))
	{
		event->is_refused = true;
		return;
	}
	if (JB_ROOT_IS_OBJECT(event->data) &&
		statement_execute(&find_earlier, values, NULL, SNAPSHOT_NEW) > 0)
	{
		const Jsonb *data = DatumGetJsonbPCopy(result_value(0, EARLIER_DATA, NULL));
		TimestampTz at = DatumGetTimestampTz(result_value(0, EARLIER_AT, NULL));

		earlier = *DatumGetUUIDP(result_value(0, EARLIER_ID, NULL));
		replaced = take_back(event, &earlier, data, at, &settings.learning);
	}
	(void) learn_events(event, 1, false);
	if (replaced)
	{
		Datum link[] = {CStringGetTextDatum(event->tenant_id), UUIDPGetDatum(&event->id),
						UUIDPGetDatum(&earlier)};

		(void) statement_execute(&set_replaces, link, NULL, SNAPSHOT_NEW);
	}
}
