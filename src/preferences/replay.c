/*
 * replay.c
 *		Preferences at an earlier time, by replaying interactions from a
 *		snapshot on.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/extension.h"
#include "base/fault.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "core/profile/evidence.h"
#include "core/ranking/statistics.h"
#include "preferences/choices.h"
#include "preferences/replay.h"
#include "preferences/signal_rules.h"
#include "preferences/signals.h"
#include "queries/identity.h"

#define SELECT_SNAPSHOT                                                                            \
	"SELECT before FROM personalization.preference_snapshots"                                      \
	" WHERE tenant_id = $1 AND user_id = $2 AND day "

/* The latest snapshot not after a time, and the earliest after it. */
static Statement find_before =
	STATEMENT(SELECT_SNAPSHOT "<= $3 AND before <= $4 ORDER BY day DESC, before DESC LIMIT 1",
			  "text text date timestamptz");
static Statement find_after =
	STATEMENT(SELECT_SNAPSHOT ">= $3 AND before > $4 ORDER BY day, before LIMIT 1",
			  "text text date timestamptz");

static Statement select_snapshot = STATEMENT(
	"SELECT p.*"
	" FROM personalization.preference_snapshots s,"
	"  unnest(categories, keys, \"values\", confidences, rivals, observation_counts, last_updated)"
	"   AS p (category, key, value, confidence, rivals, observation_count, last_updated)"
	" WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.day = $3 AND s.before = $4"
	" AND p.category IS NOT NULL AND p.key IS NOT NULL AND p.value IS NOT NULL"
	" AND p.observation_count IS NOT NULL",
	"text text date timestamptz");

static Statement select_interactions =
	STATEMENT("SELECT interaction_id, interaction_type, data, occurred_at"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2"
			  " AND (occurred_at, interaction_id) > ($3, $4) AND occurred_at <= $5"
			  " ORDER BY occurred_at, interaction_id LIMIT $6",
			  "text text timestamptz uuid timestamptz int8");

enum
{
	REPLAYED_ID = 1,
	REPLAYED_TYPE,
	REPLAYED_DATA,
	REPLAYED_AT
};

static Statement find_later =
	STATEMENT("SELECT FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at > $3"
			  " LIMIT 1",
			  "text text timestamptz");

/* What feedback of a time replaces. */
static Statement select_replacing =
	STATEMENT("SELECT replaces"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND user_id = $2 AND occurred_at >= $3"
			  " AND occurred_at <= $4 AND replaces IS NOT NULL",
			  "text text timestamptz timestamptz");
static Statement select_replaced =
	STATEMENT("SELECT occurred_at, replaces"
			  " FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND interaction_id = $2 AND user_id = $3",
			  "text uuid text");

enum
{
	REPLACED_AT = 1,
	REPLACED_REPLACES
};

/* Number of interactions that are fetched at once. */
#define CHUNK 1000

/* The preferences of a user during a replay. */
typedef struct ReplayState
{
	const Replay *replay;
	SignalSource source;
	Choices choices; /* what the user has forgotten does not count */
	int n;
	int size;
	Preference *items;
	List *skipped;	  /* pg_uuid_t *: feedback that was replaced by later feedback */
	TimestampTz base; /* time at which the interactions begin */
} ReplayState;

static uint64
query(const Replay *replay, Statement *statement, Datum *values)
{
	return statement_execute(statement, values, NULL, replay->as);
}

static Preference *
find_preference(ReplayState *state, PreferenceCategory category, const char *key)
{
	for (int i = 0; i < state->n; i++)
	{
		if (state->items[i].category == category && strcmp(state->items[i].key, key) == 0)
			return &state->items[i];
	}
	return NULL;
}

static Preference *
add_preference(ReplayState *state, const Preference *preference)
{
	if (state->n == state->size)
	{
		state->size = Max(32, state->size * 2);
		state->items = state->items == NULL
						   ? palloc(state->size * sizeof(Preference))
						   : repalloc(state->items, state->size * sizeof(Preference));
	}
	state->items[state->n] = *preference;
	return &state->items[state->n++];
}

/* Finds the time of the latest snapshot not after a time, or of the earliest after it. */
static bool
find_snapshot(const Replay *replay, TimestampTz at, bool after, TimestampTz *before)
{
	Datum values[] = {CStringGetTextDatum(replay->tenant_id), CStringGetTextDatum(replay->user_id),
					  DateADTGetDatum(utc_date(at)), TimestampTzGetDatum(at)};

	if (query(replay, after ? &find_after : &find_before, values) == 0)
		return false;
	*before = DatumGetTimestampTz(result_value(0, ONLY_COLUMN, NULL));
	return true;
}

static void
load_snapshot(ReplayState *state, TimestampTz before)
{
	const Replay *replay = state->replay;
	Datum values[] = {CStringGetTextDatum(replay->tenant_id), CStringGetTextDatum(replay->user_id),
					  DateADTGetDatum(utc_date(before)), TimestampTzGetDatum(before)};
	uint64 nrows = query(replay, &select_snapshot, values);

	for (uint64 row = 0; row < nrows; row++)
	{
		Preference preference;

		if (preference_read(row, &preference))
			(void) add_preference(state, &preference);
	}
}

/*
 * Adds feedback, and the feedback that it replaced in turn, to the skipped
 * ones; *earliest is the earliest of them.
 */
static void
skip_chain(ReplayState *state, const pg_uuid_t *id, TimestampTz *earliest)
{
	const Replay *replay = state->replay;
	pg_uuid_t *current = palloc(sizeof(pg_uuid_t));

	*current = *id;
	for (;;)
	{
		Datum values[] = {CStringGetTextDatum(replay->tenant_id), UUIDPGetDatum(current),
						  CStringGetTextDatum(replay->user_id)};
		ListCell *cell;
		bool isnull;
		Datum next;

		foreach (cell, state->skipped)
		{
			if (memcmp(((pg_uuid_t *) lfirst(cell))->data, current->data, UUID_LEN) == 0)
				return;
		}
		if (query(replay, &select_replaced, values) == 0)
			return;
		state->skipped = lappend(state->skipped, current);
		*earliest = Min(*earliest, DatumGetTimestampTz(result_value(0, REPLACED_AT, NULL)));
		next = result_value(0, REPLACED_REPLACES, &isnull);
		if (isnull)
			return;
		current = palloc(sizeof(pg_uuid_t));
		*current = *DatumGetUUIDP(next);
	}
}

/*
 * Feedback that was replaced by the given time is skipped.  A snapshot taken
 * in between still includes it, so the replay begins at a snapshot before
 * everything that is skipped.
 */
static bool
find_base(ReplayState *state)
{
	const Replay *replay = state->replay;
	TimestampTz earliest = replay->from;

	if (replay->skip != NULL)
		skip_chain(state, replay->skip, &earliest);
	if (replay->from_nothing)
	{
		state->base = replay->from;
		return true;
	}
	while (find_snapshot(replay, earliest, false, &state->base))
	{
		Datum values[] = {CStringGetTextDatum(replay->tenant_id),
						  CStringGetTextDatum(replay->user_id), TimestampTzGetDatum(state->base),
						  TimestampTzGetDatum(replay->until)};
		uint64 nrows = query(replay, &select_replacing, values);
		SPITupleTable *rows = SPI_tuptable;

		for (uint64 row = 0; row < nrows; row++)
		{
			bool isnull;

			skip_chain(
				state,
				DatumGetUUIDP(SPI_getbinval(rows->vals[row], rows->tupdesc, ONLY_COLUMN, &isnull)),
				&earliest);
		}
		if (earliest >= state->base)
			return true;
	}
	return false;
}

static void
replay_interaction(ReplayState *state, const Replayed *original, const Jsonb *data)
{
	const Replay *replay = state->replay;
	Replayed interaction = *original;
	Signals signals = {0};
	QueryText text;
	Fault fault;
	ListCell *cell;

	foreach (cell, state->skipped)
	{
		if (memcmp(((pg_uuid_t *) lfirst(cell))->data, interaction.id.data, UUID_LEN) == 0)
			return;
	}

	/*
	 * The interaction that it refers to may be deleted, or a present rule may
	 * refuse it: then it has no signals.
	 */
	if (!interaction_decode(interaction.type, data, &text, &fault) ||
		!signals_extract(&state->source, interaction.type, data, &text, &signals, &fault))
		return;
	interaction.signals = &signals;
	for (int i = 0; i < signals.n; i++)
	{
		const Signal *signal = &signals.items[i];
		Preference *preference;

		if (!choices_let_count(&state->choices, signal->category, signal->key, interaction.at))
			continue;
		preference = find_preference(state, signal->category, signal->key);
		if (preference == NULL)
		{
			Preference fresh = {.category = signal->category, .key = signal->key};

			preference = add_preference(state, &fresh);
		}
		if (replay->observer != NULL)
			replay->observer(&interaction, signal, preference, false, replay->arg);
		(void) preference_observe(preference, replay->rule, signal, interaction.at);
		if (replay->observer != NULL)
			replay->observer(&interaction, signal, preference, true, replay->arg);
	}
}

static void
replay_interactions(ReplayState *state)
{
	const Replay *replay = state->replay;
	/* Nothing is earlier than the first possible time, which no statement need express. */
	TimestampTz last_at = state->base > MIN_TIMESTAMP ? state->base - 1 : DT_NOBEGIN;
	pg_uuid_t last_id;
	uint64 nrows;

	memset(&last_id, 0xff, sizeof(last_id));
	do
	{
		Datum values[] = {
			CStringGetTextDatum(replay->tenant_id), CStringGetTextDatum(replay->user_id),
			TimestampTzGetDatum(last_at),			UUIDPGetDatum(&last_id),
			TimestampTzGetDatum(replay->until),		Int64GetDatum(CHUNK)};
		SPITupleTable *rows;

		nrows = query(replay, &select_interactions, values);
		rows = SPI_tuptable;
		for (uint64 row = 0; row < nrows; row++)
		{
			Replayed interaction;
			Datum stored;
			Jsonb *data;

			CHECK_FOR_INTERRUPTS();

			/* Reading the interaction of feedback replaces the last result. */
			SPI_tuptable = rows;
			interaction.id = *DatumGetUUIDP(result_value(row, REPLAYED_ID, NULL));
			interaction.type =
				interaction_type_of(DatumGetObjectId(result_value(row, REPLAYED_TYPE, NULL)));
			stored = result_value(row, REPLAYED_DATA, NULL);
			data = DatumGetJsonbP(stored);
			interaction.at = DatumGetTimestampTz(result_value(row, REPLAYED_AT, NULL));
			replay_interaction(state, &interaction, data);
			last_at = interaction.at;
			last_id = interaction.id;

			/* The signals have been copied from it. */
			if ((Pointer) data != DatumGetPointer(stored))
				pfree(data);
		}
		SPI_freetuptable(rows);
	} while (nrows == CHUNK);
}

Preference *
replay(const Replay *replay, int *n)
{
	ReplayState state = {.replay = replay};

	if (!find_base(&state))
		return NULL;
	choices_read(replay->tenant_id, replay->user_id, DT_NOEND, replay->as, &state.choices);
	state.source =
		(SignalSource){.rules = signal_rules_read(replay->tenant_id, ALL_TYPES, replay->as),
					   .tenant_id = replay->tenant_id,
					   .as = replay->as};
	if (!replay->from_nothing)
		load_snapshot(&state, state.base);
	replay_interactions(&state);
	*n = state.n;
	return state.items != NULL ? state.items : palloc(sizeof(Preference));
}

/*
 * Returns the preferences of a user as of a time, or NULL if they cannot be
 * determined.  *is_known becomes false if the time is before the user was
 * known.
 */
static Preference *
reconstruct(const Replay *plan, int *n, bool *is_known)
{
	ReplayState state = {.replay = plan};
	TimestampTz after;
	Preference *found = replay(plan, n);

	*is_known = true;
	if (found != NULL)
		return found;

	/*
	 * Nothing has changed since that time, so the next snapshot contains the
	 * preferences of that time.
	 */
	if (!find_snapshot(plan, plan->until, true, &after))
		return NULL;
	load_snapshot(&state, after);
	if (state.n == 0)
	{
		/* Before the first snapshot nothing was known, except for late events. */
		Replay all = *plan;

		all.from = MIN_TIMESTAMP;
		all.from_nothing = true;
		found = replay(&all, n);
		*is_known = *n > 0;
		return found;
	}
	*n = state.n;
	return state.items;
}

Preference *
preferences_at_time(const char *tenant_id, const char *user_id, const LearningRule *rule,
					TimestampTz at, BeforeKnown before, Preference *stored, int *n)
{
	/* A snapshot from before the next microsecond includes all changes of this one. */
	Replay plan = {
		.tenant_id = tenant_id, .user_id = user_id, .rule = rule, .from = at + 1, .until = at};
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(at)};
	ReplayState then = {0};
	ReplayState result = {0};
	TimestampTz now = GetCurrentTimestamp();
	bool known;
	bool later;

	then.items = reconstruct(&plan, &then.n, &known);
	if (then.items == NULL || (!known && before == BEFORE_KNOWN_AS_NOW))
		return stored;
	later = statement_execute(&find_later, values, NULL, SNAPSHOT_CALLER) > 0;

	/* A preference that has not changed since is the same, in whatever order it was learned. */
	for (int i = 0; i < *n; i++)
	{
		Preference *preference = find_preference(&then, stored[i].category, stored[i].key);

		if (stored[i].evidence.last_updated <= at)
			(void) add_preference(&result, &stored[i]);
		else if (preference != NULL && preference->evidence.ncandidates > 0)
			(void) add_preference(&result, preference);
		if (preference != NULL)
			preference->evidence.ncandidates = 0;
	}

	/*
	 * A preference that no longer exists, because of a negative signal since,
	 * or because it has expired.
	 */
	for (int i = 0; i < then.n; i++)
	{
		const Evidence *evidence = &then.items[i].evidence;

		if (evidence->ncandidates > 0 &&
			(later ||
			 now >= expires_at(rule, evidence->candidates[0].confidence, evidence->last_updated)))
			(void) add_preference(&result, &then.items[i]);
	}
	*n = result.n;
	return result.items != NULL ? result.items : palloc(sizeof(Preference));
}
