/*
 * columns.c
 *		Columns of counts, as SVG.
 */
#include "postgres.h"

#include "report/charts.h"

/* The size of the chart, in its own units; a column is not wider than this. */
#define WIDTH 480.0
#define HEIGHT 96.0
#define COLUMN_MAX 28.0

/* Where there is nothing, a column is a line of this height. */
#define HEIGHT_MIN 1.5

void
column_chart_begin(Sheet *page, ColumnChart *chart, int n, const char *label)
{
	*chart = (ColumnChart){.n = n, .most = 1};
	put(page, "<svg viewBox=\"0 0 480 96\" role=\"img\" aria-label=\"");
	put_words(page, label);
	put(page, "\">");
}

/* The part of a column that a count of the largest is, in full colour or not. */
static void
put_column(Sheet *page, const ColumnChart *chart, int64 count, bool strong)
{
	double step = Min(WIDTH / chart->n, COLUMN_MAX);
	double height = Max((double) count / (double) chart->most * HEIGHT, HEIGHT_MIN);

	if (strong)
		put(page, "<rect rx=\"2\" x=\"");
	else
		put(page, "<rect class=\"all\" rx=\"2\" x=\"");
	put_decimal(page, (chart->added + 0.1) * step, 1);
	put(page, "\" width=\"");
	put_decimal(page, step * 0.8, 1);
	put(page, "\" y=\"");
	put_decimal(page, HEIGHT - height, 1);
	put(page, "\" height=\"");
	put_decimal(page, height, 1);
	put(page, "\"/>");
}

void
column_chart_add(Sheet *page, ColumnChart *chart, const char *name, int64 count, int64 part)
{
	put(page, "<g><title>");
	put_words(page, name);
	put(page, ": ");
	if (part != count)
	{
		put_int(page, part);
		put(page, " of ");
	}
	put_int(page, count);
	put(page, "</title>");
	if (part < count || count == 0)
		put_column(page, chart, count, false);
	if (part > 0)
		put_column(page, chart, part, true);
	put(page, "</g>");
	chart->added++;
}

void
column_chart_end(Sheet *page)
{
	put(page, "</svg>");
}
