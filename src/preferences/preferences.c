/*
 * preferences.c
 *		The preferences of users: applying observations, storing, and reading
 *		them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/snapmgr.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/fault.h"
#include "base/jsonutil.h"
#include "base/local_time.h"
#include "base/rows.h"
#include "base/statement.h"
#include "core/profile/decay.h"
#include "preferences/choices.h"
#include "preferences/preferences.h"
#include "preferences/snapshots.h"
#include "tenancy/direct_read.h"
#include "tenancy/settings.h"

/*
 * OFFSET 0 keeps the planner from flattening the sub-select: there is an index
 * probe for each key, never a join that reads the table, whatever the
 * planner's estimate of its size.
 */
static Statement select_evidence = STATEMENT(
	"SELECT k.ordinal, p.*"
	" FROM unnest($2, $3, $4) WITH ORDINALITY AS k (user_id, category, key, ordinal), LATERAL ("
	"   SELECT value, confidence, rivals, observation_count, last_updated"
	"   FROM personalization.preferences"
	"   WHERE tenant_id = $1 AND user_id = k.user_id AND key = k.key AND category = k.category"
	"   OFFSET 0) p",
	"text text[] personalization.preference_category[] text[]");

enum
{
	WANTED_ORDINAL = 1,
	WANTED_EVIDENCE
};

/* The same for the keys of one user, in one scan of the index. */
static Statement select_user_evidence =
	STATEMENT("SELECT category, key, value, confidence, rivals, observation_count, last_updated"
			  " FROM personalization.preferences"
			  " WHERE tenant_id = $1 AND user_id = $2 AND key = ANY ($3)",
			  "text text text[]");

/* The same columns are read from snapshots, starting with the first one of the evidence. */
enum
{
	STORED_CATEGORY = 1,
	STORED_KEY,
	STORED_EVIDENCE
};

enum
{
	EVIDENCE_VALUE = 0,
	EVIDENCE_CONFIDENCE,
	EVIDENCE_RIVALS,
	EVIDENCE_COUNT,
	EVIDENCE_LAST_UPDATED,
	EVIDENCE_COLUMNS
};

/* The same without a statement: the primary key, and the evidence. */
static const char *const evidence_columns[] = {
	"tenant_id", "user_id",			  "key",		 "category", "value", "confidence",
	"rivals",	 "observation_count", "last_updated"};
#define EVIDENCE_KEYS 4

static RowWriter evidence_writer = ROW_WRITER(
	"personalization.preferences",
	"user_id, category, key, value, confidence, rivals, observation_count, last_updated,"
	"  expires_on",
	"text personalization.preference_category text jsonb float8 jsonb int4 timestamptz date",
	"ON CONFLICT (tenant_id, user_id, key, category) DO UPDATE"
	" SET value = excluded.value, confidence = excluded.confidence, rivals = excluded.rivals,"
	"  observation_count = excluded.observation_count, last_updated = excluded.last_updated,"
	"  expires_on = excluded.expires_on");

/*
 * The same for rows that have been read: updating them where they are costs less than
 * looking for them again, and locking them first, as an upsert does.  A place may have
 * another row by now, so the key is compared too.
 */
static RowWriter evidence_updater =
	ROW_UPDATER("personalization.preferences AS p",
				"place, user_id, category, key, value, confidence, rivals, observation_count,"
				"  last_updated, expires_on",
				"tid text personalization.preference_category text jsonb float8 jsonb int4"
				"  timestamptz date",
				"value = new.value, confidence = new.confidence, rivals = new.rivals,"
				"  observation_count = new.observation_count, last_updated = new.last_updated,"
				"  expires_on = new.expires_on",
				"p.ctid = new.place AND p.user_id = new.user_id AND p.key = new.key"
				"  AND p.category = new.category");

static Statement delete_preference =
	STATEMENT("DELETE FROM personalization.preferences"
			  " WHERE tenant_id = $1 AND user_id = $2 AND category = $3 AND key = $4",
			  "text text personalization.preference_category text");

/*
 * While events of the past are loaded, evidence may be dead when it is
 * learned.  It is kept for a week, in which the user's next event of that time
 * may arrive; otherwise the result would depend on when maintenance runs.  So
 * expires_on is at least this number of days after the day of writing: a week,
 * and the rest of that day.
 */
#define ARRIVAL_DAYS 8

#define EXPIRY_DAY(settings)                                                                       \
	"(personalization.evidence_expires_at(confidence, last_updated, " #settings                    \
	") AT TIME ZONE 'UTC')::date"
#define DAY_NOW EXPIRY_DAY($2)
#define DAY_BEFORE EXPIRY_DAY($3)

/*
 * $2 are the settings, $3 those with which expires_on was computed.  $4 is the
 * expires_on of dead evidence that is written today; a row of a document that
 * has none is treated as such.  A row that is kept longer than its evidence
 * lives remains so.
 */
#define RESCHEDULED                                                                                \
	"nullif(greatest(coalesce(" DAY_NOW ", 'infinity'),"                                           \
	"  CASE WHEN coalesce(expires_on, $4) > " DAY_BEFORE " THEN least(expires_on, $4) END),"       \
	" 'infinity')"

#define RESCHEDULE                                                                                 \
	"UPDATE personalization.preferences"                                                           \
	" SET expires_on = " RESCHEDULED                                                               \
	" WHERE tenant_id = $1 AND expires_on IS DISTINCT FROM " RESCHEDULED

static Statement reschedule = STATEMENT(RESCHEDULE, "text jsonb jsonb date");
static Statement reschedule_user =
	STATEMENT(RESCHEDULE " AND user_id = $5", "text jsonb jsonb date text");

/*
 * The day is found with the index; the exact time within it depends on the
 * settings.  All conditions are repeated outside the sub-select: a preference
 * that is learned again meanwhile is checked again before it is deleted.  One
 * that is being learned is left to the next pass, so that learning and
 * maintenance never deadlock.
 */
#define DELETE_EXPIRED(expired)                                                                    \
	"DELETE FROM personalization.preferences"                                                      \
	" WHERE " expired " AND ctid = ANY (ARRAY("                                                    \
	"   SELECT ctid"                                                                               \
	"   FROM personalization.preferences"                                                          \
	"   WHERE " expired " LIMIT $5 FOR UPDATE SKIP LOCKED))"

#define EXPIRED                                                                                    \
	"tenant_id = $1 AND expires_on <= $2"                                                          \
	" AND personalization.evidence_expires_at(confidence, last_updated, $3) <= $4"

static Statement delete_expired =
	STATEMENT(DELETE_EXPIRED(EXPIRED), "text date jsonb timestamptz int8");

/*
 * The same as of another day, $6.  A row that is kept longer than its evidence
 * lives is kept on that day too, if it had been written by then and its
 * evidence was older when it was written.
 */
#define WRITTEN_ON "(expires_on - " CppAsString2(ARRIVAL_DAYS) ")"
#define EXPIRED_BY                                                                                 \
	EXPIRED " AND (expires_on <= $6 OR " WRITTEN_ON " > $6"                                        \
			"  OR (last_updated AT TIME ZONE 'UTC')::date >= " WRITTEN_ON " - 1)"

static Statement delete_expired_by =
	STATEMENT(DELETE_EXPIRED(EXPIRED_BY), "text date jsonb timestamptz int8 date");

PG_FUNCTION_INFO_V1(personalization_evidence_expires_at);

/* Up to this number of keys of one user are read together, and located one by one in the result. */
#define FEW_KEYS 32

/* A preference that a call is changing. */
typedef struct ChangedPreference
{
	const char *user_id;
	Preference preference;
	bool stored;
	bool changed;
	ItemPointerData place; /* its row, if that is known; else invalid */
} ChangedPreference;

/* Returns the number of a value among those of a preference, adding it if it is new. */
static int
value_number(Preference *preference, const Jsonb *value)
{
	for (int i = 0; i < preference->nvalues; i++)
	{
		if (json_equal(preference->values[i], value))
			return i;
	}
	if (preference->nvalues == preference->room)
	{
		preference->room = Max(4, preference->room * 2);
		preference->values = preference->values == NULL
								 ? palloc(preference->room * sizeof(Jsonb *))
								 : repalloc(preference->values, preference->room * sizeof(Jsonb *));
	}
	preference->values[preference->nvalues] = value;
	return preference->nvalues++;
}

/* An application role may write anything; what we did not write is ignored. */
static bool
is_ours(double confidence, TimestampTz last_updated)
{
	return confidence > 0.0 && confidence <= 1.0 && !TIMESTAMP_NOT_FINITE(last_updated);
}

/* Takes the evidence from the values of its columns; rivals is NULL for null. */
static void
take_evidence(const Datum *values, Jsonb *rivals, Preference *preference)
{
	Evidence *evidence = &preference->evidence;

	evidence->candidates[0].value =
		value_number(preference, DatumGetJsonbP(values[EVIDENCE_VALUE]));
	evidence->candidates[0].confidence = DatumGetFloat8(values[EVIDENCE_CONFIDENCE]);
	evidence->last_updated = DatumGetTimestampTz(values[EVIDENCE_LAST_UPDATED]);
	if (!is_ours(evidence->candidates[0].confidence, evidence->last_updated))
		return;
	evidence->ncandidates = 1;
	if (rivals != NULL)
	{
		JsonbIterator *it = JsonbIteratorInit(&rivals->root);
		JsonbIteratorToken token;
		JsonbValue rival;

		while ((token = JsonbIteratorNext(&it, &rival, true)) != WJB_DONE)
		{
			JsonbValue value;
			JsonbValue confidence;
			Candidate *candidate = &evidence->candidates[evidence->ncandidates];

			if (token != WJB_ELEM || rival.type != jbvBinary ||
				evidence->ncandidates == MAX_CANDIDATES ||
				json_member(rival.val.binary.data, "value", &value) == NULL ||
				json_member(rival.val.binary.data, "confidence", &confidence) == NULL ||
				confidence.type != jbvNumeric || !json_number(&confidence, &candidate->confidence))
				continue;
			candidate->value = value_number(preference, json_document(&value));
			evidence->ncandidates++;
		}
	}
	evidence->count = DatumGetInt32(values[EVIDENCE_COUNT]);
}

/*
 * Reads the columns value, confidence, rivals, observation_count, last_updated
 * of the last result, starting with the given one.
 */
static void
read_evidence(uint64 row, int first, Preference *preference)
{
	Datum values[EVIDENCE_COLUMNS];
	bool nulls[EVIDENCE_COLUMNS];

	for (int i = 0; i < EVIDENCE_COLUMNS; i++)
		values[i] = result_value(row, first + i, &nulls[i]);
	take_evidence(values, nulls[EVIDENCE_RIVALS] ? NULL : DatumGetJsonbP(values[EVIDENCE_RIVALS]),
				  preference);
}

/* Returns the candidates from first on as [{"value", "confidence"}], decayed to at. */
static Jsonb *
candidates_document(const Preference *preference, int first, double decay, TimestampTz at)
{
	const Evidence *evidence = &preference->evidence;
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = first; i < evidence->ncandidates; i++)
	{
		const Candidate *candidate = &evidence->candidates[i];

		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		json_push_jsonb(&state, "value", preference->values[candidate->value]);
		json_push_double(
			&state, "confidence",
			decayed_confidence(candidate->confidence, evidence->last_updated, at, decay));
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return json_document(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/* For a preference that may be in the result without having been requested. */
static ChangedPreference *
find_changed(ChangedPreference *work, int n, PreferenceCategory category, const char *key)
{
	for (int i = 0; i < n; i++)
	{
		if (work[i].preference.category == category && strcmp(work[i].preference.key, key) == 0)
			return &work[i];
	}
	return NULL;
}

/*
 * Under REPEATABLE READ a preference that we read may have been deleted since,
 * and storing it would restore it.  One that was changed or added since is
 * detected by the upsert.
 */
static void
check_not_deleted(Statement *statement, Datum *values, uint64 nrows)
{
	uint64 nlatest;

	if (!IsolationUsesXactSnapshot())
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	nlatest = statement_execute(statement, values, NULL, SNAPSHOT_CALLER);
	PopActiveSnapshot();
	if (nlatest < nrows)
		serialization_failure();
}

static void
load_user_evidence(const char *tenant_id, ChangedPreference *work, int n)
{
	Column keys;
	SPITupleTable *rows;
	uint64 nrows;

	column_init(&keys, TEXTOID, n);
	for (int i = 0; i < n; i++)
		column_add_text(&keys, work[i].preference.key);
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(work[0].user_id),
						  column_array(&keys)};

		nrows = statement_execute(&select_user_evidence, values, NULL, SNAPSHOT_NEW);
		rows = SPI_tuptable;
		check_not_deleted(&select_user_evidence, values, nrows);
		SPI_tuptable = rows;
	}
	for (uint64 row = 0; row < nrows; row++)
	{
		ChangedPreference *mine = find_changed(
			work, n, category_of(DatumGetObjectId(result_value(row, STORED_CATEGORY, NULL))),
			TextDatumGetCString(result_value(row, STORED_KEY, NULL)));

		/* Another category may have the same key. */
		if (mine == NULL)
			continue;
		mine->stored = true;
		read_evidence(row, STORED_EVIDENCE, &mine->preference);
	}
}

static void
load_evidence_of_many(const char *tenant_id, ChangedPreference *work, int n)
{
	const ExtensionObjects *ours = extension_objects();
	Column users;
	Column categories;
	Column keys;
	SPITupleTable *rows;
	uint64 nrows;

	column_init(&users, TEXTOID, n);
	column_init(&categories, ours->category, n);
	column_init(&keys, TEXTOID, n);
	for (int i = 0; i < n; i++)
	{
		column_add_text(&users, work[i].user_id);
		column_add(&categories,
				   ObjectIdGetDatum(ours->category_values[work[i].preference.category]));
		column_add_text(&keys, work[i].preference.key);
	}
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), column_array(&users),
						  column_array(&categories), column_array(&keys)};

		nrows = statement_execute(&select_evidence, values, NULL, SNAPSHOT_NEW);
		rows = SPI_tuptable;
		check_not_deleted(&select_evidence, values, nrows);
		SPI_tuptable = rows;
	}
	for (uint64 row = 0; row < nrows; row++)
	{
		int i = (int) DatumGetInt64(result_value(row, WANTED_ORDINAL, NULL)) - 1;

		work[i].stored = true;
		read_evidence(row, WANTED_EVIDENCE, &work[i].preference);
	}
}

/* Reads one preference; the values stay when the reading has ended. */
static void
read_preference(DirectRead *read, ChangedPreference *mine)
{
	Datum values[EVIDENCE_COLUMNS];
	bool nulls[EVIDENCE_COLUMNS];

	mine->stored = true;
	mine->place = direct_place(read);
	for (int i = 0; i < EVIDENCE_COLUMNS; i++)
		values[i] = direct_value(read, EVIDENCE_KEYS + i, &nulls[i]);
	values[EVIDENCE_VALUE] = JsonbPGetDatum(DatumGetJsonbPCopy(values[EVIDENCE_VALUE]));
	take_evidence(values,
				  nulls[EVIDENCE_RIVALS] ? NULL : DatumGetJsonbPCopy(values[EVIDENCE_RIVALS]),
				  &mine->preference);
}

/*
 * Reads the evidence without a statement; returns false if that is not possible.
 * Under REPEATABLE READ it is read twice, which statements do.
 */
static bool
load_directly(const char *tenant_id, ChangedPreference *work, int n)
{
	const ExtensionObjects *ours = extension_objects();
	Datum keys[EVIDENCE_KEYS] = {CStringGetTextDatum(tenant_id)};
	DirectRead read;

	if (IsolationUsesXactSnapshot() ||
		!direct_begin(&read, "preferences", tenant_id, evidence_columns, lengthof(evidence_columns),
					  EVIDENCE_KEYS, SNAPSHOT_NEW))
		return false;
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		keys[1] = CStringGetTextDatum(work[i].user_id);
		keys[2] = CStringGetTextDatum(work[i].preference.key);
		keys[3] = ObjectIdGetDatum(ours->category_values[work[i].preference.category]);
		direct_seek(&read, keys);
		if (direct_next(&read))
			read_preference(&read, &work[i]);
	}
	direct_end(&read);
	return true;
}

/* Loads the evidence of preferences, which are in the order of their users. */
static void
load_evidence(const char *tenant_id, ChangedPreference *work, int n)
{
	if (load_directly(tenant_id, work, n))
		return;
	if (n <= FEW_KEYS && strcmp(work[0].user_id, work[n - 1].user_id) == 0)
		load_user_evidence(tenant_id, work, n);
	else
		load_evidence_of_many(tenant_id, work, n);
}

static DateADT
earliest_expiry_day(void)
{
	return utc_date(GetCurrentTimestamp()) + ARRIVAL_DAYS;
}

/* Adds a preference to the columns of evidence_writer. */
static void
add_evidence(Column *columns, const LearningRule *rule, const ChangedPreference *changed,
			 DateADT earliest)
{
	const Preference *preference = &changed->preference;
	const Evidence *evidence = &preference->evidence;
	TimestampTz expires;

	column_add_text(&columns[0], changed->user_id);
	column_add(&columns[1],
			   ObjectIdGetDatum(extension_objects()->category_values[preference->category]));
	column_add_text(&columns[2], preference->key);
	column_add(&columns[3], JsonbPGetDatum(preference_value(preference)));
	column_add(&columns[4], Float8GetDatum(evidence->candidates[0].confidence));
	if (evidence->ncandidates > 1)
		column_add(&columns[5],
				   JsonbPGetDatum(candidates_document(preference, 1, 1.0, evidence->last_updated)));
	else
		column_add_null(&columns[5]);
	column_add(&columns[6], Int32GetDatum(evidence->count));
	column_add(&columns[7], TimestampTzGetDatum(evidence->last_updated));
	expires = expires_at(rule, evidence->candidates[0].confidence, evidence->last_updated);
	if (expires == TIME_NEVER)
		column_add_null(&columns[8]);
	else
		column_add(&columns[8], DateADTGetDatum(Max(utc_date(expires), earliest)));
}

static bool
is_to_be_stored(const ChangedPreference *changed)
{
	return changed->changed && changed->preference.evidence.ncandidates > 0;
}

/*
 * Updates the preferences whose rows are known.  Returns false if any of them was not
 * there any more: then all are to be written in the other way, some of them again.
 */
static bool
update_evidence(const char *tenant_id, const LearningRule *rule, const ChangedPreference *work,
				int n)
{
	Column *columns = rows_begin(&evidence_updater, n);
	DateADT earliest = earliest_expiry_day();

	for (int i = 0; i < n; i++)
	{
		if (!is_to_be_stored(&work[i]) || !ItemPointerIsValid(&work[i].place))
			continue;
		column_add(&columns[0], PointerGetDatum(&work[i].place));
		add_evidence(columns + 1, rule, &work[i], earliest);
	}
	return rows_write(&evidence_updater, tenant_id, columns) == (uint64) columns[0].n;
}

static void
store_evidence(const char *tenant_id, const LearningRule *rule, const ChangedPreference *work,
			   int n)
{
	Column *columns = rows_begin(&evidence_writer, n);
	DateADT earliest = earliest_expiry_day();
	int nknown = 0;
	int nnew = 0;
	bool updated;

	for (int i = 0; i < n; i++)
	{
		nknown += is_to_be_stored(&work[i]) && ItemPointerIsValid(&work[i].place);
		nnew += is_to_be_stored(&work[i]) && !ItemPointerIsValid(&work[i].place);
	}
	/* Of a few rows, one statement for all costs less than two. */
	updated = (nnew == 0 || nknown > ROWS_FEW) && update_evidence(tenant_id, rule, work, n);
	for (int i = 0; i < n; i++)
	{
		if (is_to_be_stored(&work[i]) && !(updated && ItemPointerIsValid(&work[i].place)))
			add_evidence(columns, rule, &work[i], earliest);
	}
	(void) rows_write(&evidence_writer, tenant_id, columns);
}

/* Deletes preferences that negative signals left without candidates. */
static void
delete_emptied(const char *tenant_id, const ChangedPreference *work, int n)
{
	const ExtensionObjects *ours = extension_objects();

	for (int i = 0; i < n; i++)
	{
		if (work[i].stored && work[i].preference.evidence.ncandidates == 0)
		{
			Datum values[] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(work[i].user_id),
							  ObjectIdGetDatum(ours->category_values[work[i].preference.category]),
							  CStringGetTextDatum(work[i].preference.key)};

			(void) statement_execute(&delete_preference, values, NULL, SNAPSHOT_NEW);
		}
	}
}

/* Observations of one preference together, in the order of the index on preferences. */
static int
compare_preferences(const Observation *a, const Observation *b)
{
	int order = strcmp(a->user_id, b->user_id);

	if (order == 0)
		order = strcmp(a->signal.key, b->signal.key);
	if (order == 0)
		order = (int) a->signal.category - (int) b->signal.category;
	return order;
}

static int
compare_observations(const void *a, const void *b)
{
	const Observation *x = a;
	const Observation *y = b;
	int order = compare_preferences(x, y);

	return order != 0 ? order : x->position - y->position;
}

bool
preference_observe(Preference *preference, const LearningRule *rule, const Signal *signal,
				   TimestampTz at)
{
	return evidence_observe(&preference->evidence, rule,
							signal->value == NULL ? VALUE_CURRENT
												  : value_number(preference, signal->value),
							signal->strength, at);
}

void
preferences_store(const char *tenant_id, const char *user_id, const LearningRule *rule,
				  const Preference *preferences, int n)
{
	ChangedPreference *work = palloc0(Max(n, 1) * sizeof(ChangedPreference));

	for (int i = 0; i < n; i++)
	{
		work[i].user_id = user_id;
		work[i].preference = preferences[i];
		work[i].stored = work[i].changed = true;
	}
	store_evidence(tenant_id, rule, work, n);
	delete_emptied(tenant_id, work, n);
}

int
preferences_observe(const char *tenant_id, const LearningRule *rule, Observation *observations,
					int n)
{
	ChangedPreference *work;
	int npreferences = 0;
	int current = -1;

	n = choices_filter(tenant_id, observations, n);
	if (n == 0)
		return 0;
	snapshots_before(tenant_id, observations, n);
	qsort(observations, n, sizeof(Observation), compare_observations);
	for (int i = 0; i < n; i++)
		npreferences += i == 0 || compare_preferences(&observations[i - 1], &observations[i]) != 0;
	work = palloc_extended(npreferences * sizeof(ChangedPreference),
						   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	npreferences = 0;
	for (int i = 0; i < n; i++)
	{
		ChangedPreference *next;

		if (i > 0 && compare_preferences(&observations[i - 1], &observations[i]) == 0)
			continue;
		next = &work[npreferences++];
		next->user_id = observations[i].user_id;
		next->preference.category = observations[i].signal.category;
		next->preference.key = observations[i].signal.key;
	}
	load_evidence(tenant_id, work, npreferences);

	for (int i = 0; i < n; i++)
	{
		const Signal *signal = &observations[i].signal;
		ChangedPreference *mine;

		if (i == 0 || compare_preferences(&observations[i - 1], &observations[i]) != 0)
			current++;
		mine = &work[current];
		observations[i].had_evidence = mine->stored;
		observations[i].took_away = DT_NOBEGIN;
		if (preference_observe(&mine->preference, rule, signal, observations[i].at))
		{
			const Evidence *evidence = &mine->preference.evidence;

			mine->changed = true;
			if (evidence->ncandidates == 0 && evidence->last_updated > observations[i].at)
				observations[i].took_away = evidence->last_updated;
		}
	}
	store_evidence(tenant_id, rule, work, npreferences);
	delete_emptied(tenant_id, work, npreferences);
	snapshots_after(tenant_id, observations, n);
	return n;
}

const Jsonb *
preference_value(const Preference *preference)
{
	return preference->values[preference->evidence.candidates[0].value];
}

bool
preference_read(uint64 row, Preference *preference)
{
	bool isnull[2];

	memset(preference, 0, sizeof(*preference));
	preference->confidence =
		DatumGetFloat8(result_value(row, STORED_EVIDENCE + EVIDENCE_CONFIDENCE, &isnull[0]));
	preference->evidence.last_updated =
		DatumGetTimestampTz(result_value(row, STORED_EVIDENCE + EVIDENCE_LAST_UPDATED, &isnull[1]));
	if (isnull[0] || isnull[1] ||
		!is_ours(preference->confidence, preference->evidence.last_updated))
		return false;
	preference->category = category_of(DatumGetObjectId(result_value(row, STORED_CATEGORY, NULL)));
	preference->key = TextDatumGetCString(result_value(row, STORED_KEY, NULL));
	read_evidence(row, STORED_EVIDENCE, preference);
	return true;
}

Jsonb *
preference_candidates(const Preference *preference, const LearningRule *rule, TimestampTz at)
{
	return candidates_document(preference, 0, preference->is_set ? 1.0 : rule->decay, at);
}

void
preferences_reschedule(const char *tenant_id, const Jsonb *before, const Jsonb *settings)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(settings),
					  JsonbPGetDatum(before), DateADTGetDatum(earliest_expiry_day())};

	(void) statement_execute(&reschedule, values, NULL, SNAPSHOT_NEW);
}

void
preferences_imported(const char *tenant_id, const char *user_id, const Jsonb *settings)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), JsonbPGetDatum(settings),
					  JsonbPGetDatum(settings), DateADTGetDatum(earliest_expiry_day()),
					  CStringGetTextDatum(user_id)};

	(void) statement_execute(&reschedule_user, values, NULL, SNAPSHOT_NEW);
}

int64
preferences_expire(const char *tenant_id, const Jsonb *settings, TimestampTz at, int64 limit)
{
	TimestampTz now = GetCurrentTimestamp();
	Datum values[] = {CStringGetTextDatum(tenant_id), DateADTGetDatum(utc_date(at)),
					  JsonbPGetDatum(settings),		  TimestampTzGetDatum(at),
					  Int64GetDatum(limit),			  DateADTGetDatum(utc_date(at))};

	/* Evidence lives at least a day: none that is learned as it happens is dead by then. */
	if (at > now - DAY_USECS / 2 && at < now + DAY_USECS / 2)
		return (int64) statement_execute(&delete_expired, values, NULL, SNAPSHOT_NEW);
	values[1] = DateADTGetDatum(Max(utc_date(at), earliest_expiry_day()));
	return (int64) statement_execute(&delete_expired_by, values, NULL, SNAPSHOT_NEW);
}

Datum
personalization_evidence_expires_at(PG_FUNCTION_ARGS)
{
	double confidence = PG_GETARG_FLOAT8(0);
	TimestampTz last_updated = PG_GETARG_TIMESTAMPTZ(1);
	TenantSettings settings;
	TimestampTz expires;

	settings_decode(PG_GETARG_JSONB_P(2), &settings);
	expires = expires_at(&settings.learning, confidence, last_updated);
	if (expires == TIME_NEVER)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(expires);
}
