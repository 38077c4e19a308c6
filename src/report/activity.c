/*
 * activity.c
 *		A page's section of when a user works.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/local_time.h"
#include "base/statement.h"
#include "report/page.h"
#include "report/sections.h"

#define ON_A_CLOCK HAS_LOCAL_TIME("n.occurred_at")

static Statement count_by_hour =
	STATEMENT("SELECT date_part('isodow', i.occurred_at AT TIME ZONE $4)::int4 AS weekday,"
			  "  date_part('hour', i.occurred_at AT TIME ZONE $4)::int4 AS hour,"
			  "  count(*), min(i.occurred_at), max(i.occurred_at)"
			  " FROM (SELECT n.occurred_at FROM personalization.interactions n"
			  "  WHERE n.tenant_id = $1 AND n.user_id = $2 AND n.occurred_at <= $3"
			  "  AND " ON_A_CLOCK "  ORDER BY n.occurred_at DESC LIMIT $5) i"
			  " GROUP BY 1, 2",
			  "text text timestamptz text int8");

enum
{
	HOUR_WEEKDAY = 1,
	HOUR_HOUR,
	HOUR_COUNT,
	HOUR_FIRST,
	HOUR_LAST
};

void
activity_read(const ReportRequest *request, Activity *activity)
{
	Datum values[] = {CStringGetTextDatum(request->tenant_id),
					  CStringGetTextDatum(request->user_id), TimestampTzGetDatum(request->until),
					  CStringGetTextDatum(request->settings.time_zone),
					  Int64GetDatum(ACTIVITY_REACH)};
	uint64 nrows = statement_execute(&count_by_hour, values, NULL, SNAPSHOT_CALLER);

	*activity = (Activity){.since = DT_NOEND, .until = DT_NOBEGIN};
	for (uint64 row = 0; row < nrows; row++)
	{
		int weekday = DatumGetInt32(result_value(row, HOUR_WEEKDAY, NULL));
		int hour = DatumGetInt32(result_value(row, HOUR_HOUR, NULL));
		int64 count = DatumGetInt64(result_value(row, HOUR_COUNT, NULL));

		activity->week.counts[weekday - 1][hour] = count;
		activity->interactions += count;
		activity->since =
			Min(activity->since, DatumGetTimestampTz(result_value(row, HOUR_FIRST, NULL)));
		activity->until =
			Max(activity->until, DatumGetTimestampTz(result_value(row, HOUR_LAST, NULL)));
	}
}

void
section_week(Sheet *page, const Activity *activity)
{
	section_begin(page, "week", "The week",
				  "When you work: interactions by day and hour, the darker the more.");
	if (activity->interactions == 0)
		put_nothing(page, "Nothing has been recorded.");
	else
		put_week(page, &activity->week);
	section_end(page);
}
