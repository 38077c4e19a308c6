/*
 * charts.h
 *		Bars, curves and the heat map of a page.
 *
 *		Screen readers are told what a chart shows; a bar stands beside its
 *		number, so they are not told of it.
 */
#ifndef PERSONALIZATION_REPORT_CHARTS_H
#define PERSONALIZATION_REPORT_CHARTS_H

#include "postgres.h"

#include "core/profile/evidence.h"
#include "preferences/preferences.h"
#include "report/put.h"

/*
 * Puts a bar for a share, 0 to 1; strong: in full colour. mark is a share at
 * which the bar gets a mark; less than 0: none.
 */
extern void put_bar(Sheet *page, double share, bool strong, double mark);

/*
 * Puts a bar that starts in the middle, to the right, or to the left if share
 * is less than 0. share is relative to the longest bar, -1 to 1.
 */
extern void put_signed_bar(Sheet *page, double share);

/* Puts a share as a mark, with its confidence interval from low to high. */
extern void put_interval(Sheet *page, double share, double low, double high);

/*
 * The scale of curves: the number of days from the page's time on, and the
 * confidence at the top.
 */
typedef struct CurveScale
{
	int days;
	double top;
} CurveScale;

/*
 * Puts the curve of a preference's confidence from the page's time on, with a
 * mark where it leaves the profile.
 */
extern void put_fading(Sheet *page, const Preference *preference, const LearningRule *rule,
					   const CurveScale *scale);

/* Finds the day on which a preference leaves the profile; returns false if it never does. */
extern bool
leaving_day(Sheet *page, const Preference *preference, const LearningRule *rule, DateADT *day);

/* Counts by day of the week (from Monday) and hour. */
typedef struct Week
{
	int64 counts[7][24];
} Week;

extern void put_week(Sheet *page, const Week *week);

/* Puts counts by hour, as columns. */
extern void put_hours(Sheet *page, const int64 counts[24]);

/*
 * Columns from left to right, each with a name and two counts, of which the
 * second is part of the first.  Between begin and add, most is set to the
 * largest first count.
 */
typedef struct ColumnChart
{
	int n; /* of all columns */
	int added;
	int64 most;
} ColumnChart;

extern void column_chart_begin(Sheet *page, ColumnChart *chart, int n, const char *label);
extern void
column_chart_add(Sheet *page, ColumnChart *chart, const char *name, int64 count, int64 part);
extern void column_chart_end(Sheet *page);

#endif
