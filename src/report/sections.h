/*
 * sections.h
 *		The sections of a user's page, each read and written by a file of its
 *		own.  The caller is in SPI; all is read in the snapshot of the calling
 *		query.
 */
#ifndef PERSONALIZATION_REPORT_SECTIONS_H
#define PERSONALIZATION_REPORT_SECTIONS_H

#include "postgres.h"

#include "utils/timestamp.h"

#include "preferences/as_of.h"
#include "report/charts.h"
#include "report/put.h"
#include "tenancy/settings.h"

/* Whom the page is about, and when. */
typedef struct ReportRequest
{
	const char *tenant_id;
	const char *user_id;
	TimestampTz at;
	TimestampTz until; /* end of the history as of then */
	TenantSettings settings;
} ReportRequest;

/* When a user works: their latest interactions, at most ACTIVITY_REACH. */
#define ACTIVITY_REACH 10000
typedef struct Activity
{
	Week week;
	int64 interactions;
	TimestampTz since; /* of the first and of the last of them, if there are any */
	TimestampTz until;
} Activity;

extern void activity_read(const ReportRequest *request, Activity *activity);

extern void
section_preferences(Sheet *page, const ReportRequest *request, const PreferencesAsOf *known);
extern void section_suggestions(Sheet *page, const ReportRequest *request);
extern void section_queries(Sheet *page, const ReportRequest *request);
extern void section_week(Sheet *page, const Activity *activity);
extern void section_conversations(Sheet *page, const ReportRequest *request);
extern void section_traits(Sheet *page, const ReportRequest *request);
extern void section_choices(Sheet *page, const ReportRequest *request);

/* "bar charts", as a sentence's beginning or within one; value may be NULL. */
extern void put_preference(Sheet *page, const char *key, const Jsonb *value, bool begins_sentence);

#endif
