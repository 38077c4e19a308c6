/*
 * fading.c
 *		The curve of how a preference will fade, as SVG.
 */
#include "postgres.h"

#include <math.h>

#include "core/profile/decay.h"
#include "report/charts.h"

/* The width of a curve, in its own units, and where it ends above and below. */
#define WIDTH 160
#define TOP 4
#define BOTTOM 48

/* When a preference leaves the profile; TIME_NEVER if it does not. */
static int64
leaving_time(const Preference *preference, const LearningRule *rule)
{
	int64 at;

	if (preference->is_set)
		return TIME_NEVER;
	at = fades_at(rule, preference->evidence.candidates[0].confidence,
				  preference->evidence.last_updated);
	return IS_VALID_TIMESTAMP(at) ? at : TIME_NEVER;
}

bool
leaving_day(Sheet *page, const Preference *preference, const LearningRule *rule, DateADT *day)
{
	int64 at = leaving_time(preference, rule);

	if (at == TIME_NEVER)
		return false;
	*day = local_date(&page->zone, at);
	return true;
}

/* The days until then, as far as a curve reaches. */
static double
days_left(const Sheet *page, const Preference *preference, const LearningRule *rule,
		  const CurveScale *scale)
{
	int64 at = leaving_time(preference, rule);

	if (at == TIME_NEVER)
		return scale->days;
	return Min(Max((double) (at - page->at) / USECS_PER_DAY, 0.0), (double) scale->days);
}

static double
x_of(double day, const CurveScale *scale)
{
	return day / scale->days * WIDTH;
}

static double
y_of(double confidence, const CurveScale *scale)
{
	return BOTTOM - Min(confidence / scale->top, 1.0) * (BOTTOM - TOP);
}

static double
confidence_after(const Sheet *page, const Preference *preference, const LearningRule *rule,
				 double days)
{
	if (preference->is_set)
		return 1.0;
	return decayed_confidence(preference->evidence.candidates[0].confidence,
							  preference->evidence.last_updated,
							  page->at + (int64) (days * USECS_PER_DAY), rule->decay);
}

static void
put_point(Sheet *page, const Preference *preference, const LearningRule *rule, double day,
		  const CurveScale *scale)
{
	put_decimal(page, x_of(day, scale), 1);
	put(page, ",");
	put_decimal(page, y_of(confidence_after(page, preference, rule, day), scale), 1);
}

/* The points of a time, one for each day, as "x,y x,y". */
static void
put_points(Sheet *page, const Preference *preference, const LearningRule *rule, double from,
		   double to, const CurveScale *scale)
{
	put_point(page, preference, rule, from, scale);
	for (int day = (int) floor(from) + 1; day < to; day++)
	{
		put(page, " ");
		put_point(page, preference, rule, day, scale);
	}
	put(page, " ");
	put_point(page, preference, rule, to, scale);
}

/* What the curve says. */
static void
put_label(Sheet *page, const Preference *preference, const LearningRule *rule, bool leaves,
		  DateADT day)
{
	put(page, "Confidence ");
	put_percent(page, preference->confidence);
	if (preference->is_set)
		put(page, "; does not fade, as it was set");
	else if (!leaves)
		put(page, "; does not fade below the threshold");
	else
	{
		put(page, " now, fading; below ");
		put_percent(page, rule->floor);
		put(page, " it leaves the profile on ");
		put_words(page, day_words(page, day));
	}
}

void
put_fading(Sheet *page, const Preference *preference, const LearningRule *rule,
		   const CurveScale *scale)
{
	DateADT day = 0;
	bool leaves = leaving_day(page, preference, rule, &day);
	double left = days_left(page, preference, rule, scale);

	put(page, "<svg class=\"fade\" viewBox=\"0 0 160 52\" role=\"img\" aria-label=\"");
	put_label(page, preference, rule, leaves, day);
	put(page, "\"><line class=\"base\" x1=\"0\" x2=\"160\" y1=\"48\" y2=\"48\"/>"
			  "<line class=\"floor\" x1=\"0\" x2=\"160\" y1=\"");
	put_decimal(page, y_of(rule->floor, scale), 1);
	put(page, "\" y2=\"");
	put_decimal(page, y_of(rule->floor, scale), 1);
	put(page, "\"/><polygon class=\"under\" points=\"0,48 ");
	put_points(page, preference, rule, 0, left, scale);
	put(page, " ");
	put_decimal(page, x_of(left, scale), 1);
	put(page, ",48\"/><polyline class=\"live\" points=\"");
	put_points(page, preference, rule, 0, left, scale);
	put(page, "\"/>");
	if (left < scale->days)
	{
		put(page, "<polyline class=\"gone\" points=\"");
		put_points(page, preference, rule, left, scale->days, scale);
		put(page, "\"/><circle cx=\"");
		put_decimal(page, x_of(left, scale), 1);
		put(page, "\" cy=\"");
		put_decimal(page, y_of(confidence_after(page, preference, rule, left), scale), 1);
		put(page, "\" r=\"3\"/>");
	}
	put(page, "</svg>");
}
