/*
 * outcomes.c
 *		Suggestions shown to users, and their outcomes: the table suggestions.
 *		core/ranking/shown.h has the rules.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/extension.h"
#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "base/uuid.h"
#include "cache/changes.h"
#include "core/ranking/links.h"
#include "core/ranking/ranking.h"
#include "core/ranking/shown.h"
#include "suggestions/outcomes.h"
#include "suggestions/rounds.h"
#include "tenancy/locks.h"

#define SHOWN_COLUMNS                                                                              \
	"query_id, suggestion_id, suggestion_type, shown_at, rounds, passed_over, taken, outcome,"     \
	" accepted_shown, accepted_at, dismissed_at, dismissals, place"

enum
{
	SHOWN_QUERY = 1,
	SHOWN_ID,
	SHOWN_TYPE,
	SHOWN_AT,
	SHOWN_ROUNDS,
	SHOWN_PASSED_OVER,
	SHOWN_TAKEN,
	SHOWN_OUTCOME,
	SHOWN_ACCEPTED_SHOWN,
	SHOWN_ACCEPTED_AT,
	SHOWN_DISMISSED_AT,
	SHOWN_DISMISSALS,
	SHOWN_PLACE,
	SHOWN_ORDINAL
};

/*
 * At most this number are read, whatever has been shown: dismissed ones, for which the CASE is
 * null, then the latest.  Each type that is sorted is looked up once in a connection.
 */
#define FIRST_SHOWN                                                                                \
	" ORDER BY CASE WHEN dismissed_at IS NULL THEN shown_at END DESC, shown_at DESC, query_id"     \
	" LIMIT 500"

static Statement select_shown =
	STATEMENT("SELECT " SHOWN_COLUMNS " FROM personalization.suggestions"
			  " WHERE tenant_id = $1 AND user_id = $2" FIRST_SHOWN,
			  "text text");

static Statement select_shown_many =
	STATEMENT("SELECT " SHOWN_COLUMNS ", u.ordinal"
			  " FROM unnest($2) WITH ORDINALITY AS u (user_id, ordinal), LATERAL ("
			  "   SELECT *"
			  "   FROM personalization.suggestions s"
			  "   WHERE s.tenant_id = $1 AND s.user_id = u.user_id" FIRST_SHOWN ") s",
			  "text text[]");

static Statement select_by_id =
	STATEMENT("SELECT " SHOWN_COLUMNS " FROM personalization.suggestions"
			  " WHERE tenant_id = $1 AND suggestion_id = $2 AND user_id = $3"
			  " FOR NO KEY UPDATE",
			  "text uuid text");

static Statement update_outcome = STATEMENT(
	"UPDATE personalization.suggestions"
	" SET passed_over = $4, taken = $5, outcome = $6, accepted_shown = $7, accepted_at = $8,"
	"  dismissed_at = $9, dismissals = $10, expires_on = greatest(expires_on, $11)"
	" WHERE tenant_id = $1 AND user_id = $2 AND query_id = $3",
	"text text uuid int4 int4 \"char\" timestamptz[] timestamptz[] timestamptz int4 date");

static RowWriter shown_writer = ROW_WRITER(
	"personalization.suggestions AS s",
	"user_id, query_id, suggestion_id, suggestion_type, shown_at, rounds, passed_over, taken,"
	"  outcome, expires_on, place",
	"text uuid uuid personalization.suggestion_type timestamptz int4 int4 int4 \"char\" date int4",
	"ON CONFLICT (tenant_id, user_id, query_id) DO UPDATE"
	" SET suggestion_id = excluded.suggestion_id, suggestion_type = excluded.suggestion_type,"
	"  shown_at = excluded.shown_at, rounds = excluded.rounds,"
	"  passed_over = excluded.passed_over, taken = excluded.taken, outcome = excluded.outcome,"
	"  expires_on = greatest(s.expires_on, excluded.expires_on), place = excluded.place");

static Statement delete_expired =
	STATEMENT("DELETE FROM personalization.suggestions"
			  " WHERE tenant_id = $1 AND expires_on < $2"
			  " AND ctid = ANY (ARRAY("
			  "   SELECT ctid"
			  "   FROM personalization.suggestions"
			  "   WHERE tenant_id = $1 AND expires_on < $2"
			  "   ORDER BY expires_on LIMIT $3 FOR UPDATE SKIP LOCKED))",
			  "text date int8");

struct Outcomes
{
	int n;
	Shown *items; /* by query */
};

static int
read_times(Datum array, TimestampTz *times)
{
	ArrayType *decoded = DatumGetArrayTypeP(array);
	Datum *values;
	int n;

	if (ARR_NDIM(decoded) > 1 || ARR_HASNULL(decoded))
		return 0;
	deconstruct_array(decoded, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &values, NULL, &n);
	n = Min(n, ACCEPTED_MAX);
	for (int i = 0; i < n; i++)
		times[i] = DatumGetTimestampTz(values[i]);
	return n;
}

static void
read_shown(uint64 row, Shown *shown)
{
	bool isnull;
	bool isnull_until;
	Datum value;
	Datum until;

	memset(shown, 0, sizeof(Shown));
	shown->query = query_key(DatumGetUUIDP(result_value(row, SHOWN_QUERY, NULL)));
	memcpy(shown->suggestion_id, DatumGetUUIDP(result_value(row, SHOWN_ID, NULL))->data, UUID_LEN);
	shown->kind =
		(OfferKind) suggestion_type_of(DatumGetObjectId(result_value(row, SHOWN_TYPE, NULL)));
	shown->shown_at = DatumGetTimestampTz(result_value(row, SHOWN_AT, NULL));
	shown->rounds = Max(DatumGetInt32(result_value(row, SHOWN_ROUNDS, NULL)), 0);
	shown->passed_over = Max(DatumGetInt32(result_value(row, SHOWN_PASSED_OVER, NULL)), 0);
	shown->taken = Max(DatumGetInt32(result_value(row, SHOWN_TAKEN, NULL)), 0);
	value = result_value(row, SHOWN_OUTCOME, &isnull);
	shown->outcome = isnull ? OUTCOME_NONE : DatumGetChar(value);
	value = result_value(row, SHOWN_ACCEPTED_SHOWN, &isnull);
	until = result_value(row, SHOWN_ACCEPTED_AT, &isnull_until);
	if (!isnull && !isnull_until)
		shown->naccepted =
			Min(read_times(value, shown->accepted_shown), read_times(until, shown->accepted_at));
	value = result_value(row, SHOWN_DISMISSED_AT, &isnull);
	shown->dismissed_at = isnull ? NEVER_DISMISSED : DatumGetTimestampTz(value);
	shown->dismissals = Max(DatumGetInt32(result_value(row, SHOWN_DISMISSALS, NULL)), 0);
	value = result_value(row, SHOWN_PLACE, &isnull);
	shown->place = isnull ? 0 : DatumGetInt32(value);
}

static int
compare_shown(const void *a, const void *b)
{
	return compare_queries(&((const Shown *) a)->query, &((const Shown *) b)->query);
}

/* Reads the rows [first, end) of the last result. */
static Outcomes *
make_outcomes(uint64 first, uint64 end)
{
	Outcomes *outcomes = palloc(sizeof(Outcomes));

	outcomes->n = (int) (end - first);
	outcomes->items = palloc(Max(outcomes->n, 1) * sizeof(Shown));
	for (uint64 row = first; row < end; row++)
		read_shown(row, &outcomes->items[row - first]);
	qsort(outcomes->items, outcomes->n, sizeof(Shown), compare_shown);
	return outcomes;
}

Outcomes *
outcomes_read(const char *tenant_id, const char *user_id, ReadAs as)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	uint64 nrows = statement_execute(&select_shown, values, NULL, as);
	Outcomes *outcomes = make_outcomes(0, nrows);

	SPI_freetuptable(SPI_tuptable);
	return outcomes;
}

Outcomes **
outcomes_read_many(const char *tenant_id, const History *histories, int n)
{
	Outcomes **outcomes = palloc(n * sizeof(Outcomes *));
	Column users;
	Datum values[2];
	uint64 nrows;
	uint64 row = 0;

	column_init(&users, TEXTOID, n);
	for (int i = 0; i < n; i++)
		column_add_text(&users, histories[i].user_id);
	values[0] = CStringGetTextDatum(tenant_id);
	values[1] = column_array(&users);
	nrows = statement_execute(&select_shown_many, values, NULL, SNAPSHOT_NEW);
	for (int i = 0; i < n; i++)
	{
		uint64 end = row;

		while (end < nrows && DatumGetInt64(result_value(end, SHOWN_ORDINAL, NULL)) == i + 1)
			end++;
		outcomes[i] = make_outcomes(row, end);
		row = end;
	}
	SPI_freetuptable(SPI_tuptable);
	return outcomes;
}

static Shown *
find_shown(const Outcomes *outcomes, const QueryKey *query)
{
	Shown key;

	key.query = *query;
	return outcomes->n == 0
			   ? NULL
			   : bsearch(&key, outcomes->items, outcomes->n, sizeof(Shown), compare_shown);
}

double
outcomes_weight(const Outcomes *outcomes, const QueryKey *query, TimestampTz at)
{
	const Shown *shown = find_shown(outcomes, query);

	return shown == NULL ? 1.0 : shown_weight(shown, at);
}

bool
outcomes_shown_since(const Outcomes *outcomes, const QueryKey *query, TimestampTz at)
{
	const Shown *shown = find_shown(outcomes, query);

	return shown != NULL && shown->shown_at > at;
}

Asked *
outcomes_history(const Outcomes *outcomes, const HistoryEntry *entries, int n)
{
	Asked *asked = palloc(Max(n, 1) * sizeof(Asked));

	for (int i = 0; i < n; i++)
	{
		asked[i].id = entries[i].query;
		asked[i].at = entries[i].at;
		asked[i].weight = outcomes_weight(outcomes, &entries[i].query, entries[i].at);
	}
	return asked;
}

void
outcomes_situation(const Outcomes *outcomes, const Asked *asked, int n, TimestampTz at,
				   Situation *situation)
{
	Weighed *passed = palloc(Max(outcomes->n, 1) * sizeof(Weighed));

	situation->passed_over = passed;
	situation->npassed_over = 0;
	for (int i = 0; i < outcomes->n; i++)
	{
		const Shown *shown = &outcomes->items[i];
		int times;

		if (shown->shown_at > at)
			continue;
		times = shown_passed_over(shown, asked, n);
		if (times > 0)
		{
			passed[situation->npassed_over].id = shown->query;
			passed[situation->npassed_over++].weight = times;
		}
	}
}

void
outcomes_taste(const Outcomes *outcomes, const Asked *asked, int n, double taste[OFFER_KINDS])
{
	shown_taste(outcomes->items, outcomes->n, asked, n, taste);
}

bool
outcomes_hides(const Outcomes *outcomes, const QueryKey *query, TimestampTz at)
{
	const Shown *shown = find_shown(outcomes, query);

	return shown != NULL && at < shown_absent_until(shown);
}

static int
compare_shown_pointers(const void *a, const void *b)
{
	return compare_shown(*(Shown *const *) a, *(Shown *const *) b);
}

/* In the order of the queries, so that two sessions do not deadlock. */
static void
store_shown(const char *tenant_id, const char *user_id, Shown **rows, int n, TimestampTz expires)
{
	const ExtensionObjects *ours = extension_objects();
	Column *columns = rows_begin(&shown_writer, n);

	qsort(rows, n, sizeof(Shown *), compare_shown_pointers);
	for (int i = 0; i < n; i++)
	{
		const Shown *shown = rows[i];

		column_add_text(&columns[0], user_id);
		column_add(&columns[1], UUIDPGetDatum(query_uuid(&shown->query)));
		column_add(&columns[2], UUIDPGetDatum((const pg_uuid_t *) shown->suggestion_id));
		column_add(&columns[3], ObjectIdGetDatum(ours->suggestion_values[shown->kind]));
		column_add(&columns[4], TimestampTzGetDatum(shown->shown_at));
		column_add(&columns[5], Int32GetDatum(shown->rounds));
		column_add(&columns[6], Int32GetDatum(shown->passed_over));
		column_add(&columns[7], Int32GetDatum(shown->taken));
		column_add_null(&columns[8]); /* a round that is open has no outcome */
		column_add(&columns[9], DateADTGetDatum(utc_date(expires)));
		column_add(&columns[10], Int32GetDatum(shown->place));
	}
	(void) rows_write(&shown_writer, tenant_id, columns);
}

/*
 * Returns the new row of a query that is shown; known: its row so far, NULL if
 * there is none.  *new_round: whether the round of known has ended.
 */
static Shown *
show(const Shown *known, const ShownOffer *offer, const Asked *asked, int n, TimestampTz at,
	 bool *new_round)
{
	Shown *shown = palloc(sizeof(Shown));

	*new_round = false;
	if (known == NULL)
		shown_first(shown, &offer->query, offer->kind, at);
	else
	{
		*shown = *known;
		*new_round = shown_again(shown, asked, n, at, offer->kind);
	}
	if (known == NULL || *new_round)
	{
		pg_uuid_t id;

		interaction_id_make(&id);
		memcpy(shown->suggestion_id, id.data, UUID_LEN);
	}
	return shown;
}

void
outcomes_show(const char *tenant_id, const char *user_id, const Outcomes *outcomes,
			  const Asked *asked, int nasked, TimestampTz at, TimestampTz expires,
			  ShownOffer *offers, int n, bool record)
{
	Shown **rows = palloc(Max(n, 1) * sizeof(Shown *));
	EndedRound *ended = palloc(Max(n, 1) * sizeof(EndedRound));
	int nended = 0;

	for (int i = 0; i < n; i++)
	{
		const Shown *known = find_shown(outcomes, &offers[i].query);
		bool new_round;

		rows[i] = show(known, &offers[i], asked, nasked, at, &new_round);
		rows[i]->place = i + 1;
		if (new_round)
			ended[nended++] = (EndedRound){known, shown_round(known, asked, nasked)};
		memcpy(offers[i].suggestion_id.data, rows[i]->suggestion_id, UUID_LEN);
	}
	if (record && n > 0)
	{
		rounds_store(tenant_id, user_id, ended, nended);
		store_shown(tenant_id, user_id, rows, n, expires);
	}
}

static Datum
time_array(const TimestampTz *times, int n)
{
	Datum values[ACCEPTED_MAX];

	for (int i = 0; i < n; i++)
		values[i] = TimestampTzGetDatum(times[i]);
	return PointerGetDatum(construct_array(values, n, TIMESTAMPTZOID, sizeof(TimestampTz),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
store_outcome(const char *tenant_id, const char *user_id, const Shown *shown)
{
	bool dismissed = shown->dismissed_at != NEVER_DISMISSED;

	/* The row is kept until the dismissal ends. */
	TimestampTz until = dismissed ? shown_absent_until(shown) : shown->shown_at;
	Datum values[] = {CStringGetTextDatum(tenant_id),
					  CStringGetTextDatum(user_id),
					  UUIDPGetDatum(query_uuid(&shown->query)),
					  Int32GetDatum(shown->passed_over),
					  Int32GetDatum(shown->taken),
					  CharGetDatum(shown->outcome),
					  time_array(shown->accepted_shown, shown->naccepted),
					  time_array(shown->accepted_at, shown->naccepted),
					  TimestampTzGetDatum(shown->dismissed_at),
					  Int32GetDatum(shown->dismissals),
					  DateADTGetDatum(utc_date(until))};
	char nulls[] = "           ";

	if (shown->naccepted == 0)
		nulls[6] = nulls[7] = 'n';
	if (!dismissed)
		nulls[8] = 'n';
	(void) statement_execute(&update_outcome, values, nulls, SNAPSHOT_NEW);
}

bool
outcome_record(const char *tenant_id, const char *user_id, const pg_uuid_t *suggestion,
			   bool accepted, TimestampTz at)
{
	Datum key[] = {CStringGetTextDatum(tenant_id), UUIDPGetDatum(suggestion),
				   CStringGetTextDatum(user_id)};
	Shown shown;

	if (statement_execute(&select_by_id, key, NULL, SNAPSHOT_NEW) == 0)
		return false;
	read_shown(0, &shown);
	if (shown_outcome(&shown, accepted, at))
		store_outcome(tenant_id, user_id, &shown);
	return true;
}

void
outcome_of_feedback(const char *tenant_id, const char *user_id, const pg_uuid_t *suggestion_id,
					double rating, TimestampTz at)
{
	/*
	 * With the lock on the user's suggestions, no session that suggests waits
	 * for us.  If it is not available, continue without it and wait for the
	 * row: waiting for the lock while holding the user's lock would deadlock
	 * with a session that holds it and goes on to learn.
	 */
	(void) lock_shown(tenant_id, user_id, false);
	if (outcome_record(tenant_id, user_id, suggestion_id, rating > 0, at))
		cache_suggestions_stale(tenant_id, user_id);
}

int64
outcomes_expire(const char *tenant_id, TimestampTz at, int64 limit)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), DateADTGetDatum(utc_date(at)),
					  Int64GetDatum(limit)};

	return (int64) statement_execute(&delete_expired, values, NULL, SNAPSHOT_NEW);
}
