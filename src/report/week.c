/*
 * week.c
 *		When somebody works: a heat map of the week, and columns of the day.
 */
#include "postgres.h"

#include <math.h>

#include "report/charts.h"

/* Number of shades of cells that are not empty. */
#define SHADES 5

/*
 * Returns the shade of a count, 0 for none.  It grows with the square root, so
 * that small counts remain visible beside large ones.
 */
static int
shade_of(int64 count, int64 most)
{
	if (count <= 0)
		return 0;
	return Min((int) ceil(sqrt((double) count / (double) most) * SHADES), SHADES);
}

static int64
sum_of_day(const Week *week, int day)
{
	int64 sum = 0;

	for (int hour = 0; hour < 24; hour++)
		sum += week->counts[day][hour];
	return sum;
}

/* Finds the busiest hour; returns its count. */
static int64
busiest(const Week *week, int *day, int *hour)
{
	int64 most = 0;

	*day = *hour = 0;
	for (int d = 0; d < 7; d++)
	{
		for (int h = 0; h < 24; h++)
		{
			if (week->counts[d][h] > most)
			{
				most = week->counts[d][h];
				*day = d;
				*hour = h;
			}
		}
	}
	return most;
}

static void
put_hour(Sheet *page, int hour)
{
	appendStringInfo(&page->out, "%d:00", hour);
}

/* "Monday from 9:00 to 10:00" */
static void
put_busiest(Sheet *page, int day, int hour)
{
	put_words(page, weekday_words[day + 1]);
	put(page, " from ");
	put_hour(page, hour);
	put(page, " to ");
	put_hour(page, hour + 1);
}

static void
put_label(Sheet *page, const Week *week, int day, int hour)
{
	put(page, "Interactions by day: ");
	for (int d = 0; d < 7; d++)
	{
		put_words(page, weekday_words[d + 1]);
		put(page, " ");
		put_int(page, sum_of_day(week, d));
		put(page, ", ");
	}
	put(page, "most on ");
	put_busiest(page, day, hour);
}

static void
put_row(Sheet *page, const Week *week, int day, int64 most)
{
	put(page, "<span class=\"day\">");
	appendStringInfo(&page->out, "%.3s", weekday_words[day + 1]);
	put(page, "</span>");
	for (int hour = 0; hour < 24; hour++)
	{
		int64 count = week->counts[day][hour];

		put(page, "<i class=\"s");
		put_int(page, shade_of(count, most));
		if (count > 0)
		{
			put(page, "\" title=\"");
			put_words(page, weekday_words[day + 1]);
			put(page, " ");
			put_hour(page, hour);
			put(page, ": ");
			put_int(page, count);
		}
		put(page, "\"></i>");
	}
	put(page, "<span class=\"sum\">");
	put_int(page, sum_of_day(week, day));
	put(page, "</span>\n");
}

void
put_week(Sheet *page, const Week *week)
{
	int day;
	int hour;
	int64 most = busiest(week, &day, &hour);

	put(page, "<figure class=\"week\">\n<div class=\"cells\" role=\"img\" aria-label=\"");
	put_label(page, week, day, hour);
	put(page, "\">\n");
	for (int d = 0; d < 7; d++)
		put_row(page, week, d, most);
	put(page, "<b class=\"h0\">0</b><b class=\"h6\">6</b><b class=\"h12\">12</b>"
			  "<b class=\"h18\">18</b></div>\n<figcaption>Most on ");
	put_busiest(page, day, hour);
	put(page, ". Hours are those of ");
	put_words(page, page->time_zone);
	put(page, ".</figcaption>\n</figure>\n");
}

void
put_hours(Sheet *page, const int64 counts[24])
{
	ColumnChart chart;
	int busiest_hour = 0;

	for (int hour = 1; hour < 24; hour++)
	{
		if (counts[hour] > counts[busiest_hour])
			busiest_hour = hour;
	}
	put(page, "<figure class=\"hours\">");
	column_chart_begin(page, &chart, 24,
					   psprintf("Interactions by hour of the day, most from %d:00 to %d:00",
								busiest_hour, busiest_hour + 1));
	chart.most = Max(counts[busiest_hour], 1);
	for (int hour = 0; hour < 24; hour++)
		column_chart_add(page, &chart, psprintf("%d:00", hour), counts[hour], counts[hour]);
	column_chart_end(page);
	put(page, "<p class=\"scale\" aria-hidden=\"true\"><b>0</b><b>6</b><b>12</b><b>18</b></p>"
			  "<figcaption>Most from ");
	put_hour(page, busiest_hour);
	put(page, " to ");
	put_hour(page, busiest_hour + 1);
	put(page, ". Hours are those of ");
	put_words(page, page->time_zone);
	put(page, ".</figcaption></figure>\n");
}
