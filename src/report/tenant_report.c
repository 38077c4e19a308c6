/*
 * tenant_report.c
 *		tenant_report(): a page about a tenant as a whole.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "fmgr.h"

#include "base/arguments.h"
#include "base/compat.h"
#include "report/organisation.h"
#include "report/page.h"
#include "tenancy/tenancy.h"

PG_FUNCTION_INFO_V1(personalization_tenant_report);

static void
put_lead(Sheet *page, const TenantSettings *settings, TimestampTz since)
{
	put(page, "<p class=\"lead\">What its people have done since ");
	put_day(page, local_date(&page->zone, since));
	put(page, ".");
	if (settings->insight_minimum_users > 1)
	{
		put(page, " Nothing is told about fewer than ");
		put_int(page, settings->insight_minimum_users);
		put(page, " of them.");
	}
	put(page, "</p>\n");
}

static void
put_figure(Sheet *page, const char *title, const Jsonb *insights, const char *name)
{
	int64 number;

	figure_begin(page, title);
	if (insights_number(insights, name, &number))
		put_int(page, number);
	else
		put(page, "&#8211;");
	figure_end(page);
}

static void
put_figures(Sheet *page, const Jsonb *insights, const SuggestionFigures *suggestions)
{
	figures_begin(page);
	put_figure(page, "Active people", insights, "active_users");
	put_figure(page, "Interactions", insights, "interactions");
	put_figure(page, "Live profiles", insights, "live_profiles");
	figure_begin(page, "Suggestions taken");
	if (suggestions->all.shown > 0)
		put_percent(page, suggestions->all.rate);
	else
		put(page, "&#8211;");
	figure_end(page);
	figures_end(page);
}

Datum
personalization_tenant_report(PG_FUNCTION_ARGS)
{
	char *tenant_id = tenant_argument(fcinfo, 0);
	TimestampTz since = time_argument(fcinfo, 1, "since");
	TenantSettings settings;
	SuggestionFigures suggestions;
	const Jsonb *insights;
	Sheet page;
	text *result;

	SPI_connect();
	tenant_require(tenant_id, &settings);
	insights = insights_read(tenant_id, since);
	suggestion_figures_read(tenant_id, since, settings.insight_minimum_users, &suggestions);
	page_begin(&page, &settings, GetCurrentTransactionStartTimestamp(), "Organisation", tenant_id,
			   tenant_id);
	put_lead(&page, &settings, since);
	put_figures(&page, insights, &suggestions);
	page_header_end(&page);
	section_insights(&page, insights);
	section_suggestion_figures(&page, &suggestions);
	section_holdout(&page, tenant_id, since, &settings);
	result = page_end(&page, "Counts are of interactions that are kept; those older than the "
							 "organisation's retention are not among them.");
	SPI_finish();
	PG_RETURN_TEXT_P(result);
}
