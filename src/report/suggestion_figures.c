/*
 * suggestion_figures.c
 *		A tenant's page: whether suggestions help, from suggestion_report().
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "base/statement.h"
#include "core/wording.h"
#include "report/organisation.h"
#include "report/page.h"

/* Places of a list of suggestions that are shown. */
#define PLACES_SHOWN 5

static Statement select_figures =
	STATEMENT("SELECT r.\"grouping\", r.value, r.users, r.shown, r.accepted + r.asked, r.dismissed,"
			  "  coalesce(r.rate, 0), coalesce(r.rate_low, 0), coalesce(r.rate_high, 1),"
			  "  coalesce(extract(epoch FROM r.median_time)::float8, -1),"
			  "  CASE WHEN r.\"grouping\" = 'day' THEN r.value::date END"
			  " FROM personalization.suggestion_report($1, $2, greatest(now(), $2)) r"
			  " WHERE r.users >= $3 AND r.shown > 0"
			  " AND (r.value IS NOT NULL OR r.\"grouping\" = 'all')"
			  " ORDER BY r.\"grouping\","
			  "  CASE WHEN r.\"grouping\" = 'type' THEN -r.shown"
			  "   WHEN r.\"grouping\" = 'place' THEN r.value::int8 END, r.value",
			  "text timestamptz int8");

enum
{
	FIGURE_GROUPING = 1,
	FIGURE_VALUE,
	FIGURE_USERS,
	FIGURE_SHOWN,
	FIGURE_TAKEN,
	FIGURE_DISMISSED,
	FIGURE_RATE,
	FIGURE_LOW,
	FIGURE_HIGH,
	FIGURE_MEDIAN,
	FIGURE_DAY
};

static void
read_row(uint64 row, ShownSuggestions *shown)
{
	bool is_no_day;
	Datum day = result_value(row, FIGURE_DAY, &is_no_day);

	shown->day = is_no_day ? 0 : DatumGetDateADT(day);
	shown->value = result_text(row, FIGURE_VALUE);
	shown->users = DatumGetInt64(result_value(row, FIGURE_USERS, NULL));
	shown->shown = DatumGetInt64(result_value(row, FIGURE_SHOWN, NULL));
	shown->taken = DatumGetInt64(result_value(row, FIGURE_TAKEN, NULL));
	shown->dismissed = DatumGetInt64(result_value(row, FIGURE_DISMISSED, NULL));
	shown->rate = DatumGetFloat8(result_value(row, FIGURE_RATE, NULL));
	shown->low = DatumGetFloat8(result_value(row, FIGURE_LOW, NULL));
	shown->high = DatumGetFloat8(result_value(row, FIGURE_HIGH, NULL));
	shown->median = DatumGetFloat8(result_value(row, FIGURE_MEDIAN, NULL));
}

void
suggestion_figures_read(const char *tenant_id, TimestampTz since, int minimum_users,
						SuggestionFigures *figures)
{
	Datum values[] = {CStringGetTextDatum(tenant_id), TimestampTzGetDatum(since),
					  Int64GetDatum(minimum_users)};
	uint64 nrows = statement_execute(&select_figures, values, NULL, SNAPSHOT_CALLER);
	Size size = Max(nrows, 1) * sizeof(ShownSuggestions);

	*figures =
		(SuggestionFigures){.types = palloc(size), .places = palloc(size), .days = palloc(size)};
	for (uint64 row = 0; row < nrows; row++)
	{
		const char *grouping = result_text(row, FIGURE_GROUPING);

		if (strcmp(grouping, "all") == 0)
			read_row(row, &figures->all);
		else if (strcmp(grouping, "type") == 0)
			read_row(row, &figures->types[figures->ntypes++]);
		else if (strcmp(grouping, "place") == 0)
			read_row(row, &figures->places[figures->nplaces++]);
		else if (strcmp(grouping, "day") == 0)
			read_row(row, &figures->days[figures->ndays++]);
	}
}

/* A duration as people say it: "45 seconds", "12 minutes", "3 hours". */
static void
put_duration(Sheet *page, double seconds)
{
	if (seconds < 90)
		put_count(page, (int64) seconds, "second", "seconds");
	else if (seconds < 90 * 60)
		put_count(page, (int64) (seconds / 60), "minute", "minutes");
	else
		put_count(page, (int64) (seconds / 3600), "hour", "hours");
}

static void
put_summary(Sheet *page, const ShownSuggestions *all)
{
	put(page, "<p>Of ");
	put_count(page, all->shown, "suggestion", "suggestions");
	put(page, " shown to ");
	put_count(page, all->users, "person", "people");
	put(page, ", <strong>");
	put_percent(page, all->rate);
	put(page, "</strong> were taken (with 95&#8239;% confidence between ");
	put_percent(page, all->low);
	put(page, " and ");
	put_percent(page, all->high);
	put(page, ")");
	if (all->median >= 0)
	{
		put(page, ", half of them within ");
		put_duration(page, all->median);
	}
	put(page, "; ");
	put_count(page, all->dismissed, "was", "were");
	put(page, " dismissed.</p>\n");
}

static void
put_rate(Sheet *page, const ShownSuggestions *shown)
{
	put(page, "<span class=\"note\">");
	put_int(page, shown->taken);
	put(page, " of ");
	put_int(page, shown->shown);
	put(page, "</span></span>");
	put_interval(page, shown->rate, shown->low, shown->high);
	put(page, "<span class=\"pc\">");
	put_percent(page, shown->rate);
	put(page, "</span></li>\n");
}

static void
put_types(Sheet *page, const SuggestionFigures *figures)
{
	if (figures->ntypes == 0)
		return;
	put(page, "<h3>By type</h3>\n<ul class=\"counts\">\n");
	for (int i = 0; i < figures->ntypes; i++)
	{
		put(page, "<li><span class=\"name\">");
		put_sentence(page, suggestion_type_wording(figures->types[i].value));
		put(page, " ");
		put_rate(page, &figures->types[i]);
	}
	put(page, "</ul>\n");
}

static void
put_places(Sheet *page, const SuggestionFigures *figures)
{
	if (figures->nplaces == 0)
		return;
	put(page, "<h3>By place in the list</h3>\n<ul class=\"counts\">\n");
	for (int i = 0; i < Min(figures->nplaces, PLACES_SHOWN); i++)
	{
		put(page, "<li><span class=\"name\">");
		put_words(page, figures->places[i].value);
		put(page, ". ");
		put_rate(page, &figures->places[i]);
	}
	put(page, "</ul>\n");
}

static void
put_days(Sheet *page, const SuggestionFigures *figures)
{
	ColumnChart days;

	if (figures->ndays < 2)
		return;
	put(page, "<h3>By day</h3>\n<figure class=\"hours\">");
	column_chart_begin(page, &days, figures->ndays, "Suggestions shown and taken by day");
	for (int i = 0; i < figures->ndays; i++)
		days.most = Max(days.most, figures->days[i].shown);
	for (int i = 0; i < figures->ndays; i++)
		column_chart_add(page, &days, day_words(page, figures->days[i].day), figures->days[i].shown,
						 figures->days[i].taken);
	column_chart_end(page);
	put(page, "<figcaption>From ");
	put_day(page, figures->days[0].day);
	put(page, " to ");
	put_day(page, figures->days[figures->ndays - 1].day);
	put(page, "; the coloured part was taken.</figcaption></figure>\n");
}

void
section_suggestion_figures(Sheet *page, const SuggestionFigures *figures)
{
	section_begin(
		page, "suggestions", "Suggestions",
		"Whether they help. Taken is what was accepted, or asked within half an hour. The "
		"pale part is the interval in which the true share probably lies.");
	if (figures->all.shown == 0)
		put_nothing(page, "Suggestions have not been shown to enough people.");
	else
	{
		put_summary(page, &figures->all);
		put_types(page, figures);
		put_places(page, figures);
		put_days(page, figures);
	}
	section_end(page);
}
