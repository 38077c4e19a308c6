/*
 * report.c
 *		report(): a page about a user, for them to look at.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "base/local_time.h"
#include "report/page.h"
#include "report/sections.h"
#include "tenancy/consent.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_report);

/* The days of the first and of the last interaction. */
static void
put_span(Sheet *page, const Activity *activity)
{
	DateADT first = local_date(&page->zone, activity->since);
	DateADT last = local_date(&page->zone, activity->until);

	if (first == last)
		put(page, " on ");
	else
	{
		put(page, " between ");
		put_day(page, first);
		put(page, " and ");
	}
	put_day(page, last);
}

/* What the page is about, in a sentence. */
static void
put_lead(Sheet *page, const ReportRequest *request, const Activity *activity)
{
	put(page, "<p class=\"lead\">");
	if (activity->interactions == 0)
		put(page, "Nothing has been recorded yet.");
	else
	{
		put(page, "What has been learned from ");
		if (activity->interactions == ACTIVITY_REACH)
			put(page, "the latest ");
		put_count(page, activity->interactions, "interaction", "interactions");
		put_span(page, activity);
		put(page, ". It is about you: look at it, correct it, or have it forgotten.");
	}
	put(page, "</p>\n");
	if (!learning_allowed(request->tenant_id, request->user_id, &request->settings,
						  SNAPSHOT_CALLER))
		put(page, "<p class=\"banner\">Learning is switched off: nothing new is recorded.</p>\n");
}

static void
put_figures(Sheet *page, const PreferencesAsOf *known, const Activity *activity)
{
	DateADT days = activity->interactions == 0 ? 0
											   : local_date(&page->zone, activity->until) -
													 local_date(&page->zone, activity->since) + 1;

	figures_begin(page);
	figure_begin(page, "Preferences");
	put_int(page, known->nlive);
	figure_end(page);
	figure_begin(page, "In the making");
	put_int(page, known->n - known->nlive);
	figure_end(page);
	figure_begin(page, "Interactions");
	put_int(page, activity->interactions);
	figure_end(page);
	figure_begin(page, "Days");
	put_int(page, days);
	figure_end(page);
	figures_end(page);
}

static text *
make_page(const ReportRequest *request)
{
	PreferencesAsOf known;
	Activity activity;
	Sheet page;

	preferences_as_of(request->tenant_id, request->user_id, &request->settings.learning,
					  request->at, BEFORE_KNOWN_NONE, NULL, &known);
	activity_read(request, &activity);
	page_begin(&page, &request->settings, request->at, "Personal profile", request->user_id,
			   request->tenant_id);
	put_lead(&page, request, &activity);
	put_figures(&page, &known, &activity);
	page_header_end(&page);
	section_preferences(&page, request, &known);
	section_suggestions(&page, request);
	section_queries(&page, request);
	section_week(&page, &activity);
	section_conversations(&page, request);
	section_traits(&page, request);
	section_choices(&page, request);
	return page_end(&page, "Confidence grows with each observation and fades with each day without "
						   "one. It says how sure a preference is, not how important.");
}

Datum
personalization_report(PG_FUNCTION_ARGS)
{
	ReportRequest request = {0};
	text *page;

	request.tenant_id = tenant_argument(fcinfo, 0);
	request.user_id = id_argument(fcinfo, 1, "user_id");
	request.at =
		PG_ARGISNULL(2) ? GetCurrentTransactionStartTimestamp() : time_argument(fcinfo, 2, "at");
	request.until = known_until(request.at);
	SPI_connect();
	tenant_require(request.tenant_id, &request.settings);
	page = make_page(&request);
	SPI_finish();
	PG_RETURN_TEXT_P(page);
}
