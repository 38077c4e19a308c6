/*
 * snapshots.c
 *		Preferences as they were: a snapshot of each user's a day, and what
 *		happened since, replayed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "local_time.h"
#include "rows.h"
#include "signal_rules.h"
#include "snapshots.h"
#include "statement.h"

#define SNAPSHOT_INTO                                                                              \
	"INSERT INTO personalization.preference_snapshots (tenant_id, user_id, day, before,"           \
	" categories, keys, \"values\", confidences, rivals, observation_counts, last_updated)"

#define PREFERENCE_ARRAYS                                                                          \
	"coalesce(array_agg(category), '{}'), coalesce(array_agg(key), '{}'),"                         \
	" coalesce(array_agg(value), '{}'), coalesce(array_agg(confidence), '{}'),"                    \
	" coalesce(array_agg(rivals), '{}'), coalesce(array_agg(observation_count), '{}'),"            \
	" coalesce(array_agg(last_updated), '{}')"

/*
 * A late event makes none: what is stored then is not what was before it, and
 * would count twice when it is replayed.  That is so on a day for which there is
 * no snapshot too, when a call that began on an earlier day has told of it.
 */
static Statement insert_snapshots = STATEMENT(
	SNAPSHOT_INTO " SELECT $1, u.user_id, u.day, u.before, p.*"
				  " FROM unnest($2, $3, $4) AS u (user_id, day, before),"
				  " LATERAL (SELECT " PREFERENCE_ARRAYS
				  "  FROM personalization.preferences WHERE tenant_id = $1 AND user_id = u.user_id"
				  "  HAVING coalesce(max(last_updated) < u.before, true)) p"
				  " ON CONFLICT (tenant_id, user_id, day, before) DO NOTHING",
	"text text[] date[] timestamptz[]");

/*
 * What a late no took away leaves nothing behind that would tell it from what
 * has expired, and a replay in the order of time brings it back.  So what there
 * is then is written down, as of the latest that it is about.
 */
#define BEHIND_ALL                                                                                 \
	"greatest(max(last_updated) FILTER (WHERE isfinite(last_updated)), $3)"                        \
	" + interval '1 microsecond'"

static Statement insert_snapshot_behind =
	STATEMENT(SNAPSHOT_INTO
			  " SELECT $1, $2, (p.before AT TIME ZONE 'UTC')::date, p.* FROM (SELECT " BEHIND_ALL
			  " AS before, " PREFERENCE_ARRAYS
			  "  FROM personalization.preferences WHERE tenant_id = $1 AND user_id = $2) p",
			  "text text timestamptz");

/* An earlier one of the same time: applications may not update it. */
static Statement delete_snapshot_behind =
	STATEMENT("DELETE FROM personalization.preference_snapshots"
			  " WHERE tenant_id = $1 AND user_id = $2 AND before = (SELECT " BEHIND_ALL
			  "  FROM personalization.preferences WHERE tenant_id = $1 AND user_id = $2)",
			  "text text timestamptz");

/* Which users have one of a day or a later one. */
static Statement find_snapshots_of =
	STATEMENT("SELECT ordinal FROM unnest($2, $3) WITH ORDINALITY AS u (user_id, day, ordinal)"
			  " WHERE EXISTS (SELECT FROM personalization.preference_snapshots"
			  "  WHERE tenant_id = $1 AND user_id = u.user_id AND day >= u.day)",
			  "text text[] date[]");

/* Whether one user has; most learning is of one. */
static Statement find_snapshot_of =
	STATEMENT("SELECT FROM personalization.preference_snapshots"
			  " WHERE tenant_id = $1 AND user_id = $2 AND day >= $3 LIMIT 1",
			  "text text date");

#define SELECT_SNAPSHOT                                                                            \
	"SELECT before FROM personalization.preference_snapshots"                                      \
	" WHERE tenant_id = $1 AND user_id = $2 AND day "

/* The latest that is not after a time, and the earliest that is. */
static Statement find_before =
	STATEMENT(SELECT_SNAPSHOT "<= $3 AND before <= $4 ORDER BY day DESC, before DESC LIMIT 1",
			  "text text date timestamptz");
static Statement find_after =
	STATEMENT(SELECT_SNAPSHOT ">= $3 AND before > $4 ORDER BY day, before LIMIT 1",
			  "text text date timestamptz");

static Statement select_snapshot = STATEMENT(
	"SELECT p.* FROM personalization.preference_snapshots s,"
	" unnest(categories, keys, \"values\", confidences, rivals, observation_counts, last_updated)"
	"  AS p (category, key, value, confidence, rivals, observation_count, last_updated)"
	" WHERE s.tenant_id = $1 AND s.user_id = $2 AND s.day = $3 AND s.before = $4"
	" AND p.category IS NOT NULL AND p.key IS NOT NULL AND p.value IS NOT NULL"
	" AND p.observation_count IS NOT NULL",
	"text text date timestamptz");

static Statement select_interactions =
	STATEMENT("SELECT interaction_id, interaction_type, data, occurred_at"
			  " FROM personalization.interactions WHERE tenant_id = $1 AND user_id = $2"
			  " AND (occurred_at, interaction_id) > ($3, $4) AND occurred_at <= $5"
			  " ORDER BY occurred_at, interaction_id LIMIT $6",
			  "text text timestamptz uuid timestamptz int8");

static Statement find_later =
	STATEMENT("SELECT FROM personalization.interactions WHERE tenant_id = $1 AND user_id = $2"
			  " AND occurred_at > $3 LIMIT 1",
			  "text text timestamptz");

/* What feedback of a time replaces. */
static Statement select_replacing =
	STATEMENT("SELECT replaces FROM personalization.interactions WHERE tenant_id = $1"
			  " AND user_id = $2 AND occurred_at >= $3 AND occurred_at <= $4"
			  " AND replaces IS NOT NULL",
			  "text text timestamptz timestamptz");
static Statement select_replaced =
	STATEMENT("SELECT occurred_at, replaces FROM personalization.interactions"
			  " WHERE tenant_id = $1 AND interaction_id = $2 AND user_id = $3",
			  "text uuid text");

static Statement delete_expired =
	STATEMENT("DELETE FROM personalization.preference_snapshots WHERE tenant_id = $1 AND day < $2"
			  " AND ctid = ANY (ARRAY(SELECT ctid FROM personalization.preference_snapshots"
			  "  WHERE tenant_id = $1 AND day < $2 ORDER BY day LIMIT $3))",
			  "text date int8");

/* Interactions that are fetched at once. */
#define CHUNK 1000

/* ---------------------------------------------------------------- making them */

/*
 * Users who are known to have a snapshot of a day or a later one, so that most
 * learning need not look.  Only what others have committed, or we have in an
 * earlier transaction, stands here: what a rollback may take away does not.
 */
#define KNOWN_SETS 2048
#define KNOWN_WAYS 4

typedef struct KnownUser
{
	uint64 user; /* hash of tenant and user */
	DateADT day;
} KnownUser;

static KnownUser known[KNOWN_SETS][KNOWN_WAYS];
static uint64 known_generation = 0;
static Oid snapshots_table = InvalidOid;

static void
forget_known(Datum arg, Oid relation)
{
	if (!OidIsValid(relation) || relation == snapshots_table)
		memset(known, 0, sizeof(known));
}

static void
refresh_known(void)
{
	static bool registered = false;
	const Objects *ours = extension_objects();

	if (known_generation == ours->generation)
		return;
	if (!registered)
		CacheRegisterRelcacheCallback(forget_known, (Datum) 0);
	registered = true;
	snapshots_table = get_relname_relid("preference_snapshots", ours->schema);
	memset(known, 0, sizeof(known));
	known_generation = ours->generation;
}

void
snapshots_forgotten(void)
{
	refresh_known();
	CacheInvalidateRelcacheByRelid(snapshots_table);
	memset(known, 0, sizeof(known));
}

/* Never 0, which is an empty place. */
static uint64
user_hash(const char *tenant_id, const char *user_id)
{
	uint64 seed = hash_bytes_extended((const unsigned char *) tenant_id, strlen(tenant_id), 0);

	return hash_bytes_extended((const unsigned char *) user_id, strlen(user_id), seed) | 1;
}

/* The place of a user among those known, NULL where he is not. */
static KnownUser *
find_known(uint64 user)
{
	KnownUser *set = known[user / 2 % KNOWN_SETS];

	for (int way = 0; way < KNOWN_WAYS; way++)
	{
		if (set[way].user == user)
			return &set[way];
	}
	return NULL;
}

/* The newest takes the place of the oldest. */
static void
remember(uint64 user, DateADT day)
{
	KnownUser *set = known[user / 2 % KNOWN_SETS];
	KnownUser *found = find_known(user);

	if (found == NULL)
	{
		memmove(&set[1], &set[0], (KNOWN_WAYS - 1) * sizeof(KnownUser));
		found = &set[0];
		found->user = user;
		found->day = day;
	}
	found->day = Max(found->day, day);
}

typedef struct Change
{
	const char *user_id;
	TimestampTz at;
	bool has_snapshot; /* of its day, or a later one */
} Change;

static int
compare_changes(const void *a, const void *b)
{
	const Change *x = a;
	const Change *y = b;
	int order = strcmp(x->user_id, y->user_id);

	return order != 0 ? order : x->at < y->at ? -1 : x->at > y->at;
}

/*
 * The first change of each user of whom it is not known that he has a snapshot,
 * in the order of the index.
 */
static int
first_changes(const char *tenant_id, const Observation *observations, int n, Change *changes)
{
	int kept = 0;
	int first = 0;

	for (int i = 0; i < n; i++)
	{
		const Observation *observation = &observations[i];
		const KnownUser *found;

		/* Many signals are of one interaction. */
		if (i > 0 && observation->user_id == observations[i - 1].user_id &&
			observation->at == observations[i - 1].at)
			continue;
		found = find_known(user_hash(tenant_id, observation->user_id));
		if (found != NULL && found->day >= utc_date(observation->at))
			continue;
		changes[kept].user_id = observation->user_id;
		changes[kept].has_snapshot = false;
		changes[kept++].at = observation->at;
	}
	qsort(changes, kept, sizeof(Change), compare_changes);
	for (int i = 0; i < kept; i++)
	{
		if (first == 0 || strcmp(changes[i].user_id, changes[first - 1].user_id) != 0)
			changes[first++] = changes[i];
	}
	return first;
}

/* Finds out who has a snapshot already; returns how many. */
static int
find_snapshots(const char *tenant_id, Change *changes, int n)
{
	Column users;
	Column days;
	Datum values[3] = {CStringGetTextDatum(tenant_id)};
	uint64 nrows;

	if (n == 1)
	{
		values[1] = CStringGetTextDatum(changes[0].user_id);
		values[2] = DateADTGetDatum(utc_date(changes[0].at));
		changes[0].has_snapshot = statement_run(&find_snapshot_of, values, NULL) > 0;
		return changes[0].has_snapshot;
	}
	column_init(&users, TEXTOID, n);
	column_init(&days, DATEOID, n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&users, changes[i].user_id);
		column_add(&days, DateADTGetDatum(utc_date(changes[i].at)));
	}
	values[1] = column_array(&users);
	values[2] = column_array(&days);
	nrows = statement_run(&find_snapshots_of, values, NULL);
	for (uint64 row = 0; row < nrows; row++)
		changes[DatumGetInt64(result_value(row, 1, NULL)) - 1].has_snapshot = true;
	SPI_freetuptable(SPI_tuptable);
	return (int) nrows;
}

/* Makes those that are not there; returns how many. */
static uint64
make_snapshots(const char *tenant_id, const Change *changes, int n)
{
	Column users;
	Column days;
	Column times;
	Datum values[4] = {CStringGetTextDatum(tenant_id)};

	column_init(&users, TEXTOID, n);
	column_init(&days, DATEOID, n);
	column_init(&times, TIMESTAMPTZOID, n);
	for (int i = 0; i < n; i++)
	{
		if (changes[i].has_snapshot)
			continue;
		column_add_text(&users, changes[i].user_id);
		column_add(&days, DateADTGetDatum(utc_date(changes[i].at)));
		column_add(&times, TimestampTzGetDatum(changes[i].at));
	}
	values[1] = column_array(&users);
	values[2] = column_array(&days);
	values[3] = column_array(&times);
	return statement_run(&insert_snapshots, values, NULL);
}

void
snapshots_before(const char *tenant_id, const Observation *observations, int n)
{
	/* The transaction in which we made some: what is found then may be ours. */
	static LocalTransactionId made_in = InvalidLocalTransactionId;
	Change *changes = palloc_extended(Max(n, 1) * sizeof(Change), MCXT_ALLOC_HUGE);

	refresh_known();
	n = first_changes(tenant_id, observations, n, changes);
	if (n == 0)
		return;
	if (find_snapshots(tenant_id, changes, n) < n && make_snapshots(tenant_id, changes, n) > 0)
		made_in = my_local_transaction();
	if (made_in == my_local_transaction())
		return;
	for (int i = 0; i < n; i++)
	{
		if (changes[i].has_snapshot)
			remember(user_hash(tenant_id, changes[i].user_id), utc_date(changes[i].at));
	}
}

void
snapshots_after(const char *tenant_id, const Observation *observations, int n)
{
	for (int i = 0; i < n;)
	{
		const char *user_id = observations[i].user_id;
		TimestampTz confirmed = DT_NOBEGIN;
		Datum values[3];

		for (; i < n && strcmp(observations[i].user_id, user_id) == 0; i++)
			confirmed = Max(confirmed, observations[i].took_away);
		if (confirmed == DT_NOBEGIN)
			continue;
		values[0] = CStringGetTextDatum(tenant_id);
		values[1] = CStringGetTextDatum(user_id);
		values[2] = TimestampTzGetDatum(confirmed);
		(void) statement_run(&delete_snapshot_behind, values, NULL);
		(void) statement_run(&insert_snapshot_behind, values, NULL);
	}
}

int64
snapshots_expire(const char *tenant_id, TimestampTz before, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), DateADTGetDatum(utc_date(before)),
					  Int64GetDatum(limit)};

	return (int64) statement_run(&delete_expired, values, NULL);
}

/* ---------------------------------------------------------------- replaying */

/* The preferences of a user while they are replayed. */
typedef struct State
{
	const Replay *replay;
	SignalRules *rules;
	int n;
	int size;
	Preference *items;
	List *skipped;	  /* pg_uuid_t *: feedback that later feedback replaced */
	TimestampTz base; /* where the interactions begin */
} State;

static uint64
query(const Replay *replay, Statement *statement, Datum *values)
{
	return (replay->write ? statement_run : statement_read)(statement, values, NULL);
}

static Preference *
find_preference(State *state, PreferenceCategory category, const char *key)
{
	for (int i = 0; i < state->n; i++)
	{
		if (state->items[i].category == category && strcmp(state->items[i].key, key) == 0)
			return &state->items[i];
	}
	return NULL;
}

static Preference *
add_preference(State *state, const Preference *preference)
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

/* The time of the latest snapshot that is not after a time, or of the earliest that is. */
static bool
find_snapshot(const Replay *replay, TimestampTz at, bool after, TimestampTz *before)
{
	Datum values[] = {CStringGetTextDatum(replay->tenant_id), CStringGetTextDatum(replay->user_id),
					  DateADTGetDatum(utc_date(at)), TimestampTzGetDatum(at)};

	if (query(replay, after ? &find_after : &find_before, values) == 0)
		return false;
	*before = DatumGetTimestampTz(result_value(0, 1, NULL));
	return true;
}

static void
load_snapshot(State *state, TimestampTz before)
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

/* Adds feedback, and what it replaced in turn, to what is skipped; *earliest is the earliest of it. */
static void
skip_chain(State *state, const pg_uuid_t *id, TimestampTz *earliest)
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
		*earliest = Min(*earliest, DatumGetTimestampTz(result_value(0, 1, NULL)));
		next = result_value(0, 2, &isnull);
		if (isnull)
			return;
		current = palloc(sizeof(pg_uuid_t));
		*current = *DatumGetUUIDP(next);
	}
}

/*
 * Feedback that was replaced by the time in question is left out.  A snapshot
 * taken in between has it still: so the replay begins at one that is before all
 * that is left out.
 */
static bool
find_base(State *state)
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

			skip_chain(state,
					   DatumGetUUIDP(SPI_getbinval(rows->vals[row], rows->tupdesc, 1, &isnull)),
					   &earliest);
		}
		if (earliest >= state->base)
			return true;
	}
	return false;
}

/* For feedback on an interaction. */
static bool
find_interaction(const pg_uuid_t *id, InteractionType *type, Jsonb **data, void *arg)
{
	const Replay *replay = arg;

	return interaction_read(replay->tenant_id, id, replay->write, type, data);
}

static void
replay_interaction(State *state, const Replayed *told, const Jsonb *data)
{
	const Replay *replay = state->replay;
	Replayed interaction = *told;
	Signals signals = {0};
	QueryText text;
	Fault fault;
	ListCell *cell;

	foreach (cell, state->skipped)
	{
		if (memcmp(((pg_uuid_t *) lfirst(cell))->data, interaction.id.data, UUID_LEN) == 0)
			return;
	}

	/* What it is about may be gone, or a rule of now refuse it: then it says nothing any more. */
	if (!signals_extract(state->rules, interaction.type, data, &text, find_interaction,
						 unconstify(Replay *, replay), &signals, &fault))
		return;
	interaction.signals = &signals;
	for (int i = 0; i < signals.n; i++)
	{
		const Signal *signal = &signals.items[i];
		Preference *preference = find_preference(state, signal->category, signal->key);

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
replay_interactions(State *state)
{
	const Replay *replay = state->replay;
	TimestampTz last_at = state->base - 1;
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

			/* Feedback reads what it is about, which takes the place of the last result. */
			SPI_tuptable = rows;
			interaction.id = *DatumGetUUIDP(result_value(row, 1, NULL));
			interaction.type = interaction_type_of(DatumGetObjectId(result_value(row, 2, NULL)));
			stored = result_value(row, 3, NULL);
			data = DatumGetJsonbP(stored);
			interaction.at = DatumGetTimestampTz(result_value(row, 4, NULL));
			replay_interaction(state, &interaction, data);
			last_at = interaction.at;
			last_id = interaction.id;

			/* What it says has been copied out of it. */
			if ((Pointer) data != DatumGetPointer(stored))
				pfree(data);
		}
		SPI_freetuptable(rows);
	} while (nrows == CHUNK);
}

Preference *
replay(const Replay *replay, int *n)
{
	State state = {.replay = replay};

	if (!find_base(&state))
		return NULL;
	state.rules = signal_rules_read(replay->tenant_id, ALL_TYPES, replay->write);
	if (!replay->from_nothing)
		load_snapshot(&state, state.base);
	replay_interactions(&state);
	*n = state.n;
	return state.items != NULL ? state.items : palloc(sizeof(Preference));
}

/* ---------------------------------------------------------------- reading */

/*
 * The preferences of a user as of a time; NULL where nothing can be said of it.
 * *is_known becomes false where it is before the user was known.
 */
static Preference *
reconstruct(const Replay *plan, int *n, bool *is_known)
{
	State state = {.replay = plan};
	TimestampTz after;
	Preference *found = replay(plan, n);

	*is_known = true;
	if (found != NULL)
		return found;

	/* No change since the time, so the next snapshot has what was then. */
	if (!find_snapshot(plan, plan->until, true, &after))
		return NULL;
	load_snapshot(&state, after);
	if (state.n == 0)
	{
		/* The first of all: before it nothing was known, but for what came late. */
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
preferences_of_then(const char *tenant_id, const char *user_id, const LearningRule *rule,
					TimestampTz at, BeforeKnown before, Preference *stored, int *n)
{
	/* A snapshot from before the next microsecond has all of this one. */
	Replay plan = {
		.tenant_id = tenant_id, .user_id = user_id, .rule = rule, .from = at + 1, .until = at};
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id),
					  TimestampTzGetDatum(at)};
	State then = {0};
	State result = {0};
	TimestampTz now = GetCurrentTimestamp();
	bool known;
	bool later;

	then.items = reconstruct(&plan, &then.n, &known);
	if (then.items == NULL || (!known && before == BEFORE_KNOWN_AS_NOW))
		return stored;
	later = statement_read(&find_later, values, NULL) > 0;

	/* One that has not changed since is as it was, in whatever order it was learned. */
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

	/* One that is gone now: by a no since, or because it has expired. */
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
