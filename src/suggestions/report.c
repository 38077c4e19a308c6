/*
 * report.c
 *		suggestion_report(): whether suggestions help.
 *
 *		The rounds that have ended have their outcome.  That of the latest
 *		round of each suggestion is determined here, by the same rule as in
 *		core/ranking/shown.c: what was recorded, else from the requests since.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/local_time.h"
#include "base/statement.h"
#include "core/ranking/interval.h"
#include "core/ranking/shown.h"
#include "suggestions/comparison.h"
#include "tenancy/settings.h"
#include "tenancy/tenancy.h"

#define SHOWN_ON_A_CLOCK HAS_LOCAL_TIME("shown_at")
#define OUTCOME_ON_A_CLOCK HAS_LOCAL_TIME("r.outcome_at")

/* Seconds that an interval can have at most, nearly. */
#define INTERVAL_MAX "9e12"

/* $1 tenant, $2 since, $3 until, $4 time zone, $5 how long after it was shown a query is taken. */
static Statement select_report = STATEMENT(
	"WITH latest AS ("
	"  SELECT s.user_id, s.suggestion_type, s.place, s.shown_at, s.outcome, a.asked_at,"
	"   CASE s.outcome WHEN 'a' THEN s.accepted_at[cardinality(s.accepted_at)]"
	"    WHEN 'd' THEN s.dismissed_at END AS recorded_at"
	"  FROM personalization.suggestions s"
	"  CROSS JOIN LATERAL ("
	"   SELECT min(i.occurred_at) AS asked_at"
	"   FROM personalization.interactions i"
	"   WHERE s.outcome IS NULL AND i.tenant_id = $1 AND i.user_id = s.user_id"
	"    AND i.query_id = s.query_id"
	"    AND i.occurred_at > s.shown_at AND i.occurred_at <= s.shown_at + $5) a"
	"  WHERE s.tenant_id = $1 AND s.shown_at >= $2 AND s.shown_at < $3"
	"   AND " SHOWN_ON_A_CLOCK "),"
	" rounds AS ("
	"  SELECT l.user_id, l.suggestion_type::text AS type, l.place, l.shown_at,"
	"   CASE WHEN l.outcome IN ('a', 'd') THEN l.outcome"
	"    WHEN l.asked_at IS NOT NULL THEN 't'"
	"    WHEN EXISTS ("
	"      SELECT FROM personalization.interactions i"
	"      WHERE i.tenant_id = $1 AND i.user_id = l.user_id AND i.query_id IS NOT NULL"
	"      AND i.occurred_at > l.shown_at) THEN 'p'"
	"    ELSE 'o' END AS outcome,"
	"   coalesce(l.recorded_at, l.asked_at) AS outcome_at"
	"  FROM latest l"
	"  UNION ALL"
	"  SELECT r.user_id, r.suggestion_type::text, r.place, r.shown_at,"
	"   CASE WHEN r.outcome IN ('a', 't', 'd') THEN r.outcome ELSE 'p' END, r.outcome_at"
	"  FROM personalization.suggestion_rounds r"
	"  WHERE r.tenant_id = $1 AND r.shown_at >= $2 AND r.shown_at < $3"
	"   AND " SHOWN_ON_A_CLOCK "),"
	" dated AS ("
	"  SELECT r.*, (r.shown_at AT TIME ZONE $4)::date AS day,"
	"   CASE WHEN r.outcome IN ('a', 't') AND " OUTCOME_ON_A_CLOCK " THEN"
	"    least(greatest(extract(epoch FROM r.outcome_at) - extract(epoch FROM r.shown_at), 0),"
	"     " INTERVAL_MAX ")::float8 END AS delay"
	"  FROM rounds r)"
	" SELECT CASE grouping(d.type, d.place, d.day)"
	"    WHEN 7 THEN 'all' WHEN 3 THEN 'type' WHEN 5 THEN 'place' ELSE 'day' END,"
	"  coalesce(d.type, d.place::text, to_char(d.day, 'YYYY-MM-DD')),"
	"  count(DISTINCT d.user_id), count(*),"
	"  count(*) FILTER (WHERE d.outcome = 'a'), count(*) FILTER (WHERE d.outcome = 't'),"
	"  count(*) FILTER (WHERE d.outcome = 'd'), count(*) FILTER (WHERE d.outcome = 'p'),"
	"  count(*) FILTER (WHERE d.outcome = 'o'),"
	"  array_agg(d.delay ORDER BY d.delay) FILTER (WHERE d.delay IS NOT NULL)"
	" FROM dated d"
	" GROUP BY GROUPING SETS ((), (d.type), (d.place), (d.day))"
	" ORDER BY grouping(d.type, d.place, d.day) = 7 DESC, grouping(d.type, d.place, d.day) = 3 DESC,"
	"  grouping(d.type, d.place, d.day) = 5 DESC, d.type, d.place, d.day",
	"text timestamptz timestamptz text interval");

enum
{
	REPORT_GROUPING = 1,
	REPORT_VALUE,
	REPORT_USERS,
	REPORT_SHOWN,
	REPORT_ACCEPTED,
	REPORT_ASKED,
	REPORT_DISMISSED,
	REPORT_PASSED_OVER,
	REPORT_OPEN,
	REPORT_DELAYS
};

/* The columns of the function: those of the statement up to open, then these. */
enum
{
	RATE = REPORT_OPEN,
	RATE_LOW,
	RATE_HIGH,
	MEDIAN_TIME,
	QUERIES,
	NEXT_QUERY,
	NEXT_LOW,
	NEXT_HIGH,
	REFINED,
	REFINED_LOW,
	REFINED_HIGH,
	REPORT_COLUMNS
};

PG_FUNCTION_INFO_V1(personalization_suggestion_report);

static Datum
interval_of(double microseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = (TimeOffset) microseconds;
	return IntervalPGetDatum(interval);
}

/* The median of an array of seconds in ascending order. */
static Datum
median_time(Datum array)
{
	ArrayType *delays = DatumGetArrayTypeP(array);

	return interval_of(sorted_median((const double *) ARR_DATA_PTR(delays),
									 ArrayGetNItems(ARR_NDIM(delays), ARR_DIMS(delays))) *
					   USECS_PER_SEC);
}

static void
put_row(ReturnSetInfo *result, uint64 row)
{
	Datum values[REPORT_COLUMNS];
	bool nulls[REPORT_COLUMNS] = {false};
	double shown = (double) DatumGetInt64(result_value(row, REPORT_SHOWN, NULL));
	double taken = (double) DatumGetInt64(result_value(row, REPORT_ACCEPTED, NULL)) +
				   (double) DatumGetInt64(result_value(row, REPORT_ASKED, NULL));
	Datum delays;

	for (int column = REPORT_GROUPING; column <= REPORT_OPEN; column++)
		values[column - 1] = result_value(row, column, &nulls[column - 1]);
	for (int column = QUERIES; column < REPORT_COLUMNS; column++)
		nulls[column] = true;
	nulls[RATE] = nulls[RATE_LOW] = nulls[RATE_HIGH] = shown == 0;
	if (shown > 0)
	{
		Interval95 interval = wilson_interval(taken, shown);

		values[RATE] = Float8GetDatum(taken / shown);
		values[RATE_LOW] = Float8GetDatum(interval.low);
		values[RATE_HIGH] = Float8GetDatum(interval.high);
	}
	delays = result_value(row, REPORT_DELAYS, &nulls[MEDIAN_TIME]);
	if (!nulls[MEDIAN_TIME])
		values[MEDIAN_TIME] = median_time(delays);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* The users of one side of the comparison. */
static void
put_side(ReturnSetInfo *result, const char *name, const Side *side)
{
	Datum values[REPORT_COLUMNS] = {0};
	bool nulls[REPORT_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[REPORT_GROUPING - 1] = CStringGetTextDatum("holdout");
	values[REPORT_VALUE - 1] = CStringGetTextDatum(name);
	values[REPORT_USERS - 1] = Int64GetDatum(side->users);
	values[QUERIES] = Int64GetDatum(side->queries);
	nulls[REPORT_GROUPING - 1] = nulls[REPORT_VALUE - 1] = nulls[REPORT_USERS - 1] = false;
	nulls[QUERIES] = false;
	if (side->has_next)
	{
		values[NEXT_QUERY] = interval_of(side->next * USECS_PER_SEC);
		values[NEXT_LOW] = interval_of(side->next_interval.low * USECS_PER_SEC);
		values[NEXT_HIGH] = interval_of(side->next_interval.high * USECS_PER_SEC);
		nulls[NEXT_QUERY] = nulls[NEXT_LOW] = nulls[NEXT_HIGH] = false;
	}
	if (side->queries > 0)
	{
		values[REFINED] = Float8GetDatum(side->refined);
		values[REFINED_LOW] = Float8GetDatum(side->refined_interval.low);
		values[REFINED_HIGH] = Float8GetDatum(side->refined_interval.high);
		nulls[REFINED] = nulls[REFINED_LOW] = nulls[REFINED_HIGH] = false;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
personalization_suggestion_report(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *tenant_id;
	TimestampTz since;
	TimestampTz until;
	TenantSettings settings;

	InitMaterializedSRF(fcinfo, 0);
	tenant_id = tenant_argument(fcinfo, 0);
	since = time_argument(fcinfo, 1, "since");
	until = time_argument(fcinfo, 2, "until");
	if (until < since)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("until must not be before since: %s", pstrdup(timestamptz_to_str(until)))));
	SPI_connect();
	tenant_require(tenant_id, &settings);
	{
		Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(since),
						  TimestampTzGetDatum(until), CStringGetTextDatum(settings.time_zone),
						  interval_of((double) TAKEN_WITHIN)};
		uint64 nrows = statement_execute(&select_report, values, NULL, SNAPSHOT_CALLER);

		for (uint64 row = 0; row < nrows; row++)
			put_row(result, row);
	}
	if (settings.suggestions && settings.suggestion_holdout > 0)
	{
		Side sides[2];

		comparison_read(tenant_id, &settings, since, until, sides);
		put_side(result, "with suggestions", &sides[0]);
		put_side(result, "without", &sides[1]);
	}
	SPI_finish();
	return (Datum) 0;
}
