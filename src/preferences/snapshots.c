/*
 * snapshots.c
 *		Daily snapshots of each user's preferences.
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

#include "base/compat.h"
#include "base/invalidation.h"
#include "base/extension.h"
#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "preferences/snapshots.h"

#define SNAPSHOT_INTO                                                                              \
	"INSERT INTO personalization.preference_snapshots (tenant_id, user_id, day, before,"           \
	" categories, keys, \"values\", confidences, rivals, observation_counts, last_updated)"

#define PREFERENCE_ARRAYS                                                                          \
	"coalesce(array_agg(category), '{}'), coalesce(array_agg(key), '{}'),"                         \
	" coalesce(array_agg(value), '{}'), coalesce(array_agg(confidence), '{}'),"                    \
	" coalesce(array_agg(rivals), '{}'), coalesce(array_agg(observation_count), '{}'),"            \
	" coalesce(array_agg(last_updated), '{}')"

/*
 * A late event makes no snapshot: what is stored when it is learned is not the
 * state before it, and the event would count twice in a replay.  The same
 * holds on a day without a snapshot, if a call that began on an earlier day
 * has learned events of that day.
 */
static Statement insert_snapshots =
	STATEMENT(SNAPSHOT_INTO " SELECT $1, u.user_id, u.day, u.before, p.*"
							" FROM unnest($2, $3, $4) AS u (user_id, day, before), LATERAL ("
							"   SELECT " PREFERENCE_ARRAYS " FROM personalization.preferences"
							"   WHERE tenant_id = $1 AND user_id = u.user_id"
							"   HAVING coalesce(max(last_updated) < u.before, true)) p"
							" ON CONFLICT (tenant_id, user_id, day, before) DO NOTHING",
			  "text text[] date[] timestamptz[]");

/*
 * A preference that was removed by a late negative signal leaves nothing
 * behind that would distinguish it from an expired one, so a replay in order
 * of time would restore it.  So the remaining preferences are stored as a
 * snapshot, as of the latest observation among them.
 */
#define BEHIND_ALL                                                                                 \
	"greatest(max(last_updated) FILTER (WHERE isfinite(last_updated)), $3)"                        \
	" + interval '1 microsecond'"

static Statement insert_snapshot_behind =
	STATEMENT(SNAPSHOT_INTO " SELECT $1, $2, (p.before AT TIME ZONE 'UTC')::date, p.*"
							" FROM ("
							"   SELECT " BEHIND_ALL " AS before, " PREFERENCE_ARRAYS
							"   FROM personalization.preferences"
							"   WHERE tenant_id = $1 AND user_id = $2) p",
			  "text text timestamptz");

/* Deletes an earlier snapshot of the same time, because applications may not update it. */
static Statement delete_snapshot_behind =
	STATEMENT("DELETE FROM personalization.preference_snapshots"
			  " WHERE tenant_id = $1 AND user_id = $2"
			  " AND before = ("
			  "   SELECT " BEHIND_ALL " FROM personalization.preferences"
			  "   WHERE tenant_id = $1 AND user_id = $2)",
			  "text text timestamptz");

/* The users who have a snapshot of a day or later. */
static Statement find_snapshots_of =
	STATEMENT("SELECT ordinal"
			  " FROM unnest($2, $3) WITH ORDINALITY AS u (user_id, day, ordinal)"
			  " WHERE EXISTS ("
			  "   SELECT FROM personalization.preference_snapshots"
			  "   WHERE tenant_id = $1 AND user_id = u.user_id AND day >= u.day)",
			  "text text[] date[]");

/* Whether one user has one; most calls learn for one user. */
static Statement find_snapshot_of = STATEMENT("SELECT FROM personalization.preference_snapshots"
											  " WHERE tenant_id = $1 AND user_id = $2 AND day >= $3"
											  " LIMIT 1",
											  "text text date");

static Statement delete_expired = STATEMENT(
	"DELETE FROM personalization.preference_snapshots"
	" WHERE tenant_id = $1 AND day < $2"
	" AND ctid = ANY (ARRAY("
	"   SELECT ctid"
	"   FROM personalization.preference_snapshots"
	"   WHERE tenant_id = $1 AND day < $2 AND " BY_DAY_OF_ALL "   ORDER BY day LIMIT $3))",
	"text date int8");

/*
 * Users who are known to have a snapshot of a day or later, so that most calls
 * need no query.  It contains only snapshots that others have committed, or
 * that this backend has made in an earlier transaction, because a rollback
 * must not invalidate it.
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
forget_known(Oid relation, void *arg)
{
	if (!OidIsValid(relation) || relation == snapshots_table)
		memset(known, 0, sizeof(known));
}

static void
refresh_known(void)
{
	static bool registered = false;
	const ExtensionObjects *ours = extension_objects();

	if (known_generation == ours->generation)
		return;
	if (!registered)
		listen_for_invalidation(forget_known, NULL);
	registered = true;
	snapshots_table = get_relname_relid("preference_snapshots", ours->schema);
	memset(known, 0, sizeof(known));
	known_generation = ours->generation;
}

void
snapshots_invalidate_known(void)
{
	refresh_known();
	CacheInvalidateRelcacheByRelid(snapshots_table);
	memset(known, 0, sizeof(known));
}

/* Never 0, which marks an empty slot. */
static uint64
user_hash(const char *tenant_id, const char *user_id)
{
	uint64 seed = hash_bytes_extended((const unsigned char *) tenant_id, strlen(tenant_id), 0);

	return hash_bytes_extended((const unsigned char *) user_id, strlen(user_id), seed) | 1;
}

/* Returns the slot of a user, or NULL if they are not known. */
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

/* Adds a user in place of the oldest one. */
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

typedef struct FirstChange
{
	const char *user_id;
	TimestampTz at;
	bool has_snapshot; /* of its day or later */
} FirstChange;

static int
compare_changes(const void *a, const void *b)
{
	const FirstChange *x = a;
	const FirstChange *y = b;
	int order = strcmp(x->user_id, y->user_id);

	return order != 0 ? order : x->at < y->at ? -1 : x->at > y->at;
}

/*
 * Collects the first change of each user who is not known to have a snapshot,
 * in the order of the index.
 */
static int
first_changes(const char *tenant_id, const Observation *observations, int n, FirstChange *changes)
{
	int kept = 0;
	int first = 0;

	for (int i = 0; i < n; i++)
	{
		const Observation *observation = &observations[i];
		const KnownUser *found;

		/* Often many signals come from one interaction. */
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
	qsort(changes, kept, sizeof(FirstChange), compare_changes);
	for (int i = 0; i < kept; i++)
	{
		if (first == 0 || strcmp(changes[i].user_id, changes[first - 1].user_id) != 0)
			changes[first++] = changes[i];
	}
	return first;
}

/* Finds the users who have a snapshot already; returns their number. */
static int
find_snapshots(const char *tenant_id, FirstChange *changes, int n)
{
	Column users;
	Column days;
	Datum values[3] = {CStringGetTextDatum(tenant_id)};
	uint64 nrows;

	if (n == 1)
	{
		values[1] = CStringGetTextDatum(changes[0].user_id);
		values[2] = DateADTGetDatum(utc_date(changes[0].at));
		changes[0].has_snapshot =
			statement_execute(&find_snapshot_of, values, NULL, SNAPSHOT_NEW) > 0;
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
	nrows = statement_execute(&find_snapshots_of, values, NULL, SNAPSHOT_NEW);
	for (uint64 row = 0; row < nrows; row++)
		changes[DatumGetInt64(result_value(row, ONLY_COLUMN, NULL)) - 1].has_snapshot = true;
	SPI_freetuptable(SPI_tuptable);
	return (int) nrows;
}

/* Makes the missing snapshots; returns their number. */
static uint64
make_snapshots(const char *tenant_id, const FirstChange *changes, int n)
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
	return statement_execute(&insert_snapshots, values, NULL, SNAPSHOT_NEW);
}

void
snapshots_before(const char *tenant_id, const Observation *observations, int n)
{
	/* The transaction in which snapshots were made: those found in it may be our own. */
	static LocalTransactionId made_in = InvalidLocalTransactionId;
	FirstChange *changes = palloc_extended(Max(n, 1) * sizeof(FirstChange), MCXT_ALLOC_HUGE);

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
		(void) statement_execute(&delete_snapshot_behind, values, NULL, SNAPSHOT_NEW);
		(void) statement_execute(&insert_snapshot_behind, values, NULL, SNAPSHOT_NEW);
	}
}

int64
snapshots_expire(const char *tenant_id, TimestampTz before, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), DateADTGetDatum(utc_date(before)),
					  Int64GetDatum(limit)};

	return (int64) statement_execute(&delete_expired, values, NULL, SNAPSHOT_NEW);
}
