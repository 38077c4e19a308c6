/*
 * holdout.c
 *		A tenant's page: users with suggestions compared with those who are held
 *		out, from suggestion_report().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "report/organisation.h"
#include "report/page.h"

static Statement select_comparison =
	STATEMENT("SELECT r.value, r.users, r.queries, extract(epoch FROM r.next_query)::float8,"
			  "  extract(epoch FROM r.next_low)::float8, extract(epoch FROM r.next_high)::float8,"
			  "  r.refined, r.refined_low, r.refined_high"
			  " FROM personalization.suggestion_report($1, $2, greatest(now(), $2)) r"
			  " WHERE r.\"grouping\" = 'holdout' AND r.users >= $3"
			  " ORDER BY r.value",
			  "text timestamptz int8");

enum
{
	COMPARISON_VALUE = 1,
	COMPARISON_USERS,
	COMPARISON_QUERIES,
	COMPARISON_NEXT,
	COMPARISON_NEXT_LOW,
	COMPARISON_NEXT_HIGH,
	COMPARISON_REFINED,
	COMPARISON_REFINED_LOW,
	COMPARISON_REFINED_HIGH
};

/* Returns a number of the row, less than 0 for null. */
static double
number_of(uint64 row, int column)
{
	bool isnull;
	Datum value = result_value(row, column, &isnull);

	return isnull ? -1.0 : DatumGetFloat8(value);
}

/* Seconds from here on are shown as minutes. */
#define MANY_SECONDS 120.0

/* "72 s", or minutes. */
static void
put_time_of(Sheet *page, double seconds, bool minutes)
{
	put_decimal(page, seconds / (minutes ? 60.0 : 1.0), 0);
	if (minutes)
		put(page, " min");
	else
		put(page, " s");
}

/* "49 to 72 s", or minutes. */
static void
put_times(Sheet *page, double low, double high)
{
	bool minutes = high >= MANY_SECONDS;

	put_decimal(page, low / (minutes ? 60.0 : 1.0), 0);
	put(page, " to ");
	put_time_of(page, high, minutes);
}

static void
put_next(Sheet *page, uint64 row)
{
	double next = number_of(row, COMPARISON_NEXT);

	if (next < 0.0)
		return;
	put_time_of(page, next, next >= MANY_SECONDS);
	if (number_of(row, COMPARISON_NEXT_LOW) < 0.0 || number_of(row, COMPARISON_NEXT_HIGH) < 0.0)
		return;
	put(page, " <span class=\"note\">");
	put_times(page, number_of(row, COMPARISON_NEXT_LOW), number_of(row, COMPARISON_NEXT_HIGH));
	put(page, "</span>");
}

static void
put_refined(Sheet *page, uint64 row)
{
	double refined = number_of(row, COMPARISON_REFINED);

	if (refined < 0.0)
		return;
	put_percent(page, refined);
	put(page, " <span class=\"note\">");
	put_percent(page, Max(number_of(row, COMPARISON_REFINED_LOW), 0.0));
	put(page, " to ");
	put_percent(page, Max(number_of(row, COMPARISON_REFINED_HIGH), 0.0));
	put(page, "</span>");
}

static void
put_side(Sheet *page, uint64 row)
{
	put(page, "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\">");
	put_sentence(page, result_text(row, COMPARISON_VALUE));
	put(page, "</th><td role=\"cell\" data-label=\"People\" class=\"n\">");
	put_int(page, DatumGetInt64(result_value(row, COMPARISON_USERS, NULL)));
	put(page, "</td><td role=\"cell\" data-label=\"Queries\" class=\"n\">");
	put_int(page, DatumGetInt64(result_value(row, COMPARISON_QUERIES, NULL)));
	put(page, "</td><td role=\"cell\" data-label=\"Next query\">");
	put_next(page, row);
	put(page, "</td><td role=\"cell\" data-label=\"Refined\">");
	put_refined(page, row);
	put(page, "</td></tr>\n");
}

void
section_holdout(Sheet *page, const char *tenant_id, TimestampTz since,
				const TenantSettings *settings)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(since),
					  Int64GetDatum(settings->insight_minimum_users)};
	uint64 nrows;

	if (settings->suggestion_holdout <= 0.0)
		return;
	section_begin(page, "holdout", "Do they help?",
				  "People with suggestions and people who get none: how long until the next query, "
				  "and how many queries are refined. In small print the interval in which each "
				  "probably lies; where the two overlap, nothing can be said.");
	nrows = statement_execute(&select_comparison, values, NULL, SNAPSHOT_CALLER);
	if (nrows < 2)
		put_nothing(page, "There are not enough people to compare.");
	else
	{
		put(page, "<table class=\"cards\" role=\"table\" aria-labelledby=\"holdout\">\n<thead>"
				  "<tr role=\"row\"><th scope=\"col\" role=\"columnheader\">Suggestions</th>"
				  "<th scope=\"col\" role=\"columnheader\" class=\"n\">People</th>"
				  "<th scope=\"col\" role=\"columnheader\" class=\"n\">Queries</th>"
				  "<th scope=\"col\" role=\"columnheader\">Next query</th>"
				  "<th scope=\"col\" role=\"columnheader\">Refined</th></tr></thead>\n<tbody>\n");
		for (uint64 row = 0; row < nrows; row++)
			put_side(page, row);
		put(page, "</tbody>\n</table>\n");
	}
	section_end(page);
}
