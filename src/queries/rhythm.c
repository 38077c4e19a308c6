/*
 * rhythm.c
 *		Queries of a user that recur, and those that are due.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "core/ranking/statistics.h"
#include "queries/rhythm.h"

/*
 * Queries whose day has come, the latest first.  If the day is long past, the
 * rhythm has lapsed.
 */
static Statement select_due =
	STATEMENT("SELECT query_id, asked_days, query, ask_count"
			  " FROM personalization.user_queries"
			  " WHERE tenant_id = $1 AND user_id = $2 AND due_on <= $3 AND due_on > $4"
			  " ORDER BY due_on DESC, query_id DESC LIMIT $5",
			  "text text date date int8");

/* Queries whose day is still to come, the next first. */
static Statement select_later = STATEMENT("SELECT query_id, asked_days, query, ask_count"
										  " FROM personalization.user_queries"
										  " WHERE tenant_id = $1 AND user_id = $2 AND due_on > $3"
										  " ORDER BY due_on, query_id LIMIT $4",
										  "text text date int8");

enum
{
	RHYTHM_QUERY_ID = 1,
	RHYTHM_DAYS,
	RHYTHM_QUERY,
	RHYTHM_ASK_COUNT
};

PG_FUNCTION_INFO_V1(personalization_merge_asked_days);
PG_FUNCTION_INFO_V1(personalization_next_due_on);

Datum
days_to_array(const int32 *days, size_t n)
{
	Datum values[CADENCE_DAYS];

	for (size_t i = 0; i < n; i++)
		values[i] = DateADTGetDatum(days[i]);
	return PointerGetDatum(
		construct_array(values, (int) n, DATEOID, sizeof(DateADT), true, TYPALIGN_INT));
}

/*
 * The array may contain anything, because an application role may write it: it
 * may be unordered, with nulls, infinite days, or several dimensions.
 */
size_t
days_of_array(Datum array, int32 *days)
{
	ArrayType *dates = DatumGetArrayTypeP(array);
	Datum *items;
	bool *nulls;
	int nitems;
	size_t n = 0;

	deconstruct_array(dates, DATEOID, sizeof(DateADT), true, TYPALIGN_INT, &items, &nulls, &nitems);
	for (int i = 0; i < nitems; i++)
	{
		int32 day = nulls[i] ? DATEVAL_NOBEGIN : DatumGetDateADT(items[i]);
		int32 merged[CADENCE_DAYS];

		if (DATE_NOT_FINITE(day))
			continue;
		if (n < CADENCE_DAYS && (n == 0 || day > days[n - 1]))
		{
			days[n++] = day;
			continue;
		}
		n = cadence_merge(days, n, &day, 1, merged);
		memcpy(days, merged, n * sizeof(int32));
	}
	return n;
}

bool
days_due_on(const int32 *days, size_t n, DateADT *due_on)
{
	Cadence cadence;

	if (n < CADENCE_MIN_HITS)
		return false;
	cadence = cadence_of(days, n, days[n - 1]);
	*due_on = cadence_next(&cadence, days[n - 1]);
	return cadence.kind != CADENCE_NONE && IS_VALID_DATE(*due_on);
}

static size_t
merge_arguments(FunctionCallInfo fcinfo, int32 *merged)
{
	int32 a[CADENCE_DAYS];
	int32 b[CADENCE_DAYS];
	size_t na = days_of_array(PG_GETARG_DATUM(0), a);
	size_t nb = days_of_array(PG_GETARG_DATUM(1), b);

	return cadence_merge(a, na, b, nb, merged);
}

Datum
personalization_merge_asked_days(PG_FUNCTION_ARGS)
{
	int32 days[CADENCE_DAYS];
	size_t n = merge_arguments(fcinfo, days);

	PG_RETURN_DATUM(days_to_array(days, n));
}

Datum
personalization_next_due_on(PG_FUNCTION_ARGS)
{
	int32 days[CADENCE_DAYS];
	size_t n = merge_arguments(fcinfo, days);
	DateADT due_on;

	if (!days_due_on(days, n, &due_on))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(due_on);
}

/* The context in which rhythms are searched. */
typedef struct Rhythms
{
	DateADT today;
	RecurringQuery *items;
	int n;
	int size;
} Rhythms;

/* Adds the queries of the last result that have a rhythm as of today. */
static void
take_rhythms(Rhythms *rhythms, uint64 nrows, bool only_due)
{
	if (rhythms->n + (int) nrows > rhythms->size)
	{
		rhythms->size = rhythms->n + (int) nrows;
		rhythms->items = rhythms->items == NULL
							 ? palloc(rhythms->size * sizeof(RecurringQuery))
							 : repalloc(rhythms->items, rhythms->size * sizeof(RecurringQuery));
	}
	for (uint64 row = 0; row < nrows; row++)
	{
		RecurringQuery *item = &rhythms->items[rhythms->n];
		int32 days[CADENCE_DAYS];
		size_t n = days_of_array(result_value(row, RHYTHM_DAYS, NULL), days);
		bool due;

		item->cadence = cadence_of(days, n, rhythms->today);
		if (item->cadence.kind == CADENCE_NONE)
			continue;
		due = cadence_due(&item->cadence, days, n, rhythms->today);
		if (only_due && !due)
			continue;
		item->next_due = due ? rhythms->today : cadence_next(&item->cadence, rhythms->today);
		item->query_id = *DatumGetUUIDP(result_value(row, RHYTHM_QUERY_ID, NULL));
		item->query = NULL;
		item->ask_count = DatumGetInt64(result_value(row, RHYTHM_ASK_COUNT, NULL));
		if (!only_due)
			item->query = TextDatumGetCString(result_value(row, RHYTHM_QUERY, NULL));
		rhythms->n++;
	}
}

/* The strongest first; equally strong ones by their ids. */
static int
compare_strength(const void *a, const void *b)
{
	const RecurringQuery *x = a;
	const RecurringQuery *y = b;

	if (x->cadence.strength != y->cadence.strength)
		return x->cadence.strength > y->cadence.strength ? -1 : 1;
	return memcmp(x->query_id.data, y->query_id.data, UUID_LEN);
}

static void
read_rhythms(Rhythms *rhythms, const char *tenant_id, const char *user_id, TimestampTz at,
			 const char *time_zone, bool only_due)
{
	LocalZone zone;
	Datum values[5] = {CStringGetTextDatum(tenant_id), CStringGetTextDatum(user_id)};
	uint64 nrows;

	memset(rhythms, 0, sizeof(*rhythms));
	local_zone_init(&zone, time_zone);
	rhythms->today = local_date(&zone, at);

	values[2] = DateADTGetDatum(rhythms->today);
	values[3] = DateADTGetDatum(rhythms->today - CADENCE_LONGEST);
	values[4] = Int64GetDatum(RHYTHM_REACH);
	nrows = statement_execute(&select_due, values, NULL, SNAPSHOT_CALLER);
	take_rhythms(rhythms, nrows, only_due);

	/*
	 * A query that was due then may have been asked since, so that its day has
	 * moved on.  For today this is impossible: a query asked today is not due.
	 */
	if (!only_due || rhythms->today < local_date(&zone, GetCurrentTimestamp()))
	{
		values[3] = Int64GetDatum(RHYTHM_REACH);
		nrows = statement_execute(&select_later, values, NULL, SNAPSHOT_CALLER);
		take_rhythms(rhythms, nrows, only_due);
	}
	if (rhythms->n > 1)
		qsort(rhythms->items, rhythms->n, sizeof(RecurringQuery), compare_strength);
}

int
queries_due(const char *tenant_id, const char *user_id, TimestampTz at, const char *time_zone,
			DueQuery *out, int max)
{
	Rhythms rhythms;
	int n;

	read_rhythms(&rhythms, tenant_id, user_id, at, time_zone, true);
	n = Min(rhythms.n, max);
	for (int i = 0; i < n; i++)
	{
		out[i].query_id = rhythms.items[i].query_id;
		out[i].cadence = rhythms.items[i].cadence;
	}
	return n;
}

int
queries_recurring(const char *tenant_id, const char *user_id, TimestampTz at, const char *time_zone,
				  RecurringQuery **out)
{
	Rhythms rhythms;

	read_rhythms(&rhythms, tenant_id, user_id, at, time_zone, false);
	*out = rhythms.items;
	return rhythms.n;
}
