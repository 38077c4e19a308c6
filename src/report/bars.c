/*
 * bars.c
 *		Bars.
 */
#include "postgres.h"

#include <math.h>

#include "report/charts.h"

static double
within(double share)
{
	return Min(Max(share, 0.0), 1.0);
}

void
put_bar(Sheet *page, double share, bool strong, double mark)
{
	if (strong)
		put(page, "<span class=\"bar\" aria-hidden=\"true\">");
	else
		put(page, "<span class=\"bar weak\" aria-hidden=\"true\">");
	put(page, "<i style=\"width:");
	put_decimal(page, within(share) * 100.0, 1);
	put(page, "%\"></i>");
	if (mark >= 0.0)
	{
		put(page, "<u style=\"left:");
		put_decimal(page, within(mark) * 100.0, 1);
		put(page, "%\"></u>");
	}
	put(page, "</span>");
}

void
put_signed_bar(Sheet *page, double share)
{
	double width = within(fabs(share)) * 50.0;

	put(page, "<span class=\"bar both\" aria-hidden=\"true\"><i style=\"left:");
	put_decimal(page, share < 0.0 ? 50.0 - width : 50.0, 1);
	put(page, "%;width:");
	put_decimal(page, width, 1);
	if (share < 0.0)
		put(page, "%\" class=\"less\"></i></span>");
	else
		put(page, "%\"></i></span>");
}

void
put_interval(Sheet *page, double share, double low, double high)
{
	put(page, "<span class=\"bar range\" aria-hidden=\"true\"><i style=\"left:");
	put_decimal(page, within(low) * 100.0, 1);
	put(page, "%;width:");
	put_decimal(page, within(high - low) * 100.0, 1);
	put(page, "%\"></i><u style=\"left:");
	put_decimal(page, within(share) * 100.0, 1);
	put(page, "%\"></u></span>");
}
